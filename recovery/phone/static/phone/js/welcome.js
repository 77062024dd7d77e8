/** Signing a phone on, making sure whose it is, and signing it off. */

import { Refused } from "./api.js";
import { attend, big, button, call, fill, h, say } from "./dom.js";
import { draft } from "./draft.js";
import { plainDigits } from "./digits.js";
import { leave, leaving } from "./leaving.js";
import { flush } from "./outbox.js";
import { numbers, phoneName, redeem } from "./patient.js";
import { go } from "./route.js";
import { askToStay, device, forgetEverything, holder, names, write } from "./store.js";
import { longDate } from "./time.js";

const LETTERS = 12;
const PATIENCE_MS = 3000;

const bare = (text) => plainDigits(text).toUpperCase().replace(/[^0-9A-Z]/g, "");
const inFours = (text) =>
  bare(text)
    .slice(0, LETTERS)
    .match(/.{1,4}/g)
    ?.join("-") ?? "";

/** The code. `found` came with the address. */
export function codeScreen(screen, found = "") {
  const field = h("input", {
    id: "code",
    type: "text",
    class: "code",
    value: inFours(found),
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    enterkeyhint: "go",
    "aria-describedby": "code-help code-trouble",
    on: {
      input: ({ target }) => {
        if (target.selectionStart === target.value.length) target.value = inFours(target.value);
      },
    },
  });
  const trouble = h("div", { id: "code-trouble", class: "trouble", role: "alert" });
  const start = h("button", { class: "big" }, "Start");
  const send = async (event) => {
    event.preventDefault();
    const code = bare(field.value);
    field.value = inFours(field.value);
    if (code.length !== LETTERS) return complain(field, trouble, wrongLength(code.length));
    start.disabled = true;
    fill(trouble, h("p", {}, "One moment ..."));
    try {
      await redeem(inFours(code), phoneName());
      askToStay();
      go("who-is-this", { instead: true });
    } catch (error) {
      complain(field, trouble, error instanceof Refused ? told(error.problem) : NO_NETWORK);
    } finally {
      start.disabled = false;
    }
  };
  fill(
    screen,
    h("h1", {}, device() ? "Type the new code" : "Welcome"),
    leaving() &&
      h("p", {}, "This phone is signed off. Our system hears of it as soon as there is a network."),
    h("p", {}, "You were given a code. It lets this phone tell the care team how you are, or whom you help."),
    h(
      "form",
      { novalidate: true, on: { submit: send } },
      h("label", { for: "code", class: "question" }, "Your code"),
      h(
        "p",
        { id: "code-help" },
        "It has 12 letters and numbers, like 7QK4-2M8C-PX3T. Small letters are fine.",
      ),
      field,
      trouble,
      start,
    ),
    device() &&
      !device().out &&
      h(
        "a",
        { class: "way", href: "#/home" },
        `Go back. This phone stays with ${device().patient.first_name}'s recovery.`,
      ),
  );
}

const NO_NETWORK = [
  "There is no network now.",
  "Nothing is lost. Try again in a moment, or call your care team.",
];

const told = ({ title, detail }) => [`${title}.`, detail];

function wrongLength(count) {
  if (!count) return ["The code is missing.", "Type the code that you were given."];
  return ["Please look at the code again.", `It has ${LETTERS} letters and numbers. You typed ${count}.`];
}

function complain(field, place, [what, then]) {
  field.setAttribute("aria-invalid", "true");
  fill(place, h("p", {}, h("b", {}, what), ` ${then}`));
  field.focus();
}

export function whose() {
  const { patient, episode } = device();
  const date = longDate(episode.procedure_at, episode.time_zone);
  return h(
    "dl",
    { class: "whose" },
    holder() && [h("dt", {}, "You"), h("dd", {}, holder().name)],
    h("dt", {}, holder() ? "You help" : "First name"),
    h("dd", {}, patient.first_name),
    h("dt", {}, "Back procedure"),
    h("dd", {}, `${episode.procedure[0].toUpperCase()}${episode.procedure.slice(1)} on ${date}`),
  );
}

export function whoIsThisScreen(screen) {
  const { patient } = device();
  const yes = () => {
    write("device", { ...device(), confirmed: true });
    go("home", { instead: true });
    flush();
  };
  fill(
    screen,
    h("h1", {}, "Is this you?"),
    h("p", {}, "This phone will send check-ins for:"),
    whose(),
    big(holder() ? `Yes, I am ${holder().name}` : `Yes, this is ${patient.first_name}'s recovery`, yes),
    button("This is not me", () => go("not-me")),
  );
}

/** When this page does not know how to go on. */
export function brokenScreen(screen) {
  const phone = numbers()?.team_phone;
  fill(
    screen,
    h("h1", {}, "This page does not work now"),
    h("p", {}, "Nothing you wrote is lost. If you feel unwell, do not wait: call your care team."),
    phone && call("Care team", phone),
    big("Try again", () => location.reload()),
  );
}

/** What signing off would lose, and a way not to. */
function whatIsLost(askAgain) {
  const unsent = names("report.").length;
  const begun = draft() && "You have not finished a check-in. If you sign off now, your answers are lost.";
  if (!unsent) return [begun && h("p", {}, h("b", {}, begun))];
  const [what, them] =
    unsent === 1
      ? ["1 check-in on this phone was", "it is"]
      : [`${unsent} check-ins on this phone were`, "they are"];
  const send = async () => {
    say("Trying to send.");
    await flush();
    askAgain();
  };
  return [
    h("p", {}, h("b", {}, `${what} not sent.`), ` If you sign off now, ${them} lost.`),
    button("Try to send now", send, { class: "second" }),
    begun && h("p", {}, h("b", {}, begun)),
  ];
}

export function notMeScreen(screen) {
  const phone = numbers()?.team_phone;
  const box = h("div", { class: "trouble" });
  const signOff = async () => {
    const { token } = device();
    forgetEverything();
    fill(box, h("p", {}, "One moment ..."));
    await Promise.race([leave(token), new Promise((enough) => setTimeout(enough, PATIENCE_MS))]);
    go("code", { instead: true });
  };
  const ask = () => {
    fill(
      box,
      ...whatIsLost(ask),
      h("p", {}, "To use this page again you need a new code."),
      button("Yes, sign this phone off", signOff, { class: "danger" }),
    );
    attend(box);
  };
  fill(
    screen,
    h("h1", {}, "Not your phone, or not you?"),
    h("p", {}, "Please do not answer for somebody else's recovery. This phone belongs to:"),
    whose(),
    h("p", {}, "If that is not you, sign this phone off. Then tell the care team."),
    phone && call("Care team", phone),
    button("Sign this phone off", ask),
    box,
    big("Go back", () => go(device().confirmed ? "home" : "who-is-this", { instead: true })),
  );
}
