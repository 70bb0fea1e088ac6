// One panel: its header, its description, and its body, which is created when it first comes into view.

import { TimeSeries } from "./chart.js";
import { copyable, element, setText } from "./dom.js";
import { Heatmap } from "./heatmap.js";
import { Bars, Gauge, Stat, Table } from "./kinds.js";
import * as state from "./state.js";

const KINDS = { timeseries: TimeSeries, heatmap: Heatmap, stat: Stat, gauge: Gauge, bars: Bars, table: Table };

export class Panel {
    #model;
    #body = element("div", { class: "body" });
    #note = element("p", { class: "note" });
    #drawn = null;
    id;
    width;
    height;
    element;

    constructor(model) {
        this.#model = model;
        this.id = model.id;
        this.width = model.width ?? 8;
        this.height = model.height ?? 8;
        const title = element("h4", {}, state.link({ panel: String(model.id), function: "" }, { text: model.title }));
        const head = element("header", {}, title, this.#about());
        const properties = { class: `panel ${model.kind}`, "aria-label": model.title, "data-panel": model.id, tabindex: "-1" };
        this.element = element("article", properties, head, this.#body, this.#note);
        this.spread(this.width);
        this.element.style.setProperty("--height", this.height);
        if (!this.isAnswered) {
            this.element.classList.add("without");
            setText(this.#note, reasons(model.queries));
        }
    }

    // Sets the width in columns of a line.
    spread(columns) {
        this.element.style.setProperty("--width", columns.toFixed(3));
    }

    // Whether the program can answer any of its queries.
    get isAnswered() {
        return this.#model.queries.some((it) => !it.unavailable);
    }

    update(times, answers) {
        const Kind = KINDS[this.#model.kind];
        this.#drawn ??= Kind && new Kind(this.#model, this.#body);
        const series = this.#model.queries.flatMap(({ ref, unit }) => {
            for (const it of answers[ref] ?? []) it.unit = unit ?? this.#model.unit;
            return answers[ref] ?? [];
        });
        const has = this.#drawn?.update(times, series, answers);
        this.element.classList.toggle("without", !has);
        const missing = reasons(this.#model.queries);
        setText(this.#note, [has ? "" : (sentence(this.#model.empty || "no data")), missing].filter(Boolean).join(" "));
    }

    redraw() {
        this.#drawn?.redraw?.();
    }

    // The description is created when it is opened, since most readers never open it.
    #about() {
        const summary = element("summary", { "aria-label": `About ${this.#model.title}`, text: "i" });
        const about = element("details", { class: "about" }, summary);
        about.addEventListener("toggle", () => {
            if (about.children.length > 1) return;
            const paragraphs = this.#model.description.split("\n\n").map((text) => element("p", { text }));
            const queries = this.#model.queries.map((it) => copyable(it.legend ? `${it.ref}: ${it.legend}` : it.ref, it.promql));
            about.append(element("div", { class: "more" }, ...paragraphs, ...queries));
        });
        return about;
    }
}

function sentence(text) {
    return `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function reasons(queries) {
    const all = [...new Set(queries.map((it) => it.unavailable).filter(Boolean))];
    if (all.length === 0) return "";
    return `${queries.every((it) => it.unavailable) ? "Not shown here" : "Partly shown here"}: ${all.join("; ")}.`;
}
