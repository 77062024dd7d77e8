/** When and how the patient is reminded: what is chosen, and a page to change it. */

import { Refused, request } from "./api.js";
import { attend, big, button, fill, h, refill } from "./dom.js";
import { refresh } from "./patient.js";
import { go, here } from "./route.js";
import { device, known, learn } from "./store.js";
import { when } from "./time.js";

const WAYS = [
  ["sms", "A text message"],
  ["email", "An e-mail"],
  ["app", "Only on this page", "You see it when you open this page."],
  ["none", "Do not remind me"],
];
const BY = { sms: "by text message", email: "by e-mail", app: "on this page" };
const TIMES = ["08:00", "10:00", "12:00", "15:00", "18:00", "20:00"];
const AGAIN = [
  [0, "No"],
  [1, "Once"],
  [2, "Twice"],
];
const ADDRESS = {
  sms: ["Your mobile number", "With the country code, like +44 7700 900123.", "tel"],
  email: ["Your e-mail address", "Like ana@example.org.", "email"],
};

const chosen = () => known("preferences")?.data ?? null;

/** On the home page: what is chosen, in one sentence. */
export function remindersCard() {
  const now = chosen();
  if (!now) return null;
  const words =
    now.channel === "none"
      ? "We do not remind you."
      : `We remind you at ${now.remind_at}, ${BY[now.channel]}, on days with a check-in.`;
  return h(
    "section",
    { class: "card", "aria-labelledby": "reminders" },
    h("h2", { id: "reminders" }, "Reminders"),
    h("p", {}, words),
    h("a", { class: "way", href: "#/reminders" }, "Change the reminders"),
  );
}

export function remindersScreen(screen) {
  if (!chosen()) {
    refresh("preferences").then((came) => {
      if (here()[0] !== "reminders") return;
      came ? go("reminders") : noNetwork(screen);
    });
    return fill(screen, h("h1", {}, "Reminders"), h("p", {}, "One moment ..."));
  }
  draw(screen, { ...chosen() });
}

function noNetwork(screen) {
  fill(
    screen,
    h("h1", {}, "Reminders"),
    h("p", {}, "There is no network now. Try again later."),
    big("Go back", () => go("home", { instead: true })),
  );
}

function draw(screen, wish) {
  const trouble = h("div", { class: "trouble", role: "alert" });
  const where = h("div");
  const rest = h("div");
  const address = { value: "" };
  const ways = group("channel", "How should we remind you?", WAYS, wish.channel, (value) => {
    wish.channel = value;
    address.value = "";
    show();
  });
  const show = () => {
    fill(where, ADDRESS[wish.channel] && addressField(wish, address));
    rest.hidden = wish.channel === "none";
  };
  fill(rest, timeOfDay(wish), again(wish), quiet(wish));
  const send = async (event) => {
    event.preventDefault();
    fill(trouble);
    try {
      const sent = { token: device().token, body: body(wish, address) };
      const saved = await request("PUT", "/me/preferences", sent);
      learn("preferences", saved);
      savedScreen(screen, saved);
    } catch (error) {
      const known = error instanceof Refused;
      const words = known ? told(error.problem) : "There is no network now. Nothing is changed.";
      fill(trouble, h("p", {}, h("b", {}, words)));
      attend(trouble);
    }
  };
  show();
  refill(
    screen,
    h("h1", {}, "Reminders"),
    h("p", {}, "A check-in takes about three minutes. We can remind you when it is time."),
  );
  screen.append(
    h(
      "form",
      { novalidate: true, on: { submit: send } },
      ways,
      where,
      rest,
      trouble,
      h("button", { class: "big" }, "Save"),
      button("Go back", () => go("home"), { class: "second" }),
    ),
  );
}

function group(name, question, choices, value, tapped, layout = "options") {
  return h(
    "fieldset",
    { class: "field" },
    h("legend", {}, h("span", { class: "question" }, question)),
    h(
      "div",
      { class: layout },
      choices.map(([code, label, hint]) => {
        const id = `${name}-${code}`;
        const input = h("input", {
          type: "radio",
          name,
          id,
          value: code,
          checked: code === value,
          on: { change: () => tapped(code) },
        });
        const more = hint && h("span", { class: "hint" }, hint);
        const words = h("span", {}, h("span", { class: "label" }, label), more);
        return h("label", { class: "option", for: id }, input, words);
      }),
    ),
  );
}

function addressField({ channel }, address) {
  const [label, example, type] = ADDRESS[channel];
  const before = chosen();
  const ending = before?.channel === channel ? before.address_hint.replace(/^.*\.\.\./, "") : "";
  const hint = ending ? `We have the one that ends in ${ending}. Leave this empty to keep it.` : example;
  return h(
    "div",
    { class: "field" },
    h("label", { for: "address", class: "question" }, label),
    h("p", { id: "address-help" }, hint),
    h("input", {
      id: "address",
      type: "text",
      inputmode: type,
      autocomplete: type,
      spellcheck: "false",
      autocapitalize: "off",
      maxlength: 254,
      "aria-describedby": "address-help",
      on: { input: ({ target }) => (address.value = target.value) },
    }),
  );
}

function timeOfDay(wish) {
  const times = [...new Set([...TIMES, wish.remind_at])].sort().map((time) => [time, time]);
  const pick = (value) => (wish.remind_at = value);
  return group("time", "At what time of day?", times, wish.remind_at, pick, "options side");
}

const again = (wish) =>
  group(
    "again",
    "Remind you again if you forget?",
    AGAIN,
    wish.repeats,
    (value) => (wish.repeats = value),
    "options side",
  );

function quiet(wish) {
  const hours = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, "0")}:00`);
  const field = (name, label) => {
    const times = [...new Set([...hours, wish[name]])].sort();
    return h(
      "p",
      {},
      h("label", { for: name }, label),
      h(
        "select",
        { id: name, on: { change: ({ target }) => (wish[name] = target.value) } },
        times.map((time) => h("option", { value: time, selected: time === wish[name] }, time)),
      ),
    );
  };
  return h(
    "fieldset",
    { class: "field quiet" },
    h("legend", {}, h("span", { class: "question" }, "When should it be quiet?")),
    field("quiet_from", "From"),
    field("quiet_until", "Until"),
  );
}

function body({ channel, remind_at, repeats, quiet_from, quiet_until }, address) {
  const typed = ADDRESS[channel] && address.value.trim();
  const wish = { channel, remind_at, repeats, quiet_from, quiet_until };
  return typed ? { ...wish, address: typed } : wish;
}

const told = ({ detail, errors }) => errors?.[0]?.detail ?? detail;

function savedScreen(screen, saved) {
  fill(
    screen,
    h("h1", {}, "Saved"),
    h("p", {}, next(saved)),
    saved.next_reminder_at && h("p", {}, "It does not come if you have checked in by then."),
    big("Done", () => go("home", { instead: true })),
  );
  attend(screen.querySelector("h1"));
}

function next({ channel, next_reminder_at: at }) {
  if (channel === "none") return "We do not remind you any more.";
  return at ? `Your next reminder comes ${when(at)}, ${BY[channel]}.` : "No more check-ins are planned.";
}
