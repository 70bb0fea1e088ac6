// What the reader has to know of the numbers themselves: whether they are current, and since when they count.

import { element, setText } from "./dom.js";
import { clock, span } from "./format.js";

// Numbers older than so many seconds are called old.
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

    // `sample` is when the program last looked at its numbers. How long ago that is only our own clock may say: that of
    // another machine can be wrong.
    answered(sample) {
        this.#answered = Date.now();
        if (sample !== this.#sample) this.#sampled = performance.now();
        this.#sample = sample;
        const behind = () => (performance.now() - this.#sampled) / 1000;
        const text = () => `The program answers, but has not looked at its numbers for ${span(behind())}.`;
        this.#trouble = behind() > OLD ? { state: "old", text } : null;
        this.#tell();
    }

    failed(error, pause) {
        const next = Date.now() + pause * 1000;
        const since = this.#answered;
        const why = error.name === "TimeoutError" ? "it does not answer in time" : error.message;
        const what = error.answered ? "The program answers with an error" : "No connection to the program";
        this.#trouble = {
            state: error.answered ? "failing" : "gone",
            text: () => {
                const last = since === null ? "" : ` What you see is of ${clock(since)}.`;
                const wait = Math.round((next - Date.now()) / 1000);
                return `${what} (${why}).${last} ${wait > 0 ? `The next try is in ${span(wait)}.` : "Trying again."}`;
            },
        };
        this.#tell();
    }

    restarted(at) {
        const dismiss = element("button", { type: "button", text: "Dismiss", onclick: () => this.#restart.replaceChildren() });
        const text = `The program was restarted at ${clock(at)}; its counts begin at zero.`;
        this.#restart.replaceChildren(element("span", { text }), dismiss);
    }

    #tell() {
        const old = this.#answered !== null && Date.now() - this.#answered > OLD * 1000;
        const state = this.#trouble?.state ?? (this.#answered === null ? "waiting" : old ? "old" : "live");
        const words = { live: "live", gone: "no connection", failing: "failing", old: "old", waiting: "connecting" };
        if (this.#badge.dataset.state !== state) {
            this.#badge.dataset.state = state;
            setText(this.#badge, words[state]);
        }
        // Screen readers hear of the change itself, not of each second of waiting.
        const text = this.#trouble?.text() ?? "";
        const [said, counted] = this.#banner.children;
        const spoken = text.split(" The next try")[0].split(" Trying again")[0];
        setText(said, spoken);
        setText(counted, text.slice(spoken.length));
    }
}
