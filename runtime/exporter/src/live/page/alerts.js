// The alerts that would fire now, by their own conditions, and the list of all alerts. Alerts that differ only in their
// labels and owners are one entry.

import { arrange, copyable, definitions, element, setText } from "./dom.js";
import { NOTHING, clock, number, span } from "./format.js";
import { asset } from "./net.js";
import { panelLink } from "./rows.js";

const STATES = ["firing", "pending", "inactive"];
// The number of alerts to show in full, so that the tables below stay on the first screen.
const MOST = 3;

export class Alerts {
    #entries = new Map();
    // In the order of the model and of the answers.
    #all;
    #inhibitions;
    #count = element("span", { class: "note", role: "status" });
    #now = element("ul", { class: "alerts" });
    #more = fold(() => this.#draw());
    #rest = fold(() => this.#draw());
    element;

    constructor({ alerts, inhibitions }) {
        this.#inhibitions = inhibitions;
        this.#all = alerts.map((model) => {
            const key = JSON.stringify([model.name, model.severity, model.summary, model.advice]);
            const entry = this.#entries.get(key) ?? { model, all: [], item: null };
            this.#entries.set(key, entry);
            const it = { model, now: null };
            entry.all.push(it);
            return it;
        });
        const heading = element("h2", { id: "alerts", tabindex: "-1", text: "Alerts" });
        const tools = element("div", { class: "tools" }, heading, this.#count);
        this.element = element("section", { "aria-labelledby": "alerts" }, tools, this.#now, element("div", { class: "folds" }, this.#more.element, this.#rest.element));
    }

    // Number of firing alerts that notify a receiver.
    get firing() {
        return [...this.#entries.values()].filter((it) => state(it) === "firing").length;
    }

    update(answers) {
        for (const [index, it] of this.#all.entries()) it.now = answers[index] ?? null;
        this.#draw();
    }

    #draw() {
        for (const it of this.#entries.values()) it.isInhibited = this.#isInhibited(it);
        const rank = (it) => [state(it) === "inactive", it.isInhibited, STATES.indexOf(state(it)), it.model.severity, since(it) ?? 0, it.model.name];
        const compare = (a, b) => {
            const place = a.findIndex((it, index) => it !== b[index]);
            return place < 0 ? 0 : a[place] < b[place] ? -1 : 1;
        };
        const all = [...this.#entries.values()].sort((a, b) => compare(rank(a), rank(b)));
        const { firing } = this;
        const active = all.findLastIndex((it) => state(it) !== "inactive") + 1;
        const rest = all.slice(active);
        const unseen = rest.filter((it) => it.model.unavailable).length;
        const pending = active > firing ? `, ${active - firing} pending` : "";
        setText(this.#count, `${firing > 0 ? firing : "none"} firing${pending}`);
        this.#count.classList.toggle("red", firing > 0);
        arrange(this.#now, all.slice(0, Math.min(active, MOST)).map((it) => this.#item(it)));
        this.#more.show(`${active - MOST} more firing or pending`, all.slice(MOST, active), (it) => this.#item(it));
        this.#rest.show(`${rest.length} inactive${unseen > 0 ? `, ${unseen} of them visible only to Prometheus` : ""}`, rest, (it) => this.#item(it));
    }

    // Whether firing alerts explain all series of an entry, so that Alertmanager sends no notifications about it.
    #isInhibited(it) {
        const sources = (source) => this.#all.filter(({ model, now }) => model.name === source && now?.state === "firing").flatMap(({ now }) => now.values);
        const explains = ({ source, targets, equal }, { labels }) => targets.includes(it.model.name)
            && sources(source).some((other) => equal.every((name) => (other.labels[name] ?? "") === (labels[name] ?? "")));
        const values = shown(it);
        return values.length > 0 && values.every((value) => this.#inhibitions.some((rule) => explains(rule, value)));
    }

    #item(it) {
        it.item ??= make(it);
        const [details, cause, next] = it.item.children;
        const [, , badge, text, note] = details.firstChild.children;
        const [now, start, values] = [state(it), since(it), shown(it)];
        setText(badge, it.model.unavailable ? "not evaluated here" : it.isInhibited ? `${now}, inhibited` : now);
        badge.className = `state ${now}`;
        setText(text, it.model.summary);
        const owners = [...new Set(active(it).map(({ model }) => model.team))].map((it) => (it === "unowned" ? "no owner" : it));
        setText(note, start === null ? "" : `${owners.join(", ")} · since ${clock(start * 1000)}, for ${span(Date.now() / 1000 - start)}`);
        const first = values[0]?.description ?? "";
        setText(cause, values.length > 1 ? `${first.replace(/\.$/, "")} (also ${others(values)}).` : first);
        next.hidden = now === "inactive";
        const list = details.querySelector(".values");
        if (list) fill(list, values);
        return it.item;
    }
}

// A list that is drawn while it is open.
function fold(opened) {
    const [summary, list] = [element("summary", { text: "" }), element("ul", { class: "alerts" })];
    const details = element("details", { class: "others" }, summary, list);
    details.addEventListener("toggle", opened);
    const show = (title, all, item) => {
        details.hidden = all.length === 0;
        setText(summary, title);
        arrange(list, details.open ? all.map(item) : []);
    };
    return { element: details, show };
}

function make(it) {
    const { model, all } = it;
    const { severity } = model;
    const summary = element("summary", {},
        element("span", { class: `severity ${severity}`, text: severity }),
        element("b", { text: model.name }),
        element("span", { class: "state" }),
        element("span", { class: "what" }),
        element("span", { class: "note" }));
    const details = element("details", {}, summary);
    details.addEventListener("toggle", () => {
        if (details.children.length > 1) return;
        const about = definitions([
            ["Description", model.description],
            ["Impact", model.impact],
            ["What to do", element("ol", {}, ...model.advice.map((text) => element("li", {}, ...marked(text))))],
            ["Fires after", model.for > 0 ? span(model.for) : "immediately"],
            ["Not evaluated here", model.unavailable],
        ]);
        const conditions = all.map(({ model }) => copyable(["Condition", ...(all.length > 1 ? [model.team, ...model.labels.map(([, value]) => value)] : [])].join(" "), model.promql));
        details.append(element("div", { class: "more" }, element("ul", { class: "values" }), about, ...conditions));
        fill(details.querySelector(".values"), shown(it));
    });
    const next = element("p", { class: "next" }, ...(model.advice[0] ? ["Next: ", ...marked(model.advice[0])] : []),
        model.panel === null ? null : panelLink(model.panel, "Panel"), " ",
        element("a", { href: `${asset("runbook")}#${model.name.toLowerCase()}`, text: "Runbook" }));
    return element("li", {}, details, element("p", { class: "cause" }), next);
}

// Shows code between backquotes.
function marked(text) {
    return text.split("`").map((part, index) => (index % 2 === 1 ? element("code", { text: part }) : part));
}

// An alert with the severity `none` notifies no receiver: the Watchdog fires while everything works.
function state({ model, all }) {
    if (model.severity === "none") return "inactive";
    return STATES.find((state) => all.some((it) => (it.now?.state ?? "inactive") === state));
}

// The alerts of an entry that are in its state.
function active(it) {
    const now = state(it);
    return now === "inactive" ? [] : it.all.filter((one) => one.now?.state === now);
}

// The time since when the condition of an entry holds, in seconds, or null.
function since(it) {
    return active(it).reduce((first, { now }) => Math.min(first ?? Infinity, now.since), null);
}

function shown(it) {
    return active(it).flatMap(({ now }) => now.values);
}

// Names the series after the first one by the labels that tell them apart.
function others(values) {
    const differs = (name) => values.some(({ labels }) => labels[name] !== values[0].labels[name]);
    const names = [...new Set(values.flatMap(({ labels }) => Object.keys(labels)))].filter(differs);
    const named = values.slice(1, 1 + MOST).map(({ labels }) => names.map((name) => labels[name]).filter(Boolean).join(" ")).filter(Boolean);
    const rest = values.length - 1 - named.length;
    return [...named, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}

function fill(list, values) {
    while (list.children.length > values.length) list.lastChild.remove();
    values.forEach(({ labels, value, description }, index) => {
        const item = list.children[index] ?? list.appendChild(element("li", {}, element("p"), element("p", { class: "labels" })));
        const [text, names] = item.children;
        setText(text, description || NOTHING);
        const pairs = Object.entries(labels).map(([name, it]) => `${name}=${it}`);
        setText(names, [...pairs, `value ${number(value)}`].join("  "));
    });
}
