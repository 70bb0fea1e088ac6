// Creates elements and updates their texts. All data of the program becomes text here, never markup.

export function element(tag, properties = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined || value === null || value === false) continue;
        if (name === "text") made.textContent = value;
        else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
        else made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((it) => it !== null && it !== undefined));
    return made;
}

export function drawing(tag, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
}

// Writes only changes, into the existing text node, so that a selection and the layout around it stay.
export function setText(at, text) {
    const first = at.firstChild;
    if (!first) at.append(text);
    else if (first.data !== text) first.data = text;
}

export function setAttribute(at, name, value) {
    if (at.getAttribute(name) !== value) at.setAttribute(name, value);
}

// Sets exactly these children of a parent, in this order, without moving those already in place.
export function arrange(parent, children) {
    let place = parent.firstChild;
    for (const child of children) {
        if (child === place) place = place.nextSibling;
        else parent.insertBefore(child, place);
    }
    while (place) {
        const next = place.nextSibling;
        place.remove();
        place = next;
    }
}

// A list of names and their values; pairs without a value are left out.
export function definitions(pairs) {
    const given = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
    return element("dl", {}, ...given.flatMap(([name, value]) => [
        element("dt", { text: name }),
        value instanceof Node ? element("dd", {}, value) : element("dd", { text: value }),
    ]));
}

function copyButton(name, text) {
    const button = element("button", { type: "button", class: "copy", "aria-label": `Copy ${name}`, text: "Copy" });
    button.addEventListener("click", async () => {
        setText(button, (await copy(text)) ? "Copied" : "Press Ctrl+C");
        setTimeout(() => setText(button, "Copy"), 2000);
    });
    return button;
}

// A short text within a line, which is copied in full even if only a part of it is visible.
export function copyableShort(name, text) {
    const code = element("code", { title: text, text });
    return element("span", { class: "short" }, code, copyButton(`${name} ${text}`, text));
}

// Text with a button that copies it.
export function copyable(name, text) {
    const button = copyButton(name, text);
    const code = element("code", { text, tabindex: "0", role: "group", "aria-label": name });
    return element("div", { class: "copyable" }, element("span", { class: "name", text: name }), code, button);
}

async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        // Browsers offer the clipboard API only over HTTPS and on this machine; elsewhere `execCommand` still works.
        const field = element("textarea", { class: "unseen", "aria-hidden": "true" });
        field.value = text;
        document.body.append(field);
        field.select();
        const done = document.execCommand("copy");
        field.remove();
        return done;
    }
}
