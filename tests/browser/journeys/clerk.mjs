import { createHmac } from "node:crypto";

// A hospital clerk's whole way: sign-in, list, form with every skip, error, correction, submission, receipt, pulling back, submission again.
// `given.scripts` says whether with JavaScript.
export default async function (looker) {
    const { scripts, link, login, gmis } = looker.given;
    const page = await looker.person();
    // The link of the mail sets the password, once.
    await page.goto(link);
    await looker.look(page, "link");
    await page.locator("#password").fill("short");
    await page.getByRole("button", { name: "パスワードを設定する" }).click();
    await looker.reads(page, "13文字以上");
    await looker.look(page, "link-refused");
    const password = "Betriebs-9-anleitung";
    for (const field of await page.locator('input[type="password"]').all()) await field.fill(password);
    await page.getByRole("button", { name: "パスワードを設定する" }).click();
    await looker.reads(page, "パスワードを設定しました");
    await page.goto(link);
    await looker.reads(page, "使えません");
    await looker.look(page, "link-used");

    await page.goto("/");
    looker.must(page.url().includes("/sign-in"), `nobody is led to ${page.url()}`);
    await looker.look(page, "sign-in");
    await page.getByLabel("ログインID").fill(login);
    await page.getByLabel("パスワード", { exact: false }).first().fill("wrong password");
    await page.getByRole("button", { name: "ログイン", exact: true }).click();
    await looker.reads(page, "ログインIDまたはパスワードが違います");
    await looker.look(page, "sign-in-refused");
    await looker.signIn(page, login, password);
    await page.goto("/account");
    await looker.look(page, "account");
    // A second factor is offered: with JavaScript it is set up, without it is skipped.
    if (scripts) await secondFactor(looker, page, login, password);
    await page.goto("/");
    await looker.look(page, "home-hospital");
    await page.getByRole("link", { name: /回答を始める.*病院における/ }).first().click();
    await looker.look(page, "form-respondent");

    const picture = (name) => looker.picture(page, name);
    const press = async (name) => {
        await page.getByRole("button", { name, exact: true }).first().click();
        await page.waitForLoadState();
    };
    const choose = async (key, value) => {
        await page.locator(`[name="${key}"][value="${value}"]`).check();
        // With JavaScript the page saves and follows by itself.
        if (scripts) await page.waitForFunction(() => /保存しました/.test(document.querySelector("[data-saved]")?.textContent ?? ""));
    };
    const shown = (key) => page.locator(`[data-question="${key}"]`).getAttribute("data-asked");
    // Without JavaScript the page follows when it is saved.
    const follow = async () => { if (!scripts) await press("一時保存"); };

    // Too early: what is missing is named, with links.
    await press("内容を確認して提出へ");
    await looker.reads(page, "件を直してください");
    await looker.look(page, "check-missing");
    await page.locator("#errors a").first().click();
    await page.waitForURL(/#respondent\.name/);
    await looker.look(page, "form-faults");

    await page.getByLabel("氏名").fill("試験 太郎");
    await page.getByLabel("法人名", { exact: false }).first().fill("医療法人試験会");
    await page.getByLabel("病院名(所属)", { exact: false }).fill("試験病院");
    await page.getByLabel("連絡先").fill("03-0000-0000");
    await press("保存して次へ");
    for (const key of ["safety_manager_placed", "information_policy_defined", "network_map_known"]) await choose(key, "yes");
    await choose("responsibility_boundary_agreed", "no");
    await looker.look(page, "form-topic");
    await press("保存して次へ");
    await choose("consultation_desk", "vendor");
    await choose("consultation_desk", "none_wanted");
    for (const key of ["incident_contacts_known", "alerts_collected", "mds_sds_checked"]) await choose(key, "yes");
    await press("保存して次へ");

    // Every skip: Q10-1 by Q10; Q12 by Q11; Q12-1 to Q12-6 by Q12.
    looker.must((await shown("bcp_drilled")) === "undetermined", "Q10-1 before Q10");
    await choose("bcp_defined", "no");
    await follow();
    if (scripts) await page.waitForSelector('[data-question="bcp_drilled"][data-asked="not_asked"]');
    looker.must((await shown("bcp_drilled")) === "not_asked", "Q10-1 after no");
    await choose("bcp_defined", "yes");
    await follow();
    if (scripts) await page.waitForSelector('[data-question="bcp_drilled"][data-asked="required"]');
    await choose("bcp_drilled", "no");
    await press("保存して次へ");
    await choose("ehr_in_use", "no");
    await follow();
    if (scripts) await page.waitForSelector('[data-question="ehr_backup"][data-asked="not_asked"]');
    for (const key of ["ehr_backup", "backup_frequency", "backup_offline"]) looker.must((await shown(key)) === "not_asked", key);
    await looker.look(page, "form-skipped");
    await choose("ehr_in_use", "yes");
    await follow();
    if (scripts) await page.waitForSelector('[data-question="ehr_backup"][data-asked="required"]');
    looker.must((await shown("backup_copies")) === "undetermined", "Q12-2 before Q12");
    await choose("ehr_backup", "yes");
    await follow();
    if (scripts) await page.waitForSelector('[data-question="backup_copies"][data-asked="required"]');
    await choose("backup_frequency", "daily");
    for (const key of ["backup_copies", "backup_generations"]) await choose(key, "two");
    await choose("backup_media_kinds", "three_or_more");
    await choose("backup_offline", "yes");
    await choose("backup_leak_protection", "no");
    await looker.look(page, "form-asked");
    await picture("clerk-form");
    await press("保存して次へ");
    await choose("server_services_stopped", "yes");
    await choose("client_services_stopped", "no");

    // Left here: saved and not submitted cannot be overlooked.
    await press("一時保存");
    await page.goto("/");
    await looker.reads(page, "まだ提出されていません");
    await looker.look(page, "home-draft");
    await picture("clerk-home");
    await page.getByRole("link", { name: /続きを入力する/ }).first().click();
    await page.getByRole("link", { name: "1ページにすべて表示する" }).click();
    await looker.look(page, "form-whole");
    await press("内容を確認して提出へ");

    // The error: "none" together with another option. And more kinds of media than copies: a warning.
    await looker.reads(page, "次の1件を直してください");
    await page.locator("#errors a").first().click();
    await page.locator('[name="consultation_desk"][value="none_wanted"]').uncheck();
    await press("内容を確認して提出へ");
    await looker.reads(page, "確認をお願いしたい点が1件あります");
    await looker.look(page, "check");
    await picture("clerk-check");
    await press("この内容で提出する");
    await looker.reads(page, "受付番号");
    await looker.look(page, "receipt");
    await picture("clerk-receipt");
    const saving = page.waitForEvent("download");
    await page.getByRole("link", { name: /署名付き受付票/ }).click();
    looker.must((await saving).suggestedFilename() === `receipt_2024_${gmis}_1.json`, "the receipt's file");

    await press("回答を引き戻す");
    await looker.reads(page, "回答は引き戻されています");
    await page.goto("/");
    await looker.reads(page, "引き戻し");
    await page.goto(`/surveys/2024/hospitals/${gmis}/form?topic=4`);
    await choose("bcp_drilled", "yes");
    await press("内容を確認して提出へ");
    await press("この内容で提出する");
    await page.waitForURL(/\/receipts\/2/);
    await page.goto("/");
    await looker.reads(page, "提出済み");
    await looker.look(page, "home-submitted");
    await page.getByRole("button", { name: "ログアウト" }).click();
    await looker.reads(page, "ログアウトしました");
}

/** Sets up a second factor with the key that the page shows, and signs in by it and by a recovery code. */
async function secondFactor(looker, page, login, password) {
    await page.getByRole("link", { name: "2要素認証を設定する" }).click();
    await looker.look(page, "second-factor");
    await looker.picture(page, "clerk-second-factor");
    await page.locator('input[type="password"]').fill(password);
    await page.locator('[name="code"]').fill("000000");
    await page.getByRole("button", { name: "2要素認証を設定する" }).click();
    await looker.reads(page, "コードが違います");
    await looker.look(page, "second-factor-refused");
    const key = (await page.locator(".factor-key").innerText()).replaceAll(/\s/g, "");
    await page.locator('input[type="password"]').fill(password);
    await page.locator('[name="code"]').fill(codeAt(key, looker.given.now));
    await page.getByRole("button", { name: "2要素認証を設定する" }).click();
    await looker.reads(page, "この画面は一度しか表示されません");
    await looker.look(page, "recovery-codes");
    const recovery = (await page.locator(".codes li").first().innerText()).trim();
    await page.getByRole("button", { name: "ログアウト" }).click();
    await page.getByLabel("ログインID").fill(login);
    await page.getByLabel("パスワード", { exact: false }).first().fill(password);
    await page.getByRole("button", { name: "ログイン", exact: true }).click();
    await page.waitForURL(/second-factor/);
    await looker.look(page, "sign-in-second-factor");
    // A code that was taken is never taken again.
    await page.locator('[name="code"]').fill(codeAt(key, looker.given.now));
    await page.getByRole("button", { name: "ログイン", exact: true }).click();
    await looker.reads(page, "コードが違います");
    await page.locator('[name="code"]').fill(recovery);
    await page.getByRole("button", { name: "ログイン", exact: true }).click();
    await page.waitForURL((url) => url.pathname === "/");
    await page.goto("/account");
    await looker.reads(page, "設定済み");
    await looker.look(page, "account-secured");
}

/** The code of a key at a time (RFC 6238), reckoned apart from the program. */
function codeAt(key, seconds) {
    const bits = [...key.replaceAll("=", "")].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
    const bytes = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(seconds / 30)));
    const hash = createHmac("sha1", bytes).update(step).digest();
    const place = hash[19] & 15;
    return String((hash.readUInt32BE(place) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
