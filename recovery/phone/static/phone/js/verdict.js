/** What becomes of a check-in that was sent: the one thing to do now. Also when it could not be sent. */

import { attend, big, button, call, fill, h, say, shape } from "./dom.js";
import { begin, draft, reopen, save } from "./draft.js";
import { unfinished } from "./begin.js";
import { remove, flush, outcome, reports } from "./outbox.js";
import { numbers, questionnaire, refresh } from "./patient.js";
import { isEmergency } from "./questions.js";
import { go, here } from "./route.js";
import { known, read } from "./store.js";
import { when } from "./time.js";

export const TIERS = {
  emergency: "Emergency",
  same_day: "Call now",
  within_24h: "A call within a day",
  routine: "No need to call now",
  none: "No alert today",
};

let shown = null;

function mark(id) {
  const { state, receipt, advice, tried } = outcome(id);
  return [id, state, tried, advice?.action, receipt?.revision].join();
}

export function sentScreen(screen, id) {
  const { state, receipt, problem } = outcome(id);
  shown = mark(id);
  if (state === "taken")
    fill(screen, verdict(receipt, { heading: "h1" }), received(receipt), done(), mend(id));
  else if (state === "refused") fill(screen, refusal(id, problem));
  else if (state === "waiting") fill(screen, waiting(id));
  else if (state === "withdrawn")
    fill(screen, h("h1", {}, "This check-in was taken back"), h("p", {}, receipt.detail), done());
  else return go("home", { instead: true });
}

/** Draw again when something became of it; the reader is told, and taken to the new heading. */
export function redrawSent(screen, id) {
  if (shown === mark(id)) return;
  sentScreen(screen, id);
  const heading = screen.querySelector("h1");
  if (heading) attend(heading);
}

/** The one action, large, with the tier in words and in a shape; then a line for each finding. */
export function verdict({ urgency, action, lines, notes, footer }, { heading = "h2" } = {}) {
  return h(
    "section",
    { class: `verdict ${urgency}` },
    h("p", { class: "tier" }, shape(urgency), h("span", {}, TIERS[urgency])),
    h(heading, { class: "action" }, action || TIERS[urgency]),
    callsIn([action, ...(lines ?? []).map((line) => line.text)].join(" "), urgency),
    lines?.length > 0 &&
      h(
        "ul",
        { class: "lines" },
        lines.map((line) => h("li", {}, line.text)),
      ),
    notes?.map((text) => h("p", {}, text)),
    footer && h("p", { class: "footer" }, footer),
  );
}

/** A button for each of the numbers that stand in a text. */
export function callsIn(text, urgency = "none") {
  const { emergency_number, crisis_line, team_phone, urgent_line } = numbers() ?? {};
  const labels = [
    [emergency_number, "Call", "alarm"],
    [crisis_line, "Crisis line", "alarm"],
    [team_phone, "Care team", ""],
    [urgent_line, "Urgent line", ""],
  ];
  const found = labels.filter(
    ([number, , kind]) =>
      number && names(text, number) && (urgency === "emergency" || !kind || number === crisis_line),
  );
  return h(
    "div",
    { class: "calls" },
    found.map(([number, label, kind]) => call(label, number, kind)),
  );
}

/** Whether a number stands in a text by itself: 112 is not in 01121. */
function names(text, number) {
  const literal = number.replace(/[^\w\s]/g, "\\$&");
  return new RegExp(`(^|[^\\d])${literal}($|[^\\d])`).test(text);
}

const received = (receipt) => h("p", {}, `Your care team's system got this ${when(receipt.received_at)}.`);

const done = () => big("Done", () => go("home", { instead: true }));

/** Open what was sent again, to complete it or to put a mistake right. Not in the place of what is being answered. */
function mend(id) {
  if (draft()) return unfinished(draft());
  const trouble = h("div", { class: "trouble", role: "alert" });
  const open = async () => {
    await refresh("checkIns");
    if (here().join() !== ["sent", id].join() || draft()) return; // meanwhile somewhere else
    const sent = known("checkIns")?.data.check_ins.find((each) => each.id === id);
    if (!sent) return fill(trouble, h("p", {}, "There is no network now. Try again later."));
    reopen(sent);
    go("review");
  };
  return [button("Change or complete my answers", open, { class: "second" }), trouble];
}

function waiting(id) {
  const report = reports().find((each) => each.id === id);
  const asked = questionnaire();
  const emergency = asked && report.steps.some(({ answers }) => isEmergency(asked, answers));
  const { team_phone: team } = numbers() ?? {};
  const advice = pressing(report.advice);
  const heading = report.tried ? "Not sent yet" : "Sending your answers";
  return [
    advice && (!emergency || advice.urgency === "emergency")
      ? verdict({ ...advice, notes: [] }, { heading: "h1" })
      : emergency
        ? verdict({ urgency: "emergency", action: asked.emergency_action }, { heading: "h1" })
        : h("h1", {}, heading),
    advice && h("p", {}, h("b", {}, "Not sent yet.")),
    report.tried && h("p", {}, "There is no network, or our system does not answer."),
    h("p", {}, "Your answers are safe on this phone. They go out by themselves."),
    h(
      "p",
      {},
      h("b", {}, "Nobody has seen them yet."),
      ` If you are worried, call ${team ?? "your care team"} now.`,
    ),
    team && call("Care team", team),
    report.tried && button("Try to send now", () => (say("Trying to send."), flush()), { class: "second" }),
    big("Done", () => go("home", { instead: true })),
  ];
}

/** What a service that could not take a report said of it, if that is more than to wait. */
export const pressing = (advice) => (advice && advice.urgency !== "none" ? advice : null);

/** The service does not take it as it is. It has said what the patient is to do; the copy stays. */
function refusal(id, { action, urgency, lines, footer, detail, code }) {
  const again = () => {
    const kept = read(`report.${id}`);
    const { answers, answered_by } = kept.steps[kept.steps.length - 1];
    save({ ...begin(answered_by), observed_at: kept.observed_at, answers, reviewing: true });
    remove(id);
    go("review");
  };
  return [
    action && urgency !== "none"
      ? verdict({ urgency, action, lines, footer }, { heading: "h1" })
      : h("h1", {}, action || "We could not take this"),
    h(
      "p",
      {},
      h("b", {}, "This check-in could not be sent as it is."),
      " Your answers are kept on this phone.",
    ),
    !action && numbers() && h("p", {}, `Please call your care team on ${numbers().team_phone}.`),
    !action && numbers() && call("Care team", numbers().team_phone),
    draft() ? unfinished(draft()) : button("Look at my answers and send again", again, { class: "second" }),
    big("Done", () => go("home", { instead: true })),
    h("p", { class: "hint" }, `Note for the care team: ${code}. ${detail}`),
  ];
}
