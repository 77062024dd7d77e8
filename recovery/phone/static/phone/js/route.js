/** Where the user is: "#/part/2". The phone's own back button works, and a reload stays where it was. */

export function here() {
  const [name, ...rest] = location.hash.replace(/^#\/?/, "").split("/");
  return [name || "home", ...rest];
}

/** Go to a screen. `instead` leaves no way back to the one before. */
export function go(name, { instead = false } = {}) {
  const hash = `#/${name}`;
  if (location.hash === hash) return window.dispatchEvent(new Event("hashchange"));
  if (instead) location.replace(hash);
  else location.hash = hash;
}

/** A code that came with the address is taken out of it at once, so that it stays in no history. */
export function codeInAddress() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) history.replaceState(null, "", location.pathname);
  return code;
}
