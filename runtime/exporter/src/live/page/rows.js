// The rows of panels. Only panels in view are requested and drawn.

import { element, setText } from "./dom.js";
import { span } from "./format.js";
import { Panel } from "./panel.js";
import * as state from "./state.js";
import * as theme from "./theme.js";

// The columns of the dashboard; the maximum height of a small panel, in grid units; and the maximum number of small
// panels in a line.
const COLUMNS = 24;
const SMALL = 5;
const BESIDE = 6;
const MINUTE = 60;

export class Rows {
    #panels = new Map();
    #visible = new Set();
    #observer;
    #unlisten;
    #note = element("p", { class: "note", role: "status" });
    element;

    // `appeared` is called when a panel comes into view.
    constructor(model, appeared) {
        this.#observer = new IntersectionObserver((entries) => this.#moved(entries, appeared), { rootMargin: "150px" });
        const heading = element("h2", { id: "panels", tabindex: "-1", text: "Panels" });
        this.element = element("section", { "aria-labelledby": "panels" }, element("div", { class: "tools" }, heading, this.#note), ...model.rows.map((it) => this.#row(it)));
        this.#unlisten = theme.onChange(() => this.#panels.forEach((it) => it.redraw()));
    }

    // The IDs of the panels in view.
    get visible() {
        return [...this.#visible];
    }

    update(times, answers) {
        for (const [id, answer] of Object.entries(answers)) this.#panels.get(Number(id))?.update(times, answer);
    }

    // Says why panels have no new numbers, or why their rates are low at first: as on the dashboard, these cover at least
    // a minute.
    tell(seconds, failure) {
        const young = seconds < MINUTE ? `Rates cover one minute, but samples exist for only ${span(seconds)}, so they are still too low.` : "";
        setText(this.#note, failure ? `The panels in view have no new numbers (${failure}).` : young);
        this.#note.classList.toggle("red", Boolean(failure));
    }

    // Scrolls to a panel, and opens its row if it is closed.
    show(id) {
        const panel = this.#panels.get(id);
        if (!panel) return;
        panel.element.closest("details").open = true;
        panel.element.scrollIntoView({ block: "center" });
        panel.element.focus({ preventScroll: true });
    }

    close() {
        this.#observer.disconnect();
        this.#unlisten();
    }

    #row(row) {
        const made = row.panels.map((it) => new Panel(it));
        const note = element("span", { class: "note" });
        setText(note, `${made.length} panels`);
        const summary = element("summary", {}, element("h3", { text: row.title }), note);
        for (const panel of made) {
            this.#panels.set(panel.id, panel);
            if (panel.isAnswered) this.#observer.observe(panel.element);
        }
        const places = lines(made).map((line) => element("div", { class: "line" }, ...line.map((it) => it.element)));
        return element("details", { class: "row", open: true }, summary, ...places);
    }

    #moved(entries, appeared) {
        let isNew = false;
        for (const { target, isIntersecting } of entries) {
            const id = Number(target.dataset.panel);
            if (isIntersecting) isNew ||= !this.#visible.has(id);
            if (isIntersecting) this.#visible.add(id);
            else this.#visible.delete(id);
        }
        if (isNew) appeared();
    }
}

// Groups panels into lines: large ones as on the dashboard, small ones evenly, so that none is alone in a line.
function lines(panels) {
    const all = [];
    for (let from = 0, to = 0; from < panels.length; from = to) {
        const isSmall = panels[from].height <= SMALL;
        for (to = from; to < panels.length && panels[to].height <= SMALL === isSmall; ) to += 1;
        all.push(...(isSmall ? evenly : byWidth)(panels.slice(from, to)));
    }
    return all;
}

function evenly(panels) {
    const count = Math.ceil(panels.length / BESIDE);
    const start = (line) => Math.ceil((panels.length * line) / count);
    const all = Array.from({ length: count }, (_, line) => panels.slice(start(line), start(line + 1)));
    for (const line of all) line.forEach((it) => it.spread(COLUMNS / line.length));
    return all;
}

function byWidth(panels) {
    const all = [];
    let left = 0;
    for (const it of panels) {
        if (it.width > left) {
            all.push([]);
            left = COLUMNS;
        }
        left -= it.width;
        all.at(-1).push(it);
    }
    return all;
}

export function panelLink(id, text) {
    return state.link({ panel: String(id), function: "" }, { text });
}
