/** What the service has taken in the last days is kept, in case it loses it: restored to an earlier time it answers with
 *  another epoch, and everything is sent again as it was. What it still has it knows by its id. */

import { onEpoch, Refused, request, Unreachable } from "./api.js";
import { message } from "./outbox.js";
import { device, forget, names, read, write } from "./store.js";

const KEPT_MS = 7 * 24 * 3600 * 1000;
const WAIT_MS = 30_000;
const PASSING = new Set(["twin_in_progress"]);

let sending = null;
let timer = null;

/** The first step of a report was taken, as it stood. */
export function keepSent({ id, episode, observed_at, revision, steps: [step] }) {
  const { messages = [] } = read(`sent.${id}`) ?? {};
  const others = messages.filter((each) => each.revision !== revision);
  const taken = { observed_at, revision, steps: [step] };
  write(`sent.${id}`, { id, episode, at: Date.now(), messages: [...others, taken] });
  forgetOld();
}

onEpoch((epoch) => {
  if (!device()) return; // signed off: nothing stays
  const before = read("epoch");
  if (epoch === before) return;
  if (before !== null) for (const name of names("sent.")) write(name, { ...read(name), owed: true });
  write("epoch", epoch);
  sendAgain();
});

/** Send what is owed again. Safe to call at any time; tried again until the service has answered. */
export function sendAgain() {
  sending ??= all().finally(() => (sending = null));
  return sending;
}

async function all() {
  clearTimeout(timer);
  forgetOld();
  for (const name of names("sent.")) {
    const kept = read(name);
    if (!kept?.owed || kept.episode !== device()?.episode.id || device()?.out) continue;
    if (await taken(kept)) write(name, { ...read(name), owed: false });
    else return void (timer = setTimeout(sendAgain, WAIT_MS * (0.8 + 0.4 * Math.random())));
  }
}

/** Whether the service has said what it makes of each message of a check-in, in their order. */
async function taken({ id, messages }) {
  for (const each of messages) {
    try {
      const receipt = await request(...message({ id, ...each }, device().token));
      if (receipt?.id !== id) throw new Unreachable("this answers something else");
    } catch (error) {
      if (!(error instanceof Refused) || error.status >= 500 || PASSING.has(error.code)) return false;
      if (error.status === 401) return false; // said by the outbox, and kept until there is a new code
    }
  }
  return true;
}

function forgetOld() {
  for (const name of names("sent.")) {
    const kept = read(name);
    if (!kept || Date.now() - kept.at > KEPT_MS) forget(name);
  }
}
