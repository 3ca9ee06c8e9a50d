// Nobody touches a form for nearly an hour: a dialog warns, "continue" keeps, and when nobody answers what was typed is saved, and signing in leads back to it.
const FORM = "/surveys/2024/hospitals/SJK0001/form?topic=1";

export default async function (looker) {
    const page = await looker.person();
    await looker.signIn(page, "hospital");
    // The page's clock, and not the server's: a browser that is left alone.
    await page.clock.install();
    await page.goto(FORM);
    const dialog = page.getByRole("dialog", { name: "まもなくログアウトします" });
    await page.clock.fastForward("54:00");
    looker.must(!(await dialog.isVisible()), "warned too early");
    await page.clock.fastForward("02:00");
    await dialog.waitFor();
    await looker.reads(page, "約4分");
    looker.must(await page.evaluate(() => document.querySelector("dialog").contains(document.activeElement)), "the focus is not in the dialog");
    await looker.look(page, "idle-warning");

    const kept = page.waitForResponse((answer) => answer.url().endsWith("/session"));
    await dialog.getByRole("button", { name: "操作を続ける" }).click();
    looker.must((await kept).status() === 204, "the session was not kept");
    await dialog.waitFor({ state: "hidden" });
    looker.must(page.url().endsWith(FORM), `the form was left for ${page.url()}`);
    await page.clock.fastForward("54:00");
    looker.must(!(await dialog.isVisible()), "warned again too early");

    // Escape is an answer too.
    await page.clock.fastForward("02:00");
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });

    await page.getByLabel("氏名").fill("席を外した 花子");
    await page.clock.fastForward("01:01:00");
    await page.waitForURL(/\/sign-in\?/);
    await looker.reads(page, "操作がないまま時間がたったため");
    await looker.look(page, "sign-in-idle");
    await page.getByLabel("ログインID").fill("hospital");
    await page.getByLabel("パスワード", { exact: false }).first().fill(looker.given.password);
    await page.getByRole("button", { name: "ログイン", exact: true }).click();
    await page.waitForURL((url) => url.pathname + url.search === FORM);
    looker.must((await page.getByLabel("氏名").inputValue()) === "席を外した 花子", "what was typed is gone");
}
