// The guides as pages, each looked at; every link of theirs leads to a page of ours.
export default async function (looker) {
    const page = await looker.person();
    await page.goto("/help");
    await looker.look(page, "help");
    const guides = await page.locator("main a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    for (const guide of guides) {
        await page.goto(guide);
        await looker.look(page, guide.slice(1).replaceAll("/", "-"));
        const links = await page.locator("main a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
        for (const link of links.filter((link) => link.startsWith("/"))) {
            const status = await page.evaluate((link) => fetch(link).then((answer) => answer.status), link);
            looker.must(status === 200, `${guide} leads to ${link}: ${status}`);
        }
    }
}
