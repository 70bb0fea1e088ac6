// Refreshes the alert page while it is visible. It pauses while the user chooses a filter or selects text, and slows
// down while the server does not answer.
"use strict";

const EVERY = 15;
const SELDOM = 300;
let pause = EVERY;
let timer;

function isBusy() {
    const at = document.activeElement;
    return (at && at.matches("select, button")) || String(getSelection()) !== "";
}

async function refresh() {
    if (!document.hidden && !isBusy()) {
        try {
            const response = await fetch(location.href, { signal: AbortSignal.timeout(10000) });
            if (!response.ok) throw new Error(`status ${response.status}`);
            const page = new DOMParser().parseFromString(await response.text(), "text/html");
            const focused = document.activeElement?.getAttribute("href");
            document.querySelector("main").replaceWith(page.querySelector("main"));
            document.title = page.title;
            const link = focused && document.querySelector(`main a[href="${CSS.escape(focused)}"]`);
            link?.focus({ preventScroll: true });
            pause = EVERY;
            tell(`, refreshed every ${EVERY} s`);
        } catch (error) {
            pause = Math.min(pause * 2, SELDOM);
            tell(`: cannot refresh (${error.message}); the next attempt is in ${pause} s`, true);
        }
    }
    schedule();
}

function tell(text, isStale = false) {
    const note = document.getElementById("refresh");
    note.textContent = text;
    note.className = isStale ? "stale" : "";
}

function schedule() {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, pause * 1000);
}

document.addEventListener("visibilitychange", () => (document.hidden ? schedule() : refresh()));
tell(`, refreshed every ${EVERY} s`);
schedule();
