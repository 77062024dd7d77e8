"use strict";

// Two minutes before the session ends for want of a deed it is said, and one press keeps it. What an open page asks for by
// itself is no deed (docs/adr/0027). A deed in another tab is not seen here: then it is said once too often.
(() => {
  const IDLE_MS = 15 * 60 * 1000;
  const AHEAD_MS = 2 * 60 * 1000;
  const box = document.getElementById("idle");
  let timer;

  const begin = () => {
    box.hidden = true;
    clearTimeout(timer);
    timer = setTimeout(() => { box.hidden = false; }, IDLE_MS - AHEAD_MS);
  };

  const stay = async () => {
    try {
      const answer = await fetch(box.dataset.stay, { method: "HEAD", cache: "no-store" });
      if (answer.redirected) location.reload();  // too late: the sign-in leads back here
      if (answer.ok) begin();
    } catch {
      // No network: it stays, to be pressed again.
    }
  };

  box.querySelector("button").addEventListener("click", stay);
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig.verb !== "get") begin();
  });
  begin();
})();
