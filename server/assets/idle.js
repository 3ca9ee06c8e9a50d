// A session of pages ends when it is not used for a while. Five minutes before, a dialog asks; when nobody answers, what is being typed is saved and the
// sign-in page follows. Without this module the server ends the session all the same.

const minutes = Number(document.body.dataset.idle);
const WARN = 5 * 60_000;
// Before the server's own end, so that what is saved is still taken.
const END = 30_000;
const KEY = "chosa-last-seen";

// Other tabs of the same session are steps too.
const seen = () => {
    const now = Date.now();
    try { localStorage.setItem(KEY, String(now)); } catch { /* A browser that keeps nothing has one tab to look after. */ }
    return now;
};
const lastSeen = () => {
    try { return Math.max(own, Number(localStorage.getItem(KEY)) || 0); } catch { return own; }
};
let own = seen();
let leaving = false;

const dialog = document.createElement("dialog");
dialog.className = "warning";
dialog.setAttribute("aria-labelledby", "idle-title");
dialog.setAttribute("aria-describedby", "idle-text");
dialog.innerHTML = `<h2 id="idle-title">まもなくログアウトします</h2>
<p id="idle-text">しばらく操作がないため、あと<span data-left></span>でログアウトします。続ける場合は「操作を続ける」を押してください。</p>
<div class="acts"><button class="button" type="button" data-stay>操作を続ける</button><button class="button second" type="button" data-leave>ログアウトする</button></div>`;

const stay = async () => {
    try {
        const answer = await fetch("/session", { method: "POST", redirect: "manual", headers: { "Accept": "text/plain" } });
        if (answer.status === 204) {
            own = seen();
            dialog.close();
            return;
        }
    } catch { return; }
    go();
};

const go = () => {
    const next = encodeURIComponent(location.pathname + location.search);
    location.assign(`/sign-in?next=${next}&done=idle`);
};

// Forms that can save themselves are asked to, and get a moment for it.
const leave = async () => {
    if (leaving) return;
    leaving = true;
    const saves = [];
    for (const form of document.querySelectorAll("form[data-autosave]")) {
        form.dispatchEvent(new CustomEvent("chosa:save", { bubbles: true, detail: { wait: (promise) => saves.push(promise) } }));
    }
    const moment = new Promise((done) => setTimeout(done, 3_000));
    await Promise.race([saves.length > 0 ? Promise.allSettled(saves) : moment, moment]);
    try { await fetch("/sign-out", { method: "POST", redirect: "manual" }); } catch { /* The server ends it by itself. */ }
    go();
};

const look = () => {
    const left = lastSeen() + minutes * 60_000 - Date.now();
    if (left <= END) {
        leave();
    } else if (left <= WARN) {
        dialog.querySelector("[data-left]").textContent = left > 60_000 ? `約${Math.round(left / 60_000)}分` : "1分以内";
        if (!dialog.open) dialog.showModal();
    } else if (dialog.open) {
        dialog.close();
    }
};

if (minutes > 0) {
    document.body.append(dialog);
    dialog.querySelector("[data-stay]").addEventListener("click", stay);
    dialog.querySelector("[data-leave]").addEventListener("click", leave);
    // Closed by the keyboard: somebody is there.
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); stay(); });
    setInterval(look, 15_000);
    document.addEventListener("visibilitychange", look);
    // A save that was taken is a step; the module that saves says so.
    document.addEventListener("chosa:saved", () => { own = seen(); });
}
