// The live page: requests the program's numbers and passes them to the parts that show them.

import { Alerts } from "./alerts.js";
import { MOST, begin } from "./chart.js";
import { Detail } from "./detail.js";
import { element, setText } from "./dom.js";
import { span } from "./format.js";
import { Functions } from "./functions.js";
import { ask, asset, download } from "./net.js";
import { Poll } from "./poll.js";
import { Rows } from "./rows.js";
import { Series } from "./series.js";
import * as state from "./state.js";
import { Status } from "./status.js";
import * as theme from "./theme.js";

const POINTS = 300;
const FILES = [
    ["grafana-dashboard.json", "Grafana dashboard"],
    ["alerts.yml", "Alerts"],
    ["recording-rules.yml", "Recording rules"],
    ["RUNBOOK.md", "Runbook"],
];

const main = document.querySelector("main");
const status = new Status();
const poll = new Poll(refresh, (error, pause) => status.failed(error, pause));
let model = null;
let epoch = null;
let parts = null;
let detail = null;

function build() {
    begin(model.started);
    parts?.rows.close();
    closeDetail();
    const wanted = () => poll.now();
    parts = {
        alerts: new Alerts(model),
        functions: new Functions(model),
        rows: new Rows(model, wanted),
        series: new Series(wanted),
    };
    main.replaceChildren(element("div", { id: "overview" },
        problems(model.problems), parts.alerts.element, parts.functions.element, parts.rows.element, parts.series.element, downloads()));
    const { name, version, commit } = model.program;
    setText(document.getElementById("program"), name);
    setText(document.getElementById("version"), [version, commit && `commit ${commit.slice(0, 12)}`].filter((it) => it && !it.endsWith("unknown")).join(" · "));
    parts.functions.refresh();
    route(new Set(["function", "panel"]));
}

// The families and objectives without panels and alerts, and the reasons; hidden if there are none.
function problems(all) {
    const heading = element("h2", { id: "problems", tabindex: "-1", text: "Missing from panels and alerts" });
    const items = all.map((it) => element("li", {}, element("code", { text: `${it.file}:${it.line}` }), ` ${it.message}; ${it.fix}`));
    const section = element("section", { "aria-labelledby": "problems" }, heading, element("ul", { class: "problems" }, ...items));
    section.hidden = all.length === 0;
    return section;
}

function downloads() {
    const links = FILES.map(([file, name]) => element("li", {}, element("a", { href: download(file), download: file, text: name })));
    const heading = element("h2", { id: "downloads", tabindex: "-1", text: "Downloads" });
    const note = element("p", { class: "note", text: "Generated from the annotations of this program." });
    const charts = element("p", { class: "note" }, "Charts are drawn by uPlot, ", element("a", { href: asset("uPlot.LICENSE.txt"), text: "MIT licence" }), ".");
    return element("section", { "aria-labelledby": "downloads" }, heading, note, element("ul", { class: "files" }, ...links), charts);
}

// Requests everything that is in view, and nothing else. Returns the number of seconds until the next round.
async function refresh() {
    if (model === null) {
        model = await ask("model.json");
        build();
    }
    const ids = detail ? detail.panels : parts.rows.visible;
    const [functions, alerts, panels, calls, series] = await Promise.all([
        ask("functions"),
        ask("alerts"),
        ids.length > 0 ? ask(`panels?ids=${ids.join(",")}&range=${state.get("range")}&points=${POINTS}&most=${MOST}`) : null,
        detail ? ask(`functions/${encodeURIComponent(state.get("function"))}`) : null,
        parts.series.isOpen && !detail ? ask("series") : null,
    ]);
    if (epoch !== null && functions.epoch !== epoch) {
        epoch = functions.epoch;
        model = await ask("model.json");
        build();
        status.restarted(model.started * 1000);
        // The requested panels may not exist in the new program.
        return 0;
    }
    epoch = functions.epoch;
    status.answered(functions.now);
    parts.functions.update(functions.functions, functions.windows);
    parts.rows.tellAge(functions.windows.recent);
    parts.alerts.update(alerts.alerts);
    if (series) parts.series.update(series);
    if (detail && calls) detail.update(panels?.times ?? [], panels?.panels ?? {}, calls);
    else if (panels) parts.rows.update(panels.times, panels.panels);
    setText(document.getElementById("uptime"), `up ${span(functions.now / 1000 - model.started)}`);
    const firing = parts.alerts.firing;
    document.title = `${firing > 0 ? `(${firing}) ` : ""}${model.program.name} – Measurand`;
    return untilNext(functions);
}

// Returns the seconds until the program has taken its next sample, so that it is shown soon after. Uses the program's
// own clock, which its answers report in whole seconds.
function untilNext({ now, told }) {
    const age = told === null ? 0 : (told + 500 - now) / 1000;
    return Math.min(Math.max(model.interval - age + 0.7, 1), model.interval);
}

// Shows what the address names.
function route(changed) {
    if (parts === null) return;
    if (changed.has("search") || changed.has("sort")) parts.functions.refresh();
    if (changed.has("range")) poll.now();
    if (changed.has("function")) {
        const before = detail?.id;
        closeDetail();
        const found = parts.functions.find(state.get("function"));
        if (found) openDetail(found);
        else if (before !== undefined) parts.functions.focusFunction(before);
    }
    if (state.get("panel") !== "" && changed.has("panel") && !detail) {
        const panel = Number(state.get("panel"));
        parts.rows.show(panel);
        state.set({ panel: "" });
    }
}

function openDetail(found) {
    detail = new Detail(found, model);
    detail.id = found.id;
    document.getElementById("overview").hidden = true;
    main.append(detail.element);
    scrollTo(0, 0);
    detail.heading.focus();
    poll.now();
}

function closeDetail() {
    detail?.close();
    detail = null;
    const overview = document.getElementById("overview");
    if (overview) overview.hidden = false;
}

function start() {
    theme.start(document.getElementById("theme"));
    const ranges = [...document.querySelectorAll("input[name=range]")];
    const mark = () => ranges.forEach((it) => (it.checked = it.value === state.get("range")));
    ranges.forEach((it) => it.addEventListener("change", () => state.set({ range: it.value })));
    for (const link of document.querySelectorAll("nav button")) {
        link.addEventListener("click", () => {
            if (detail) state.set({ function: "" });
            const heading = document.getElementById(link.value);
            const closed = heading?.closest("details");
            if (closed) closed.open = true;
            heading?.focus();
            heading?.scrollIntoView({ block: "start" });
        });
    }
    addEventListener("keydown", (event) => {
        const at = document.activeElement;
        if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || at?.matches("input, select, textarea")) return;
        event.preventDefault();
        if (detail) state.set({ function: "" });
        parts?.functions.focusSearch();
    });
    state.onChange((changed) => {
        mark();
        route(changed);
    });
    mark();
    poll.now();
}

start();
