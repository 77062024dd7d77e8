/** What the phone tells of itself: that a reminder was shown, that answering began. So the care team can tell a phone that
 *  is switched off from a patient who does not answer. What could not be told is told later; told twice it is told once. */

import { Refused, request } from "./api.js";
import { device, forget, known, names, read, write } from "./store.js";

const PREFIX = "sign.";
const MOST = 5;

const keep = (path, body) => write(`${PREFIX}${path}`, { episode: device().episode.id, path, body });

/** The reminders that stand are on the page now. */
export function remindersShown() {
  const shown_at = new Date().toISOString();
  for (const { id, shown_at: told } of known("reminders")?.data.reminders ?? [])
    if (!told && !read(`${PREFIX}/me/reminders/${id}`)) keep(`/me/reminders/${id}`, { shown_at });
  return tellSigns();
}

/** The patient has begun to answer. */
export function formOpened() {
  keep("/me/form", { opened_at: new Date().toISOString() });
  return tellSigns();
}

export async function tellSigns() {
  const holder = device();
  if (!holder || holder.out) return;
  for (const name of names(PREFIX).slice(0, MOST)) {
    const { episode, path, body } = read(name) ?? {};
    if (episode !== holder.episode.id) {
      forget(name);
      continue;
    }
    try {
      await request("PUT", path, { token: holder.token, body });
      forget(name);
    } catch (error) {
      if (!(error instanceof Refused) || error.status >= 500) return;
      forget(name);
    }
  }
}
