// When to ask: again and again while somebody looks, less and less when nobody answers, and never while the page is hidden.

const FIRST = 5;
const SELDOM = 60;

export class Poll {
    #ask;
    #failed;
    #timer;
    #failures = 0;
    #running = false;
    #again = false;

    // `ask` says in how many seconds to ask again, or throws when there is no answer; `failed` is told why, and in how many seconds the next try is.
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
        // Asked for meanwhile, because more came into view; a server that is gone is left its pause.
        if (this.#again && this.#failures === 0) pause = 0;
        this.#again = false;
        if (!document.hidden) this.#timer = setTimeout(() => this.now(), pause * 1000);
    }
}
