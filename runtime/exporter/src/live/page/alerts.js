// The alerts that would fire now, by their own conditions, and the list of all alerts.

import { arrange, copyable, definitions, element, setText } from "./dom.js";
import { NOTHING, clock, number, span } from "./format.js";
import { panelLink } from "./rows.js";

const ORDER = { firing: 0, pending: 1, inactive: 2 };

export class Alerts {
    // In the order of the model and of the answers, because several alerts can have the same name.
    #all = [];
    #count = element("span", { class: "note", role: "status" });
    #now = element("ul", { class: "alerts" });
    #rest = element("ul", { class: "alerts" });
    #others = element("summary", { text: "" });
    element;

    constructor(model) {
        this.#all = model.alerts.map((it) => ({ model: it, item: null, now: null }));
        const heading = element("h2", { id: "alerts", tabindex: "-1", text: "Alerts" });
        const tools = element("div", { class: "tools" }, heading, this.#count);
        const others = element("details", { class: "others" }, this.#others, this.#rest);
        others.addEventListener("toggle", () => this.#draw());
        this.element = element("section", { "aria-labelledby": "alerts" }, tools, this.#now, others);
    }

    // Number of firing alerts that notify a receiver.
    get firing() {
        return this.#all.filter((it) => current(it) === "firing").length;
    }

    update(answers) {
        for (const [index, it] of this.#all.entries()) it.now = answers[index] ?? null;
        this.#draw();
    }

    #draw() {
        const rank = (it) => [ORDER[current(it)], it.model.severity, it.model.name].join(" ");
        const all = [...this.#all].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
        const [now, rest] = [all.filter((it) => current(it) !== "inactive"), all.filter((it) => current(it) === "inactive")];
        const { firing } = this;
        const unseen = rest.filter((it) => it.model.unavailable).length;
        const parts = [
            firing > 0 ? `${firing} firing` : "none firing",
            now.length > firing ? `${now.length - firing} pending` : "",
            `${rest.length - unseen} inactive`,
            unseen > 0 ? `${unseen} visible only to Prometheus` : "",
        ];
        setText(this.#count, parts.filter(Boolean).join(", "));
        this.#count.classList.toggle("red", firing > 0);
        setText(this.#others, now.length > 0 ? `${rest.length} other alerts` : `All ${rest.length} alerts`);
        arrange(this.#now, now.map((it) => this.#item(it)));
        if (this.#rest.parentElement.open) arrange(this.#rest, rest.map((it) => this.#item(it)));
    }

    #item(it) {
        it.item ??= this.#make(it);
        const { state, since, values = [] } = it.now ?? { state: "inactive", since: null };
        const [summary] = it.item.children[0].children;
        const [, , badge, text] = summary.children;
        setText(badge, it.model.unavailable ? "not evaluated here" : state);
        badge.className = `state ${state}`;
        setText(text, state === "inactive" ? it.model.summary : (values[0]?.summary ?? it.model.summary));
        const ago = since === null ? "" : `since ${clock(since * 1000)}, for ${span(Date.now() / 1000 - since)}`;
        setText(summary.children[4], ago);
        const list = it.item.querySelector(".values");
        if (list) fill(list, values);
        return it.item;
    }

    #make(it) {
        const { model } = it;
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
                ["Advice", model.advice],
                ["Team", model.team],
                ["Fires after", model.for > 0 ? span(model.for) : "immediately"],
                ["Not evaluated here", model.unavailable],
                ["Panel", model.panel === null ? null : panelLink(model.panel, "Show panel")],
            ]);
            details.append(element("div", { class: "more" }, element("ul", { class: "values" }), about, copyable("Condition", model.promql)));
            fill(details.querySelector(".values"), it.now?.values ?? []);
        });
        return element("li", {}, details);
    }
}

// An alert with the severity `none` notifies no receiver: the Watchdog fires while everything works.
function current(it) {
    return it.model.severity === "none" ? "inactive" : (it.now?.state ?? "inactive");
}

function fill(list, values) {
    while (list.children.length > values.length) list.lastChild.remove();
    values.forEach(({ labels, value, summary, description }, index) => {
        const item = list.children[index] ?? list.appendChild(element("li", {}, element("b"), element("p"), element("p", { class: "labels" })));
        const [head, text, names] = item.children;
        setText(head, summary || NOTHING);
        setText(text, description ?? "");
        const pairs = Object.entries(labels).map(([name, it]) => `${name}=${it}`);
        setText(names, [...pairs, `value ${number(value)}`].join("  "));
    });
}
