// The state of the data: whether it is current, and since when counters count.

import { element, setText } from "./dom.js";
import { clock, span } from "./format.js";

// Data older than this many seconds is stale.
const OLD = 20;

export class Status {
    #badge = document.getElementById("connection");
    #banner = document.getElementById("banner");
    #restart = document.getElementById("restart");
    #answered = null;
    #sample = null;
    #sampled = 0;
    #trouble = null;

    constructor() {
        setInterval(() => this.#tell(), 1000);
    }

    // `sample` is the time of the program's newest sample. Its age is measured by our own clock, since the clock of
    // another machine can be wrong.
    answered(sample) {
        this.#answered = Date.now();
        if (sample !== this.#sample) this.#sampled = performance.now();
        this.#sample = sample;
        const behind = () => (performance.now() - this.#sampled) / 1000;
        const text = () => `The program answers, but has taken no sample for ${span(behind())}.`;
        this.#trouble = behind() > OLD ? { state: "old", text } : null;
        this.#tell();
    }

    failed(error, pause) {
        const next = Date.now() + pause * 1000;
        const since = this.#answered;
        const why = error.name === "TimeoutError" ? "no answer in time" : error.message;
        const what = error.answered ? "The program answers with an error" : "No connection to the program";
        this.#trouble = {
            state: error.answered ? "failing" : "gone",
            text: () => {
                const last = since === null ? "" : ` The data shown is from ${clock(since)}.`;
                const wait = Math.round((next - Date.now()) / 1000);
                return `${what} (${why}).${last} ${wait > 0 ? `Next attempt in ${span(wait)}.` : "Retrying now."}`;
            },
        };
        this.#tell();
    }

    restarted(at) {
        const dismiss = element("button", { type: "button", text: "Dismiss", onclick: () => this.#restart.replaceChildren() });
        const text = `The program was restarted at ${clock(at)}; its counters start at zero.`;
        this.#restart.replaceChildren(element("span", { text }), dismiss);
    }

    #tell() {
        const old = this.#answered !== null && Date.now() - this.#answered > OLD * 1000;
        const state = this.#trouble?.state ?? (this.#answered === null ? "waiting" : old ? "old" : "live");
        const words = { live: "live", gone: "no connection", failing: "failing", old: "stale", waiting: "connecting" };
        if (this.#badge.dataset.state !== state) {
            this.#badge.dataset.state = state;
            setText(this.#badge, words[state]);
        }
        // Screen readers announce the change itself, not each second of waiting.
        const text = this.#trouble?.text() ?? "";
        const [said, counted] = this.#banner.children;
        const spoken = text.split(" Next attempt")[0].split(" Retrying now")[0];
        setText(said, spoken);
        setText(counted, text.slice(spoken.length));
    }
}
