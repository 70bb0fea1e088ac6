// Panels that show the newest numbers: a large number, a dial, bars, a table.

import { arrange, drawing, element, setAttribute, setText } from "./dom.js";
import { NOTHING, colour, newest, number } from "./format.js";

const MOST = 24;

// Returns the text and colour of a number; some numbers have a fixed text.
function shown(panel, value, unit = panel.unit) {
    const word = panel.texts?.find((it) => it.value === value);
    if (word) return [word.text, word.colour];
    return [number(value, unit, panel.decimals), colour(panel.thresholds, value)];
}

// A filled shape without a threshold colour is blue.
function fill(name) {
    return name === "text" ? "blue" : name;
}

function paint(at, name) {
    at.style.setProperty("--tone", `var(--${name}, var(--text))`);
}

export class Stat {
    #panel;
    #list = element("ul", { class: "stat", tabindex: "0" });
    #line = drawing("path", { class: "line", "vector-effect": "non-scaling-stroke" });
    #spark = drawing("svg", { class: "spark", viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" });

    constructor(panel, body) {
        this.#panel = panel;
        setAttribute(this.#list, "aria-label", panel.title);
        this.#list.classList.toggle("names", panel.shows === "name");
        this.#spark.append(this.#line);
        body.append(this.#list, this.#spark);
    }

    update(times, series) {
        const given = series.filter((it) => newest(it.values) !== null).slice(0, MOST);
        while (this.#list.children.length > given.length) this.#list.lastChild.remove();
        given.forEach((it, index) => {
            const item = this.#list.children[index] ?? this.#item();
            const [text, tone] = shown(this.#panel, newest(it.values));
            const named = this.#panel.shows === "name";
            setText(item.firstChild, named ? it.legend : text);
            setText(item.lastChild, !named && given.length > 1 ? it.legend : "");
            paint(item, tone);
        });
        this.#list.classList.toggle("many", given.length > 1);
        this.#draw(given.length === 1 && !this.#panel.texts?.length && this.#panel.shows !== "name" ? given[0].values : []);
        return given.length > 0;
    }

    #item() {
        return this.#list.appendChild(element("li", {}, element("b", { text: "" }), element("span", { text: "" })));
    }

    // Starts at the first number, because a program that has just started has a short past, not an empty one.
    #draw(all) {
        const values = all.slice(Math.max(0, all.findIndex((it) => it !== null)));
        const known = values.filter((it) => it !== null);
        const low = known.reduce((least, it) => Math.min(least, it), Infinity);
        const high = known.reduce((most, it) => Math.max(most, it), -Infinity);
        let path = "";
        values.forEach((value, index) => {
            if (value === null) return;
            const command = path === "" || values[index - 1] === null ? "M" : "L";
            const y = high === low ? (low === 0 ? 19 : 10) : 19 - ((value - low) / (high - low)) * 18;
            path += `${command}${((index / (values.length - 1 || 1)) * 100).toFixed(2)} ${y.toFixed(2)}`;
        });
        setAttribute(this.#line, "d", path);
        this.#spark.classList.toggle("empty", known.length < 2);
    }
}

export class Gauge {
    #panel;
    #arc = drawing("path", { class: "arc", d: "M12 60 A48 48 0 0 1 108 60", pathLength: "100" });
    #box;
    #value = element("b", { text: "" });

    constructor(panel, body) {
        this.#panel = panel;
        const track = drawing("path", { class: "track", d: "M12 60 A48 48 0 0 1 108 60" });
        const dial = drawing("svg", { viewBox: "0 0 120 66", "aria-hidden": "true" }, track, this.#arc);
        this.#box = element("div", { class: "gauge" }, dial, this.#value);
        body.append(this.#box);
    }

    update(times, series) {
        const value = newest(series[0]?.values ?? []);
        if (value === null) return false;
        const { min, max } = this.#panel;
        const share = Math.min(Math.max((value - (min ?? 0)) / ((max ?? 1) - (min ?? 0)), 0), 1);
        const [text, tone] = shown(this.#panel, value);
        setText(this.#value, text);
        setAttribute(this.#arc, "stroke-dasharray", `${(share * 100).toFixed(2)} 100`);
        this.#arc.classList.toggle("empty", share === 0);
        paint(this.#box, fill(tone));
        return true;
    }
}

export class Bars {
    #panel;
    #list = element("ul", { class: "bars" });

    constructor(panel, body) {
        this.#panel = panel;
        body.append(this.#list);
    }

    update(times, series) {
        const given = series.map((it) => [it.legend, newest(it.values)]).filter(([, value]) => value !== null);
        const shownBars = given.slice(0, MOST);
        const low = this.#panel.min ?? 0;
        const high = this.#panel.max ?? shownBars.reduce((most, [, value]) => Math.max(most, value), 0);
        while (this.#list.children.length > shownBars.length) this.#list.lastChild.remove();
        shownBars.forEach(([legend, value], index) => {
            const item = this.#list.children[index] ?? this.#item();
            const [name, track, text] = item.children;
            const [words, tone] = shown(this.#panel, value);
            setText(name, legend);
            setText(text, words);
            track.firstChild.style.width = `${(100 * Math.min(Math.max((value - low) / (high - low || 1), 0), 1)).toFixed(1)}%`;
            paint(item, fill(tone));
        });
        return given.length > 0;
    }

    #item() {
        const track = element("i", { "aria-hidden": "true" }, element("i"));
        return this.#list.appendChild(element("li", {}, element("span", { text: "" }), track, element("b", { text: "" })));
    }
}

// One row for each combination of labels, one column for each query. The program limits the number of rows.
export class Table {
    #panel;
    #body = element("tbody");
    #rows = new Map();

    constructor(panel, body) {
        this.#panel = panel;
        const names = panel.queries.map((it) => element("th", { scope: "col", class: "number", text: it.legend }));
        const head = element("thead", {}, element("tr", {}, element("th", { scope: "col", text: "Labels" }), ...names));
        const caption = element("caption", { class: "unseen", text: panel.title });
        const table = element("table", {}, caption, head, this.#body);
        body.append(element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": panel.title }, table));
    }

    update(times, series, answers) {
        const found = new Map();
        for (const [column, { ref }] of this.#panel.queries.entries()) {
            for (const { labels, values } of answers[ref] ?? []) {
                const key = JSON.stringify(Object.entries(labels).sort());
                if (!found.has(key)) found.set(key, { labels, values: [] });
                found.get(key).values[column] = newest(values);
            }
        }
        const order = [...found].sort((a, b) => (b[1].values[0] ?? -1) - (a[1].values[0] ?? -1));
        const rows = order.map(([key, { labels, values }]) => {
            const row = this.#rows.get(key) ?? this.#row(labels);
            this.#panel.queries.forEach((query, column) => {
                const value = values[column] ?? null;
                const text = value === null ? NOTHING : number(value, query.unit ?? this.#panel.unit, this.#panel.decimals);
                setText(row.children[column + 1], text);
            });
            return [key, row];
        });
        this.#rows = new Map(rows);
        arrange(this.#body, rows.map(([, row]) => row));
        return rows.length > 0;
    }

    #row(labels) {
        const cells = this.#panel.queries.map(() => element("td", { class: "number" }));
        return element("tr", {}, element("th", { scope: "row", text: Object.values(labels).join(" ") }), ...cells);
    }
}
