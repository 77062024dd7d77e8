// A press of a button that reached nobody must not look like one that worked: it is said at the foot of the page, until
// it is dismissed.
"use strict";

(() => {
  const NOT_SAVED = "This was not saved. Load the page again, and look at the row before you press once more.";
  const notice = () => document.getElementById("notice");
  const live = document.querySelector("[data-live]");
  if (!live || !notice()) return;

  const say = (words) => {
    const dismiss = Object.assign(document.createElement("button"), {
      type: "button",
      className: "plain",
      textContent: "Dismiss",
    });
    dismiss.dataset.dismiss = "";
    notice().replaceChildren(Object.assign(document.createElement("p"), { textContent: words }), dismiss);
  };

  for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
    live.addEventListener(failure, (event) => {
      const answered = event.detail.xhr?.status === 409; // it has words of its own
      if (event.detail.elt !== live && !answered) say(NOT_SAVED);
    });
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) notice().replaceChildren();
  });
})();
