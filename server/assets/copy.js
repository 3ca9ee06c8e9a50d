// Copies a table as text that spreadsheets paste as cells. Without this module its button stays hidden; CSV and Excel are there.

for (const button of document.querySelectorAll("[data-copy]")) {
    const table = document.getElementById(button.dataset.copy);
    const said = document.getElementById(`${button.dataset.copy}-copied`);
    if (!table || !said || !navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
        // A heading over several columns is told before each of them; one over two rows stands in the second.
        const width = [...table.rows].reduce((most, row) => Math.max(most, [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0)), 0);
        const lines = [...table.rows].map(() => Array(width).fill(""));
        const taken = lines.map((line) => line.map(() => false));
        [...table.rows].forEach((row, y) => {
            let x = 0;
            for (const cell of row.cells) {
                while (taken[y][x]) x += 1;
                for (let down = 0; down < cell.rowSpan; down += 1) {
                    for (let right = 0; right < cell.colSpan; right += 1) {
                        taken[y + down][x + right] = true;
                        if (down === cell.rowSpan - 1) lines[y + down][x + right] = cell.innerText.trim();
                    }
                }
                x += cell.colSpan;
            }
        });
        try {
            await navigator.clipboard.writeText(lines.map((line) => line.join("\t")).join("\n"));
            said.textContent = "コピーしました。表計算ソフトに貼り付けられます。";
        } catch {
            said.textContent = "コピーできませんでした。CSVまたはExcelで受け取ってください。";
        }
    });
}
