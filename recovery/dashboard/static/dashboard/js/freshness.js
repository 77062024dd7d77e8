// Keeps a live part of the page ([data-live]) honest: asks only for what has changed, says as of when the data is, and
// shows a banner when nothing could be loaded for a minute.
"use strict";

(() => {
  const PATIENCE_MS = 60_000;
  const live = document.querySelector("[data-live]");
  const asOf = document.querySelector("[data-as-of]");
  const banner = document.querySelector("[data-stale]");
  const said = document.querySelector("[data-stale-said]");
  if (!live) return;

  let loadedAt = Date.now();

  const isPoll = (event) => event.detail.elt === live;

  live.addEventListener("htmx:configRequest", (event) => {
    const shown = live.querySelector("[data-tag]");
    if (isPoll(event) && shown) event.detail.headers["If-None-Match"] = `"${shown.dataset.tag}"`;
  });

  live.addEventListener("htmx:afterRequest", (event) => {
    const { status } = event.detail.xhr;
    const time = event.detail.xhr.getResponseHeader("Data-As-Of");
    if (time && (status === 304 || (status >= 200 && status < 300) || status === 409)) {
      loadedAt = Date.now();
      asOf.textContent = time;
      show(false);
    }
  });

  const show = (isStale) => {
    if (banner.hidden !== isStale) return;
    banner.hidden = !isStale;
    banner.querySelector("[data-stale-since]").textContent = asOf.textContent;
    said.textContent = isStale ? banner.textContent.trim().replace(/\s+/g, " ") : "";
  };

  setInterval(() => {
    if (Date.now() - loadedAt > PATIENCE_MS) show(true);
  }, 1000);

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) htmx.trigger(live, "refresh");
  });
})();
