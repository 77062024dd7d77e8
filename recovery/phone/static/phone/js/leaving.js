/** Signing off is finished when the service has ended the token. Until there was a network for that, the token is kept,
 *  and nothing else of the patient. */

import { Refused, request } from "./api.js";
import { forget, LEAVING, read, write } from "./store.js";

/** Whether the service does not know yet. */
export const leaving = () => Boolean(read(LEAVING));

export function leave(token) {
  write(LEAVING, [...(read(LEAVING) ?? []), token]);
  return finishLeaving();
}

/** Tell the service of phones that signed off without a network. Safe to call at any time. */
export async function finishLeaving() {
  for (const token of read(LEAVING) ?? []) {
    if (!(await isOver(token))) continue;
    const others = (read(LEAVING) ?? []).filter((each) => each !== token);
    if (others.length) write(LEAVING, others);
    else forget(LEAVING);
  }
}

/** Said twice: only the service refuses a token that has ended; a hotel's network answers 204 to everything. */
async function isOver(token) {
  return (await isRefused(token)) || isRefused(token);
}

async function isRefused(token) {
  try {
    await request("DELETE", "/me/device", { token });
    return false;
  } catch (error) {
    return error instanceof Refused && error.status === 401;
  }
}
