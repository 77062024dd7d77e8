/** What the care team does about what was told: received, seen, called; and whom to call when nobody has. */

import { call, h, shape } from "./dom.js";
import { numbers } from "./patient.js";
import { known } from "./store.js";
import { capital, clock, clockTime, minutesSince, when } from "./time.js";
import { TIERS } from "./verdict.js";

const SHOWN = 3;
const MESSAGE_MIN = 7 * 24 * 60;

const alertsKnown = () => known("alerts")?.data.alerts ?? [];

const isLate = ({ call_due_by: due }) => due && new Date(due) <= clock();

/** A promise that was not kept is said as plainly as the promise, before everything else on the page. */
export function missedPromise() {
  const late = alertsKnown().find((alert) => isLate(alert) && alert.if_missed);
  if (!late) return null;
  const { text, call: number } = late.if_missed;
  const { urgent_line, team_phone } = numbers() ?? {};
  const others = team_phone === number ? urgent_line : team_phone;
  return h(
    "section",
    { class: "banner danger late", "aria-labelledby": "late" },
    h("h2", { id: "late" }, "The call is late"),
    h("p", {}, text),
    call("Call now", number, "alarm"),
    others && others !== number && text.includes(others) && call("If no one answers", others),
  );
}

/** What a nurse or doctor had to say when they closed it. */
export function messages() {
  const told = alertsKnown().filter(
    ({ closed }) => closed?.message && minutesSince(closed.at, clock()) < MESSAGE_MIN,
  );
  return told.slice(0, SHOWN).map(({ id, text, closed }) =>
    h(
      "section",
      { class: "notice answer", "aria-labelledby": `answer-${id}` },
      h("h2", { id: `answer-${id}` }, "Your care team wrote to you"),
      h("p", { class: "hint" }, `${capital(when(closed.at))}, about this: ${text}`),
      h("p", { class: "message" }, closed.message),
    ),
  );
}

export function loop() {
  const alerts = alertsKnown();
  if (!alerts.length) return null;
  return h(
    "section",
    { class: "card", "aria-labelledby": "loop" },
    h("h2", { id: "loop" }, "What your care team does"),
    h(
      "ul",
      { class: "loop" },
      alerts.slice(0, SHOWN).map((alert) =>
        h("li", {}, h("p", {}, h("b", {}, alert.text || TIERS[alert.urgency])), h("ol", {}, steps(alert))),
      ),
    ),
  );
}

/** Each step in words; the mark beside it only repeats whether it is done. */
function steps({ urgency, received_at, seen, call_due_by: due, tried_at, reached_at, closed }) {
  const emergency = urgency === "emergency" && !reached_at && !closed;
  return [
    done(`Our system got this ${when(received_at)}.`),
    seen ? done(`${who(seen)} saw it ${when(seen.at)}.`) : !closed && open("No one has seen it yet."),
    tried_at && open(`They tried to call you ${when(tried_at)}.`),
    reached_at && done(`They spoke with you ${when(reached_at)}.`),
    due && !isLate({ call_due_by: due }) && open(`They should call you by ${clockTime(due)}.`),
    due && isLate({ call_due_by: due }) && open(`They should have called you by ${clockTime(due)}.`),
    closed && done(`Closed ${when(closed.at)}. ${closed.words}`),
    emergency && open(`Do not wait for a call. ${numbers() ? `Call ${numbers().emergency_number}.` : ""}`),
  ].filter(Boolean);
}

const step = (mark) => (text) => h("li", { class: mark }, shape(mark), h("span", {}, text));
const done = step("done");
const open = step("open");

/** "A nurse", or by name where the clinic wants it so. */
function who({ by, name }) {
  const role = by.toLowerCase();
  if (name) return `${name} (${role})`;
  return role === "care team" ? "Your care team" : `${/^[aeiou]/.test(role) ? "An" : "A"} ${role}`;
}
