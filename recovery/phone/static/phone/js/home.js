/** Today: where the recovery stands, what to do now, and what became of earlier check-ins. */

import { big, button, h, refill } from "./dom.js";
import { draft, reopen } from "./draft.js";
import { unfinished } from "./begin.js";
import { numbersToCall } from "./frame.js";
import { helpersCard } from "./helpers.js";
import { looksCard } from "./looks.js";
import { loop, messages, missedPromise } from "./loop.js";
import { me } from "./patient.js";
import { remindersCard } from "./reminders.js";
import { go } from "./route.js";
import { device, holder, known } from "./store.js";
import { capital, clock, clockTime, minutesSince, span, when } from "./time.js";
import { TIERS, verdict } from "./verdict.js";

const FRESH_MIN = 30;
const PRESSING_MIN = 12 * 60;

/** Returns whether anything on it is new. */
export function homeScreen(screen) {
  const now = me();
  const kept = draft();
  return refill(
    screen,
    missedPromise(),
    !isPressing() && messages(),
    now?.missed.length > 0 &&
      h(
        "section",
        { class: "notice warning", "aria-label": "Missed check-in" },
        now.missed.map((line) => h("p", {}, line.text)),
      ),
    h("h1", {}, now ? `Day ${now.day} after ${whose()} procedure` : "Your recovery"),
    now && h("p", { class: "hour" }, hourOf(now)),
    isPressing() && lastCheckIn(),
    kept ? unfinished(kept) : big("Check in now", () => go("who")),
    now && !kept && nextOf(now).map((text) => h("p", {}, text)),
    isPressing() && messages(),
    !isPressing() && lastCheckIn(),
    loop(),
    now &&
      h(
        "section",
        { class: "card", "aria-labelledby": "numbers" },
        h("h2", { id: "numbers" }, "Numbers to call"),
        numbersToCall(),
      ),
    now && normal(now),
    earlier(),
    remindersCard(),
    helpersCard(),
    now && !now.caregiver && looksCard(),
  );
}

/** "Your" on the patient's phone; on a helper's the patient's name. */
const whose = () => (holder() ? `${device().patient.first_name}'s` : "your");

const hourOf = ({ hours, phase, episode }) =>
  hours < 72 && !episode.time_estimated ? `Hour ${Math.floor(hours)} - ${phase.name}` : `${phase.name}`;

function nextOf({ next_slot: slot, done_for_now: done, episode }) {
  if (episode.status === "paused") return ["Check-ins are on hold now. You may still check in at any time."];
  if (slot?.open_now) return [`${capital(whose())} check-in is due. Please send it by ${clockTime(slot.closes_at)}.`];
  const thanks = done ? ["This check-in is done. Thank you."] : [];
  if (!slot) return [...thanks, "No more check-ins are planned. You may still check in at any time."];
  const next = `${capital(whose())} next check-in: ${span(slot.opens_at, slot.closes_at)}.`;
  return [...thanks, `${next} You may check in at any time.`];
}

function normal({ phase }) {
  const { at } = known("me");
  return h(
    "section",
    { class: "card", "aria-labelledby": "normal" },
    h("h2", { id: "normal" }, "What is normal now"),
    h("p", {}, phase.expect),
    h("h3", {}, "What to do"),
    h("p", {}, phase.advice),
    minutesSince(at) > FRESH_MIN &&
      h("p", { class: "hint" }, `This page was last brought up to date ${when(at, new Date())}.`),
  );
}

const standing = () => (known("checkIns")?.data.check_ins ?? []).filter((each) => !each.withdrawn_at);

const CALLS = ["emergency", "same_day"];

/** The last verdict says to call now, and nobody has settled it: it comes before everything else. */
function isPressing() {
  const [last] = standing();
  return CALLS.includes(last?.urgency) && !isSettled(last) && minutesSince(last.received_at, clock()) < PRESSING_MIN;
}

/** Whatever was urgent has been closed, and not before the team could have read this check-in. */
function isSettled({ received_at }) {
  const urgent = (known("alerts")?.data.alerts ?? []).filter(({ urgency }) => CALLS.includes(urgency));
  const since = new Date(received_at);
  return urgent.every(({ closed }) => closed) && urgent.some(({ closed }) => new Date(closed.at) > since);
}

/** Who is meant by "you" depends on whose phone it is. */
function whoSent({ caregiver }) {
  const helper = holder();
  if (!helper) return caregiver ? `${caregiver} checked in for you` : "You checked in";
  if (caregiver === helper.name) return "You checked in";
  return `${caregiver ?? device().patient.first_name} checked in`;
}

function lastCheckIn() {
  const [last] = standing();
  if (!last) return null;
  const mend = () => {
    reopen(last);
    go("review");
  };
  return h(
    "section",
    { class: "last", "aria-labelledby": "last" },
    h("h2", { id: "last" }, "What we told you last"),
    h("p", {}, `${whoSent(last)} ${when(last.observed_at)}. Our system got it ${when(last.received_at)}.`),
    CALLS.includes(last.urgency) && isSettled(last)
      ? h("p", {}, "Your care team has dealt with it since.")
      : verdict({ ...last, notes: [], footer: null }, { heading: "h3" }),
    !draft() &&
      (!holder() || holder().name === last.caregiver) &&
      button(last.status === "completed" ? "I made a mistake" : "Finish or change it", mend, {
        class: "second",
      }),
  );
}

function earlier() {
  const rows = (known("checkIns")?.data.check_ins ?? []).slice(0, 5);
  if (rows.length < 2) return null;
  return h(
    "section",
    { class: "card", "aria-labelledby": "earlier" },
    h("h2", { id: "earlier" }, `${capital(whose())} check-ins`),
    h(
      "ul",
      {},
      rows.map((row) =>
        h(
          "li",
          {},
          `${capital(when(row.observed_at).replace(/^on /, ""))}: ${row.withdrawn_at ? "taken back" : TIERS[row.urgency]}${row.status === "completed" ? "" : ", not finished"}${row.caregiver ? `, by ${row.caregiver}` : ""}`,
        ),
      ),
    ),
  );
}
