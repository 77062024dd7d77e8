/** Before the questions: whose recovery this is, and who answers. */

import { big, button, fill, h } from "./dom.js";
import { begin, change, discard, draft, isOld } from "./draft.js";
import { questionnaire, refresh } from "./patient.js";
import { go, here } from "./route.js";
import { formOpened } from "./signs.js";
import { device, holder } from "./store.js";
import { when } from "./time.js";
import { whose } from "./welcome.js";

export function whoScreen(screen) {
  const { patient } = device();
  const kept = draft();
  if (!questionnaire()) return noQuestions(screen);
  const start = (who) => {
    if (draft()) change({ answered_by: who });
    else begin(who);
    formOpened();
    go("part/1");
  };
  if (holder()) return helperStarts(screen, () => start("carer"), kept);
  fill(
    screen,
    h("h1", {}, "Who is answering?"),
    h("p", {}, "This check-in is for:"),
    whose(),
    big(`I am ${patient.first_name}`, () => start("patient")),
    button(`I help ${patient.first_name} answer`, () => start("carer"), { class: "second" }),
    button("This is not me", () => go("not-me"), { class: "second" }),
    kept && h("p", {}, "Your answers so far are kept."),
  );
}

/** On a phone of their own nobody has to say who they are. */
function helperStarts(screen, start, kept) {
  const { patient } = device();
  fill(
    screen,
    h("h1", {}, `You answer for ${patient.first_name}`),
    h("p", {}, "The care team sees that you answered:"),
    whose(),
    big("Start", start),
    button("This is not me", () => go("not-me"), { class: "second" }),
    kept && h("p", {}, "Your answers so far are kept."),
  );
}

function noQuestions(screen) {
  const trouble = h("div", { class: "trouble", role: "alert" });
  const again = async () => {
    const came = await refresh("me", "questionnaire");
    if (here()[0] !== "who") return;
    if (came) go("who");
    else fill(trouble, h("p", {}, "There is no network now. Try again later."));
  };
  fill(
    screen,
    h("h1", {}, "The questions are not here yet"),
    h(
      "p",
      {},
      "This phone needs the network once to get them. If you feel unwell, do not wait: call your care team.",
    ),
    trouble,
    big("Try again", again),
  );
}

/** A check-in that was begun and not finished. An old one is not what the patient feels now. */
export function unfinished(kept) {
  const old = isOld(kept);
  const again = () => {
    discard();
    go("who");
  };
  const goOn = () => {
    change({});
    go(kept.reviewing ? "review" : `part/${kept.at ?? 1}`);
  };
  const what =
    kept.revision && kept.reviewing ? "Your change is not sent." : "You have not finished a check-in.";
  return h(
    "section",
    { class: "notice", "aria-labelledby": "unfinished" },
    h("h2", { id: "unfinished" }, what),
    h(
      "p",
      {},
      `You began it ${when(kept.observed_at, new Date())}. ${old ? "If you feel different now, start again." : "Your answers are kept."}`,
    ),
    old ? big("Start again", again) : big("Go on with it", goOn),
    old
      ? button("Go on with the old one", goOn, { class: "second" })
      : button("Start again", again, { class: "second" }),
  );
}
