/** All answers on one page, to look at and change, then send. */

import { attend, big, button, fill, h } from "./dom.js";
import { change, discard, draft } from "./draft.js";
import { toSend } from "./form.js";
import { add } from "./outbox.js";
import { questionnaire } from "./patient.js";
import { isAsked, isAnswered, partsOf, worded } from "./questions.js";
import { go } from "./route.js";

export function reviewScreen(screen) {
  change({ reviewing: true });
  const trouble = h("div", { class: "trouble" });
  const send = () => {
    const answers = toSend();
    if (!Object.keys(answers).length) {
      fill(trouble, h("p", {}, h("b", {}, "There is no answer to send yet."), " Please answer at least one question."));
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
    trouble,
    big("Send to my care team", send),
    partsOf(questionnaire()).map(card),
    big("Send to my care team", send),
    button("Stop for now", () => go("home"), { class: "plain" }),
  );
}

function card(part, at) {
  const { answers } = draft();
  const asked = part.items.filter((item) => isAsked(item, answers));
  return h("section", { class: "card", "aria-labelledby": `part-${at}` },
    h("h2", { id: `part-${at}` }, part.title),
    h("dl", { class: "answers" },
      asked.map((item) => {
        const value = answers[item.id];
        return h("div", { class: isAnswered(value) ? "" : "blank" }, h("dt", {}, item.text), h("dd", {}, worded(item, value)));
      }),
    ),
    button(`Change: ${part.title}`, () => go(`part/${at + 1}`), { class: "second" }),
  );
}
