// The selection board: a prefecture looks at its candidates, exchanges one hospital for another, cannot hand in while a cell is short, asks for its quota to be
// moved, fills its cells exactly and hands in; the ministry grants, accepts, and has the national files.
const BOARD = "/programs/2024/prefectures/13";

export default async function (looker) {
    const page = await looker.person();
    await looker.signIn(page, "tokyo");
    await page.goto("/programs");
    await looker.look(page, "programs-prefecture");
    await page.goto(BOARD);
    await looker.reads(page, "あと1病院");
    await looker.look(page, "board");
    await looker.picture(page, "prefecture-board");

    // By hand: dropped and added, each with a reason.
    const first = page.locator("section.cell").first();
    const dropped = await first.locator('tr[id^="h-"]').first().getAttribute("id");
    await page.locator(`#${dropped} summary`).filter({ hasText: "外す" }).click();
    await page.locator(`#${dropped} button[value="drop"]`).click();
    await looker.reads(page, "理由を記入してください");
    await looker.look(page, "board-refused");
    await page.locator(`#drop-${dropped.slice(2)}`).fill("病院から辞退の連絡があったため");
    await page.locator(`#${dropped} button[value="drop"]`).click();
    await page.waitForLoadState();
    const added = await page.locator("section.cell").first().locator('button[value="add"]').first().evaluate((button) => button.closest("tr").id);
    await page.locator(`#${added} summary`).filter({ hasText: "追加する" }).click();
    await page.locator(`#add-${added.slice(2)}`).fill("地域で唯一の救急病院であるため");
    await page.locator(`#${added} button[value="add"]`).click();
    await looker.reads(page, "地域で唯一の救急病院であるため");
    await looker.look(page, "board-changed");

    // A short cell keeps the list from being handed in, and is named.
    await page.locator('form:has(input[name="act"][value="hand_in"]) button').click();
    await looker.reads(page, "400");
    await looker.look(page, "board-short");
    await page.goto(`${BOARD}/others`);
    await looker.look(page, "board-others");
    await page.goto(`${BOARD}/criteria`);
    await looker.look(page, "criteria");
    await page.goto(`${BOARD}/quota`);
    await looker.look(page, "quota-move");
    await page.locator("#from-1").selectOption({ value: await value(page, "#from-1", "東京都", "400") });
    await page.locator("#to-1").selectOption({ value: await value(page, "#to-1", "神奈川県", "") });
    await page.locator("#hospitals-1").fill("1");
    await page.locator("#reason").fill("候補となる病院が足りないため");
    await page.getByRole("button", { name: "厚生労働省に依頼する" }).click();
    await looker.reads(page, "候補となる病院が足りないため");
    await looker.look(page, "quota-asked");

    const ministry = await looker.person();
    await looker.signIn(ministry, "administrator");
    await looker.look(ministry, "home-ministry");
    await ministry.goto("/programs/2024");
    await looker.look(ministry, "program-ministry");
    await ministry.goto("/programs/2024/quotas");
    await looker.look(ministry, "quotas");
    await ministry.goto("/programs/2024/coverage");
    await looker.look(ministry, "coverage");
    await ministry.goto("/programs/2024/requests");
    await looker.look(ministry, "requests");
    const request = ministry.locator(".request").filter({ hasText: "候補となる病院が足りないため" });
    await request.locator('[name="reason"]').first().fill("適当と認める");
    await request.locator('button[value="grant"]').click();
    await looker.reads(ministry, "適当と認める");

    await page.goto(BOARD);
    await page.locator('form:has(input[name="act"][value="hand_in"]) button').click();
    await page.waitForLoadState();
    await looker.reads(page, "提出日時");
    await looker.look(page, "board-handed-in");
    const saving = page.waitForEvent("download");
    await page.getByRole("link", { name: "提出様式（Excel）" }).click();
    looker.must(/\.xlsx$/.test((await saving).suggestedFilename()), "the form's file");

    await ministry.goto(BOARD);
    await looker.look(ministry, "board-ministry");
    await ministry.getByRole("button", { name: "受理する" }).click();
    await looker.reads(ministry, "受理");
    await ministry.goto("/programs/2024");
    const national = ministry.waitForEvent("download");
    await ministry.getByRole("link", { name: /全国の選定リスト/ }).click();
    looker.must(/\.xlsx$/.test((await national).suggestedFilename()), "the national list");

    // The chosen hospital learns it.
    const clerk = await looker.person();
    await looker.signIn(clerk, "hospital");
    await looker.look(clerk, "home-hospital-after");
}

/** The value of the first option of a group whose words have these. */
async function value(page, select, group, words) {
    return page.locator(`${select} optgroup[label="${group}"] option`).filter({ hasText: words }).first().getAttribute("value");
}
