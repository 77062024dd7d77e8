/** Who this phone belongs to, and what the service said last: fetched when it can be, kept for when it cannot. */

import { Refused, request } from "./api.js";
import { device, forget, forgetEverything, holder, known, learn, write } from "./store.js";
import { setClock } from "./time.js";

export const me = () => known("me")?.data ?? null;
/** Read times by the service's clock, as it was when it last told. */
export function followClock() {
  const told = known("me");
  if (told) setClock(told.data.episode.procedure_at, told.data.hours, told.at);
}

export const questionnaire = () => known("questionnaire")?.data ?? null;
export const numbers = () => me()?.numbers ?? null;

const WANTED = {
  me: "/me",
  questionnaire: "/questionnaire",
  checkIns: "/check-ins?limit=5",
  alerts: "/alerts",
  preferences: "/me/preferences",
  reminders: "/me/reminders",
  caregivers: "/me/caregivers",
  phones: "/me/phones",
};

const SHARED = new Set(["me", "questionnaire", "checkIns", "phones"]);

/** What a caregiver's phone is not told. What it was told while it might stays on it no longer than that. */
function isOurs(name) {
  const helper = holder();
  const ours = !helper || SHARED.has(name) || (name === "alerts" && helper.scope === "read");
  if (!ours) forget(`known.${name}`);
  return ours;
}

let cutOff = false;

let asked = 0;
const answered = new Map();

/** Whether nothing that was asked later has been answered already: an answer that took long would hide it. */
function isNews(name, turn) {
  if (answered.get(name) > turn) return false;
  answered.set(name, turn);
  return true;
}

/** The service could not be asked just now: what it said before may be long over. */
export const isCutOff = () => cutOff;

/** Ask again for these. Resolves to whether all of them came. */
export async function refresh(...wanted) {
  const own = device();
  if (!own || own.out) return false;
  const names = wanted.filter(isOurs);
  const turn = ++asked;
  const fresh = await Promise.allSettled(
    names.map((name) => request("GET", WANTED[name], { token: own.token })),
  );
  if (device()?.token !== own.token) return false;
  if (names.includes("me")) cutOff = !fresh[names.indexOf("me")].value;
  fresh.forEach(({ value, reason }, at) => {
    if (value) isNews(names[at], turn) && learn(names[at], value);
    else if (reason instanceof Refused && reason.status === 401)
      write("device", { ...own, out: reason.problem });
  });
  followClock();
  return fresh.every(({ status }) => status === "fulfilled");
}

/** Exchange a code for this phone's token. Of another patient nothing stays but reports that were never sent: they are
 *  neither shown nor sent as this one's, and go out if that patient signs in here again. */
export async function redeem(code, name) {
  const enrolled = await request("POST", "/enrolments/redeem", {
    body: { code, device: { name, platform: "web" } },
  });
  const before = device();
  const isAnother = before?.caregiver?.id !== enrolled.caregiver?.id;
  if (isAnother || before?.episode.id !== enrolled.episode.id) forgetEverything({ but: "report." });
  write("device", {
    token: enrolled.device_token,
    patient: enrolled.patient,
    caregiver: enrolled.caregiver,
    episode: enrolled.episode,
    confirmed: false,
  });
  await refresh("me", "questionnaire");
}

/** What to call this phone in the care team's list. */
export function phoneName() {
  const system = navigator.userAgentData?.platform || navigator.userAgent;
  const known = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"].find((each) =>
    system.includes(each),
  );
  return known ? `${known}, web page` : "Web page";
}
