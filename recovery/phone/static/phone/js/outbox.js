/** What is not sent yet. One entry per check-in, holding in order what has to be told of it: perhaps first the
 *  half-finished report of an emergency, then the whole. A step keeps its id and content over every try, so that the
 *  service can tell a repetition from a second report. It goes only when the service has taken it. */

import { keepSent } from "./again.js";
import { Refused, request, Unreachable } from "./api.js";
import { change as changeDraft, draft } from "./draft.js";
import { device, forget, names, read, write } from "./store.js";

const FIRST_WAIT_S = 2;
const LONGEST_WAIT_S = 300;
const PASSING = new Set(["twin_in_progress"]);
const RECEIPTS_KEPT = 3;
const APP = `web/${document.documentElement.dataset.version ?? "1"}`;

const watchers = new Set();
const senders = new Map();
let timer = null;
let wait = 0;

export const onChange = (watcher) => watchers.add(watcher);
const tell = () => watchers.forEach((watcher) => watcher());

const entry = (id) => read(`report.${id}`);
const keep = (report) => write(`report.${report.id}`, report);
const amend = (id, fields) => entry(id) && keep({ ...entry(id), ...fields });

/** Of the recovery that the phone is signed on for, and of whoever answered on it: nobody sends what another said. */
const isMine = (report) =>
  report?.episode === device()?.episode.id && (report?.caregiver ?? null) === (device()?.caregiver?.id ?? null);

/** Every report of this phone's patient that the service has not taken, oldest first; refused ones too. */
export function reports() {
  return names("report.")
    .map(read)
    .filter(isMine)
    .sort((one, other) => one.observed_at.localeCompare(other.observed_at));
}

/** What became of a check-in: {state, receipt, problem, advice, tried}; state is waiting, refused, taken, withdrawn or
 *  unknown. Advice is what the service said to do although it could not take the report. */
export function outcome(id) {
  const report = entry(id);
  const receipt = read("receipts")?.find((each) => each.id === id) ?? null;
  if (report)
    return {
      state: report.refused ? "refused" : "waiting",
      problem: report.refused,
      advice: report.advice,
      tried: report.tried,
      receipt,
    };
  if (receipt) return { state: receipt.withdrawn ? "withdrawn" : "taken", receipt };
  return { state: "unknown", receipt };
}

/** Put the draft's answers on their way. Takes the place of a report that was refused. */
export function add(from, answers, status) {
  const known = entry(from.id);
  const steps = known && !known.refused ? known.steps : [];
  keep({
    id: from.id,
    episode: from.episode,
    caregiver: device()?.caregiver?.id ?? null,
    observed_at: from.observed_at,
    revision: known?.revision ?? from.revision,
    refused: null,
    advice: known?.advice ?? null,
    tried: known?.tried ?? false,
    steps: [...steps, { key: Math.random(), status, answers, answered_by: from.answered_by }],
  });
  tell();
  return flush();
}

export function remove(id) {
  forget(`report.${id}`);
  tell();
}

/** Send what there is, now. Safe to call at any time. Reports do not wait for each other. */
export async function flush() {
  clearTimeout(timer);
  for (const { id } of reports())
    if (!senders.has(id))
      senders.set(
        id,
        send(id).finally(() => (senders.delete(id), tell())),
      );
  const pauses = await Promise.all(senders.values());
  if (senders.size) return;
  clearTimeout(timer);
  if (!open().length || signedOut()) wait = 0;
  else timer = setTimeout(flush, nextWait(Math.max(0, ...pauses)));
}

const open = () => reports().filter((report) => !report.refused);
export const signedOut = () => device()?.out ?? null;

/** Twice as long each time, up to five minutes, never in step with other phones. */
function nextWait(leastS) {
  wait = Math.min(wait ? wait * 2 : FIRST_WAIT_S, LONGEST_WAIT_S);
  return Math.max(leastS, wait) * 1000 * (0.8 + 0.4 * Math.random());
}

/** The steps of one report in their order. Returns the seconds after which to try again at the earliest. */
async function send(id) {
  for (let report = next(id); report; report = next(id)) {
    const { token } = device();
    const sent = signedOut() ? whole(report) : report;
    try {
      const receipt = await request(...message(sent, token));
      if (receipt?.id !== id) throw new Unreachable("this answers something else");
      keepSent(report);
      settle(id, report.steps[0].key, receipt);
    } catch (error) {
      amend(id, { tried: true });
      if (!(error instanceof Refused)) return 0;
      if (error.status >= 500 || PASSING.has(error.code)) {
        if (error.problem.action) amend(id, { advice: error.problem });
        return error.retryAfterS ?? 0;
      }
      refuse(id, error.problem, token, sent.steps.length === 1);
    }
  }
  return 0;
}

/** The report, if there is something of it to send, as long as the phone is its patient's. */
function next(id) {
  const report = entry(id);
  const sendable = report?.steps.length && !report.refused && (!signedOut() || mayHandIn(report));
  return sendable && isMine(report) ? report : null;
}

/** A phone that was signed out hands in what it has, once, for the care team to read. */
const mayHandIn = ({ handedIn }) => signedOut()?.code === "device_revoked" && !handedIn;

const whole = (report) => ({ ...report, steps: report.steps.slice(-1) });

export function message({ id, observed_at, revision, steps: [{ status, answers, answered_by }] }, token) {
  const body = {
    observed_at,
    sent_at: new Date().toISOString(),
    status,
    answered_by,
    app_version: APP,
    answers,
  };
  return revision === null
    ? ["POST", "/check-ins", { token, body: { id, ...body } }]
    : ["PUT", `/check-ins/${id}`, { token, body: { ...body, base_revision: revision } }];
}

/** Taken: the step goes. Another one may have been added meanwhile, or the phone signed off. */
function settle(id, key, receipt) {
  const report = entry(id);
  if (!report) return;
  wait = 0;
  if (report.episode === device()?.episode.id) remember(receipt);
  if (draft()?.id === id) changeDraft({ revision: receipt.revision });
  const steps = report.steps.filter((step) => step.key !== key);
  if (steps.length) keep({ ...report, revision: receipt.revision, advice: null, steps });
  else forget(`report.${id}`);
}

function refuse(id, problem, token, isWhole) {
  if (problem.status === 401) {
    if (device()?.token === token) write("device", { ...device(), out: problem });
    if (problem.code === "device_revoked" && isWhole)
      amend(id, { handedIn: true, advice: problem.action ? problem : null });
  } else if (problem.code === "withdrawn") {
    remember({ id, withdrawn: true, detail: problem.detail });
    forget(`report.${id}`);
  } else amend(id, { refused: problem });
}

function remember(receipt) {
  const others = (read("receipts") ?? []).filter((each) => each.id !== receipt.id);
  write("receipts", [receipt, ...others].slice(0, RECEIPTS_KEPT));
}
