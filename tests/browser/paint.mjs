// What the browser says of one page, for `make bench`: first contentful paint, layout shift, bytes over the wire. `node paint.mjs BASE LOGIN PASSWORD PATH`.
import { chromium } from "playwright-core";

const [base, login, password, path] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHOSA_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"] });
const context = await browser.newContext({ baseURL: base, viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
// Pages that need no account are seen without one.
if (login !== "") {
    await page.goto("/sign-in");
    await page.getByLabel("ログインID").fill(login);
    await page.getByLabel("パスワード").first().fill(password);
    await page.getByRole("button", { name: "ログイン", exact: true }).click();
    await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}
await page.addInitScript(() => {
    globalThis.shifted = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifted += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
});
const wire = await context.newCDPSession(page);
await wire.send("Network.enable");
let bytes = 0;
wire.on("Network.loadingFinished", (event) => { bytes += event.encodedDataLength; });
const paints = [];
// Three first views, each with an empty cache; the middle one counts.
for (let view = 0; view < 3; view += 1) {
    bytes = 0;
    await wire.send("Network.clearBrowserCache");
    await page.goto(path, { waitUntil: "networkidle" });
    const painted = await page.evaluate(() => ({
        paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null,
        shift: globalThis.shifted,
    }));
    paints.push({ ...painted, bytes });
}
paints.sort((a, b) => a.paint - b.paint);
console.log(JSON.stringify(paints[1]));
await browser.close();
