/** Opens the page: finds the screen, draws it, keeps it up to date, and sees that nothing stays unsent. */

import { sendAgain } from "./again.js";
import { attend, byId, moved, say } from "./dom.js";
import { draft, isLeft } from "./draft.js";
import { emergencyScreen, redrawEmergency } from "./emergency.js";
import { partScreen } from "./form.js";
import { drawFrame } from "./frame.js";
import { helpersScreen, newHelperScreen } from "./helpers.js";
import { homeScreen } from "./home.js";
import { flush, onChange, reports, signedOut } from "./outbox.js";
import { finishLeaving } from "./leaving.js";
import { followClock, questionnaire, refresh } from "./patient.js";
import { looksScreen } from "./looks.js";
import { remindersScreen } from "./reminders.js";
import { reviewScreen } from "./review.js";
import { codeInAddress, go, here } from "./route.js";
import { remindersShown } from "./signs.js";
import { device, forgetful, holder as whoHolds, onOtherTab } from "./store.js";
import { redrawSent, sentScreen } from "./verdict.js";
import { brokenScreen, codeScreen, notMeScreen, whoIsThisScreen } from "./welcome.js";
import { whoScreen } from "./begin.js";

const FRESH_S = 60;
const LONGEST_PRESS_MS = 10_000;
const SCREENS = {
  code: (screen) => codeScreen(screen, takeCode()),
  "who-is-this": whoIsThisScreen,
  "not-me": notMeScreen,
  home: homeScreen,
  who: whoScreen,
  part: partScreen,
  review: reviewScreen,
  emergency: emergencyScreen,
  sent: sentScreen,
  reminders: remindersScreen,
  helpers: helpersScreen,
  helper: newHelperScreen,
  looks: looksScreen,
};
const TITLES = {
  code: "Sign on",
  "who-is-this": "Is this you?",
  "not-me": "Sign off",
  home: "Today",
  who: "Who is answering?",
  review: "Your answers",
  emergency: "Call now",
  sent: "What to do now",
  reminders: "Reminders",
  helpers: "Who helps me",
  helper: "Let somebody help me",
  looks: "Who has looked",
};
const OF_THE_PATIENT = new Set(["reminders", "helper", "looks"]);
const OF_A_DRAFT = new Set(["part", "review", "emergency"]);
const OF_THE_MOMENT = new Set(["part", "review"]);

/** A newer page is on the phone. It is taken when nothing is being filled in. */
let outdated = false;
let unsent = 0;
let codeFound = codeInAddress();

/** Whose page is drawn, and which check-in. */
let drawn = "";
/** Another tab has changed answers of it. */
let overtaken = false;

function takeCode() {
  const code = codeFound ?? "";
  codeFound = null;
  return code;
}

/** The screen that may be shown: no form without a patient, no question without a check-in begun. */
function allowed(name) {
  const holder = device();
  if (!holder) return "code";
  if (!holder.confirmed && !["not-me", "code"].includes(name)) return "who-is-this";
  if (OF_A_DRAFT.has(name) && !(draft() && questionnaire())) return "home";
  if (OF_THE_MOMENT.has(name) && isLeft(draft())) return "home";
  if (OF_THE_PATIENT.has(name) && whoHolds()) return "home";
  return name in SCREENS ? name : "home";
}

const subject = () =>
  [device()?.token, device()?.confirmed, OF_A_DRAFT.has(here()[0]) && draft()?.id].join();

/** Whether what is drawn is no longer so: sent, begun anew or signed off in another tab, or left for long. */
const isOver = () => subject() !== drawn || allowed(here()[0]) !== here()[0];

/** Whatever goes wrong on this page, the patient is told whom to call. */
function safely(work) {
  try {
    work();
  } catch (error) {
    console.error(error);
    delete byId("screen").dataset.drawn;
    brokenScreen(byId("screen"));
  }
}

const draw = () => safely(drawScreen);

/** Nothing moves from under a finger, or its tap would be lost: what is new is drawn when it is lifted. */
let pressedAt = -Infinity;
window.addEventListener("pointerdown", () => (pressedAt = performance.now()), true);
for (const end of ["pointerup", "pointercancel"])
  window.addEventListener(end, () => setTimeout(() => (pressedAt = -Infinity)), true);

function redraw() {
  if (performance.now() - pressedAt < LONGEST_PRESS_MS) setTimeout(redraw, 100);
  else safely(redrawScreen);
}

function drawScreen() {
  if (codeFound && !here()[0].startsWith("code")) return go("code", { instead: true });
  const [wanted, ...rest] = here();
  const name = allowed(wanted);
  if (name !== wanted) return go(name, { instead: true });
  if (outdated && name === "home" && !forgetful()) return location.reload();
  const screen = byId("screen");
  screen.replaceChildren();
  delete screen.dataset.drawn;
  const wantedPlace = SCREENS[name](screen, ...rest);
  if (here().join() !== [wanted, ...rest].join()) return;
  drawn = subject();
  drawFrame();
  arrive(screen, wantedPlace instanceof Element ? wantedPlace : null);
  if (name === "home") update();
}

/** The title names the page and nothing of the answers: it stays in the browser's history. */
function arrive(screen, place) {
  const heading = screen.querySelector("h1");
  const [name, part] = here();
  document.title = `${name === "part" ? `Part ${part}` : TITLES[name]} - Recovery check-in`;
  if (place) return attend(place);
  moved();
  window.scrollTo(0, 0);
  heading.setAttribute("tabindex", "-1");
  heading.focus({ preventScroll: true });
}

/** Ask the service again, and draw what is new without moving the reader. */
async function update() {
  if (document.hidden || here()[0] !== "home" || !device()) return;
  await refresh("me", "questionnaire", "checkIns", "alerts");
  redraw();
  await refresh("preferences", "reminders", "caregivers");
  redraw();
  remindersShown();
}

function redrawScreen() {
  const [name, id] = here();
  drawFrame();
  if (name === "home" && device()?.confirmed) redrawHome();
  if (name === "emergency") redrawEmergency(byId("screen"));
  if (name === "sent") redrawSent(byId("screen"), id);
}

/** The home page anew, if anything on it is; whoever stood on a button still stands on it. */
function redrawHome() {
  const screen = byId("screen");
  const focused = screen.contains(document.activeElement) ? document.activeElement.textContent : null;
  if (!homeScreen(screen)) return;
  const again = [...screen.querySelectorAll("h1, a, button")].find((each) => each.textContent === focused);
  if (again?.matches("h1")) again.setAttribute("tabindex", "-1");
  again?.focus({ preventScroll: true });
}

window.addEventListener("hashchange", () => {
  codeFound ??= codeInAddress();
  draw();
});
window.addEventListener("online", () => {
  if (device() && !signedOut()) say("The network is back.");
  finishLeaving();
  flush();
  sendAgain();
  update();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  if ((overtaken && OF_A_DRAFT.has(here()[0])) || isOver()) draw();
  overtaken = false;
  flush();
  sendAgain();
  update();
});
onOtherTab((name) => {
  overtaken ||= name === "draft";
  if (isOver()) draw();
  else redraw();
  if (name === "receipts") update(); // a check-in was taken there: what came of it is asked for here
});
setInterval(update, FRESH_S * 1000);
onChange(() => {
  const sent = reports().length < unsent;
  unsent = reports().length;
  redraw();
  if (sent) update();
});

unsent = reports().length;
followClock();
draw();
finishLeaving();
flush();
sendAgain();
if ("serviceWorker" in navigator) {
  const { worker, page } = document.documentElement.dataset;
  const before = navigator.serviceWorker.controller;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    outdated = Boolean(before);
    if (outdated && here()[0] === "home" && !forgetful()) location.reload();
  });
  navigator.serviceWorker.register(worker, { scope: page }).catch(() => {});
}
