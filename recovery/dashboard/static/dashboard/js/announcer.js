// Says each new alert once to a screen reader, marks its row for a moment, and keeps the count in the tab's title.
"use strict";

(() => {
  const live = document.querySelector("[data-announce]");
  const announcer = document.querySelector("[data-announcer]");
  if (!live || !announcer) return;

  const rows = () => [...live.querySelectorAll("[data-alert]")];
  const known = new Set(rows().map((row) => row.dataset.alert));

  live.addEventListener("htmx:afterSwap", () => {
    const fresh = rows().filter((row) => !known.has(row.dataset.alert));
    for (const row of fresh) {
      known.add(row.dataset.alert);
      row.classList.add("just-in");
    }
    if (fresh.length) announcer.textContent = fresh.map((row) => row.dataset.say).join(" ");
    const list = live.querySelector("[data-title]");
    if (list) document.title = list.dataset.title;
  });
})();
