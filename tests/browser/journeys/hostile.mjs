// Hostile names stay text: of the hospital (they come from the frame) and of who answers.
const NAMES = ["<script>alert(1)</script><img src=x onerror=alert(2)>", "=cmd|' /C calc'!A0", "\u202e右から左\u202c「'\"", "長".repeat(10000)];

export default async function (looker) {
    const page = await looker.person();
    page.on("dialog", (dialog) => { looker.fault(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
    await looker.signIn(page, "hospital");
    await looker.reads(page, looker.given.hospital);
    await looker.look(page, "hostile-home");
    for (const [place, name] of NAMES.entries()) {
        await page.goto("/surveys/2024/hospitals/SJK0001/form?topic=1");
        await page.getByLabel("氏名").fill(name);
        await page.getByRole("button", { name: "一時保存" }).click();
        await page.waitForLoadState();
        looker.must((await page.getByLabel("氏名").inputValue()) === name, "the name was changed");
        await looker.look(page, `hostile-form-${place}`);
        await page.goto("/surveys/2024/hospitals/SJK0001/check");
        const text = await page.locator("#respondent + dd").textContent();
        looker.must(text.includes(name), "the name does not stand as it was typed");
        await looker.look(page, `hostile-check-${place}`);
    }
    await page.goto(`/sign-in?next=${encodeURIComponent('/"><script>alert(3)</script>')}`);
    await page.goto(`/${encodeURIComponent("<script>alert(4)</script>")}`);
    await looker.reads(page, "ページが見つかりません");
    await looker.look(page, "not-found");
}
