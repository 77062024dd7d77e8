/** One question, as something to tap. `changed(value)` is called with the answer, null when it was taken back. */

import { button, fill, h } from "./dom.js";
import { mayBeNone } from "./questions.js";
import { temperature } from "./temperature.js";

const KINDS = { choice, choices, integer: scale, temperature, text };

export function field(item, value, changed) {
  return h(
    "fieldset",
    { id: `q-${item.id}`, class: `field ${item.kind}` },
    legend(item),
    KINDS[item.kind](item, value, changed),
  );
}

const hint = (text) => text && h("span", { class: "hint" }, text);

function legend(item) {
  const help = ["temperature", "text"].includes(item.kind) ? "" : item.help;
  return h("legend", {}, h("span", { class: "question" }, item.text), hint(help));
}

function option(kind, item, { code, label, help }, checked, tapped) {
  const id = `${item.id}-${code}`;
  return h(
    "label",
    { class: "option", for: id },
    h("input", { type: kind, name: item.id, id, value: code, checked, on: { change: tapped } }),
    h("span", {}, h("span", { class: "label" }, label), hint(help)),
  );
}

function choice(item, value, changed) {
  const short = item.values.length < 3 && item.values.every((each) => each.label.length < 12 && !each.help);
  return h(
    "div",
    { class: short ? "options side" : "options" },
    item.values.map((each) => option("radio", item, each, each.code === value, () => changed(each.code))),
  );
}

/** Several may be ticked. Nothing ticked is no answer, unless "None of these" is ticked. */
function choices(item, value, changed) {
  const box = h("div", { class: "options" });
  const ticked = () => [...box.querySelectorAll("input:checked")].map((input) => input.value);
  const none =
    mayBeNone(item) &&
    option("checkbox", item, { code: "", label: "None of these" }, value?.length === 0, () => {
      box
        .querySelectorAll("input:checked")
        .forEach((input) => (input.checked = input === noneInput && input.checked));
      changed(noneInput.checked ? [] : null);
    });
  const noneInput = none && none.querySelector("input");
  const tapped = () => {
    if (noneInput) noneInput.checked = false;
    changed(ticked().length ? ticked() : null);
  };
  fill(
    box,
    item.values.map((each) => option("checkbox", item, each, value?.includes(each.code) ?? false, tapped)),
    none,
  );
  return [h("p", { class: "hint" }, "Tap all that fit."), box];
}

const BANDS = [
  ["None", 0, 0],
  ["Mild", 1, 3],
  ["Medium", 4, 6],
  ["Strong", 7, 9],
  ["Worst", 10, 10],
];

/** Pain from 0 to 10, in words and in numbers. */
function scale(item, value, changed) {
  const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
  return h(
    "div",
    { class: "scale" },
    BANDS.map(([words, from, to]) =>
      h(
        "div",
        { class: "band" },
        h("span", { class: "label", "aria-hidden": "true" }, words),
        numbers(from, to).map((number) => {
          const one = option(
            "radio",
            item,
            { code: String(number), label: String(number) },
            value === number,
            () => changed(number),
          );
          one.querySelector("input").setAttribute("aria-label", `${number}, ${words.toLowerCase()}`);
          return one;
        }),
      ),
    ),
  );
}

/** Without what no database keeps: NUL, and halves of characters that a cut has left. */
const clean = (typed) =>
  Array.from(typed.trim())
    .filter((each) => !/^[\0\uD800-\uDFFF]$/.test(each))
    .join("");

function text(item, value, changed) {
  const left = h("p", { class: "hint", "aria-live": "polite" });
  const count = (length) =>
    (left.textContent = item.max_length - length < 100 ? `${item.max_length - length} letters left.` : "");
  const box = h("textarea", {
    id: item.id,
    rows: "4",
    maxlength: String(item.max_length),
    "aria-label": item.text,
    "aria-describedby": `${item.id}-warning`,
    on: {
      input: () => {
        count(box.value.length);
        changed(clean(box.value) || null);
      },
    },
  });
  box.value = value ?? "";
  return [h("p", { id: `${item.id}-warning`, class: "hint strong" }, item.help), box, left];
}

/** "None of these": the questions it answers, what it writes for each, and the two ways on. */
export function quickCard(items, none, some) {
  const negatives = items.filter((item) => !item.show_when);
  return h(
    "section",
    { class: "quick", "aria-labelledby": "quick-title" },
    h("h2", { id: "quick-title" }, "Is your answer Yes to any of these?"),
    h(
      "ul",
      {},
      negatives.map((item) =>
        h(
          "li",
          {},
          item.text,
          hint(item.help),
          hint(item.kind === "choices" && `${item.values.map((each) => each.label).join(". ")}.`),
        ),
      ),
    ),
    h(
      "p",
      { id: "quick-sets" },
      `"None of these" writes "No" for all ${negatives.length}. You can change it.`,
    ),
    button("None of these", none, { class: "big", "aria-describedby": "quick-sets" }),
    button("Yes, one or more", some, { class: "second" }),
  );
}
