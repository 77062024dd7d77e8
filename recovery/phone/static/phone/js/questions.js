/** What is asked, what counts as answered, and in what words. Pure: no page, no storage, no clock. */

import { holds } from "./condition.js";

/** Lists of which "none of these" is an answer of its own. Elsewhere an empty list is no answer. */
const MAY_BE_NONE = new Set(["allergy", "wound"]);

/** The pages as they are shown. From the free text on, a page is a part of its own: it comes last and alone. */
export function partsOf(questionnaire) {
  return questionnaire.pages.flatMap((page) => {
    const at = page.items.findIndex((item) => item.kind === "text");
    if (at < 1) return [page];
    const rest = page.items.slice(at);
    return [
      { ...page, items: page.items.slice(0, at) },
      { id: `${page.id}-more`, title: "One last thing", items: rest },
    ];
  });
}

export const itemsOf = (questionnaire) => questionnaire.pages.flatMap((page) => page.items);

export const isAnswered = (value) => value !== null && value !== undefined && value !== "";

export function isAsked(item, answers) {
  return Object.entries(item.show_when ?? {}).every(([id, codes]) => codes.includes(answers[id]));
}

/** The answers to send: of questions that are asked, and given. Those of questions this phone does not know stay. */
export function given(questionnaire, answers) {
  const items = new Map(itemsOf(questionnaire).map((item) => [item.id, item]));
  return Object.fromEntries(
    Object.entries(answers).filter(
      ([id, value]) => isAnswered(value) && (!items.has(id) || isAsked(items.get(id), answers)),
    ),
  );
}

export const mayBeNone = (item) => item.kind === "choices" && MAY_BE_NONE.has(item.id);

/** The answer that "none of these" gives, undefined when the question has none. A question whose first answer is not
 *  a plain No is always asked by itself (to "does your medicine work?" No is the bad answer). */
export function negative(item) {
  if (item.show_when) return undefined;
  if (mayBeNone(item)) return [];
  const first = item.kind === "choice" ? item.values[0] : null;
  return first && first.label === "No" ? first.code : undefined;
}

/** The questions of a part that one tap can answer, with the details that belong to them; none when it is only one. */
export function quickOf(part) {
  const plain = part.items.filter((item) => negative(item) !== undefined);
  if (plain.length < 2) return [];
  const ids = new Set(plain.map((item) => item.id));
  return part.items.filter(
    (item) => ids.has(item.id) || Object.keys(item.show_when ?? {}).some((id) => ids.has(id)),
  );
}

/** The groups of questions of a part of which none was answered, though one has to be: [[item, ...], ...]. */
export function missing(questionnaire, part, answers) {
  const items = new Map(part.items.map((item) => [item.id, item]));
  return questionnaire.required_groups
    .filter((group) => !group.some((id) => isAnswered(answers[id])))
    .map((group) => group.map((id) => items.get(id)).filter(Boolean))
    .filter((group) => group.length);
}

/** Whether the answers are an emergency by themselves. If this phone cannot read the condition, any answer that the
 *  questionnaire marks as an alarm counts: it errs towards calling. */
export function isEmergency(questionnaire, answers) {
  const told = given(questionnaire, answers);
  try {
    return holds(questionnaire.emergency_screen, told);
  } catch {
    return alarms(questionnaire, told).length > 0;
  }
}

/** The given answers that are marked as alarms: [{item, words}]. */
export function alarms(questionnaire, answers) {
  const told = given(questionnaire, answers);
  return itemsOf(questionnaire).flatMap((item) => {
    const codes = [told[item.id]].flat();
    const found = item.values.filter((value) => value.alarm && codes.includes(value.code));
    return found.length ? [{ item, words: found.map((value) => value.label).join(", ") }] : [];
  });
}

/** An answer in words. */
export function worded(item, value) {
  if (!isAnswered(value)) return "Not answered";
  if (item.kind === "temperature") return `${value.value} °${value.unit}`;
  if (!item.values.length) return String(value);
  const codes = [value].flat();
  const labels = item.values.filter((each) => codes.includes(each.code)).map((each) => each.label);
  return labels.join(", ") || "None of these";
}
