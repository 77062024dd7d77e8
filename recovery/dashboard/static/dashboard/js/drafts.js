// Nothing of a half-written form is lost when the page is loaded again, the network drops, the session ends or the alert
// is closed meanwhile. Each form with [data-draft] is kept in this tab alone (sessionStorage), sealed with a key that only
// pages of the same person hold ([data-drafts]). It is forgotten as soon as it is saved ([data-saved]) or thrown away,
// by signing out, by closing the tab, and after a shift. The server sees nothing of it before it is sent.
"use strict";

(() => {
  const KEPT_MS = 12 * 3_600_000;
  const NOT_TYPED = new Set(["csrfmiddlewaretoken", "seen"]);
  const names = () => Object.keys(sessionStorage).filter((name) => name.startsWith("draft:"));
  const forget = (name) => sessionStorage.removeItem(name);
  const read = (name) => {
    try {
      return JSON.parse(sessionStorage.getItem(name));
    } catch {
      return null;
    }
  };

  for (const name of names()) if (!(Date.now() - read(name)?.at < KEPT_MS)) forget(name);
  for (const { dataset } of document.querySelectorAll("[data-saved]")) {
    for (const name of names()) if (name.endsWith(`:${dataset.saved}`)) forget(name);
  }
  document.querySelector("[data-forget-drafts]")?.addEventListener("submit", () => names().forEach(forget));

  const place = document.querySelector("[data-drafts]");
  if (!place || !window.crypto?.subtle) return; // without a secure connection nothing is kept, and the page says so
  place.dataset.keeping = "";

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const text = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
  const key = crypto.subtle.importKey("raw", bytes(place.dataset.drafts), "AES-GCM", false, ["encrypt", "decrypt"]);
  const own = `draft:${place.dataset.draftsOf}:`;
  const under = (name, iv) => ({ name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) });

  const seal = async (name, typed) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(typed));
    const sealed = await crypto.subtle.encrypt(under(name, iv), await key, plain);
    return JSON.stringify({ at: Date.now(), iv: text(iv), sealed: text(sealed) });
  };

  const keep = (name, sealed) => {
    try {
      sessionStorage.setItem(name, sealed);
    } catch {
      // no room: then it is in the page alone
    }
  };

  const open = async (name) => {
    const kept = read(name);
    if (!kept) return null;
    try {
      const plain = await crypto.subtle.decrypt(under(name, bytes(kept.iv)), await key, bytes(kept.sealed));
      return { at: kept.at, typed: JSON.parse(new TextDecoder().decode(plain)) };
    } catch {
      forget(name); // sealed under a key that is no more
      return null;
    }
  };

  const typedIn = (form) => [...new FormData(form)].filter(([field]) => !NOT_TYPED.has(field));

  const fill = (form, typed) => {
    for (const element of form.elements) {
      if (!element.name || NOT_TYPED.has(element.name) || element.type === "hidden") continue;
      const values = typed.filter(([field]) => field === element.name).map(([, value]) => value);
      if (["radio", "checkbox"].includes(element.type)) element.checked = values.includes(element.value);
      else if (values.length) [element.value] = values;
    }
  };

  const say = (form, words) => {
    const said = form.querySelector("[data-draft-said]");
    while (said.firstChild.nodeType === Node.TEXT_NODE) said.firstChild.remove();
    said.prepend(`${words} `);
    said.hidden = false;
    const folded = form.closest("details");
    if (folded) folded.open = true;
  };

  const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

  const lookAfter = async (form) => {
    const name = own + form.dataset.draft;
    const asLoaded = JSON.stringify(typedIn(form));
    const isTyped = "typed" in form.dataset; // the server gave back what was typed: that is newer
    let turn = 0;

    form.addEventListener("input", async () => {
      turn += 1;
      const mine = turn;
      const typed = typedIn(form);
      if (!isTyped && JSON.stringify(typed) === asLoaded) return forget(name);
      const sealed = await seal(name, typed);
      if (mine !== turn) return;
      keep(name, sealed);
    });

    form.querySelector("[data-draft-discard]").addEventListener("click", () => {
      turn += 1;
      forget(name);
      form.reset();
      form.querySelector("[data-draft-said]").hidden = true;
      form.querySelector("textarea, input:not([type=hidden]), select")?.focus();
    });

    if (isTyped) return;
    const kept = await open(name);
    if (kept && turn === 0) {
      fill(form, kept.typed);
      say(form, `You wrote this at ${clock(kept.at)}. It is not saved yet.`);
    }
    for (const orphan of orphans(form.dataset.draftAdopts)) await adopt(form, name, orphan);
  };

  // What was typed in a form that the page does not offer any more: the words of it go into the note.
  const orphans = (prefix) => {
    if (!prefix) return [];
    const offered = new Set([...document.querySelectorAll("[data-draft]")].map((form) => own + form.dataset.draft));
    return names().filter((name) => name.startsWith(own + prefix) && !offered.has(name));
  };

  const adopt = async (form, name, orphan) => {
    const kept = await open(orphan);
    const words = kept?.typed.find(([field]) => field === "note")?.[1];
    if (!words) return;
    const note = form.querySelector("textarea");
    note.value = [note.value, words].filter(Boolean).join("\n");
    keep(name, await seal(name, typedIn(form)));
    forget(orphan);
    say(form, `You wrote this at ${clock(kept.at)} in a form that is not here any more. Save it as a note.`);
  };

  document.querySelectorAll("[data-draft]").forEach(lookAfter);
})();
