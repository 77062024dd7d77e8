/** What the care team does about what was told: received, seen, called. */

import { call, h } from "./dom.js";
import { numbers } from "./patient.js";
import { known } from "./store.js";
import { clock, clockTime, when } from "./time.js";
import { TIERS } from "./verdict.js";

const SHOWN = 3;

/** A promise that was not kept is said as plainly as the promise. */
export function loop() {
  const alerts = known("alerts")?.data.alerts ?? [];
  if (!alerts.length) return null;
  return h(
    "section",
    { class: "card", "aria-labelledby": "loop" },
    h("h2", { id: "loop" }, "What your care team does"),
    h(
      "ul",
      { class: "loop" },
      alerts.slice(0, SHOWN).map((alert) =>
        h(
          "li",
          {},
          h("p", {}, h("b", {}, alert.text || TIERS[alert.urgency])),
          h(
            "ol",
            {},
            steps(alert).map((text) => h("li", {}, text)),
          ),
          late(alert),
        ),
      ),
    ),
  );
}

function steps({ urgency, received_at, seen, call_due_by: due, reached_at, closed }) {
  return [
    `Our system got this ${when(received_at)}.`,
    seen ? `Seen by: ${seen.by.toLowerCase()}, ${when(seen.at)}.` : !closed && "No one has seen it yet.",
    reached_at && `They spoke with you ${when(reached_at)}.`,
    due && new Date(due) > clock() && `They should call you by ${clockTime(due)}.`,
    closed
      ? `Closed ${when(closed.at)}: ${closed.words.toLowerCase()}.`
      : urgency === "emergency" &&
        !reached_at &&
        `Do not wait for a call. ${numbers() ? `Call ${numbers().emergency_number}.` : ""}`,
  ].filter(Boolean);
}

function late({ call_due_by: due, reached_at, closed }) {
  if (!due || reached_at || closed || new Date(due) > clock() || !numbers()) return null;
  const { team_phone: team } = numbers();
  return h(
    "div",
    { class: "late" },
    h("p", {}, h("b", {}, "The call is late."), ` Please call ${team} now.`),
    call("Care team", team),
  );
}
