// The cardinality budget: the number of series of each metric, and its limit.

import { arrange, element, setText } from "./dom.js";
import { count, number } from "./format.js";

const MOST = 200;

export class Series {
    #rows = new Map();
    #body = element("tbody");
    #note = element("span", { class: "note" });
    #details;
    element;

    // `opened` is called when the section is opened or closed.
    constructor(opened) {
        const names = ["Metric", "Kind", "Series", "Limit", "Overflows"];
        const heads = names.map((text, index) => element("th", { scope: "col", class: index > 1 ? "number" : "", text }));
        const caption = element("caption", { class: "unseen", text: "Series of each metric" });
        const table = element("table", {}, caption, element("thead", {}, element("tr", {}, ...heads)), this.#body);
        const scroll = element("div", { class: "scroll tall", tabindex: "0", role: "group", "aria-label": "Series" }, table);
        const heading = element("h2", { id: "series", tabindex: "-1", text: "Series" });
        this.#details = element("details", { class: "row" }, element("summary", {}, heading, this.#note), scroll);
        this.#details.addEventListener("toggle", opened);
        this.element = element("section", { "aria-labelledby": "series" }, this.#details);
    }

    get isOpen() {
        return this.#details.open;
    }

    update({ metrics, history }) {
        const total = metrics.reduce((sum, it) => sum + it.series, 0);
        const dropped = metrics.filter((it) => it.dropped > 0).length;
        setText(this.#note, `${count(total)} series of ${count(metrics.length)} metrics${dropped > 0 ? `, ${dropped} metrics over their limit` : ""}; their history uses ${number(history.bytes, "bytes")}`);
        const share = (it) => (it.limit ? it.series / it.limit : 0);
        const order = metrics.toSorted((a, b) => b.dropped - a.dropped || share(b) - share(a) || b.series - a.series).slice(0, MOST);
        const rows = order.map((it) => {
            const row = this.#rows.get(it.name) ?? this.#row(it);
            const [, , series, limit, lost] = row.children;
            setText(series, count(it.series));
            setText(limit, it.limit === null ? "fixed" : count(it.limit));
            setText(lost, count(it.dropped));
            lost.className = it.dropped > 0 ? "number red" : "number";
            return [it.name, row];
        });
        this.#rows = new Map(rows);
        arrange(this.#body, rows.map(([, row]) => row));
    }

    #row(it) {
        const cells = [0, 1, 2].map(() => element("td", { class: "number" }));
        return element("tr", {}, element("th", { scope: "row", text: it.name }), element("td", { text: it.kind }), ...cells);
    }
}
