/** An answer that is an emergency by itself. The screen is there at once, with or without a network; what was
 *  answered so far is on its way to the care team meanwhile. */

import { button, call, fill, h, shape } from "./dom.js";
import { change, draft } from "./draft.js";
import { toSend } from "./form.js";
import { add, outcome, signedOut } from "./outbox.js";
import { numbers, questionnaire } from "./patient.js";
import { alarms, isAnswered, isAsked, isEmergency, partsOf } from "./questions.js";
import { go } from "./route.js";
import { when } from "./time.js";

export function emergencyScreen(screen) {
  const asked = questionnaire();
  const { answers } = draft();
  if (!isEmergency(asked, answers)) return go("part/1", { instead: true });
  const found = alarms(asked, answers);
  report(found);
  const cause = found[0]?.item.id ?? "";
  const parts = partsOf(asked);
  const at = Math.max(
    0,
    parts.findIndex((part) => part.items.some((item) => item.id === cause)),
  );
  const open = parts[at].items.find((item) => isAsked(item, answers) && !isAnswered(answers[item.id]));
  const number = numbers()?.emergency_number;
  fill(
    screen,
    h("h1", {}, shape("emergency"), h("span", {}, asked.emergency_action)),
    number && call("Call", number, "alarm"),
    h("p", {}, "You told us:"),
    h(
      "ul",
      {},
      found.map(({ item, words }) => h("li", {}, item.text, " ", h("b", {}, words))),
    ),
    h("p", { class: "sent", role: "status" }),
    h("p", {}, "Do not wait for us to call you."),
    button("I tapped this by mistake", () => go(`part/${at + 1}/${cause}`), { class: "second" }),
    button("Go on with the questions", () => go(`part/${at + 1}/${open?.id ?? cause}`), { class: "second" }),
  );
  redrawEmergency(screen);
}

export function redrawEmergency(screen) {
  const sent = screen.querySelector(".sent");
  const words = draft() ? progress(draft().id) : "";
  if (sent && sent.textContent !== words) sent.textContent = words;
}

/** Tell the care team now, half-finished as it is; again only when other alarms have come up since. */
function report(found) {
  const told = found.map(({ item, words }) => `${item.id}: ${words}`).join("; ");
  const { notes } = draft();
  if (notes.told === told) return;
  change({ notes: { ...notes, told } });
  add(draft(), toSend(), notes.whole ? "completed" : "in-progress");
}

function progress(id) {
  const { state, receipt } = outcome(id);
  if (receipt?.received_at) return `Your care team's system got this ${when(receipt.received_at)}.`;
  if (signedOut()) return "This phone is signed out, so your care team did not get this.";
  if (state === "refused") return "We could not send this to your care team.";
  return "This is not sent yet. It is sent as soon as there is a network.";
}
