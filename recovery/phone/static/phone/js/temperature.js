/** The temperature: a number as people type it, in the unit they pick. Nothing out of range is taken, and no unit is
 *  changed without asking: 38.4 read as °F would hide a fever. */

import { button, fill, h } from "./dom.js";
import { plainDigits } from "./digits.js";
import { read, write } from "./store.js";

const FAHRENHEIT = ["en-US", "en-BS", "en-BZ", "en-KY", "en-LR", "en-PW", "en-FM", "en-MH"];

const usualUnit = () => read("unit") ?? (FAHRENHEIT.includes(navigator.language) ? "F" : "C");

/** "37,8" and "37.8" are 37.8; anything else is null. At most one digit after the point: thermometers show no more. */
export function parsed(text) {
  const plain = plainDigits(text)
    .trim()
    .replace(/[,٫]/, ".")
    .replace(/\s*°?\s*[CcFf]?$/, "");
  return /^\d{2,3}(\.\d{1,2})?$/.test(plain) ? Number(plain) : null;
}

export function fits(value, unit, ranges) {
  const range = ranges.find((each) => each.unit === unit);
  return value >= range.low && value <= range.high;
}

export function temperature(item, value, changed) {
  let unit = value?.unit ?? usualUnit();
  const trouble = h("div", { class: "trouble", id: "temp-trouble", role: "alert" });
  const input = h("input", {
    type: "text",
    inputmode: "decimal",
    id: "temp-value",
    class: "degrees",
    autocomplete: "off",
    maxlength: "7",
    "aria-label": item.text,
    "aria-describedby": "temp-trouble",
    value: value ? String(value.value) : "",
    on: { input: () => look(false), change: () => look(true) },
  });

  /** Read what stands there. Only a finished entry is complained about. */
  function look(finished) {
    const number = parsed(input.value);
    const right = number !== null && fits(number, unit, item.ranges);
    changed(right ? { value: number, unit } : null);
    if (finished && input.value.trim() && !right) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (right || !input.value.trim()) fill(trouble);
    else if (finished) fill(trouble, complaint(number));
  }

  function complaint(number) {
    const other = unit === "C" ? "F" : "C";
    if (number !== null && fits(number, other, item.ranges))
      return [
        h("p", {}, `${number} °${unit} cannot be right. Did you mean °${other}?`),
        button(`Yes, ${number} °${other}`, () => choose(other), { class: "second" }),
      ];
    const { low, high } = item.ranges.find((each) => each.unit === unit);
    return h(
      "p",
      {},
      `Please look again. We can take ${low} to ${high} °${unit}, like ${unit === "C" ? "36.8" : "98.2"}. If you are not sure, leave it empty.`,
    );
  }

  function choose(picked) {
    unit = picked;
    write("unit", unit);
    units.querySelector(`input[value=${unit}]`).checked = true;
    look(true);
    input.focus();
  }

  const units = h(
    "div",
    { class: "options side", role: "group", "aria-label": "Unit" },
    item.ranges.map((each) =>
      h(
        "label",
        { class: "option", for: `temp-${each.unit}` },
        h("input", {
          type: "radio",
          name: "temp-unit",
          id: `temp-${each.unit}`,
          value: each.unit,
          checked: each.unit === unit,
          "aria-label": each.unit === "C" ? "degrees Celsius" : "degrees Fahrenheit",
          on: { change: () => choose(each.unit) },
        }),
        h("span", { class: "label" }, `°${each.unit}`),
      ),
    ),
  );
  const without = button(
    "I have no thermometer",
    () => {
      input.value = "";
      look(true);
      without.setAttribute("aria-pressed", "true");
      fill(trouble, h("p", {}, "That is all right. Go on with the next question."));
    },
    { class: "second", "aria-pressed": "false" },
  );
  input.addEventListener("input", () => without.setAttribute("aria-pressed", "false"));
  return [h("div", { class: "reading" }, input, units), trouble, without];
}
