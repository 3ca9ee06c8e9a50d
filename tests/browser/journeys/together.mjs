// Two clerks at one draft: what each changed is kept, what both changed is shown field by field and decided.
const FORM = "/surveys/2024/hospitals/SJK0001/form?topic=2";

export default async function (looker) {
    const [first, second] = [await looker.person(), await looker.person()];
    for (const page of [first, second]) {
        await looker.signIn(page, "hospital");
        await page.goto(FORM);
    }
    const choose = (page, key, value) => page.locator(`[name="${key}"][value="${value}"]`).check();
    const saved = (page) => page.waitForFunction(() => /保存しました/.test(document.querySelector("[data-saved]")?.textContent ?? ""));
    await choose(first, "safety_manager_placed", "yes");
    await saved(first);
    // Another question: joined without a word, and seen by who saves next.
    await choose(second, "information_policy_defined", "no");
    await saved(second);
    await second.reload();
    looker.must(await second.locator('[name="safety_manager_placed"][value="yes"]').isChecked(), "what the first clerk answered is gone");
    // The same question.
    await choose(second, "safety_manager_placed", "no");
    await saved(second);
    await second.waitForTimeout(300);
    await choose(first, "safety_manager_placed", "no");
    await saved(first);
    await second.goto(FORM);
    await choose(first, "network_map_known", "yes");
    await saved(first);
    await first.waitForTimeout(300);
    await choose(second, "network_map_known", "no");
    await second.waitForSelector("text=あなたの入力");
    await looker.reads(second, "保存されている回答：はい");
    await looker.reads(second, "あなたの入力：いいえ");
    await looker.look(second, "conflict");
    await second.getByRole("button", { name: "選んだ内容で保存する" }).click();
    await looker.reads(second, "一時保存しました");
    await first.goto(FORM);
    looker.must(await first.locator('[name="network_map_known"][value="no"]').isChecked(), "what was decided is not stored");
    looker.must(await first.locator('[name="information_policy_defined"][value="no"]').isChecked(), "another answer was lost");
}
