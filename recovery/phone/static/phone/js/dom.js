/** Making and finding elements. Text is always set as text, never as markup. */

/** h("p", {class: "lead"}, "Hello", h("b", {}, "you")). `on` holds listeners; false and null leave things out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "on")
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

export function fill(place, ...children) {
  place.replaceChildren(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
}

/** As fill, but only when something is new: what stays the same is neither read out again nor loses the focus. */
export function refill(place, ...children) {
  const fresh = h("div", {}, ...children);
  if (fresh.innerHTML === place.dataset.drawn && place.childNodes.length) return false;
  place.dataset.drawn = fresh.innerHTML;
  place.replaceChildren(...fresh.childNodes);
  return true;
}

export const byId = (id) => document.getElementById(id);

export function button(text, listener, props = {}) {
  return h("button", { type: "button", ...props, on: { click: listener } }, text);
}

export const big = (text, listener) => button(text, listener, { class: "big" });

/** A number to call, as a button: what it is, and the number as people dial it. */
export function call(label, number, kind = "") {
  const dialled = number.replace(/[^+\d]/g, "");
  return h(
    "a",
    { class: `call ${kind}`, href: `tel:${dialled}` },
    shape("phone"),
    h("span", {}, label),
    " ",
    h("span", { class: "number" }, number),
  );
}

const PATHS = {
  phone: "M6 2h4l2 6-3 2a13 13 0 0 0 5 5l2-3 6 2v4a3 3 0 0 1-3 3A17 17 0 0 1 3 5a3 3 0 0 1 3-3z",
  emergency: "M8 1h8l7 7v8l-7 7H8l-7-7V8zM11 5v9h2V5zM11 16.5v2.5h2v-2.5z",
  same_day: "M12 1l11.5 21H.5zM11 9v6h2V9zM11 17v2.5h2V17z",
  within_24h: "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zM11 5h2v6.5l4.5 2.7-1 1.7L11 12.6z",
  routine: "M2 2h20v20H2zM6 7v2h12V7zM6 11v2h12v-2zM6 15v2h8v-2z",
  done: "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zM6 12.500l2-2 2.700 2.700 5.300-5.400 2 2-7.300 7.400z",
  open: "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zM12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16z",
  none: "M1 5h22v14H1zM3.500 7.500v9h17v-9L12 13z",
};

/** A drawing that only repeats what the words beside it say. */
export function shape(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "shape");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.routine);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

/** Said by a screen reader without moving the focus. */
export function say(text) {
  byId("said").textContent = "";
  requestAnimationFrame(() => (byId("said").textContent = text));
}

const SETTLE_MS = 500;
let settling = null;

/** Something else stands under the finger now. For a moment nothing takes a tap: the second one of a thumb that taps
 *  twice would answer what nobody has read. Keys and screen readers are not held up. */
export function moved() {
  clearTimeout(settling);
  document.documentElement.classList.add("just-moved");
  settling = setTimeout(() => document.documentElement.classList.remove("just-moved"), SETTLE_MS);
}

/** Put the reader at this element: for headings of a new screen, and for what needs an answer. */
export function attend(element) {
  moved();
  if (!element.matches("a, button, input, textarea")) element.setAttribute("tabindex", "-1");
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: element.matches("h1") ? "end" : "start" });
}
