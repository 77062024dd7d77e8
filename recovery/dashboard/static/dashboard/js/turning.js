// Turns the clocks of the page: how long an alert waits ([data-since]) and how long there is left for the next step
// ([data-due]). The server's time counts, not this computer's; each answer of the server sets it anew.
"use strict";

(() => {
  const NBSP = "\u00a0";
  const asOf = document.querySelector("[data-now]");
  if (!asOf) return;

  let ahead = Number(asOf.dataset.now) * 1000 - Date.now();

  document.addEventListener("htmx:afterRequest", (event) => {
    const now = Number(event.detail.xhr.getResponseHeader("Data-Now"));
    if (now) {
      ahead = now - Date.now();
      turn();
    }
  });

  const span = (ms) => {
    const minutes = Math.floor(Math.abs(ms) / 60_000);
    const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
    if (minutes < 1) return `under 1${NBSP}min`;
    if (minutes < 60) return `${minutes}${NBSP}min`;
    if (!days) return rest ? `${hours}${NBSP}h ${rest}${NBSP}min` : `${hours}${NBSP}h`;
    const named = `${days}${NBSP}${days === 1 ? "day" : "days"}`;
    return hours ? `${named} ${hours}${NBSP}h` : named;
  };

  const write = (element, words) => {
    if (element.textContent !== words) element.textContent = words;
  };

  const turn = () => {
    const now = Date.now() + ahead;
    for (const element of document.querySelectorAll("[data-since]")) {
      write(element, span(now - Date.parse(element.dataset.since)));
    }
    for (const element of document.querySelectorAll("[data-due]")) {
      const { due, what } = element.dataset;
      const left = Date.parse(due) - now;
      element.classList.toggle("overdue", left < 0);
      if (left < 0) write(element, `${what}: ${span(left)} overdue`);
      else write(element, left < 60_000 ? `${what} now` : `${what} within ${span(left)}`);
    }
  };

  setInterval(turn, 1000);
})();
