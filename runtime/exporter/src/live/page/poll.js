// Schedules the requests: regularly while the page is visible, more rarely after failures, and never while it is
// hidden.

const FIRST = 5;
const SELDOM = 60;

export class Poll {
    #ask;
    #failed;
    #timer;
    #failures = 0;
    #running = false;
    #again = false;

    // `ask` returns the seconds until the next request, or throws if there is no answer. `failed` gets the error and
    // the seconds until the next attempt.
    constructor(ask, failed) {
        this.#ask = ask;
        this.#failed = failed;
        document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(this.#timer) : this.now()));
        addEventListener("online", () => this.now());
    }

    async now() {
        if (this.#running) {
            this.#again = true;
            return;
        }
        clearTimeout(this.#timer);
        this.#running = true;
        let pause;
        try {
            pause = await this.#ask();
            this.#failures = 0;
        } catch (error) {
            pause = Math.min(FIRST * 2 ** this.#failures, SELDOM);
            this.#failures += 1;
            this.#failed(error, pause);
        }
        this.#running = false;
        // More panels came into view meanwhile, so the next request is due now; after a failure the pause remains.
        if (this.#again && this.#failures === 0) pause = 0;
        this.#again = false;
        if (!document.hidden) this.#timer = setTimeout(() => this.now(), pause * 1000);
    }
}
