// Improves pages that work without it. Each part looks for the attribute that asks for it.
import "./autosave.js";
import "./copy.js";

// An error summary takes the focus, so that a screen reader says it first.
document.querySelector("[data-focus]")?.focus();
