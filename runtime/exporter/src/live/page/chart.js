// Lines and areas over time, drawn by uPlot, with a text legend of the canvas.

import { arrange, element, setAttribute, setText } from "./dom.js";
import { newest, number } from "./format.js";
import { ink } from "./theme.js";

// Maximum number of lines that are distinguishable and fast to draw. If there are more, those with the largest values
// are drawn.
export const MOST = 40;
const LISTED = 8;
const COLOURS = 10;
// The start of the program, in seconds: before it a chart would only be empty.
let beginning = 0;

export function begin(seconds) {
    beginning = seconds;
}

export function times() {
    return { range: (_, first, last) => [Math.min(Math.max(first, beginning), last - 60), last] };
}

// Notifies the charts when their size has changed.
const sizes = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) target.resized?.({ width: Math.floor(contentRect.width), height: Math.floor(contentRect.height) });
});

export function size(box) {
    return { width: Math.max(box.clientWidth, 100), height: Math.max(box.clientHeight, 100) };
}

export function watch(box, resized) {
    box.resized = resized;
    sizes.observe(box);
}

export function axes(unit, { decimals = null, ...vertical } = {}) {
    const line = { stroke: () => ink("quiet"), grid: { stroke: () => ink("grid"), width: 1 }, ticks: { show: false } };
    const font = "12px system-ui, sans-serif";
    const texts = (_, values) => values.map((it) => (it === null ? "" : short(number(it, unit, decimals))));
    // As wide as the longest label.
    const wide = (_, values) => Math.max(36, ...(values ?? []).map((it) => it.length * 6.8 + 14));
    const incrs = unit === "bytes" ? { incrs: POWERS } : {};
    return [{ ...line, font, values: TIMES, space: 70, size: 30 }, { ...line, font, size: wide, values: texts, ...incrs, ...vertical }];
}

// Grid lines of byte axes are at powers of two.
const POWERS = Array.from({ length: 60 }, (_, index) => 2 ** index);

// Removes trailing zeros from the labels of an axis.
function short(text) {
    return text.replace(/\.(\d*?)0+(?!\d)/, (_, rest) => (rest === "" ? "" : `.${rest}`));
}

// Hours and minutes; with seconds only if the grid lines are less than a minute apart.
const TIMES = (_, values, __, ___, step) => values.map((it) => {
    const time = new Date(it * 1000).toLocaleTimeString("en-GB");
    return step < 60 ? time : time.slice(0, 5);
});

export class TimeSeries {
    #panel;
    #box = element("div", { class: "chart" });
    #note = element("p", { class: "note" });
    #list = element("ul", { class: "legend" });
    #plot = null;
    #shape = "";
    #hidden = new Set();
    #drawn = [];
    #times = [];

    constructor(panel, body) {
        this.#panel = panel;
        body.append(this.#box, this.#list, this.#note);
        watch(this.#box, (size) => this.#plot?.setSize(size));
    }

    update(times, series) {
        const all = series.filter((it) => it.values.some((value) => value !== null));
        this.#drawn = all.length > MOST ? largest(all) : all;
        this.#times = times;
        setText(this.#note, all.length >= MOST ? `Only the ${MOST} largest series are drawn.` : "");
        this.#draw();
        this.#tell(null);
        return all.length > 0;
    }

    redraw() {
        this.#plot?.redraw(false);
    }

    #draw() {
        // The same lines only get new numbers; other lines need a new plot.
        const shape = JSON.stringify(this.#drawn.map((it) => [it.legend, this.#isHidden(it)]));
        const columns = this.#panel.stacked ? this.#stack() : this.#drawn.map((it) => it.values);
        if (this.#plot && shape === this.#shape) {
            this.#plot.setData([this.#times, ...columns]);
            return;
        }
        this.#plot?.destroy();
        this.#shape = shape;
        this.#legend();
        this.#plot = new uPlot(this.#options(), [this.#times, ...columns], this.#box);
    }

    #options() {
        const { unit, decimals, min, max, stacked } = this.#panel;
        // Lines of another unit get a second axis on the right.
        const other = this.#drawn.find((it) => it.unit !== unit)?.unit;
        const [across, ...sides] = other === undefined ? axes(unit, { decimals })
            : [...axes(unit, { decimals }), ...axes(other, { scale: "other", side: 1, grid: { show: false } }).slice(1)];
        const line = (it, index) => ({
            scale: it.unit === unit ? "y" : "other",
            show: !this.#isHidden(it),
            stroke: () => ink(`c${index % COLOURS}`),
            fill: stacked ? () => faint(ink(`c${index % COLOURS}`), 0.35) : undefined,
            width: 1.5,
            points: { show: false },
        });
        const visible = this.#drawn.map((it, index) => [it, index + 1]).filter(([it]) => !this.#isHidden(it));
        const bands = visible.slice(1).map(([, index], at) => ({ series: [index, visible[at][1]] }));
        const whole = (_, low, high) => bounds(0, high ?? 1, 0, other === "percentunit" ? 1 : null);
        const range = (_, low, high) => bounds(low ?? 0, high ?? 1, min, max, stacked);
        return {
            ...size(this.#box),
            padding: [8, 20, 0, 0],
            legend: { show: false },
            cursor: { sync: { key: "live" }, y: false, drag: { x: false, y: false } },
            scales: { x: times(), y: { range }, ...(other === undefined ? {} : { other: { range: whole } }) },
            axes: [across, ...sides],
            series: [{}, ...this.#drawn.map(line)],
            bands: stacked ? bands : undefined,
            hooks: {
                draw: [(plot) => limits(plot, this.#panel.thresholds)],
                setCursor: [(plot) => this.#tell(plot.cursor.idx ?? null)],
            },
        };
    }

    #isHidden(series) {
        return this.#hidden.has(series.legend);
    }

    #stack() {
        const sums = this.#times.map(() => 0);
        return this.#drawn.map((it) => {
            if (this.#isHidden(it)) return it.values;
            return it.values.map((value, index) => (value === null ? null : (sums[index] += value)));
        });
    }

    // The buttons of the legend hide and show a line.
    #legend() {
        arrange(this.#list, this.#drawn.slice(0, LISTED).map((it, index) => {
            const swatch = element("i", { class: `swatch c${index % COLOURS}` });
            const name = element("span", { class: "name", text: it.legend });
            const value = element("b", { text: "" });
            const shown = String(!this.#isHidden(it));
            const press = () => this.#toggle(it.legend, index);
            const button = element("button", { type: "button", "aria-pressed": shown, onclick: press }, swatch, name, value);
            return element("li", {}, button);
        }));
        const more = this.#drawn.length - LISTED;
        if (more > 0) this.#list.append(element("li", { class: "note", text: `and ${more} more` }));
    }

    #toggle(legend, index) {
        if (!this.#hidden.delete(legend)) this.#hidden.add(legend);
        this.#draw();
        this.#tell(null);
        this.#list.children[index]?.firstChild.focus();
    }

    // Writes the numbers under the cursor, or the newest ones.
    #tell(at) {
        const texts = this.#drawn.slice(0, LISTED).map((it, index) => {
            const value = at === null ? newest(it.values) : it.values[at];
            const text = number(value, it.unit, this.#panel.decimals);
            const place = this.#list.children[index]?.querySelector("b");
            if (place) setText(place, text);
            return `${it.legend} ${text}`;
        });
        if (at !== null) return;
        const title = `${this.#panel.title}: ${this.#drawn.length} lines over time, now ${texts.join(", ")}`;
        setAttribute(this.#box, "role", "img");
        setAttribute(this.#box, "aria-label", title);
    }
}

function largest(series) {
    const height = (it) => it.values.reduce((most, value) => Math.max(most, value ?? 0), 0);
    const chosen = new Set(series.map((it) => [height(it), it]).sort((a, b) => b[0] - a[0]).slice(0, MOST).map((it) => it[1]));
    return series.filter((it) => chosen.has(it));
}

// Keeps fixed bounds. Otherwise leaves some space, and starts stacked areas at zero.
function bounds(low, high, min, max, stacked) {
    const from = min ?? (stacked ? Math.min(0, low) : low);
    const to = max ?? high;
    if (from === to) return [min ?? from - Math.abs(from || 1) * 0.1, max ?? to + Math.abs(to || 1) * 0.1];
    const air = (to - from) * 0.05;
    return [min ?? (low >= 0 ? Math.max(0, from - air) : from - air), max ?? to + air];
}

// Draws the alert thresholds as dashed lines.
function limits(plot, thresholds) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.setLineDash([6, 4]);
    ctx.lineWidth = 1;
    for (const { from, colour } of thresholds ?? []) {
        if (from === null || from < plot.scales.y.min || from > plot.scales.y.max) continue;
        const y = Math.round(plot.valToPos(from, "y", true)) + 0.5;
        ctx.strokeStyle = ink(colour);
        ctx.beginPath();
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
        ctx.stroke();
    }
    ctx.restore();
}

// Returns the colour with this opacity.
export function faint(colour, share) {
    const parts = colour.match(/[\d.]+/g) ?? [0, 0, 0];
    return `rgba(${parts.slice(0, 3).join(", ")}, ${share})`;
}
