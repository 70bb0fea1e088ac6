// Observations by bucket over time: one cell per bucket and time, darker for more observations.

import { axes, faint, size, times, watch } from "./chart.js";
import { element, setAttribute, setText } from "./dom.js";
import { clock, number } from "./format.js";
import { ink } from "./theme.js";

export class Heatmap {
    #panel;
    #box = element("div", { class: "chart" });
    #reading = element("p", { class: "note" });
    #plot = null;
    #times = [];
    #buckets = [];
    #most = 0;

    constructor(panel, body) {
        this.#panel = panel;
        body.append(this.#box, this.#reading);
        watch(this.#box, (size) => this.#plot?.setSize(size));
    }

    update(columns, series) {
        const bound = (it) => (it.labels.le === "+Inf" ? Infinity : Number(it.labels.le));
        this.#times = columns;
        this.#buckets = series.map((it) => ({ le: bound(it), values: it.values })).sort((a, b) => a.le - b.le);
        this.#most = Math.max(0, ...this.#buckets.map((it) => it.values.reduce((most, value) => Math.max(most, value ?? 0), 0)));
        const data = [columns, columns.map(() => null)];
        if (this.#plot) this.#plot.setData(data);
        else this.#plot = new uPlot(this.#options(), data, this.#box);
        this.#tell(null);
        return this.#buckets.some((it) => it.values.some((value) => value !== null));
    }

    redraw() {
        this.#plot?.redraw(false);
    }

    #options() {
        const rows = () => Math.max(this.#buckets.length, 1);
        const step = () => Math.ceil(rows() / 8);
        // A bucket's bound is the upper edge of its cells.
        const splits = () => Array.from({ length: Math.floor(rows() / step()) + 1 }, (_, index) => index * step());
        const names = (_, at) => at.map((it) => (it > 0 && it <= this.#buckets.length ? this.#bound(it - 1) : ""));
        return {
            ...size(this.#box),
            padding: [8, 20, 0, 0],
            legend: { show: false },
            cursor: { sync: { key: "live" }, y: false, drag: { x: false, y: false } },
            scales: { x: times(), y: { range: () => [0, rows()] } },
            axes: axes(this.#panel.unit, { splits, values: names, grid: { show: false } }),
            series: [{}, { paths: () => null, points: { show: false } }],
            hooks: {
                draw: [(plot) => this.#cells(plot)],
                setCursor: [(plot) => this.#tell(plot.cursor.idx ?? null)],
            },
        };
    }

    #bound(index) {
        const { le } = this.#buckets[index];
        return le === Infinity ? "+Inf" : number(le, this.#panel.unit);
    }

    // Edges lie on whole pixels, so that neighbouring cells neither overlap nor leave gaps.
    #cells(plot) {
        if (this.#most === 0 || this.#times.length === 0) return;
        const { ctx, bbox } = plot;
        const half = this.#times.length > 1 ? (this.#times[1] - this.#times[0]) / 2 : 2;
        const inside = (x) => Math.min(Math.max(Math.round(x), bbox.left), bbox.left + bbox.width);
        const left = this.#times.map((time) => inside(plot.valToPos(time - half, "x", true)));
        const right = this.#times.map((time) => inside(plot.valToPos(time + half, "x", true)));
        const shades = Array.from({ length: 17 }, (_, index) => faint(ink("heat"), 0.06 + (0.94 * index) / 16));
        ctx.save();
        this.#buckets.forEach(({ values }, row) => {
            const top = Math.round(plot.valToPos(row + 1, "y", true));
            const bottom = Math.round(plot.valToPos(row, "y", true));
            values.forEach((value, at) => {
                if (!value) return;
                ctx.fillStyle = shades[Math.round(16 * Math.sqrt(value / this.#most))];
                ctx.fillRect(left[at], top, right[at] - left[at], bottom - top);
            });
        });
        ctx.restore();
    }

    // Names the bucket with most observations, under the cursor or at the end.
    #tell(at) {
        const last = this.#times.length - 1;
        const index = at ?? last;
        let best = -1;
        this.#buckets.forEach(({ values }, row) => {
            if ((values[index] ?? 0) > (best < 0 ? 0 : this.#buckets[best].values[index])) best = row;
        });
        const when = at === null || at === last ? "Now" : `At ${clock(this.#times[index] * 1000)}`;
        const lower = best > 0 ? `between ${this.#bound(best - 1)} and ` : "up to ";
        const text = best < 0
            ? `${when}: no observations.`
            : `${when}: most observations are ${lower}${this.#bound(best)} (${number(this.#buckets[best].values[index])} per second).`;
        setText(this.#reading, text);
        if (at !== null) return;
        setAttribute(this.#box, "role", "img");
        setAttribute(this.#box, "aria-label", `${this.#panel.title}: ${this.#buckets.length} buckets over time. ${text}`);
    }
}
