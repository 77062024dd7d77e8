// A refresh must not pull the page from under a hand: the focus stays where it was, or goes to the heading when its
// row has gone; and when rows have moved, clicks wait for a moment, so that none lands on another patient.
"use strict";

(() => {
  const SETTLE_MS = 500;
  const live = document.querySelector("[data-live]");
  if (!live) return;

  const order = () => [...live.querySelectorAll("[data-alert]")].map((row) => row.id).join();
  let before = "";
  let focused = "";

  live.addEventListener("htmx:beforeSwap", () => {
    before = order();
    focused = live.contains(document.activeElement) ? document.activeElement.id : "";
  });

  live.addEventListener("htmx:afterSettle", () => {
    if (focused && document.activeElement?.id !== focused) {
      const target = document.getElementById(focused) ?? document.getElementById("list-heading");
      target?.focus({ preventScroll: true });
    }
    focused = "";
    if (before !== order()) {
      live.classList.add("just-moved");
      setTimeout(() => live.classList.remove("just-moved"), SETTLE_MS);
    }
    before = order();
  });
})();
