/** What surrounds every screen: whose recovery it is, what is not sent, when to call, and how to sign off. */

import { byId, call, h, refill } from "./dom.js";
import { draft } from "./draft.js";
import { reports, signedOut } from "./outbox.js";
import { me, numbers, questionnaire } from "./patient.js";
import { isEmergency } from "./questions.js";
import { subjects } from "./condition.js";
import { device, forgetful } from "./store.js";
import { here } from "./route.js";

/** What a person can feel, for the questions that are an emergency by themselves. */
const FEELINGS = {
  cannot_move: "you cannot move a part of your body",
  weakness: "an arm or a leg gets weak",
  numbness: "you go numb between the legs or in both legs",
  bladder: "you start to leak, or find it hard to pee",
  bowel: "you lose control of your bowel",
  breathing: "it gets hard to breathe",
  chest_pain: "your chest hurts or feels tight",
  cough: "you cough up blood",
  bleeding: "blood soaks through and will not stop",
  allergy: "your face or throat swells, or you wheeze",
};

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
    h("p", { class: "who" }, holder.patient.first_name),
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
  const many = unsent.length > 1 ? ` (${unsent.length} check-ins)` : "";
  return h(
    "section",
    { class: "banner warning", id: "unsent" },
    urgent && [
      h("p", {}, h("b", {}, asked.emergency_action)),
      numbers() && call("Call", numbers().emergency_number, "alarm"),
    ],
    h(
      "p",
      {},
      h("b", {}, first.refused ? "Could not be sent" : "Not sent yet"),
      `${many} - if you are worried call ${phone ?? "your care team"}. `,
    ),
    h(
      "p",
      {},
      first.refused ? "We keep your answers on this phone." : "We send it as soon as there is a network.",
    ),
    h("a", { class: "way", href: `#/sent/${first.id}` }, "See what to do"),
    phone && call("Care team", phone),
  );
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
        " Your care team no longer gets what you write here. We keep what is not sent.",
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
  const asked = questionnaire();
  const words = asked ? subjects(asked.emergency_screen).map((id) => FEELINGS[id]) : Object.values(FEELINGS);
  const card = me()?.red_flag_card;
  return [
    h("h2", {}, number ? `Call ${number} now if` : "Call your emergency number now if"),
    h(
      "ul",
      {},
      [...new Set(words)].filter(Boolean).map((text) => h("li", {}, text)),
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
