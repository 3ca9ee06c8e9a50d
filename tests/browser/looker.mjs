// What every journey has: people with a context each, and a look at a page that judges it by axe-core, by the HTML standard and at the width of a telephone.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { HtmlValidate } from "html-validate";
import { everywhere } from "./media.mjs";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
// Milliseconds for a page to come in on a busy machine.
const PATIENCE = 20000;
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const validator = new HtmlValidate({
    extends: ["html-validate:standard"],
    rules: {
        // Of style, not of validity; the templates are written as they are.
        "no-trailing-whitespace": "off",
        "long-title": "off",
        "void-style": "off",
        "attribute-boolean-style": "off",
        "no-inline-style": "error",
        // A table that is wider than a telephone is scrolled, by keyboard too.
        "no-redundant-role": "error",
        "prefer-native-element": "off",
    },
});

export class Looker {
    constructor(_browser, { base, shots, seen, given, launch }) {
        this.base = base;
        this.shots = shots;
        this.seen = seen;
        this.given = given;
        // A journey without JavaScript is the same journey; its pictures have names of their own.
        this.scripts = given.scripts ?? true;
        this.mark = this.scripts ? "" : "-without-scripts";
        this.first = launch;
        this.faults = [];
        this.looked = 0;
        this.pages = new Set();
        this.contexts = [];
    }

    /** A person with cookies of their own. */
    async person({ scripts = this.scripts, width = 1280, height = 900 } = {}) {
        const browser = this.first.browser();
        const context = await browser.newContext({
            baseURL: this.base,
            locale: "ja-JP",
            timezoneId: "Asia/Tokyo",
            viewport: { width, height },
            javaScriptEnabled: scripts,
            acceptDownloads: true,
        });
        this.contexts.push(context);
        const page = await context.newPage();
        page.scripts = scripts;
        page.on("pageerror", (error) => this.fault(`script error on ${page.url()}: ${error.message}`));
        page.on("console", (message) => {
            if (message.type() === "error" && !/status of (4\d\d)/.test(message.text())) this.fault(`console on ${page.url()}: ${message.text()}`);
        });
        this.last = page;
        return page;
    }

    /** Signs in on the sign-in page. */
    async signIn(page, login, password = this.given.password) {
        await page.goto("/sign-in");
        await page.getByLabel("ログインID").fill(login);
        await page.getByLabel("パスワード", { exact: false }).first().fill(password);
        await page.getByRole("button", { name: "ログイン", exact: true }).click();
        await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
    }

    fault(words) {
        this.faults.push(words);
        console.error("FAULT", words);
    }

    /** Holds, or the journey ends here. */
    must(holds, words) {
        if (!holds) throw new Error(words);
    }

    /** Text that has to stand on the page, at once or when what was clicked has come: a new page is there before any of its text is. */
    async reads(page, words) {
        const until = Date.now() + PATIENCE;
        for (;;) {
            await page.waitForLoadState();
            // The page may go while it is read.
            const text = await page.locator("body").innerText().catch((error) => String(error));
            if (text.includes(words)) break;
            if (Date.now() > until) throw new Error(`${page.url()} does not read ${JSON.stringify(words)}:\n${text.slice(0, 1500)}`);
            await page.waitForTimeout(50);
        }
    }

    /** Waits until what was changed in a form is saved: by itself, or by its button where nothing happens by itself. */
    async saved(page) {
        if (page.scripts) {
            await page.waitForFunction(() => /保存しました/.test(document.querySelector("[data-saved]")?.textContent ?? ""));
        } else {
            await page.getByRole("button", { name: "一時保存" }).click();
            await page.waitForLoadState();
        }
    }

    /** Looks at a page: picture, axe-core, HTML, 320 px. */
    async look(page, state) {
        const name = state + this.mark;
        this.last = page;
        this.looked += 1;
        await page.waitForLoadState();
        // A picture hides the caret by a style, of which an empty one is left in a page that stays.
        const html = (await page.content()).replaceAll(' style=""', "");
        // Guides load their pictures as they come into view, which one that is only looked at as a whole never does.
        if (page.scripts) {
            await page.evaluate(() => Promise.all([...document.images].map((picture) => {
                picture.loading = "eager";
                return picture.decode();
            })));
        }
        await page.screenshot({ path: join(this.shots, `${name}.png`), fullPage: true });
        const report = await validator.validateString(html, name);
        for (const result of report.results) {
            for (const message of result.messages) {
                this.fault(`${name}: HTML ${message.ruleId} ${message.line}:${message.column}: ${message.message} ${html.split("\n")[message.line - 1]?.trim().slice(0, 160)}`);
            }
        }
        // axe-core is a script of ours in the page; without JavaScript there the page's own words are looked at in a page that has it.
        const judged = page.scripts ? page : await this.copy(page);
        // By the debugger and not as an element: the page's policy forbids that, and stays as it is.
        await judged.evaluate(AXE);
        const { violations } = await judged.evaluate((tags) => globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } }), TAGS);
        for (const violation of violations) {
            for (const node of violation.nodes) {
                this.fault(`${name}: axe ${violation.id} (${violation.help}): ${node.target.join(" ")} ${node.failureSummary?.replaceAll("\n", " ").slice(0, 300)}`);
            }
        }
        const size = judged.viewportSize();
        await judged.setViewportSize({ width: 320, height: 640 });
        const wide = await judged.evaluate(() => document.documentElement.scrollWidth);
        if (wide > 320) {
            const who = await judged.evaluate(() => [...document.querySelectorAll("body *")]
                .filter((part) => part.getBoundingClientRect().right > 320 && !part.closest(".scroll"))
                .map((part) => `${part.tagName}.${part.className} ${part.textContent.trim().slice(0, 20)}`).slice(-3).join("; "));
            this.fault(`${name}: ${wide} px wide at 320: ${who}`);
        }
        await judged.screenshot({ path: join(this.shots, `${name}-320.png`), fullPage: true });
        await judged.setViewportSize(size);
        // Once for each page that a role has and not for each of its states, nor again without JavaScript: what is looked at there is the page's style.
        const role = await judged.evaluate(() => document.body.dataset.role ?? "nobody");
        const kind = `${role} ${new URL(page.url()).pathname.replaceAll(/\/[^/]*\d[^/]*/g, "/0")} ${await judged.locator("h1").first().innerText()}`;
        const isNew = !this.pages.has(kind);
        this.pages.add(kind);
        if (isNew && this.scripts && this.isFirst(kind)) {
            for (const wrong of await everywhere(judged, name, this.shots)) this.fault(wrong);
        }
        if (judged !== page) await judged.close();
    }

    /** Whether no other journey of the same run looks or has looked at such a page: who makes its folder first, looks. */
    isFirst(kind) {
        if (this.seen === undefined) return true;
        try {
            mkdirSync(join(this.seen, createHash("sha256").update(kind).digest("hex")));
            return true;
        } catch (error) {
            if (error.code === "EEXIST") return false;
            throw error;
        }
    }

    /** A picture of what a window shows, for the guides. */
    async picture(page, name) {
        if (!this.scripts) return;
        const size = page.viewportSize();
        await page.setViewportSize({ width: 1000, height: 720 });
        await page.evaluate(() => scrollTo(0, 0));
        await page.screenshot({ path: join(this.shots, `${name}.png`) });
        await page.setViewportSize(size);
    }

    async copy(page) {
        const context = await this.first.browser().newContext({ baseURL: this.base, viewport: page.viewportSize(), storageState: await page.context().storageState() });
        this.contexts.push(context);
        const copy = await context.newPage();
        await copy.goto(page.url());
        return copy;
    }

    async keepLast(name) {
        try {
            await this.last?.screenshot({ path: join(this.shots, `${name}.png`), fullPage: true });
            console.error("at", this.last?.url());
        } catch (error) {
            console.error("no picture:", error.message);
        }
    }

    finish() {
        console.log(`${this.looked} looks at ${this.pages.size} pages, ${this.faults.length} faults`);
    }
}
