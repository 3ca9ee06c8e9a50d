// By keyboard alone: signing in, past the menu, answering, submitting. The mouse is never used, and where the focus is can always be seen.
export default async function (looker) {
    const page = await looker.person();
    const focused = () => page.evaluate(() => {
        const here = document.activeElement;
        const style = getComputedStyle(here);
        const box = here.getBoundingClientRect();
        const at = document.elementFromPoint(box.x + Math.min(box.width, 8) / 2, box.y + box.height / 2);
        return {
            tag: here.tagName,
            name: here.getAttribute("name"),
            value: here.getAttribute("value"),
            text: here.textContent.trim().slice(0, 40),
            ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 4,
            seen: box.bottom > 0 && box.top < innerHeight,
            covered: at !== null && at !== here && !here.contains(at) && !at.contains(here) && at.closest("label") === null,
        };
    });
    async function tabTo(holds, what) {
        for (let press = 0; press < 120; press += 1) {
            await page.keyboard.press("Tab");
            const here = await focused();
            if (here.tag === "BODY") continue;
            looker.must(here.ring, `the focus cannot be seen on ${JSON.stringify(here)}`);
            looker.must(here.seen, `the focus is outside of the window on ${JSON.stringify(here)}`);
            looker.must(!here.covered, `the focus is behind something on ${JSON.stringify(here)}`);
            if (holds(here)) return here;
        }
        throw new Error(`the keyboard does not reach ${what}`);
    }
    const type = async (name, text) => {
        await tabTo((here) => here.name === name, name);
        await page.keyboard.type(text);
    };
    await page.goto("/sign-in");
    await type("login", "hospital");
    await type("password", looker.given.password);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname === "/");

    // The first stop leads past the menu.
    await page.keyboard.press("Tab");
    looker.must((await focused()).text === "本文へ移動", "the first stop is not the way to the main part");
    await page.keyboard.press("Enter");
    looker.must(await page.evaluate(() => document.activeElement.id === "main"), "the way to the main part leads elsewhere");
    await tabTo((here) => here.text.startsWith("回答を始める"), "the form");
    await page.keyboard.press("Enter");
    await page.waitForURL(/form/);
    await page.goto("/surveys/2024/hospitals/SJK0001/form?topic=all");
    for (const [name, text] of [["name", "鍵盤 花子"], ["corporation", "医療法人"], ["organisation", "病院"], ["contact", "1"]]) {
        await type(`respondent.${name}`, text);
    }
    const yes = async (name) => {
        await tabTo((here) => here.name === name, name);
        await page.keyboard.press("Space");
        const checked = () => page.evaluate((name) => document.querySelector(`[name="${name}"]:checked`)?.value, name);
        looker.must(["yes", "own_institution"].includes(await checked()), `${name} is ${await checked()}`);
    };
    for (const name of ["safety_manager_placed", "information_policy_defined", "responsibility_boundary_agreed", "network_map_known", "consultation_desk", "incident_contacts_known", "alerts_collected", "mds_sds_checked"]) {
        await yes(name);
    }
    // The second option by the arrow, as in every group of radios.
    const no = async (name) => {
        await yes(name);
        await page.keyboard.press("ArrowDown");
        looker.must((await focused()).value === "no", `the arrow leads to ${JSON.stringify(await focused())}`);
        await page.waitForFunction(() => /保存しました/.test(document.querySelector("[data-saved]").textContent));
    };
    await no("bcp_defined");
    await no("ehr_in_use");
    await yes("server_services_stopped");
    await yes("client_services_stopped");
    await looker.look(page, "keyboard-form");
    await tabTo((here) => here.value === "check", "the button of the check");
    await page.keyboard.press("Enter");
    await page.waitForURL(/check$/);
    await tabTo((here) => here.text === "この内容で提出する", "the button that submits");
    await page.keyboard.press("Enter");
    await page.waitForURL(/receipts\/1/);
    await looker.reads(page, "鍵盤 花子");
}
