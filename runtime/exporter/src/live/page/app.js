// The live page: requests the program's numbers and passes them to the parts that show them.

import { Alerts } from "./alerts.js";
import { MOST, begin } from "./chart.js";
import { Detail } from "./detail.js";
import { element, setText } from "./dom.js";
import { clock, span } from "./format.js";
import { Functions } from "./functions.js";
import { ask, asset, download } from "./net.js";
import { Poll } from "./poll.js";
import { Rows } from "./rows.js";
import { Series } from "./series.js";
import * as state from "./state.js";
import { Status } from "./status.js";
import { Entries, Objectives } from "./tables.js";
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
// The time of the newest sample, by the clock of the program.
let now = Date.now();

function build() {
    begin(model.started);
    parts?.rows.close();
    closeDetail();
    const wanted = () => poll.now();
    parts = {
        alerts: new Alerts(model),
        entries: new Entries(model),
        objectives: new Objectives(model),
        functions: new Functions(model),
        rows: new Rows(model, wanted),
        series: new Series(wanted),
    };
    main.replaceChildren(element("div", { id: "overview" },
        parts.alerts.element, problems(model.problems),
        element("div", { class: "felt" }, parts.entries.element, parts.objectives.element),
        parts.functions.element, parts.rows.element, parts.series.element, downloads()));
    const { name, version, commit } = model.program;
    setText(document.getElementById("program"), name);
    setText(document.getElementById("version"), [version, commit && `commit ${commit.slice(0, 12)}`].filter((it) => it && !it.endsWith("unknown")).join(" · "));
    parts.functions.refresh();
    route(new Set(["function"]));
}

// The families and objectives without panels and alerts, and the reasons; nothing if there are none.
function problems(all) {
    if (all.length === 0) return null;
    const heading = element("h2", { id: "problems", tabindex: "-1", text: `${all.length} not generated` });
    const items = all.map((it) => element("li", {}, element("code", { text: `${it.file}:${it.line}` }), ` ${it.message}; ${it.fix}`));
    const note = element("p", { class: "note", text: "These families and objectives have no panels and no alerts." });
    return element("section", { class: "problems", "aria-labelledby": "problems" }, heading, note, element("ul", {}, ...items));
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
        ids.length > 0 ? ask(`panels?ids=${ids.join(",")}&${times()}&points=${POINTS}&most=${MOST}`).catch(refused) : null,
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
    const isFirst = epoch === null;
    epoch = functions.epoch;
    now = functions.now;
    status.answered(now);
    parts.functions.update(functions.functions, functions.windows);
    parts.entries.update(functions);
    parts.objectives.update(functions);
    parts.rows.tell(functions.windows.recent, panels?.refused);
    parts.alerts.update(alerts.alerts);
    if (series) parts.series.update(series);
    if (detail && calls) detail.update(panels?.times ?? [], panels?.panels ?? {}, calls);
    else if (panels && !panels.refused) parts.rows.update(panels.times, panels.panels);
    setText(document.getElementById("uptime"), `up ${span(functions.now / 1000 - model.started)}`);
    if (isFirst) route(new Set(["panel"]));
    const firing = parts.alerts.firing;
    document.title = `${firing > 0 ? `(${firing}) ` : ""}${model.program.name} – Measurand`;
    return untilNext(functions);
}

// If the program refuses the panels, for example because they have too many series, the rest of the page still works.
function refused(error) {
    if (!error.answered) throw error;
    return { refused: error.message };
}

// The time range of the panels, as a query of the program.
function times() {
    return `range=${state.get("range")}${state.get("to") && `&to=${state.get("to")}`}`;
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
    if (changed.has("range") || changed.has("to")) poll.now();
    if (changed.has("function")) {
        const before = detail?.id;
        closeDetail();
        const found = parts.functions.find(state.get("function"));
        if (found) openDetail(found);
        else if (before !== undefined) parts.functions.focusFunction(before);
    }
    if (state.get("panel") !== "" && changed.has("panel") && !detail) parts.rows.show(Number(state.get("panel")));
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
    const pin = document.getElementById("pin");
    const mark = () => {
        ranges.forEach((it) => (it.checked = it.value === state.get("range")));
        const to = Number(state.get("to"));
        pin.setAttribute("aria-pressed", String(to > 0));
        setText(pin, to > 0 ? `Panels until ${clock(to * 1000)}` : "Pin");
    };
    pin.addEventListener("click", () => state.set({ to: state.get("to") ? "" : String(Math.floor(now / 1000)) }));
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
