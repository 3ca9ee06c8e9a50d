// A prefecture's staff: who is missing, reminders, one hospital with history, a return with a comment that the hospital answers, acceptance, proxy entry,
// files with live progress, the table of the area, accounts of hospitals. And what a municipality sees of it.
import { readFileSync } from "node:fs";

export default async function (looker) {
    const page = await looker.person();
    await looker.signIn(page, "tokyo");
    await looker.look(page, "home-prefecture");
    await page.goto("/surveys/2024");
    await looker.reads(page, "病床規模別の回答率");
    await looker.look(page, "survey-prefecture");
    await looker.picture(page, "prefecture-survey");
    await page.getByRole("link", { name: "まだ回答していない病院を見る" }).click();
    await looker.reads(page, "TKY0001");
    await looker.look(page, "hospitals-missing");
    await page.goto("/surveys/2024/hospitals");
    await looker.look(page, "hospitals");

    // One hospital: what it answered, what changed between its revisions.
    await page.getByRole("link", { name: /試験SJK0001病院|SJK0001/ }).first().click();
    await looker.reads(page, "版の違い");
    await looker.look(page, "hospital-reviewed");
    await looker.picture(page, "prefecture-hospital");
    await page.getByRole("link", { name: "差し戻す" }).click();
    await looker.look(page, "return-form");
    await page.getByRole("button", { name: "差し戻す" }).click();
    await looker.look(page, "return-refused");
    await page.locator('[name$="bcp_defined"]').fill("BCPの策定状況を、規程の日付とあわせて確認してください。");
    await page.getByRole("button", { name: "差し戻す" }).click();
    await looker.reads(page, "差戻し");
    await looker.look(page, "hospital-returned");

    // The hospital reads the comment beside its question, corrects and submits.
    const clerk = await looker.person();
    await looker.signIn(clerk, "hospital");
    await looker.reads(clerk, "差戻し");
    await looker.look(clerk, "home-returned");
    await clerk.getByRole("link", { name: /差し戻された回答を直す/ }).first().click();
    await clerk.goto("/surveys/2024/hospitals/SJK0001/form?topic=4");
    await looker.reads(clerk, "BCPの策定状況を、規程の日付とあわせて確認してください。");
    await looker.look(clerk, "form-commented");
    const other = await clerk.locator('[name="bcp_defined"]:not(:checked)').first().getAttribute("value");
    await clerk.locator(`[name="bcp_defined"][value="${other}"]`).check();
    await looker.saved(clerk);
    await fillIn(clerk);
    await clerk.getByRole("button", { name: "内容を確認して提出へ" }).first().click();
    await clerk.getByRole("button", { name: "この内容で提出する" }).click();
    await looker.reads(clerk, "受付番号");

    await page.goto("/surveys/2024/hospitals/SJK0001");
    await page.getByRole("button", { name: "確認済みにする" }).click();
    await looker.reads(page, "確認済み");
    await looker.look(page, "hospital-accepted");

    // What came on paper is typed in, 無回答 included.
    await page.goto("/surveys/2024/hospitals/TKY0001/form?topic=all");
    await looker.reads(page, "無回答（紙の回答にそう書かれている場合だけ）");
    await looker.look(page, "proxy-form");
    await page.getByLabel("氏名").fill("代行 花子");
    await looker.saved(page);

    // Files: the hospital's own, and many at once with the progress of the job.
    await page.goto("/surveys/2024/uploads");
    await looker.look(page, "uploads");
    const saving = page.waitForEvent("download");
    await page.getByRole("link", { name: /前回までの回答入り/ }).click();
    const file = await (await saving).path();
    await page.locator('input[type="file"]').setInputFiles({ name: "bulk.xlsx", mimeType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", buffer: readFileSync(file) });
    await page.locator('[name="act"]').first().check();
    await page.getByRole("button", { name: "送る" }).click();
    await looker.reads(page, "指摘");
    await looker.look(page, "upload-checked");
    await bulk(looker, page);

    await page.goto("/surveys/2024/reminders");
    await looker.look(page, "reminders");
    await page.getByRole("button", { name: "送る内容を確かめる" }).click();
    await looker.reads(page, "まだ送っていません");
    await looker.look(page, "reminders-previewed");
    await page.goto("/surveys/2024/table?question=ehr_in_use&area=13&by=band");
    await looker.look(page, "table-prefecture");
    await looker.picture(page, "prefecture-table");
    await page.goto("/hospital-accounts");
    await looker.look(page, "hospital-accounts");
    await page.getByLabel("病院の一覧").fill("TKY0001,desk@example.jp\nZZZ9999,nobody@example.jp\nSJK0001 kein");
    await page.getByRole("button", { name: "アカウントを作ってメールを送る" }).click();
    await looker.reads(page, "登録の結果");
    await looker.look(page, "hospital-accounts-made");
    await looker.picture(page, "prefecture-accounts");

    // A municipality sees and chases its own, and has nothing of the selection.
    const city = await looker.person();
    await looker.signIn(city, "shinjuku");
    await city.goto("/surveys/2024");
    await looker.look(city, "survey-municipality");
    looker.must((await city.goto("/surveys/2024/hospitals/CYD0001")).status() === 404, "another ward's hospital");
    looker.must((await city.goto("/programs")).status() === 403, "the selection");
    await looker.look(city, "forbidden");
}

/** A file of thousands of rows is taken for good, followed while it goes on, and given back with what was found; then a hospital of it is read. */
async function bulk(looker, page) {
    await page.goto("/surveys/2024/uploads");
    await page.locator('input[type="file"]').setInputFiles(looker.given.bulk);
    await page.locator('[name="act"][value="import"]').check();
    await page.getByRole("button", { name: "送る" }).click();
    await page.waitForURL(/\/jobs\//);
    // What was heard would be gone if the page were read again.
    const follow = () => page.evaluate(() => {
        globalThis.heard = new Set();
        const bar = document.getElementById("job-bar");
        new MutationObserver(() => globalThis.heard.add(`${bar.value}/${bar.max}`)).observe(bar, { attributes: true });
    });
    if (page.scripts) await follow();
    const over = page.getByRole("link", { name: "取込みの結果を見る" });
    await over.waitFor({ timeout: 60000 });
    if (page.scripts) {
        const heard = await page.evaluate(() => [...(globalThis.heard ?? [])]);
        looker.must(heard.length > 1, `the job did not move in the page: ${heard}`);
    }
    await looker.look(page, "import-over");
    await over.click();
    await looker.reads(page, "取り込みました");
    await looker.look(page, "import");
    const saving = page.waitForEvent("download");
    await page.getByRole("link", { name: /指摘を書き込んだファイル/ }).click();
    const saved = await saving;
    looker.must(/\.xlsx$/.test(saved.suggestedFilename()) && readFileSync(await saved.path()).subarray(0, 2).toString() === "PK", "the annotated workbook");
    await page.goto("/surveys/2024/hospitals/TKY0001");
    await looker.reads(page, "提出済み");
    await looker.reads(page, looker.given.answered);
}

/** Answers what is asked and empty, and what is asked because of that. */
async function fillIn(page) {
    await page.goto("/surveys/2024/hospitals/SJK0001/form?topic=all");
    for (let round = 0; round < 4; round += 1) {
        for (const field of await page.locator('[data-asked="required"] input[type="text"]').all()) {
            if ((await field.inputValue()) === "") await field.fill("記入");
        }
        for (const question of await page.locator('[data-asked="required"]:has(input[type="radio"], input[type="checkbox"])').all()) {
            if ((await question.locator("input:checked").count()) === 0) await question.locator("input").first().check();
        }
        await page.getByRole("button", { name: "一時保存" }).click();
        await page.waitForLoadState();
    }
}
