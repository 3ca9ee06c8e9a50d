// Follows a job without reading the page again. The page works without it: it is read again every few seconds.

const box = document.getElementById("job");
const text = document.getElementById("job-text");
const bar = document.getElementById("job-bar");
const next = document.getElementById("job-next");

if (box && text && bar && next) {
    const events = new EventSource(box.dataset.events);
    let spoken = 0;
    events.addEventListener("job", (event) => {
        const job = JSON.parse(event.data);
        if (job.total > 0) {
            bar.max = job.total;
            bar.value = job.done;
        }
        // Who listens to a screen reader hears a number every few seconds and not four times a second.
        const now = Date.now();
        if (job.over || now - spoken > 3000) {
            text.textContent = job.text;
            spoken = now;
        }
        if (!job.over) return;
        events.close();
        bar.remove();
        box.classList.add(job.failed ? "bad" : "good");
        next.replaceChildren();
        if (job.href) {
            const link = document.createElement("a");
            link.className = "button";
            link.href = job.href;
            link.textContent = job.link;
            next.append(link);
        }
    });
}
