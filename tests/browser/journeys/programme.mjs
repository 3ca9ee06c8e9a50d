// What is done around the lists of a programme: the board filtered and searched, inspections, effort and plan, quotas from a file and from a total, results and
// who may see them, and a programme that is opened.
const BOARD = "/programs/2024/prefectures/13";

export default async function (looker) {
    const page = await looker.person();
    await looker.signIn(page, "tokyo");
    await page.goto(BOARD);
    await page.locator("#standing").selectOption("reserve");
    await page.getByRole("button", { name: "絞り込む" }).click();
    await page.waitForURL(/standing=reserve/);
    await looker.reads(page, "補欠1位");
    await looker.look(page, "board-reserves");
    await page.locator("#q").fill("nobody");
    await page.getByRole("button", { name: "絞り込む" }).click();
    await looker.reads(page, "条件に合う病院はありません");
    await looker.look(page, "board-nobody");
    await page.goto(`${BOARD}?standing=ineligible`);
    await looker.look(page, "board-ineligible");

    await page.goto(`${BOARD}/inspections`);
    await looker.look(page, "inspections");
    await page.locator("#hospital").fill("SJK0002");
    await page.getByRole("button", { name: "記録する" }).click();
    await looker.reads(page, "指摘の区分を選んでください");
    await looker.look(page, "inspections-refused");
    await page.getByLabel("文書指摘").check();
    await page.locator("#day").fill("2024-01-31");
    await page.locator("#note").fill("更新の手順がない");
    await page.getByRole("button", { name: "記録する" }).click();
    await looker.reads(page, "立入検査の指摘を記録しました");
    await page.getByRole("link", { name: /訂正する/ }).first().click();
    await looker.look(page, "inspections-correct");
    await page.goto("/programs/2024/plan?teams=2");
    await looker.look(page, "plan-prefecture");

    const kanagawa = await looker.person();
    await looker.signIn(kanagawa, "kanagawa");
    await kanagawa.goto("/programs/2024/results");
    await looker.look(kanagawa, "results-not-granted");
    await kanagawa.locator("#reason").fill("県の計画のため");
    await kanagawa.getByRole("button", { name: "厚生労働省に依頼する" }).click();
    await looker.reads(kanagawa, "回答をお待ちください");

    const ministry = await looker.person();
    await looker.signIn(ministry, "administrator");
    await ministry.goto("/programs/2024/results");
    const request = ministry.locator(".request").filter({ hasText: "県の計画のため" });
    await request.locator("textarea").fill("適当と認める");
    await request.locator('button[value="grant"]').click();
    await looker.reads(ministry, "提供を認めました");
    await looker.look(ministry, "results");
    await send(ministry, "G-MIS ID,実施状況\nSJK0001,途中\n");
    await looker.reads(ministry, "途中");
    await looker.look(ministry, "results-refused");
    await kanagawa.goto("/programs/2024/results");
    await looker.reads(kanagawa, "適当と認める");
    await looker.look(kanagawa, "results-prefecture");

    await ministry.goto("/programs/2024/plan?of=remaining&teams=20&from=2024-06-03&until=2025-03-31&totals=6,3");
    await looker.look(ministry, "plan");
    await ministry.goto("/programs/2024/plan?teams=0");
    await looker.look(ministry, "plan-refused");

    await ministry.goto("/programs/2024/quotas/import");
    await looker.look(ministry, "quota-file");
    await send(ministry, "都道府県,病床規模区分,支援枠\n東京都,400床以上,3\n大阪府,20～199床,2\n");
    await looker.reads(ministry, "変わる支援枠（2枠）");
    await looker.look(ministry, "quota-file-looked");
    await ministry.goto("/programs/2024/quotas/compute");
    await looker.look(ministry, "quota-compute");
    await ministry.locator("#total").fill("900");
    await ministry.getByRole("button", { name: "計算する" }).click();
    await looker.reads(ministry, "支援枠を計算できません");
    await looker.look(ministry, "quota-compute-refused");
    await ministry.locator("#total").fill("3");
    await ministry.getByLabel(/最大剰余法/).check();
    await ministry.getByRole("button", { name: "計算する" }).click();
    await looker.reads(ministry, "全国3病院を");
    await looker.look(ministry, "quota-proposal");
    await ministry.locator("#reason").fill("再計算");
    await ministry.getByRole("button", { name: "この案で支援枠を設定する" }).click();
    await looker.reads(ministry, "計算した案のとおり支援枠を設定しました");

    await ministry.goto("/programs");
    await ministry.getByRole("link", { name: "支援事業を始める" }).click();
    await ministry.getByRole("button", { name: "支援事業を始める" }).click();
    await looker.look(ministry, "programme-refused");
    await ministry.locator("#id").fill("2025");
    await ministry.locator("#title").fill("次の支援事業");
    await ministry.locator("#fiscal_year").fill("2025");
    await ministry.locator('[name="surveys"][value="2024"]').check();
    await ministry.locator("#use_rule").fill("通知の記4");
    await ministry.locator("#deadline").fill("2025-07-18T17:00");
    await ministry.getByRole("button", { name: "支援事業を始める" }).click();
    await looker.reads(ministry, "支援事業を始めました");
    await looker.look(ministry, "programme-opened");
}

/** Sends a table as a file. */
async function send(page, text) {
    await page.locator("#file").setInputFiles({ name: "table.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
    await page.getByRole("button", { name: "送る" }).click();
    await page.waitForLoadState();
}
