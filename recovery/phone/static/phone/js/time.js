/** Times in words a person uses, written as the phone writes them. */

const LANGUAGE = navigator.language?.startsWith("en") ? navigator.language : "en-GB";
const DAY_MS = 24 * 3600 * 1000;

let ahead = 0;

/** The service's clock, which a phone set wrong does not share. `hours` have passed there since `start`. */
export function setClock(start, hours, readAt) {
  const off = new Date(start).getTime() + hours * 3_600_000 - new Date(readAt).getTime();
  ahead = Math.abs(off) > 120_000 ? off : 0;
}

export const clock = () => new Date(Date.now() + ahead);

const clockOf = (at) => at.toLocaleTimeString(LANGUAGE, { hour: "numeric", minute: "2-digit" });
const dayNumber = (at) => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / DAY_MS;

/** "today at 14:05", "yesterday at 9:10", "on Monday 2 March at 10:00" */
export function when(text, now = clock()) {
  const at = new Date(text);
  return `${dayOf(at, now)} at ${clockOf(at)}`;
}

function dayOf(at, now) {
  const away = dayNumber(at) - dayNumber(now);
  if (away === 0) return "today";
  if (away === 1) return "tomorrow";
  if (away === -1) return "yesterday";
  return `on ${at.toLocaleDateString(LANGUAGE, { weekday: "long", day: "numeric", month: "long" })}`;
}

/** "13:24 today", "10:00 on Monday 2 March" */
export function clockTime(text, now = clock()) {
  const at = new Date(text);
  return `${clockOf(at)} ${dayOf(at, now)}`;
}

/** "between 14:00 and 18:00 today", or from one day to the next */
export function span(from, to, now = clock()) {
  const [start, end] = [new Date(from), new Date(to)];
  return dayNumber(start) === dayNumber(end)
    ? `${dayOf(start, now)} between ${clockOf(start)} and ${clockOf(end)}`
    : `from ${when(from, now)} until ${when(to, now)}`;
}

/** "Monday 2 March 2026", in the zone of the place where it happened */
export function longDate(text, timeZone) {
  const form = { weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone };
  return new Date(text).toLocaleDateString(LANGUAGE, form);
}

export const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** By the phone's calendar. */
export const daysBetween = (from, to) => Math.max(0, dayNumber(new Date(to)) - dayNumber(new Date(from)));

export const minutesSince = (text, now = new Date()) => (now - new Date(text)) / 60_000;
