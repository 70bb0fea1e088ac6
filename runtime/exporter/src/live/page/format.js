// Formats numbers, times and durations as Grafana does, so that both can be compared by eye.

const SECONDS = [
    [31536000, "years"], [604800, "weeks"], [86400, "days"], [3600, "hours"], [60, "mins"],
    [1, "s"], [1e-3, "ms"], [1e-6, "µs"], [0, "ns", 1e-9],
];
const SHORT = ["", " K", " Mil", " Bil", " Tri", " Quadr"];
const THOUSANDS = ["", "K", "M", "B", "T", "Q"];
const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

const UNITS = {
    s: seconds,
    ms: (value, decimals) => seconds(value / 1000, decimals),
    percentunit: (value, decimals) => `${digits(value * 100, decimals)}%`,
    percent: (value, decimals) => `${digits(value, decimals)}%`,
    bytes: (value, decimals) => scaled(value, 1024, BYTES.map((it) => ` ${it}`), decimals),
    ops: (value, decimals) => `${scaled(value, 1000, THOUSANDS, decimals)} ops/s`,
    reqps: (value, decimals) => `${scaled(value, 1000, THOUSANDS, decimals)} req/s`,
    short: (value, decimals) => scaled(value, 1000, SHORT, decimals),
    none: digits,
};

// Shown instead of a missing number.
export const NOTHING = "–";

export function number(value, unit = "short", decimals = null) {
    if (value === null || value === undefined || Number.isNaN(value)) return NOTHING;
    if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
    const known = UNITS[unit];
    return known ? known(value, decimals) : `${digits(value, decimals)} ${unit}`;
}

// Counts are exact: all digits are shown.
export function count(value) {
    return value === null || value === undefined ? NOTHING : value.toLocaleString("en").replaceAll(",", " ");
}

// Three significant digits, but no decimals for an integer.
function digits(value, decimals = null) {
    // Removes rounding errors beyond the twelfth digit: 0.57 * 100 is 57.
    const exact = Number(value.toPrecision(12));
    const wanted = Number.isInteger(exact) ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(exact))));
    return exact.toFixed(Math.min(decimals ?? wanted, 20));
}

function scaled(value, base, names, decimals) {
    let power = 0;
    while (Math.abs(value) >= base && power < names.length - 1) {
        value /= base;
        power += 1;
    }
    return digits(value, decimals) + names[power];
}

function seconds(value, decimals) {
    if (value === 0) return "0 s";
    const [from, name, divisor = from] = SECONDS.find(([from]) => Math.abs(value) >= from);
    return `${digits(value / divisor, decimals)} ${name}`;
}

// A duration in its two largest units.
export function span(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    const parts = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
    const first = parts.findIndex(([, size]) => whole >= size);
    if (first < 0) return "0 s";
    let rest = whole;
    const texts = parts.slice(first, first + 2).map(([name, size]) => {
        const many = Math.floor(rest / size);
        rest -= many * size;
        return many > 0 ? `${many} ${name}` : "";
    });
    return texts.filter(Boolean).join(" ");
}

// A time of day, with the date if it is not today.
export function clock(milliseconds) {
    const at = new Date(milliseconds);
    const time = at.toLocaleTimeString("en-GB");
    return at.toDateString() === new Date().toDateString() ? time : `${at.toLocaleDateString("sv")} ${time}`;
}

// The newest number of a column.
export function newest(values) {
    for (let index = values.length - 1; index >= 0; index -= 1) {
        if (values[index] !== null) return values[index];
    }
    return null;
}

// The name of the colour that the thresholds give a number. A single threshold for all numbers gives no colour.
export function colour(thresholds, value) {
    let found = "text";
    if ((thresholds ?? []).length < 2) return value === null ? "quiet" : found;
    for (const step of thresholds ?? []) {
        if (step.from === null || value >= step.from) found = step.colour;
    }
    return value === null ? "quiet" : found;
}
