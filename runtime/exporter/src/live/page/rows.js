// The rows of panels. Only panels in view are asked for and drawn.

import { element, setText } from "./dom.js";
import { Panel } from "./panel.js";
import * as state from "./state.js";
import * as theme from "./theme.js";

export class Rows {
    #panels = new Map();
    #visible = new Set();
    #observer;
    #unlisten;
    element;

    // `appeared` is told when a panel has come into view.
    constructor(model, appeared) {
        this.#observer = new IntersectionObserver((entries) => this.#moved(entries, appeared), { rootMargin: "150px" });
        const heading = element("h2", { id: "panels", tabindex: "-1", text: "Panels" });
        this.element = element("section", { "aria-labelledby": "panels" }, heading, ...model.rows.map((it) => this.#row(it)));
        this.#unlisten = theme.onChange(() => this.#panels.forEach((it) => it.redraw()));
    }

    // Those to ask for.
    get visible() {
        return [...this.#visible];
    }

    update(times, answers) {
        for (const [id, answer] of Object.entries(answers)) this.#panels.get(Number(id))?.update(times, answer);
    }

    // Brings a panel to the reader, whose row may be closed.
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
        return element("details", { class: "row", open: true }, summary, element("div", { class: "grid" }, ...made.map((it) => it.element)));
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

export function panelLink(id, title) {
    return element("a", { href: state.address({ panel: String(id), function: "" }), text: title });
}
