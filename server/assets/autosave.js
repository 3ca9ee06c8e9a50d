// Saves a questionnaire while it is filled in, and shows or hides what is asked by the answers. What is asked is decided by the server: the page that comes
// back is looked at, and only what differs is taken over.

const PAUSE = 600;
const form = document.querySelector("form[data-autosave]");
if (form) start(form);

function start(form) {
    const status = form.querySelector("[data-saved]");
    let timer = 0;
    let running = null;
    let typed = 0;
    let saved = 0;

    const say = (words) => { status.textContent = words; };

    async function send() {
        const sent = typed;
        const body = new URLSearchParams(new FormData(form));
        body.set("act", "auto");
        let response;
        try {
            response = await fetch(form.action, { method: "POST", body });
        } catch {
            say("保存できませんでした（通信できません）。入力した内容はこの画面に残っています。しばらくしてから「一時保存」を押してください。");
            return;
        }
        if (response.redirected) {
            say("ログインの有効期限が切れたため、保存できませんでした。入力した内容はこの画面に残っています。別のタブでログインしてから「一時保存」を押してください。");
            return;
        }
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        if (response.status === 409) {
            document.getElementById("main").replaceChildren(...page.getElementById("main").childNodes);
            document.querySelector("[data-focus]")?.focus();
            saved = typed;
            return;
        }
        if (!response.ok) {
            say(`保存できませんでした。${page.querySelector("#main .notice p")?.textContent ?? ""}`);
            return;
        }
        saved = Math.max(saved, sent);
        take(page);
    }

    // One at a time: the next one carries what the one before has brought.
    function save() {
        clearTimeout(timer);
        running = (running ?? Promise.resolve()).then(async () => {
            if (saved < typed) {
                say("保存しています…");
                await send();
            }
        });
        return running;
    }

    function take(page) {
        form.elements.base.value = page.querySelector("form[data-autosave]").elements.base.value;
        say(page.querySelector("[data-saved]").textContent);
        document.title = page.title;
        for (const id of ["topics", "standing"]) {
            const [here, there] = [document.getElementById(id), page.getElementById(id)];
            if (here && there) {
                if (!here.contains(document.activeElement)) here.replaceChildren(...there.childNodes);
            } else if (there) {
                document.querySelector(".columns").before(document.adoptNode(there));
            }
        }
        for (const there of page.querySelectorAll("[data-question]")) {
            const here = form.querySelector(`[data-question="${there.dataset.question}"]`);
            if (here && here.dataset.asked !== there.dataset.asked && !here.contains(document.activeElement)) {
                here.replaceWith(document.adoptNode(there));
            }
        }
    }

    form.addEventListener("input", () => {
        typed += 1;
        clearTimeout(timer);
        timer = setTimeout(save, PAUSE);
    });
    form.addEventListener("change", () => {
        clearTimeout(timer);
        timer = setTimeout(save, 50);
    });
    // Whoever is about to leave the page waits for it.
    form.addEventListener("chosa:save", (event) => event.detail?.wait?.(save()));
    form.addEventListener("submit", () => { saved = typed; });
    addEventListener("beforeunload", (event) => {
        if (saved < typed) event.preventDefault();
    });
}
