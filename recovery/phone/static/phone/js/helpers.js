/** Who helps the patient, what they may see, and which phones report: granted, changed and ended by the patient here. */

import { Refused, request } from "./api.js";
import { attend, big, button, fill, h, refill } from "./dom.js";
import { refresh } from "./patient.js";
import { go } from "./route.js";
import { device, forgetEverything, holder, known } from "./store.js";
import { when } from "./time.js";

const MAY = [
  ["report", "Only send check-ins", "They see what they sent themselves, and nothing else."],
  ["read", "Send check-ins, and read mine", "They also see my check-ins and what my care team did."],
];
const NO_NETWORK = "There is no network now. Nothing is changed.";

const helpers = () => known("caregivers")?.data.caregivers ?? [];
const phones = () => known("phones")?.data.phones ?? [];
const named = (words, name) => words.replaceAll("{name}", name);

/** On the home page: who helps, in one sentence; on a helper's phone what they may do. */
export function helpersCard() {
  if (holder()) return helperCard(holder());
  const list = known("caregivers")?.data;
  if (!list) return null;
  const names = list.caregivers.map(({ name }) => name);
  const words = names.length
    ? `${names.join(", ")} may answer for you, on ${names.length > 1 ? "phones of their own" : "a phone of their own"}.`
    : "Nobody else may answer for you on a phone of their own.";
  return h(
    "section",
    { class: "card", "aria-labelledby": "helpers" },
    h("h2", { id: "helpers" }, "Who helps me"),
    h("p", {}, words),
    h("a", { class: "way", href: "#/helpers" }, "Who helps me, and my phones"),
  );
}

function helperCard({ name, scope }) {
  const first = device().patient.first_name;
  return h(
    "section",
    { class: "card", "aria-labelledby": "helpers" },
    h("h2", { id: "helpers" }, `You help ${first}`),
    h("p", {}, `What you send from this phone is told as from you, ${name}.`),
    h(
      "p",
      {},
      scope === "read"
        ? `${first} lets you read all check-ins, and what the care team did.`
        : `You see the check-ins that you sent. ${first} has not agreed that you see others.`,
    ),
    h("a", { class: "way", href: "#/helpers" }, "My phones, or stop helping"),
  );
}

export function helpersScreen(screen) {
  const mine = !holder();
  fill(screen, h("h1", {}, mine ? "Who helps me" : "You help"), h("p", {}, "One moment ..."));
  refresh(...(mine ? ["caregivers", "phones"] : ["phones"])).then((came) => {
    if (location.hash !== "#/helpers") return;
    if (!came && !known(mine ? "caregivers" : "phones")) return noNetwork(screen);
    mine ? draw(screen) : drawOwn(screen);
  });
}

function noNetwork(screen) {
  fill(
    screen,
    h("h1", {}, "Who helps me"),
    h("p", {}, "There is no network now. Try again later."),
    big("Go back", () => go("home", { instead: true })),
  );
}

function draw(screen) {
  const { most } = known("caregivers").data;
  const list = helpers();
  refill(
    screen,
    h("h1", {}, "Who helps me"),
    h("p", {}, "Somebody you trust may answer for you. They use a phone of their own and their own name."),
    list.length === 0 && h("p", {}, h("b", {}, "Nobody helps you now.")),
    list.map(helperSection),
    list.length < most
      ? big("Let somebody help me", () => go("helper"))
      : h("p", {}, `${most} people help you. Stop one of them before another begins.`),
    phonesSection("Phones that may report"),
    back(),
  );
  arrive(screen);
}

function drawOwn(screen) {
  const { id, name } = holder();
  const first = device().patient.first_name;
  const leave = (box) =>
    confirm(box, `You can then send no check-in for ${first} from any phone of yours.`, "Yes, stop", async () => {
      await request("DELETE", `/me/caregivers/${id}`, { token: device().token });
      forgetEverything();
      go("code", { instead: true });
    });
  refill(
    screen,
    h("h1", {}, `You help ${first}`),
    h("p", {}, `You are ${name}.`),
    withBox((box) => button("Stop helping", () => leave(box), { class: "second" })),
    phonesSection("My phones"),
    back(),
  );
  arrive(screen);
}

function arrive(screen) {
  attend(screen.querySelector("h1"));
  window.scrollTo(0, 0);
}

const back = () => button("Go back", () => go("home"), { class: "second" });

function helperSection({ id, name, relation, scope, since, granted_by }) {
  const reads = scope === "read";
  const other = reads ? "report" : "read";
  const path = `/me/caregivers/${id}`;
  const change = (box) =>
    confirm(
      box,
      reads
        ? `${name} then sees only what they sent themselves.`
        : `${name} then sees your check-ins, what you were told to do, and what your care team did.`,
      "Yes",
      () => send("PUT", path, { scope: other }).then(again),
    );
  const stop = (box) =>
    confirm(box, `The phones of ${name} are signed out at once.`, `Yes, stop ${name}`, () =>
      send("DELETE", path).then(again),
    );
  const code = (box) =>
    confirm(box, "A code that was not used yet works no more.", "Make a new code", async () =>
      codeScreen(await send("POST", `${path}/code`)),
    );
  return h(
    "section",
    { class: "card helper", "aria-label": name },
    h("h2", {}, relation ? `${name} (${relation})` : name),
    h(
      "p",
      {},
      h("b", {}, reads ? "May send check-ins, and read yours." : "May only send check-ins."),
      reads
        ? " Sees your check-ins, what you were told to do, and what your care team did."
        : " Sees what they sent themselves, and no other check-in of yours.",
    ),
    h(
      "p",
      { class: "hint" },
      `Since ${when(since, new Date())}. ${granted_by === "patient" ? "You said so on your phone." : "Your care team wrote down that you said so."}`,
    ),
    withBox((box) => [
      button(reads ? `Do not let ${name} read my check-ins` : `Let ${name} read my check-ins`, () => change(box), {
        class: "second",
      }),
      button(`New code for ${name}'s phone`, () => code(box), { class: "second" }),
      button(`Stop ${name} helping`, () => stop(box), { class: "second" }),
    ]),
  );
}

function phonesSection(title) {
  return h(
    "section",
    { class: "card", "aria-labelledby": "phones" },
    h("h2", { id: "phones" }, title),
    h(
      "ul",
      { class: "phones" },
      phones().map((phone) => {
        const mine = phone.is_this_one ? "This phone in your hand" : "Another phone";
        const whose = `${phone.caregiver && !holder() ? `${phone.caregiver}'s phone` : mine} (${phone.name})`;
        const heard = phone.last_report_at
          ? `Last check-in ${when(phone.last_report_at, new Date())}.`
          : "No check-in came from it yet.";
        const out = (box) =>
          confirm(box, "It can then send no check-in. It needs a new code.", "Yes, sign it out", () =>
            send("DELETE", `/me/phones/${phone.id}`).then(again),
          );
        return h(
          "li",
          {},
          h("p", {}, h("b", {}, whose)),
          h("p", {}, `Joined ${when(phone.joined_at, new Date())}. ${heard}`),
          !phone.is_this_one &&
            withBox((box) =>
              button("Sign this phone out", () => out(box), {
                class: "second",
                "aria-label": `Sign this phone out: ${whose}`,
              }),
            ),
        );
      }),
    ),
  );
}

/** What asks again before it does something, below its button. */
function withBox(made) {
  const box = h("div", { class: "trouble" });
  return h("div", {}, made(box), box);
}

function confirm(box, words, yes, act) {
  const tried = async () => {
    try {
      await act();
    } catch (error) {
      fill(box, h("p", { role: "alert" }, h("b", {}, told(error))));
    }
  };
  fill(
    box,
    h("p", {}, words),
    button(yes, tried, { class: "danger" }),
    button("No, leave it as it is", () => fill(box), { class: "second" }),
  );
  attend(box);
}

const send = (method, path, body = null) => request(method, path, { token: device().token, body });
const again = () => window.dispatchEvent(new Event("hashchange"));

const told = (error) =>
  error instanceof Refused ? (error.problem.errors?.[0]?.detail ?? error.problem.detail) : NO_NETWORK;

export function newHelperScreen(screen) {
  const agreement = known("caregivers")?.data.agreement;
  if (!agreement) return go("helpers", { instead: true });
  const wish = { name: "", relation: "", scope: "report" };
  const words = h("ul", { id: "agreement" });
  const trouble = h("div", { class: "trouble", role: "alert" });
  const show = () => {
    const name = wish.name.trim() || "This person";
    fill(words, ...agreement[wish.scope].map((each) => h("li", {}, named(each, name))));
  };
  const agree = async (event) => {
    event.preventDefault();
    try {
      codeScreen(await send("POST", "/me/caregivers", { ...wish, agreed_to: agreement.version }));
    } catch (error) {
      fill(trouble, h("p", {}, h("b", {}, told(error))));
      attend(trouble);
    }
  };
  show();
  fill(
    screen,
    h("h1", {}, "Let somebody help me"),
    h("p", {}, "You can change or end this at any time."),
    h(
      "form",
      { novalidate: true, on: { submit: agree } },
      line("name", "Their name", wish, show),
      line("relation", "Who are they to you? For example: my son", wish, show),
      h(
        "fieldset",
        { class: "field" },
        h("legend", {}, h("span", { class: "question" }, "What may they do?")),
        h("div", { class: "options" }, MAY.map((choice) => option(choice, wish, show))),
      ),
      h(
        "section",
        { class: "card", "aria-labelledby": "agree" },
        h("h2", { id: "agree" }, "You agree to this"),
        words,
      ),
      trouble,
      h("button", { class: "big" }, "Yes, I agree"),
      button("Go back", () => go("helpers"), { class: "second" }),
    ),
  );
}

function line(name, label, wish, changed) {
  return h(
    "div",
    { class: "field" },
    h("label", { for: name, class: "question" }, label),
    h("input", {
      id: name,
      type: "text",
      autocomplete: "off",
      maxlength: name === "name" ? 200 : 60,
      on: { input: ({ target }) => ((wish[name] = target.value), changed()) },
    }),
  );
}

function option([code, label, hint], wish, changed) {
  const id = `scope-${code}`;
  const input = h("input", {
    type: "radio",
    name: "scope",
    id,
    value: code,
    checked: code === wish.scope,
    on: { change: () => ((wish.scope = code), changed()) },
  });
  const words = h("span", {}, h("span", { class: "label" }, label), h("span", { class: "hint" }, hint));
  return h("label", { class: "option", for: id }, input, words);
}

/** The code is on this screen and nowhere else: not in the address, and not in what the phone keeps. */
function codeScreen({ caregiver: { name }, code, expires_at }) {
  const screen = document.getElementById("screen");
  const address = `${location.host}${location.pathname}`;
  fill(
    screen,
    h("h1", {}, `A code for ${name}`),
    h("p", {}, `On their own phone, ${name} opens this page and types the code:`),
    h("p", {}, h("b", {}, address)),
    h("p", { class: "given code" }, code),
    h("p", {}, `It works once, until ${when(expires_at, new Date())}. We show it only now: write it down.`),
    h("p", {}, h("b", {}, "Give it to nobody else.")),
    big("Done", () => go("helpers", { instead: true })),
  );
  attend(screen.querySelector("h1"));
}
