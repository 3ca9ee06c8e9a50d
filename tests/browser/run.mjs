// Runs one journey in Chromium: `node run.mjs NAME`, with CHOSA_BASE (address of the server), CHOSA_SHOTS (folder of the pictures), CHOSA_SEEN (folder in which
// the journeys of a run note what they looked at; without it a journey looks at everything) and CHOSA_GIVEN (JSON of what the journey needs: logins, links). Ends with 0 when everything held.
import { mkdtempSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { Looker } from "./looker.mjs";

const name = process.argv[2];
const base = process.env.CHOSA_BASE;
const shots = process.env.CHOSA_SHOTS;
const seen = process.env.CHOSA_SEEN;
const given = JSON.parse(process.env.CHOSA_GIVEN ?? "{}");
mkdirSync(shots, { recursive: true });

const profile = mkdtempSync(join(tmpdir(), "chosa-browser-"));
const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHOSA_CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    locale: "ja-JP",
    timezoneId: "Asia/Tokyo",
    baseURL: base,
    viewport: { width: 1280, height: 900 },
    acceptDownloads: true,
});
const looker = new Looker(browser.browser() ?? browser, { base, shots, seen, given, launch: browser });
let failed = false;
// A journey that waits for what never comes would hold everything up without a word: closing the browser ends what it waits for. The longest takes three minutes.
const MOST = 12 * 60 * 1_000;
const watch = setTimeout(() => {
    console.error(`${name}: not at its end after ${MOST / 60_000} minutes`);
    browser.close();
}, MOST);
try {
    const journey = await import(`./journeys/${name}.mjs`);
    await journey.default(looker);
    looker.finish();
} catch (error) {
    failed = true;
    console.error(error);
    await looker.keepLast("failed-" + name);
} finally {
    clearTimeout(watch);
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
}
process.exit(failed || looker.faults.length > 0 ? 1 : 0);
