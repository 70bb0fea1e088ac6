// The table of all annotated functions, with search, sort and keyboard navigation. A long table contains only the rows
// in view.

import { arrange, element, setAttribute, setText } from "./dom.js";
import { NOTHING, count, number, span } from "./format.js";
import * as state from "./state.js";

// The height of a row, as in app.css.
const ROW = 48;
// A table with at most this many rows is complete, so that the browser's own search finds everything.
const WHOLE = 100;
const AROUND = 8;

const COLUMNS = [
    { key: "name", title: "Function", of: (it) => it.function, tone: () => "" },
    { key: "calls", title: "Calls", about: "Since the program started", of: (it) => it.now?.calls, text: count },
    { key: "rate", title: "Calls/s", window: "recent", of: (it) => it.now?.rate, text: (value) => number(value) },
    { key: "errors", title: "Errors", about: "Since the program started", of: (it) => it.now?.errors, text: count, tone: (value) => (value > 0 ? "red" : "") },
    { key: "error_rate", title: "Error rate", window: "recent", of: (it) => it.now?.error_rate, text: (value) => number(value, "percentunit"), tone: (value) => (value > 0 ? "red" : "") },
    { key: "p50", title: "P50", window: "recent", of: (it) => it.now?.p50, text: (value) => number(value, "s") },
    { key: "p95", title: "P95", window: "recent", of: (it) => it.now?.p95, text: (value) => number(value, "s") },
    { key: "p99", title: "P99", window: "recent", of: (it) => it.now?.p99, text: (value) => number(value, "s") },
    { key: "in_flight", title: "In flight", about: "Started and not yet ended", of: (it) => it.now?.in_flight, text: count },
    { key: "objective", title: "Objective", about: "The objective in the annotation", of: (it) => it.objective?.success, text: (value, it) => objective(it.objective) },
    { key: "budget_left", title: "Budget left", window: "budget", of: (it) => it.now?.budget_left, text: (value) => number(value, "percentunit"), tone: (value) => (value < 0 ? "red" : "") },
];

export function objective(given) {
    if (!given) return NOTHING;
    const parts = [];
    if (given.success !== null && given.success !== undefined) parts.push(`${given.success}%`);
    if (given.latency !== null && given.latency !== undefined) {
        parts.push(`P${Number((given.quantile * 100).toPrecision(6))} ${number(given.latency, "s")}`);
    }
    return parts.join(", ") || NOTHING;
}

export function numbers(it) {
    return COLUMNS.slice(1).map((column) => [column.title, column.text(column.of(it) ?? null, it), column.about]);
}

// Returns the time range of the numbers, which is shorter than usual in a program that has just started.
export function over({ recent, budget }, hasObjectives) {
    for (const it of COLUMNS.filter((it) => it.window)) {
        it.about = `Over the last ${span({ recent, budget }[it.window])}`;
        if (it.window === "budget") it.about += "; the dashboard uses 30 days";
    }
    return `rates and quantiles of the last ${span(recent)}${hasObjectives ? `, budgets of the last ${span(budget)}` : ""}`;
}

export class Functions {
    #all;
    #shown = [];
    #rows = new Map();
    #heads = [];
    #body = element("tbody");
    #before = element("tr", { "aria-hidden": "true" }, element("td", { colspan: COLUMNS.length }));
    #after = element("tr", { "aria-hidden": "true" }, element("td", { colspan: COLUMNS.length }));
    #table;
    #scroll;
    #found = element("span", { class: "note", role: "status" });
    #windows = element("span", { class: "note windows" });
    #search;
    element;

    constructor(model) {
        this.#all = model.functions.map((it) => ({ ...it, now: null, text: haystack(it) }));
        this.#search = element("input", { type: "search", id: "search", placeholder: "Search", "aria-label": "Search functions", "aria-keyshortcuts": "/", autocomplete: "off", spellcheck: "false" });
        this.#search.value = state.get("search");
        this.#search.addEventListener("input", () => state.set({ search: this.#search.value }));
        const head = element("thead", {}, element("tr", { "aria-rowindex": "1" }, ...COLUMNS.map((it) => this.#head(it))));
        const caption = element("caption", { class: "unseen", text: "All annotated functions" });
        this.#table = element("table", { class: "functions" }, caption, head, this.#body);
        this.#scroll = element("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-label": "Functions" }, this.#table);
        let planned = false;
        this.#scroll.addEventListener("scroll", () => {
            if (planned || this.#shown.length <= WHOLE) return;
            planned = true;
            requestAnimationFrame(() => {
                planned = false;
                this.#draw();
            });
        });
        this.#table.addEventListener("keydown", (event) => this.#key(event));
        const heading = element("h2", { id: "functions", tabindex: "-1", text: "Functions" });
        const tools = element("div", { class: "tools" }, heading, this.#found, this.#windows, this.#search);
        this.element = element("section", { "aria-labelledby": "functions" }, tools, this.#scroll);
    }

    find(id) {
        return this.#all.find((it) => it.id === id);
    }

    update(answers, windows) {
        for (const it of this.#all) it.now = answers[it.id] ?? null;
        setText(this.#windows, over(windows, this.#all.some((it) => it.objective)));
        for (const [column, head] of this.#heads) if (column.about) setAttribute(head, "title", column.about);
        this.refresh();
    }

    // Filters and sorts again, and draws the rows in view.
    refresh() {
        const words = state.get("search").toLowerCase().split(/\s+/).filter(Boolean);
        const [, descending, key] = state.get("sort").match(/^(-?)(\w*)$/) ?? ["", "-", "rate"];
        const column = COLUMNS.find((it) => it.key === key) ?? COLUMNS[0];
        this.#shown = this.#all.filter((it) => words.every((word) => it.text.includes(word)));
        this.#shown.sort((a, b) => compare(column.of(a), column.of(b), descending ? -1 : 1) || compare(a.id, b.id, 1));
        const total = this.#all.length;
        setText(this.#found, words.length > 0 ? `${this.#shown.length} of ${count(total)}` : count(total));
        if (this.#search.value !== state.get("search")) this.#search.value = state.get("search");
        for (const [it, head] of this.#heads) {
            if (it === column) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
            else head.removeAttribute("aria-sort");
        }
        setAttribute(this.#table, "aria-rowcount", String(this.#shown.length + 1));
        this.#draw();
    }

    focusSearch() {
        this.#search.focus();
        this.#search.select();
    }

    // Moves the focus back to the function that was open.
    focusFunction(id) {
        const index = this.#shown.findIndex((it) => it.id === id);
        if (index >= 0) this.#focus(index);
    }

    #head(column) {
        const button = element("button", { type: "button", text: column.title });
        const head = element("th", { scope: "col", class: column.key === "name" ? "" : "number" }, button);
        button.addEventListener("click", () => {
            // The first click sorts names from A to Z, and numbers from the largest.
            const first = column.key === "name" ? column.key : `-${column.key}`;
            const second = column.key === "name" ? `-${column.key}` : column.key;
            state.set({ sort: state.get("sort") === first ? second : first });
        });
        this.#heads.push([column, head]);
        return head;
    }

    #draw() {
        const many = this.#shown.length > WHOLE;
        const height = this.#scroll.clientHeight || 600;
        const first = many ? Math.max(0, Math.floor(this.#scroll.scrollTop / ROW) - AROUND) : 0;
        const end = many ? Math.min(this.#shown.length, first + Math.ceil(height / ROW) + 2 * AROUND) : this.#shown.length;
        const rows = new Map();
        for (let index = first; index < end; index += 1) {
            const it = this.#shown[index];
            const row = this.#rows.get(it.id) ?? this.#row(it);
            setAttribute(row, "aria-rowindex", String(index + 2));
            this.#fill(row, it);
            rows.set(it.id, row);
        }
        this.#rows = rows;
        this.#before.firstChild.style.height = `${first * ROW}px`;
        this.#after.firstChild.style.height = `${(this.#shown.length - end) * ROW}px`;
        const focused = document.activeElement?.closest?.("tr");
        arrange(this.#body, [...(first > 0 ? [this.#before] : []), ...rows.values(), ...(end < this.#shown.length ? [this.#after] : [])]);
        // Moving a row takes the focus away, so a row that only moved gets it back.
        if (focused?.isConnected && document.activeElement === document.body) focused.querySelector("a")?.focus({ preventScroll: true });
        if (this.#shown.length === 0) {
            const text = this.#all.length === 0 ? "No function of this program is annotated." : "No function matches.";
            this.#body.append(element("tr", {}, element("td", { colspan: COLUMNS.length, class: "note", text })));
        }
    }

    #row(it) {
        const link = element("a", { href: state.address({ function: it.id }), text: it.function });
        link.addEventListener("focus", () => (link.href = state.address({ function: it.id })));
        link.addEventListener("pointerdown", () => (link.href = state.address({ function: it.id })));
        const place = element("span", { class: "place", text: [...telling(it), `${it.file.split(/[/\\]/).at(-1)}:${it.line}`].join(" · ") });
        const name = element("th", { scope: "row", title: `${it.module}::${it.function}\n${it.file}:${it.line}` }, link, place);
        return element("tr", {}, name, ...COLUMNS.slice(1).map(() => element("td", { class: "number" })));
    }

    #fill(row, it) {
        for (let index = 1; index < COLUMNS.length; index += 1) {
            const { of, text, tone } = COLUMNS[index];
            const value = of(it) ?? null;
            const cell = row.children[index];
            setText(cell, text(value, it));
            const wanted = `number ${(value !== null && tone?.(value)) || ""}`.trim();
            if (cell.className !== wanted) cell.className = wanted;
        }
        const quiet = it.now !== null && it.now.calls === 0;
        if (row.classList.contains("never") !== quiet) row.classList.toggle("never", quiet);
    }

    #key(event) {
        const row = event.target.closest("tbody tr");
        const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
        if (!row || step === undefined) return;
        event.preventDefault();
        const from = Number(row.getAttribute("aria-rowindex")) - 2;
        this.#focus(Math.min(Math.max(from + step, 0), this.#shown.length - 1));
    }

    #focus(index) {
        const id = this.#shown[index].id;
        const top = index * ROW;
        const view = this.#scroll;
        if (top < view.scrollTop) view.scrollTop = top;
        else if (top + 3 * ROW > view.scrollTop + view.clientHeight) view.scrollTop = top + 3 * ROW - view.clientHeight;
        this.#draw();
        this.#rows.get(id)?.querySelector("a").focus();
    }
}

// The labels that are not already visible as its name and place.
function telling(it) {
    const known = { function: it.function, module: it.module };
    const labels = it.labels.filter(([name, value]) => known[name] !== value).map(([name, value]) => `${name}=${value}`);
    return labels.length > 0 ? [labels.join(" ")] : [];
}

function haystack(it) {
    const labels = it.labels.map(([name, value]) => `${name}=${value}`);
    return [it.module, it.function, `${it.file}:${it.line}`, it.family, it.owner, ...labels].join(" ").toLowerCase();
}

// Missing values come last in both orders.
function compare(a, b, sign) {
    const [isA, isB] = [a !== null && a !== undefined, b !== null && b !== undefined];
    if (!isA || !isB) return Number(isB) - Number(isA);
    if (a === b) return 0;
    return (a < b ? -1 : 1) * sign;
}
