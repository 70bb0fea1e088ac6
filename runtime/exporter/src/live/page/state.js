// The reader's choices, stored in the address after the `#`, so that they can be shared and survive a reload.

import { element } from "./dom.js";

// `to` is the end of the time range of the panels, in seconds since 1970; without it, they show the newest numbers.
const DEFAULTS = { function: "", panel: "", search: "", sort: "worst", range: "900", to: "" };
const listeners = new Set();
let current = read();

function read() {
    const given = new URLSearchParams(location.hash.slice(1));
    return Object.fromEntries(Object.entries(DEFAULTS).map(([name, value]) => [name, given.get(name) ?? value]));
}

export function get(name) {
    return current[name];
}

export function address(changes) {
    const differing = Object.entries({ ...current, ...changes }).filter(([name, value]) => value !== DEFAULTS[name]);
    return `#${new URLSearchParams(differing)}`;
}

// A link to the page with these choices and the reader's other ones. If they are made already, a click makes them again.
export function link(changes, properties) {
    const made = element("a", properties);
    const update = () => (made.href = address(changes));
    update();
    for (const event of ["focus", "pointerenter", "pointerdown"]) made.addEventListener(event, update);
    made.addEventListener("click", () => {
        if (made.hash === location.hash) listeners.forEach((it) => it(new Set(Object.keys(changes))));
    });
    return made;
}

// Replaces the history entry, so that the back button does not step through every letter of a search.
export function set(changes) {
    history.replaceState(null, "", address(changes));
    changed();
}

// Returns a function that removes the listener.
export function onChange(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

function changed() {
    const before = current;
    current = read();
    const names = new Set(Object.keys(DEFAULTS).filter((name) => before[name] !== current[name]));
    if (names.size > 0) listeners.forEach((it) => it(names));
}

addEventListener("hashchange", changed);
