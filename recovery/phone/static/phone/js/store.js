/** What the phone keeps. Everything lies under one prefix, one entry per report, so that two tabs do not overwrite
 *  each other's. When the browser refuses to keep anything, it is held in memory and `forgetful()` says so. */

const PREFIX = "recovery.";
export const LEAVING = "leaving";
const memory = new Map();
let refused = false;

export function read(name) {
  try {
    return JSON.parse(memory.get(name) ?? localStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

export function write(name, value) {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(PREFIX + name, text);
    memory.delete(name);
  } catch {
    refused = true;
    memory.set(name, text);
  }
}

export function forget(name) {
  memory.delete(name);
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    refused = true;
  }
}

/** The names of entries that begin so. */
export function names(start = "") {
  const found = new Set([...memory.keys()]);
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith(PREFIX)) found.add(key.slice(PREFIX.length));
  } catch {
    refused = true;
  }
  return [...found].filter((name) => name.startsWith(start)).sort();
}

export const forgetful = () => refused;

/** Told with the name of what another tab has written or forgotten; null when it may be anything. */
export const onOtherTab = (listener) =>
  window.addEventListener("storage", ({ key }) => {
    if (key === null || key.startsWith(PREFIX)) listener(key && key.slice(PREFIX.length));
  });

export const device = () => read("device");

/** The caregiver whose phone this is, {id, name, scope}, as the service said last; null on the patient's own. */
export const holder = () => known("me")?.data.caregiver ?? device()?.caregiver ?? null;

/** What the service said last, and when: {at, data}; null when it never did. */
export const known = (name) => read(`known.${name}`);
export const learn = (name, data) => write(`known.${name}`, { at: new Date().toISOString(), data });

/** Sign off: nothing of the patient stays on this phone, `but` entries that begin so; and LEAVING, see leaving.js. */
export function forgetEverything({ but = null } = {}) {
  for (const name of names()) if (name !== LEAVING && (but === null || !name.startsWith(but))) forget(name);
}

/** Ask the browser not to clear us away when the phone runs short of space. */
export function askToStay() {
  navigator.storage?.persist?.().catch(() => {});
}
