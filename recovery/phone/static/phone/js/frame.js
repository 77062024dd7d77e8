/** What surrounds every screen: whose recovery it is, what is not sent, when to call, and how to sign off. */

import { byId, call, h, refill } from "./dom.js";
import { draft } from "./draft.js";
import { reports, signedOut } from "./outbox.js";
import { me, numbers, questionnaire } from "./patient.js";
import { isEmergency } from "./questions.js";
import { device, forgetful, holder as whoHolds } from "./store.js";
import { here } from "./route.js";
import { callsIn, pressing, TIERS } from "./verdict.js";

/** When to call at once, as the page itself says it: for a phone that was never told by the service. */
const AS_SERVED = [...document.querySelectorAll("#help li")].map((line) => line.textContent);

const WITHOUT_END = new Set(["part", "review", "emergency"]);

export function drawFrame() {
  const holder = device();
  document.body.className = `on-${here()[0]}`;
  refill(byId("top"), holder?.confirmed && top(holder));
  refill(byId("banners"), holder && [outBanner(), urgentBanner(), unsentBanner(), memoryBanner()]);
  refill(byId("help"), help());
  refill(
    byId("end"),
    h("p", {}, me()?.footer ?? "This app is not watched all the time."),
    holder && !WITHOUT_END.has(here()[0]) && signOffLink(),
  );
}

function top(holder) {
  const emergency = numbers()?.emergency_number;
  return [
    h("p", { class: "who" }, whoHolds() ? `You help ${holder.patient.first_name}` : holder.patient.first_name),
    emergency && call("Emergency", emergency, "small"),
  ];
}

const signOffLink = () => h("a", { class: "way", href: "#/not-me" }, "This is not my phone, or sign off");

/** While the answers so far are an emergency, every page of the form says so. */
function urgentBanner() {
  const asked = questionnaire();
  if (!draft() || !asked || here()[0] === "emergency" || !isEmergency(asked, draft().answers)) return null;
  const number = numbers()?.emergency_number;
  return h(
    "section",
    { class: "banner danger" },
    h("p", {}, h("b", {}, asked.emergency_action)),
    number && call("Call", number, "alarm"),
  );
}

function unsentBanner() {
  const unsent = reports().filter((report) => report.tried || signedOut());
  if (!unsent.length || here()[0] === "sent") return null;
  const phone = numbers()?.team_phone;
  const first = unsent.find((report) => report.refused) ?? unsent[0];
  const asked = questionnaire();
  const urgent =
    asked && unsent.some(({ steps }) => steps.some(({ answers }) => isEmergency(asked, answers)));
  const advice = worstOf(unsent.map(({ refused, advice }) => pressing(refused ?? advice)));
  const many = unsent.length > 1 ? ` (${unsent.length} check-ins)` : "";
  return h(
    "section",
    { class: "banner warning", id: "unsent" },
    urgent && [
      h("p", {}, h("b", {}, asked.emergency_action)),
      numbers() && call("Call", numbers().emergency_number, "alarm"),
    ],
    !urgent && advice && [h("p", {}, h("b", {}, advice.action)), callsIn(advice.action, advice.urgency)],
    h(
      "p",
      {},
      h("b", {}, first.refused ? "Could not be sent" : "Not sent yet"),
      `${many} - if you are worried call ${phone ?? "your care team"}. `,
    ),
    h(
      "p",
      {},
      first.refused
        ? "We keep your answers on this phone."
        : first.handedIn
          ? "Your care team can read it, but it does not count as a check-in."
          : "We send it as soon as there is a network.",
    ),
    h("a", { class: "way", href: `#/sent/${first.id}` }, "See what to do"),
    phone && call("Care team", phone),
  );
}

/** What is to be done about the most urgent of them, as far as the service could say. */
function worstOf(advice) {
  const ranks = Object.keys(TIERS);
  const known = advice.filter((each) => each?.action);
  return known.sort((one, other) => ranks.indexOf(one.urgency) - ranks.indexOf(other.urgency))[0];
}

function outBanner() {
  const problem = signedOut();
  return (
    problem &&
    h(
      "section",
      { class: "banner warning", id: "signed-out" },
      h(
        "p",
        {},
        h("b", {}, "This phone is signed out."),
        " A check-in from it does not count. What was not sent yet, your care team gets to read. We keep it, too.",
      ),
      h("a", { class: "way", href: "#/code" }, "Type a new code"),
      h("p", {}, "Or call your care team", numbers() ? ` on ${numbers().team_phone}.` : "."),
    )
  );
}

function memoryBanner() {
  return (
    forgetful() &&
    h(
      "section",
      { class: "banner warning" },
      h("p", {}, "This phone cannot keep your answers. Leave this page open until they are sent."),
    )
  );
}

/** The red-flag card: on every screen, network or not. */
function help() {
  const number = numbers()?.emergency_number;
  const words = questionnaire()?.emergency_if ?? AS_SERVED;
  const card = me()?.red_flag_card;
  return [
    h("h2", {}, number ? `Call ${number} now if` : "Call your emergency number now if"),
    h(
      "ul",
      {},
      words.map((text) => h("li", {}, text)),
    ),
    card && h("h2", {}, card.title),
    card && h("p", {}, card.text),
    numbers() && here()[0] !== "home" && numbersToCall(),
  ];
}

/** Care team, out of hours, emergency: the numbers to call, as buttons. */
export function numbersToCall() {
  const { team_phone, urgent_line, emergency_number } = numbers();
  return h(
    "div",
    { class: "calls" },
    team_phone && call("Care team", team_phone),
    urgent_line && call("Urgent line", urgent_line),
    emergency_number && call("Emergency", emergency_number, "alarm"),
  );
}
