// A form with [data-passkey] asks the browser for a passkey ("create" makes one, "get" signs with one) and sends what it
// answers. Without this script, or in a browser that has none, the page says what to do instead.
"use strict";

(() => {
  const WORDS = {
    InvalidStateError: "This passkey is one of yours already.",
    NotAllowedError: "No passkey was given: it was stopped, or took too long. Press the button again.",
    SecurityError: "This browser makes no passkeys for this address. Use the other way on this page.",
  };
  const OTHERWISE = "This did not work. Press the button again, or use the other way on this page.";

  const form = document.querySelector("[data-passkey]");
  if (!form || !window.PublicKeyCredential || !window.isSecureContext) return;

  const bytes = (text) => {
    const letters = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => {
    const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };

  const asked = () => {
    const { publicKey } = JSON.parse(form.dataset.options);
    publicKey.challenge = bytes(publicKey.challenge);
    if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
    for (const list of ["excludeCredentials", "allowCredentials"]) {
      for (const key of publicKey[list] ?? []) key.id = bytes(key.id);
    }
    return { publicKey };
  };

  const answered = ({ rawId, type, response }) => {
    const said = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature"]) {
      if (response[name]) said[name] = text(response[name]);
    }
    return JSON.stringify({ id: text(rawId), rawId: text(rawId), type, response: said });
  };

  const button = form.querySelector("button");
  const refusal = form.querySelector("[data-refusal]");
  const ask = async () => {
    button.disabled = true;
    refusal.hidden = true;
    try {
      form.elements.credential.value = answered(await navigator.credentials[form.dataset.passkey](asked()));
      form.submit();
    } catch (error) {
      refusal.textContent = WORDS[error.name] ?? OTHERWISE;
      refusal.hidden = false;
      button.disabled = false;
      button.focus();
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!button.disabled) ask();
  });
  for (const note of document.querySelectorAll("[data-without-passkeys]")) note.hidden = true;
  form.hidden = false;
})();
