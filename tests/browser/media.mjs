// How a page holds where people see it otherwise than on a desk: in the colours that a system forces, at 400 %, with their own text spacing, on paper.
// Each function returns what is wrong, in words; none of them changes the page for good.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A window of 1280 by 1024 at 400 % (WCAG 2.2, 1.4.10). */
const ZOOMED = { width: 320, height: 256, deviceScaleFactor: 4, mobile: false };
/** What A4 leaves between margins of 15 mm, in CSS pixels, upright and across. */
const UPRIGHT = Math.floor((180 / 25.4) * 96);
const ACROSS = Math.floor((267 / 25.4) * 96);
/** Enough to pass every part of the longest page that is not a list of hundreds. */
const STOPS = 60;

/** All of it, for a page. */
export async function everywhere(page, name, shots) {
    return [...await forced(page, name, shots), ...await zoomed(page, name, shots), ...await printed(page, name, shots)];
}

/** Colours forced on a dark ground: edges, focus and pictures must not hang on colours of ours. */
async function forced(page, name, shots) {
    await page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
    const wrong = await page.evaluate(async () => {
        const wrong = [];
        const words = (part) => `${part.tagName.toLowerCase()}.${part.className} ${(part.textContent ?? "").trim().slice(0, 20)}`;
        const seen = (part) => part.checkVisibility({ visibilityProperty: true }) && part.getBoundingClientRect().width > 1;
        const paint = (colour) => {
            const [red, green, blue, alpha] = (colour.match(/[\d.]+/g) ?? ["0", "0", "0", "0"]).map(Number);
            const light = [red, green, blue].map((part) => part / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
            return { light: 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2], alpha: alpha ?? 1 };
        };
        const ratio = (one, two) => {
            const [low, high] = [paint(one).light, paint(two).light].sort((a, b) => a - b);
            return (high + 0.05) / (low + 0.05);
        };
        const ground = getComputedStyle(document.documentElement).backgroundColor;
        const canvas = paint(ground).alpha === 0 ? getComputedStyle(document.body).backgroundColor : ground;
        const bordered = "button:not(.plain), .button, select, textarea, .notice, .card, .tag, .warning, input:not([type=hidden], [type=radio], [type=checkbox], [type=file])";
        for (const part of document.querySelectorAll(bordered)) {
            if (!seen(part)) continue;
            const style = getComputedStyle(part);
            const edge = parseFloat(style.borderTopWidth) >= 1 && style.borderTopStyle !== "none";
            if (!edge || ratio(style.borderTopColor, canvas) < 3) wrong.push(`no edge: ${words(part)}`);
        }
        for (const part of document.querySelectorAll("button.plain, main a:not(.button)")) {
            if (seen(part) && !part.closest("nav") && !getComputedStyle(part).textDecorationLine.includes("underline")) wrong.push(`no line under: ${words(part)}`);
        }
        for (const part of document.querySelectorAll('[aria-current]:is(.nav a, .tabs a)')) {
            if (seen(part) && getComputedStyle(part).outlineStyle === "none") wrong.push(`nothing shows where we are: ${words(part)}`);
        }
        for (const part of document.querySelectorAll("body *")) {
            if (!(part instanceof SVGElement) && getComputedStyle(part).forcedColorAdjust === "none") wrong.push(`keeps its own colours: ${words(part)}`);
        }
        // A picture keeps its colours, so that it needs its own ground: without one dark words stand on black.
        for (const picture of document.querySelectorAll("img")) {
            if (!seen(picture)) continue;
            await picture.decode();
            const sheet = new OffscreenCanvas(40, 40).getContext("2d");
            sheet.drawImage(picture, 0, 0, 40, 40);
            const clear = [[1, 1], [38, 1], [1, 38], [38, 38]].some(([x, y]) => sheet.getImageData(x, y, 1, 1).data[3] < 255);
            if (clear) wrong.push(`a picture without a ground: ${picture.getAttribute("src")}`);
        }
        for (const picture of document.querySelectorAll("main svg")) {
            const sheet = picture.querySelector("rect");
            if (sheet === null || paint(getComputedStyle(sheet).fill).light < 0.9) wrong.push(`a picture without a ground: ${words(picture)}`);
        }
        return wrong;
    });
    for (let stop = 0; stop < 4; stop += 1) {
        await page.keyboard.press("Tab");
        const ring = await page.evaluate(() => {
            const style = getComputedStyle(document.activeElement);
            return document.activeElement === document.body || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) ? "" : document.activeElement.outerHTML.slice(0, 80);
        });
        if (ring !== "") wrong.push(`the focus cannot be seen: ${ring}`);
    }
    await page.screenshot({ path: join(shots, `${name}-forced.png`), fullPage: true });
    await page.emulateMedia({ forcedColors: null, colorScheme: null });
    return wrong.map((words) => `${name}, forced colours: ${words}`);
}

/** At 400 %: nothing is scrolled sideways, nothing covers what has the focus, and text that is set wider is not cut. */
async function zoomed(page, name, shots) {
    const wire = await page.context().newCDPSession(page);
    const size = page.viewportSize();
    await wire.send("Emulation.setDeviceMetricsOverride", ZOOMED);
    const wrong = [];
    if (await page.evaluate(() => innerWidth) !== ZOOMED.width) wrong.push("the window was not made small");
    await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
    for (let stop = 0; stop < STOPS; stop += 1) {
        await page.keyboard.press("Tab");
        const here = await page.evaluate(focused);
        if (here === "out") break;
        if (here !== "") wrong.push(here);
    }
    await page.evaluate(() => document.querySelector("h1").scrollIntoView());
    // By the debugger: a picture that the library takes would set the window back.
    const { data } = await wire.send("Page.captureScreenshot", { format: "png" });
    writeFileSync(join(shots, `${name}-zoomed.png`), Buffer.from(data, "base64"));
    wrong.push(...await page.evaluate(sideways));
    // As a person's own style sheet does (1.4.12); made by script, since the page's policy forbids an element.
    await page.evaluate(() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }");
        document.adoptedStyleSheets = [sheet];
    });
    wrong.push(...(await page.evaluate(sideways)).map((words) => `spaced text: ${words}`));
    wrong.push(...(await page.evaluate(cut)).map((words) => `spaced text: ${words}`));
    if (await page.evaluate(() => innerWidth) !== ZOOMED.width) wrong.push("the window did not stay small");
    await page.evaluate(() => { document.adoptedStyleSheets = []; });
    await wire.send("Emulation.clearDeviceMetricsOverride");
    await wire.detach();
    // The library knows nothing of it, and sets a window only to another size than it knows.
    await page.setViewportSize({ ...size, height: size.height - 1 });
    await page.setViewportSize(size);
    await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
    return wrong.map((words) => `${name}, 400 %: ${words}`);
}

/** In the page: what is wrong with where the focus is; "out" once it left the page. */
function focused() {
    const here = document.activeElement;
    if (here === document.body || here === null) return "out";
    const words = `${here.tagName.toLowerCase()} ${(here.textContent || here.getAttribute("name") || "").trim().slice(0, 20)}`;
    // A link over two lines has two boxes, and a table is taller than the window: one point that can be seen is enough.
    const boxes = [...here.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
    const points = boxes.flatMap((box) => {
        const [left, right] = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
        const [top, bottom] = [Math.max(box.top, 0), Math.min(box.bottom, innerHeight)];
        if (left >= right || top >= bottom) return [];
        return [[left + 2, top + 2], [(left + right) / 2, (top + bottom) / 2], [right - 2, bottom - 2]];
    });
    if (points.length === 0) return `the focus is outside of the window: ${words}`;
    const own = (at) => at !== null && (here.contains(at) || at.contains(here) || at.closest("label")?.contains(here) || at.closest("label")?.htmlFor === here.id);
    if (!points.some(([x, y]) => own(document.elementFromPoint(x, y)))) return `the focus is behind something: ${words}`;
    return "";
}

/** In the page: what makes it wider than its window. */
function sideways() {
    const wide = document.documentElement.scrollWidth;
    if (wide <= innerWidth) return [];
    const who = [...document.querySelectorAll("body *")].filter((part) => part.getBoundingClientRect().right > innerWidth && !part.closest(".scroll"));
    return [`${wide} px wide in ${innerWidth}: ${who.slice(-3).map((part) => `${part.tagName}.${part.className} ${part.textContent.trim().slice(0, 20)}`).join("; ")}`];
}

/** In the page: text that does not stand whole in its box. */
function cut() {
    const wrong = [];
    for (const part of document.querySelectorAll("main *, header *, nav *, footer *")) {
        if (!part.checkVisibility() || part.closest(".visually-hidden, svg, select, textarea, .scroll .scroll") || part.matches("input, .scroll, .letter, pre, progress, meter")) continue;
        const style = getComputedStyle(part);
        const clips = [style.overflowX, style.overflowY].some((flow) => flow === "hidden" || flow === "clip");
        const boxed = style.display !== "inline" && part.textContent.trim() !== "" && (clips || part.matches(".button, .tag, summary, .nav a, .tabs a, label, th, td"));
        if (boxed && (part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1)) {
            wrong.push(`cut: ${part.tagName.toLowerCase()}.${part.className} ${part.textContent.trim().slice(0, 20)}`);
        }
    }
    return wrong;
}

/** On A4: nothing of it is for pressing, nothing is cut at the margin, every sheet of a table has its headings. */
async function printed(page, name, shots) {
    const size = page.viewportSize();
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: UPRIGHT, height: 971 });
    const wrong = await page.evaluate((across) => {
        const wrong = [];
        const words = (part) => `${part.tagName.toLowerCase()}.${part.className} ${(part.textContent ?? "").trim().slice(0, 20)}`;
        for (const part of document.querySelectorAll("button, .button, input[type=file], nav, footer")) {
            if (part.checkVisibility()) wrong.push(`of no use on paper: ${words(part)}`);
        }
        for (const part of document.querySelectorAll("main *")) {
            if (!part.checkVisibility() || part.closest(".visually-hidden, svg")) continue;
            const width = getComputedStyle(part).page === "across" || part.closest(".across") ? across : innerWidth;
            if (part.getBoundingClientRect().right > width + 1) {
                wrong.push(`cut at the margin: ${words(part)}`);
                break;
            }
        }
        for (const head of document.querySelectorAll("thead")) {
            if (head.checkVisibility() && getComputedStyle(head).display !== "table-header-group") wrong.push(`headings that are not repeated: ${words(head)}`);
            if (head.checkVisibility() && getComputedStyle(head.closest(".scroll") ?? head).overflowX !== "visible") wrong.push(`a table in a window: ${words(head)}`);
        }
        return wrong;
    }, ACROSS);
    await page.setViewportSize(size);
    const sheets = await page.pdf({ preferCSSPageSize: true });
    writeFileSync(join(shots, `${name}-printed.pdf`), sheets);
    const count = sheets.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
    if (count === 0) wrong.push("no sheet");
    if (/receipt/.test(name) && count !== 1) wrong.push(`a receipt of ${count} sheets`);
    await page.emulateMedia({ media: null });
    return wrong.map((words) => `${name}, printed: ${words}`);
}
