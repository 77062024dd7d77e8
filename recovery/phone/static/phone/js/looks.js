/** Who looked at this recovery: the care team, or the patient's own phones. Asked for when it is opened, kept nowhere. */

import { request } from "./api.js";
import { button, fill, h, refill } from "./dom.js";
import { device } from "./store.js";
import { when } from "./time.js";

const BY = { team: "Your care team", phones: "Your phones and helpers" };

/** On the home page: the way there. */
export function looksCard() {
  return h(
    "section",
    { class: "card", "aria-labelledby": "looks" },
    h("h2", { id: "looks" }, "Who has looked"),
    h("p", {}, "Each time somebody opens your page, it is written down."),
    h("a", { class: "way", href: "#/looks" }, "See who has looked"),
  );
}

export function looksScreen(screen) {
  const list = h("div", { "aria-live": "polite" });
  const drawn = refill(
    screen,
    h("h1", {}, "Who has looked"),
    h("p", {}, "Lists that show many patients at once are not counted here."),
    Object.entries(BY).map(([by, words]) => button(words, () => show(list, by), { class: "second" })),
    list,
    h("a", { class: "way", href: "#/home" }, "Go back"),
  );
  if (drawn) show(list, "team");
}

function show(list, by) {
  fill(list, h("h2", {}, BY[by]), h("p", {}, "One moment ..."));
  more(list, h("ul", { class: "looks" }), by, null);
}

/** The next part. One that was asked for before another choice was made comes too late. */
async function more(list, lines, by, cursor) {
  const place = cursor ? `&cursor=${cursor}` : "";
  const turn = (list.turn = {});
  let page;
  try {
    page = await request("GET", `/me/looks?by=${by}${place}`, { token: device().token });
  } catch {
    return fill(list, h("h2", {}, BY[by]), lines, h("p", {}, "There is no network now. Try again later."));
  }
  if (list.turn !== turn) return;
  lines.append(...page.looks.map(line));
  const none = !lines.childNodes.length && h("p", {}, "Nobody yet.");
  const earlier =
    page.next_cursor && button("Show earlier ones", () => more(list, lines, by, page.next_cursor), { class: "second" });
  fill(list, h("h2", {}, BY[by]), none, lines, earlier);
}

function line({ at, what, role, team, name, phone }) {
  const who = phone ? (phone.caregiver ?? phone.name) : [name, role, team].filter(Boolean).join(", ");
  return h("li", {}, h("b", {}, who), ` ${what} `, h("span", { class: "at" }, when(at)));
}
