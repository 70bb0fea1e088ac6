// The theme: dark, light, or the system's; and its colours for a canvas, which does not use the style sheet.

import { element } from "./dom.js";

const KEY = "measurand-theme";
const listeners = new Set();
const probe = element("i", { hidden: true });
let known = new Map();

export function ink(name) {
    if (!known.has(name)) {
        if (!probe.isConnected) document.body.append(probe);
        probe.style.color = `var(--${name}, var(--text))`;
        known.set(name, getComputedStyle(probe).color);
    }
    return known.get(name);
}

// Returns a function that removes the listener.
export function onChange(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

export function start(select) {
    select.value = stored();
    apply(select.value);
    select.addEventListener("change", () => {
        try {
            localStorage.setItem(KEY, select.value);
        } catch {
            // Without storage the choice is kept until the page is closed.
        }
        apply(select.value);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", forget);
}

function stored() {
    try {
        const theme = localStorage.getItem(KEY);
        return ["dark", "light"].includes(theme) ? theme : "auto";
    } catch {
        return "auto";
    }
}

function apply(theme) {
    document.documentElement.dataset.theme = theme;
    forget();
}

function forget() {
    known = new Map();
    listeners.forEach((it) => it());
}
