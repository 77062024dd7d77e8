// A page that is made for paper has a button for it, where the browser can print.
"use strict";

(() => {
  const button = document.querySelector("[data-print]");
  if (!button || !window.print) return;
  button.hidden = false;
  button.addEventListener("click", () => window.print());
})();
