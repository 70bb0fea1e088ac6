// One function: its description, numbers, PromQL, rules, last failures and slowest calls.

import { arrange, copyable, copyableShort, definitions, element, setAttribute, setText } from "./dom.js";
import { NOTHING, clock, number } from "./format.js";
import { numbers, objective } from "./functions.js";
import { download } from "./net.js";
import { Panel } from "./panel.js";
import { panelLink } from "./rows.js";
import * as state from "./state.js";
import * as theme from "./theme.js";

const QUERIES = {
    rate: "Calls per second", errors: "Errors per second", p50: "P50", p95: "P95", p99: "P99", in_flight: "In flight",
};
const CALLS = [
    ["Time", (it) => clock(it.time)],
    ["Duration", (it) => number(it.duration, "s")],
    ["Outcome", (it) => it.outcome],
    ["Kind", (it) => it.kind ?? NOTHING],
    ["Trace", (it) => (it.trace ? copyableShort("trace", it.trace) : NOTHING)],
];

export class Detail {
    #function;
    #tiles;
    #failures = calls("Last failures", "No call has failed.");
    #slowest = calls("Slowest calls", "No call has been timed.");
    #panel = null;
    #unlisten = () => {};
    element;
    heading;

    constructor(it, model) {
        this.#function = it;
        this.#tiles = element("dl", { class: "tiles" });
        const back = state.link({ function: "" }, { class: "back", text: "← All functions" });
        this.heading = element("h2", { id: "function", tabindex: "-1", text: it.function });
        const rules = element("a", { href: download(`functions/${encodeURIComponent(it.id)}/rules.yml`), download: `${it.id}.rules.yml`, text: "Download rules" });
        const labels = it.labels.map(([name, value]) => `${name}=${value}`).join(", ");
        const about = definitions([
            ["Full name", `${it.module}::${it.function}`],
            ["Source", `${it.file}:${it.line}`],
            ["Family", it.family],
            ["Labels", labels],
            ["Error kinds", it.kinds.join(", ")],
            ["Owner", it.owner],
            ["Severity", it.severity],
            ["Objective", it.objective ? objective(it.objective) : null],
            ["Alerts", it.rules.filter((name) => !isRecording(name)).join(", ")],
            ["Recording rules", recordings(it.rules.filter(isRecording))],
            ["Shared series", shares(it.shares, model)],
        ]);
        const panel = model.rows.flatMap((row) => row.panels).find((panel) => panel.id === it.panel);
        if (panel) {
            this.#panel = new Panel(panel);
            this.#unlisten = theme.onChange(() => this.#panel.redraw());
        }
        const queries = Object.entries(QUERIES).filter(([key]) => it.promql[key]);
        this.element = element("section", { class: "detail", "aria-labelledby": "function" },
            back, this.heading, it.doc ? element("p", { text: it.doc }) : null, this.#tiles,
            element("div", { class: "columns" },
                element("div", {}, element("h3", { text: "About" }), about, element("p", {}, rules)),
                element("div", {}, this.#panel?.element ?? null, element("p", {}, panel ? panelLink(panel.id, "Show among all panels") : "No panel shows this function."))),
            element("div", { class: "columns" }, this.#failures.element, this.#slowest.element),
            queries.length > 0 ? element("h3", { text: "PromQL" }) : null,
            ...queries.map(([key, name]) => copyable(name, it.promql[key])));
    }

    get panels() {
        return this.#panel?.isAnswered ? [this.#panel.id] : [];
    }

    update(times, panels, calls) {
        numbers(this.#function).forEach(([name, text, about], index) => {
            const tile = this.#tiles.children[index] ?? this.#tiles.appendChild(element("div", {}, element("dt", { text: name }), element("dd")));
            setText(tile.lastChild, text);
            tile.lastChild.className = text.length > 9 ? "long" : "";
            if (about) setAttribute(tile, "title", about);
        });
        const answer = this.#panel && panels[this.#panel.id];
        if (answer) this.#panel.update(times, answer);
        this.#failures.update(calls.failures);
        this.#slowest.update(calls.slowest);
    }

    close() {
        this.#unlisten();
        this.element.remove();
    }
}

// Recording rules are called `level:metric:operations`; alert names contain no colon.
function isRecording(name) {
    return name.includes(":");
}

function recordings(names) {
    if (names.length === 0) return null;
    const list = element("ul", { tabindex: "0", "aria-label": "Recording rules" }, ...names.map((text) => element("li", {}, element("code", { text }))));
    return element("details", { class: "recordings" }, element("summary", { text: `${names.length} rules` }), list);
}

// The functions whose calls are included in its numbers.
function shares({ always, sometimes, more }, model) {
    const links = (ids) => ids.flatMap((id, index) => {
        const other = model.functions.find((it) => it.id === id);
        const link = state.link({ function: id }, { text: other?.function ?? id });
        return index === 0 ? [link] : [", ", link];
    });
    const parts = [];
    if (always.length > 0) parts.push(element("p", {}, "Shares its series with ", ...links(always), ": their labels are identical, so the numbers are those of all these functions."));
    if (sometimes.length > 0) parts.push(element("p", {}, "Shares series with ", ...links(sometimes), " for calls with identical labels."));
    if (more > 0) parts.push(element("p", { text: `And with ${more} more functions.` }));
    return parts.length > 0 ? element("div", { class: "shares" }, ...parts) : null;
}

function calls(title, empty) {
    const body = element("tbody");
    const head = element("thead", {}, element("tr", {}, ...CALLS.map(([name]) => element("th", { scope: "col", text: name }))));
    const scroll = element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": title },
        element("table", {}, element("caption", { class: "unseen", text: title }), head, body));
    const note = element("p", { class: "note", text: empty });
    const update = (list) => {
        arrange(body, list.map((it) => element("tr", {}, ...CALLS.map(([, shown]) => element("td", {}, shown(it))))));
        scroll.hidden = list.length === 0;
        note.hidden = list.length > 0;
    };
    update([]);
    return { element: element("div", {}, element("h3", { text: title }), scroll, note), update };
}
