/** All answers on one page, to look at and change, then send. */

import { attend, big, button, fill, h } from "./dom.js";
import { change, discard, draft } from "./draft.js";
import { toSend } from "./form.js";
import { add } from "./outbox.js";
import { questionnaire } from "./patient.js";
import { isAnswered, isAsked, missing, negative, partsOf, worded } from "./questions.js";
import { go } from "./route.js";

export function reviewScreen(screen) {
  change({ reviewing: true });
  const trouble = h("div", { class: "trouble" });
  const send = () => {
    const answers = toSend();
    if (!Object.keys(answers).length) {
      fill(
        trouble,
        h("p", {}, h("b", {}, "There is no answer to send yet."), " Please answer at least one question."),
      );
      return attend(trouble);
    }
    const { id } = draft();
    add(draft(), answers, "completed");
    discard();
    go(`sent/${id}`, { instead: true });
  };
  fill(
    screen,
    h("h1", {}, "Your answers"),
    h("p", {}, "Are they right? Then send them."),
    blanks(),
    trouble,
    big("Send to my care team", send),
    partsOf(questionnaire()).map(card),
    big("Send to my care team", send),
    button("Stop for now", () => go("home"), { class: "plain" }),
  );
}

/** The questions that the care team needs and that have no answer yet. */
function blanks() {
  const asked = questionnaire();
  const left = partsOf(asked).flatMap((part, at) =>
    missing(asked, part, draft().answers).map(([item]) => ({ item, at })),
  );
  if (!left.length) return null;
  const [{ item, at }] = left;
  const count = left.length === 1 ? "One safety question has" : `${left.length} safety questions have`;
  return h(
    "section",
    { class: "notice warning" },
    h("p", {}, `${count} no answer yet. You can still send what you have.`),
    button("Answer now", () => go(`part/${at + 1}/${item.id}`), { class: "second" }),
  );
}

/** One part: what stands out in full, what is a plain No behind a tap. */
function card(part, at) {
  const { answers } = draft();
  const asked = part.items.filter((item) => isAsked(item, answers));
  const plain = asked.filter((item) => isPlainNo(item, answers[item.id]));
  const rest = asked.filter((item) => !plain.includes(item));
  return h(
    "section",
    { class: "card", "aria-labelledby": `part-${at}` },
    h("h2", { id: `part-${at}` }, part.title),
    rest.length > 0 && list(rest, answers),
    plain.length > 0 &&
      h(
        "details",
        {},
        h("summary", {}, `You said No to ${plain.length} ${plain.length === 1 ? "question" : "questions"}`),
        list(plain, answers),
      ),
    button(`Change: ${part.title}`, () => go(`part/${at + 1}`), { class: "second" }),
  );
}

const isPlainNo = (item, value) => isAnswered(value) && String(negative(item)) === String(value);

const list = (items, answers) =>
  h(
    "dl",
    { class: "answers" },
    items.map((item) => h("div", {}, h("dt", {}, item.text), h("dd", {}, worded(item, answers[item.id])))),
  );
