// The short tables above all functions: requests by route, or the entry functions; and the objectives. The worst rows
// come first.

import { arrange, element, setAttribute, setText } from "./dom.js";
import { NOTHING, number } from "./format.js";
import { budget, columns, fill, functionLink, objectives, worst } from "./functions.js";
import { panelLink } from "./rows.js";

// The maximum number of rows of a table.
const MOST = 8;

class ShortTable {
    #rows = new Map();
    #body = element("tbody");
    #columns;
    #heads;
    #note = element("span", { class: "note" });
    #scroll;
    element;

    constructor(id, title, first, columns, link = null) {
        this.#columns = columns;
        this.#heads = columns.map((it) => element("th", { scope: "col", class: "number", text: it.title }));
        const head = element("thead", {}, element("tr", {}, element("th", { scope: "col", text: first }), ...this.#heads));
        const table = element("table", { class: "brief" }, element("caption", { class: "unseen", text: title }), head, this.#body);
        this.#scroll = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": title }, table);
        const tools = element("div", { class: "tools" }, element("h2", { id, tabindex: "-1", text: title }), this.#note, link);
        this.element = element("section", { "aria-labelledby": id }, tools, this.#scroll);
    }

    // Shows the first rows. Each has a `key`, a function `name` that returns the content of its first cell, and `now`.
    show(all, note) {
        const rows = all.slice(0, MOST).map((it) => {
            const row = this.#rows.get(it.key) ?? element("tr", {}, element("th", { scope: "row" }, ...it.name()), ...this.#columns.map(() => element("td")));
            this.#columns.forEach((column, index) => fill(row.children[index + 1], column, it));
            return [it.key, row];
        });
        this.#rows = new Map(rows);
        arrange(this.#body, rows.map(([, row]) => row));
        this.#columns.forEach(({ about }, index) => about && setAttribute(this.#heads[index], "title", about));
        this.#scroll.hidden = all.length === 0;
        setText(this.#note, [note, all.length > MOST ? `the ${MOST} worst` : ""].filter(Boolean).join(", "));
    }
}

// Requests by route or, without the HTTP layer, the calls of the functions with `#[measured]`. There is no table if it
// would equal that of all functions.
export class Entries {
    #entries;
    #table;

    constructor({ functions }) {
        const http = functions.find((it) => it.family === "http");
        const numbers = columns("error_rate", "p95", "rate", "in_flight");
        const link = http?.panel ? panelLink(http.panel, "All routes") : null;
        this.#entries = http ? null : functions.filter((it) => it.family === "function");
        if (http) this.#table = new ShortTable("requests", "Requests", "Route", numbers, link);
        else if (this.#entries.length > 0 && this.#entries.length < functions.length) this.#table = new ShortTable("requests", "Entry functions", "Function", numbers);
    }

    get element() {
        return this.#table?.element ?? null;
    }

    update({ functions, routes }) {
        const ofRoute = (it) => ({ key: it.route, name: () => [element("code", { text: it.route })], now: it });
        const ofFunction = (it) => ({ key: it.id, name: () => [functionLink(it)], now: functions[it.id] ?? null });
        const all = this.#entries ? this.#entries.map(ofFunction).sort(worst) : (routes ?? []).map(ofRoute);
        this.#table?.show(all, this.#entries ? "functions with #[measured]" : all.length > 0 ? "by route" : "none yet");
    }
}

// The objectives of the functions, each with its error budget.
export class Objectives {
    #all;
    #table = null;

    constructor({ functions }) {
        const all = functions.filter((it) => it.objective).map((it) => Object.entries(objectives(it.objective)).map(([kind, target]) => ({
            key: `${it.id} ${kind}`, id: it.id, kind, target, name: () => [functionLink(it), " ", element("span", { class: "place", text: it.owner ?? "no owner" })],
        })));
        this.#all = all.flat();
        const [left, recent] = columns("budget_left", "rate");
        const shown = [
            { title: "Target", of: (it) => it.target, text: String },
            { title: "Budget left", of: (it) => it.now?.left, text: budget, tone: (value) => value < 0, get about() { return left.about; } },
            { title: "Burn rate", of: (it) => it.now?.burn, text: (value) => (value === null ? NOTHING : `${number(value)}×`), tone: (value) => value > 1, get about() { return recent.about; } },
        ];
        if (this.#all.length > 0) this.#table = new ShortTable("objectives", "Objectives", "Function", shown);
    }

    get element() {
        return this.#table?.element ?? null;
    }

    update({ functions }) {
        for (const it of this.#all) it.now = functions[it.id]?.[it.kind] ?? null;
        const missed = this.#all.filter((it) => it.now?.left < 0).length;
        this.#all.sort((a, b) => (a.now?.left ?? Infinity) - (b.now?.left ?? Infinity) || (a.key < b.key ? -1 : 1));
        this.#table?.show(this.#all, missed > 0 ? `${missed} missed` : "");
    }
}
