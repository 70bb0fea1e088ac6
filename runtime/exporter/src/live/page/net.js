// Requests to the program. `told` in an answer is the program's clock at the time of the answer, in milliseconds.
// All addresses are relative to this script, so the page works behind any prefix.

const LIVE = new URL("./", import.meta.url);
const DOWNLOADS = new URL("../monitoring/", import.meta.url);
// The program's own time limit for an answer.
const SECONDS = 30;

export async function ask(path) {
    const response = await fetch(new URL(path, LIVE), { signal: AbortSignal.timeout(SECONDS * 1000) });
    if (!response.ok) {
        const text = (await response.text()).slice(0, 500).trim();
        throw Object.assign(new Error(`${path.split("?")[0]}: ${response.status}, ${text}`), { answered: true });
    }
    const date = response.headers.get("date");
    return { ...(await response.json()), told: date && Date.parse(date) };
}

export function download(path) {
    return new URL(path, DOWNLOADS).href;
}

export function asset(name) {
    return new URL(name, LIVE).href;
}
