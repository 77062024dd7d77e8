/** Today: where the recovery stands, what to do now, and what became of earlier check-ins. */

import { big, button, h, refill } from "./dom.js";
import { draft, reopen } from "./draft.js";
import { unfinished } from "./begin.js";
import { numbersToCall } from "./frame.js";
import { helpersCard } from "./helpers.js";
import { looksCard } from "./looks.js";
import { loop, messages, missedPromise } from "./loop.js";
import { reports, signedOut } from "./outbox.js";
import { isCutOff, me } from "./patient.js";
import { remindersCard } from "./reminders.js";
import { go } from "./route.js";
import { device, holder, known } from "./store.js";
import { capital, clock, clockTime, daysBetween, minutesSince, span, when } from "./time.js";
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
    h("h1", {}, now ? `Day ${dayOf(now)} after ${whose()} procedure` : "Your recovery"),
    isOutOfDate() && h("p", {}, h("b", {}, `This phone has had no news from your care team since ${toldAt()}.`)),
    now && !isOutOfDate() && h("p", { class: "hour" }, hourOf(now)),
    isPressing() && lastCheckIn(),
    isDone(now) && !kept && h("p", {}, doneWords(now)),
    kept ? unfinished(kept) : big(isDone(now) ? "Check in again" : "Check in now", () => go("who")),
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

/** The days go on also while the service cannot be asked. */
const dayOf = ({ day }) => day + daysBetween(known("me").at, new Date());

const toldAt = () => when(known("me").at, new Date());
const isOld = () => Boolean(me()) && minutesSince(known("me").at) > FRESH_MIN;
const isOutOfDate = () => isOld() && isCutOff();

const hourOf = ({ hours, phase, episode }) =>
  hours < 72 && !episode.time_estimated ? `Hour ${Math.floor(hours)} - ${phase.name}` : `${phase.name}`;

const isOpen = (slot) => Boolean(slot) && (slot.open_now || new Date(slot.opens_at) <= clock());
const isPast = (slot) => Boolean(slot) && new Date(slot.closes_at) <= clock();

/** Answered on this phone for the time that is open, or today if which one that is is not known; and not sent yet. */
const isWaiting = ({ next_slot: slot }) =>
  !signedOut() &&
  reports().some(
    ({ refused, steps, observed_at: at }) =>
      !refused &&
      steps[steps.length - 1]?.status === "completed" &&
      (isPast(slot)
        ? daysBetween(at, new Date()) === 0
        : minutesSince(at) <= minutesSince(slot.opens_at, clock())),
  );

/** Nothing is asked now, but who feels worse may say so at any time. */
const isDone = (now) =>
  Boolean(now) &&
  now.episode.status !== "paused" &&
  (isOpen(now.next_slot) ? isWaiting(now) : now.done_for_now);

const doneWords = ({ next_slot: slot }) =>
  isOpen(slot) ? "You have answered. It is sent as soon as there is a network." : "This check-in is done. Thank you.";

function nextOf(now) {
  const { next_slot: slot, episode } = now;
  if (episode.status === "paused") return ["Check-ins are on hold now. You may still check in at any time."];
  if (isOpen(slot) && isWaiting(now)) return [];
  if (isPast(slot)) return ["A check-in may be due. Please check in now."];
  if (isOpen(slot)) return [`${capital(whose())} check-in is due. Please send it by ${clockTime(slot.closes_at)}.`];
  if (!slot) return ["No more check-ins are planned. You may still check in at any time."];
  return [`${capital(whose())} next check-in: ${span(slot.opens_at, slot.closes_at)}. You may check in at any time.`];
}

function normal({ phase }) {
  return h(
    "section",
    { class: "card", "aria-labelledby": "normal" },
    h("h2", { id: "normal" }, isOutOfDate() ? "What was normal then" : "What is normal now"),
    isOld() && h("p", { class: "hint" }, `This was last brought up to date ${toldAt()}.`),
    h("p", {}, phase.expect),
    h("h3", {}, "What to do"),
    h("p", {}, phase.advice),
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
