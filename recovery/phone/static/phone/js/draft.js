/** The check-in being filled in. It is kept after every tap, so that a reload or a flat battery loses nothing. */

import { device, forget, read, write } from "./store.js";
import { minutesSince } from "./time.js";

const STILL_NOW_MIN = 60;

/** Random, version 4. `crypto.randomUUID` is missing in old browsers and on pages without https. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The draft of the patient this phone belongs to; never another's. */
export function draft() {
  const kept = read("draft");
  return kept && kept.episode === device()?.episode.id ? kept : null;
}

export function begin(answeredBy) {
  return save({
    id: newId(),
    episode: device().episode.id,
    observed_at: new Date().toISOString(),
    answered_by: answeredBy,
    revision: null,
    answers: {},
    notes: {},
    reviewing: false,
  });
}

/** A stored check-in, opened to put a mistake right. */
export function reopen(checkIn) {
  return save({
    id: checkIn.id,
    episode: device().episode.id,
    observed_at: checkIn.observed_at,
    answered_by: checkIn.answered_by,
    revision: checkIn.revision,
    answers: checkIn.answers,
    notes: { whole: checkIn.status === "completed" },
    reviewing: true,
  });
}

export function save(changed) {
  const kept = { ...changed, touched_at: new Date().toISOString() };
  write("draft", kept);
  return kept;
}

/** So old that it need not be what the patient feels now. */
export const isOld = (kept) => minutesSince(kept.observed_at) > STILL_NOW_MIN;

/** Nobody has touched it for so long that it is asked whether it goes on. */
export const isLeft = (kept) => minutesSince(kept.touched_at) > STILL_NOW_MIN;

export const change = (fields) => save({ ...draft(), ...fields });

export function answer(id, value) {
  return change({ answers: { ...draft().answers, [id]: value } });
}

export const discard = () => forget("draft");
