// The ministry: surveys opened and extended, the map, tables, trends, a release made with its progress and downloaded, who did what.
export default async function (looker) {
    const page = await looker.person();
    await looker.signIn(page, "administrator");
    await page.goto("/surveys/2024");
    await looker.look(page, "survey-ministry");
    await page.goto("/surveys/2024/windows");
    await looker.look(page, "windows");
    await looker.picture(page, "ministry-windows");
    await page.goto("/surveys/2024/map");
    await looker.look(page, "map");
    await looker.picture(page, "ministry-map");
    await page.goto("/surveys/2024/table?question=ehr_in_use&area=nation&by=band");
    await looker.look(page, "table-ministry");
    await looker.picture(page, "ministry-table");
    if (looker.scripts) await copies(looker, page);
    const saving = page.waitForEvent("download");
    await page.getByRole("link", { name: /CSV/ }).first().click();
    looker.must(/\.csv$/.test((await saving).suggestedFilename()), "the table as CSV");
    await page.goto("/surveys/2024/trends");
    await looker.look(page, "trends");
    await looker.picture(page, "ministry-trends");

    // Nothing is published twice; then one hospital's answers are returned, and leave the statistics.
    await page.goto("/surveys/2024/releases/new");
    await page.locator('[name="note"]').fill("訂正");
    await page.getByRole("button", { name: "公表版を作成する" }).click();
    await looker.reads(page, "変わっていない");
    await looker.look(page, "release-refused");
    await page.goto("/surveys/2024/hospitals/SJK0001/return");
    await page.locator("textarea").first().fill("全体を見直してください。");
    await page.getByRole("button", { name: "差し戻す" }).click();
    await looker.reads(page, "差戻し");
    await page.goto("/surveys/2024/releases");
    await looker.look(page, "releases");
    await page.getByRole("link", { name: "新しい公表版を作成する" }).click();
    await looker.look(page, "release-next");
    const note = page.locator('textarea[name="note"], input[name="note"]').first();
    if (await note.count()) await note.fill("試験のための公表版");
    await page.getByRole("button", { name: "公表版を作成する" }).click();
    await page.waitForURL(/\/jobs\//);
    await looker.look(page, "job");
    // Told by the server while it goes on: the page is not read again.
    const made = page.getByRole("link", { name: "公表版を見る" });
    await made.waitFor({ timeout: 60000 });
    await looker.look(page, "job-over");
    await made.click();
    await page.waitForURL(/\/releases\/\d+/);
    await looker.look(page, "release");
    await looker.picture(page, "ministry-release");
    const file = page.waitForEvent("download");
    await page.getByRole("link", { name: /houkoku/ }).first().click();
    looker.must(/houkoku.*\.xlsx$/.test((await file).suggestedFilename()), "the reading workbook");

    await page.goto("/audit");
    await looker.look(page, "audit");
    await looker.picture(page, "ministry-audit");
    const operator = await looker.person();
    await looker.signIn(operator, "operator");
    await looker.look(operator, "home-operator");
    const analyst = await looker.person();
    await looker.signIn(analyst, "analyst");
    await looker.look(analyst, "home-analyst");
    await analyst.goto("/surveys/2024");
    await looker.look(analyst, "survey-analyst");
}

/** The table as text for a spreadsheet, its headings one a column. */
async function copies(looker, page) {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "この表をコピーする" }).click();
    await page.getByText("コピーしました").waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const widths = new Set(copied.split("\n").map((line) => line.split("\t").length));
    looker.must(widths.size === 1 && copied.includes("\t"), `the copied table is ragged: ${copied}`);
}
