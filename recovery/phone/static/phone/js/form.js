/** The check-in, part by part. Every tap is kept at once; going back loses nothing. */

import { attend, big, button, fill, h, say } from "./dom.js";
import { answer, change, draft } from "./draft.js";
import { field, quickCard } from "./fields.js";
import { drawFrame } from "./frame.js";
import { questionnaire } from "./patient.js";
import { given, isAnswered, isAsked, isEmergency, missing, negative, partsOf, quickOf } from "./questions.js";
import { go } from "./route.js";
import { device } from "./store.js";

let written = null;

/** `wanted` is the question to stand at, instead of the heading. */
export function partScreen(screen, number, wanted) {
  const asked = questionnaire();
  const parts = partsOf(asked);
  const at = Math.min(Math.max(Number(number) || 1, 1), parts.length) - 1;
  const part = parts[at];
  const quick = quickOf(part);
  const alone = part.items.filter((item) => !quick.includes(item));
  const isOpen = () => quick.some((item) => isAnswered(draft().answers[item.id])) || draft().notes[part.id];
  const trouble = h("div", { class: "trouble" });
  const set = h("div");
  const on = big(draft().reviewing ? "Back to my answers" : "Next", next);

  const onward = () => go(draft().reviewing || at + 1 === parts.length ? "review" : `part/${at + 2}`);

  function next() {
    const left = missing(asked, part, draft().answers);
    if (!left.length || draft().notes[`${part.id}-skipped`]) return onward();
    const first = document.getElementById(`q-${left[0][0].id}`);
    fill(
      trouble,
      h(
        "h2",
        {},
        left.length === 1 ? "One question has no answer yet" : `${left.length} questions have no answer yet`,
      ),
      h(
        "ul",
        {},
        left.map((group) => h("li", {}, group.map((item) => item.text).join(" Or: "))),
      ),
      h("p", {}, "Your care team needs them to keep you safe. Please answer if you can."),
      first && big("Answer now", () => attend(first)),
      button(
        "Go on without",
        () => {
          note(`${part.id}-skipped`);
          onward();
        },
        { class: "second" },
      ),
    );
    attend(trouble);
  }

  function tapped(item, value) {
    const before = isEmergency(asked, draft().answers);
    answer(item.id, value);
    showDetails(screen, part);
    if (!missing(asked, part, draft().answers).length) fill(trouble);
    if (!before && isEmergency(asked, draft().answers)) return go("emergency");
    if (before !== isEmergency(asked, draft().answers)) drawFrame();
  }

  const fields = (items) =>
    items.map((item) => field(item, draft().answers[item.id] ?? null, (value) => tapped(item, value)));

  function none() {
    written = { part: at + 1, questions: setNegative(quick) };
    drawQuick();
    next();
  }

  function open() {
    note(part.id);
    drawQuick();
    showDetails(screen, part);
    attend(set.querySelector("fieldset legend"));
  }

  function rest() {
    const questions = setNegative(quick);
    drawQuick();
    showDetails(screen, part);
    say(`We wrote No for ${questions.length} questions.`);
    attend(set.querySelector(".rest"));
  }

  function drawQuick() {
    on.hidden = quick.length > 0 && !isOpen();
    if (!quick.length) return;
    if (on.hidden) return fill(set, quickCard(quick, none, open));
    const left = quick.filter(
      (item) => negative(item) !== undefined && !isAnswered(draft().answers[item.id]),
    );
    fill(
      set,
      fields(quick),
      h(
        "p",
        { class: "rest" },
        left.length
          ? "Is the answer No to all the other questions above?"
          : "All questions of this part are answered.",
      ),
      left.length > 0 && button("No to all the others", rest, { class: "second" }),
    );
  }

  drawQuick();
  fill(
    screen,
    h("p", { class: "progress" }, `Part ${at + 1} of ${parts.length}`),
    draft().answered_by === "carer" &&
      h("p", { class: "progress strong" }, `You answer for ${device().patient.first_name}.`),
    h("h1", {}, part.title),
    writtenNotice(at),
    fields(alone),
    set,
    trouble,
    h(
      "nav",
      { class: "onward", "aria-label": "This check-in" },
      on,
      button("Back", () => (at ? go(`part/${at}`) : go("who")), { class: "second" }),
      button("Stop for now", () => go("home"), { class: "plain" }),
    ),
  );
  showDetails(screen, part);
  change({ at: at + 1 });
  return wanted && screen.querySelector(`#q-${CSS.escape(wanted)} legend`);
}

const note = (name) => change({ notes: { ...draft().notes, [name]: true } });

/** Write the negative answer for every question that has none yet. Returns the questions. */
function setNegative(items) {
  const open = items.filter((item) => negative(item) !== undefined && !isAnswered(draft().answers[item.id]));
  for (const item of open) answer(item.id, negative(item));
  return open;
}

/** What the last tap on "None of these" wrote, said on the page after it. */
function writtenNotice(at) {
  if (written?.part !== at) return null;
  const { part, questions } = written;
  return h(
    "section",
    { class: "notice", role: "status" },
    h("p", {}, `You said No to all ${questions.length} questions of part ${part}.`),
    h("a", { class: "way", href: `#/part/${part}` }, "Look at them or change them"),
  );
}

/** Show the questions that an answer has made worth asking, and hide the others. */
function showDetails(screen, part) {
  const { answers } = draft();
  for (const item of part.items) {
    const place = screen.querySelector(`#q-${item.id}`);
    if (place) place.hidden = !isAsked(item, answers);
  }
}

/** What will be sent of the draft. */
export const toSend = () => given(questionnaire(), draft().answers);
