// The table of all annotated functions, with search, sort and keyboard navigation. A long table contains only the rows
// in view.

import { arrange, element, setAttribute, setText } from "./dom.js";
import { NOTHING, count, number, span } from "./format.js";
import * as state from "./state.js";

// A table with at most this many rows is complete, so that the browser's own search finds everything.
const WHOLE = 100;
const AROUND = 8;

// The most important columns come first, since a phone shows only these.
const COLUMNS = [
    { key: "name", title: "Function", of: (it) => it.function },
    { key: "error_rate", title: "Errors", window: "recent", of: (it) => it.now?.error_rate, text: (value) => number(value, "percentunit"), tone: (value) => value > 0 },
    { key: "p95", title: "P95", window: "recent", of: (it) => it.now?.p95, text: (value) => number(value, "s") },
    { key: "budget_left", title: "Budget left", window: "budget", of: (it) => it.now?.budget_left, text: budget, tone: (value) => value < 0 },
    { key: "rate", title: "Rate", window: "recent", of: (it) => it.now?.rate, text: rate },
    { key: "in_flight", title: "In flight", about: "Started and not yet ended", of: (it) => it.now?.in_flight, text: count },
    { key: "p50", title: "P50", window: "recent", of: (it) => it.now?.p50, text: (value) => number(value, "s") },
    { key: "p99", title: "P99", window: "recent", of: (it) => it.now?.p99, text: (value) => number(value, "s") },
    { key: "errors", title: "Failed calls", about: "Since the program started", of: (it) => it.now?.errors, text: count, tone: (value) => value > 0 },
    { key: "calls", title: "All calls", about: "Since the program started", of: (it) => it.now?.calls, text: count },
];

export function columns(...keys) {
    return keys.map((key) => COLUMNS.find((it) => it.key === key));
}

export function objective(given) {
    return Object.values(objectives(given)).join(", ");
}

// Returns the text of each objective of a function.
export function objectives(given) {
    const texts = {};
    if (typeof given?.success === "number") texts.success = `${given.success}%`;
    if (typeof given?.latency === "number") texts.latency = `P${Number((given.quantile * 100).toPrecision(6))} ${number(given.latency, "s")}`;
    return texts;
}

function rate(value) {
    return value === null ? NOTHING : `${number(value)}/s`;
}

// Returns the text of a remaining budget. A budget that was missed many times over needs no digits after the point.
export function budget(value) {
    return number(value, "percentunit", value < -1 ? 0 : null);
}

export function numbers(it) {
    return COLUMNS.slice(1).map((column) => [column.title, column.text(column.of(it) ?? null), column.about]);
}

// Writes a number into its cell.
export function fill(cell, { of, text, tone }, it) {
    const value = of(it) ?? null;
    setText(cell, text(value, it));
    const wanted = value !== null && tone?.(value) ? "number red" : "number";
    if (cell.className !== wanted) cell.className = wanted;
}

// The full name of a function, which leads to its details. Long names break after `::`.
export function functionLink(it) {
    const path = it.module.split("::").flatMap((part) => [`${part}::`, element("wbr")]);
    return element("span", { class: "name" }, ...path, state.link({ function: it.id, panel: "" }, { text: it.function }));
}

// Orders failing functions first: by missed budgets, then by errors, then by calls.
export function worst(a, b) {
    const rank = ({ now }) => [Math.min(now?.budget_left ?? 0, 0), -(now?.error_rate ?? 0), -(now?.rate ?? 0)];
    const [left, right] = [rank(a), rank(b)];
    const place = left.findIndex((it, index) => it !== right[index]);
    return place < 0 ? 0 : left[place] - right[place];
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
        const caption = element("caption", { class: "unseen", text: "All annotated functions, failing ones first" });
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
        const [, descending, key] = state.get("sort").match(/^(-?)(\w*)$/) ?? [];
        const column = COLUMNS.find((it) => it.key === key);
        const order = column ? (a, b) => compare(column.of(a), column.of(b), descending ? -1 : 1) : worst;
        this.#shown = this.#all.filter((it) => words.every((word) => it.text.includes(word)));
        this.#shown.sort((a, b) => order(a, b) || compare(a.id, b.id, 1));
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
            // The first click sorts names from A to Z, and numbers from the largest; the third puts failing functions
            // first again.
            const orders = [`-${column.key}`, column.key];
            if (column.key === "name") orders.reverse();
            state.set({ sort: [...orders, "worst"][orders.indexOf(state.get("sort")) + 1] });
        });
        this.#heads.push([column, head]);
        return head;
    }

    #draw() {
        const many = this.#shown.length > WHOLE;
        const ROW = this.#height;
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

    // The height of a row in pixels, which app.css sets.
    get #height() {
        return Number.parseFloat(getComputedStyle(this.#table).getPropertyValue("--row"));
    }

    #row(it) {
        const place = element("span", { class: "place", text: [...telling(it), `${it.file.split(/[/\\]/).at(-1)}:${it.line}`, ...(it.owner ? [it.owner] : [])].join(" · ") });
        const name = element("th", { scope: "row", title: `${it.module}::${it.function}\n${it.file}:${it.line}` }, functionLink(it), place);
        return element("tr", {}, name, ...COLUMNS.slice(1).map(() => element("td", { class: "number" })));
    }

    #fill(row, it) {
        COLUMNS.forEach((column, index) => index > 0 && fill(row.children[index], column, it));
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
        const ROW = this.#height;
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
