/** The service, as the phone sees it: an answer, a refusal that says what to do, or nothing at all. */

const BASE = "/api/v1";
const PATIENCE_MS = 20_000;

/** The service answered with a problem document. */
export class Refused extends Error {
  constructor(problem, retryAfterS) {
    super(problem.code);
    this.problem = problem;
    this.status = problem.status;
    this.code = problem.code;
    this.retryAfterS = retryAfterS;
  }
}

/** No answer of the service: no network, a time-out, or somebody else answered (a hotel's sign-in page). */
export class Unreachable extends Error {}

const listeners = new Set();

/** Told with each answer of which history of the service's database it is (see again.js). */
export const onEpoch = (listener) => listeners.add(listener);

export async function request(method, path, { token = null, body = null } = {}) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  let response, document;
  try {
    response = await fetch(BASE + path, {
      method,
      headers,
      body: body && JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: patience.signal,
    });
    document = response.status === 204 ? null : await response.json();
  } catch (error) {
    throw new Unreachable(error.message);
  } finally {
    clearTimeout(timer);
  }
  const epoch = response.headers.get("Recovery-Epoch");
  if (epoch) listeners.forEach((listener) => listener(epoch));
  if (response.status === 204) return null;
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json") && document.code)
    throw new Refused(
      { ...document, status: response.status },
      Number(response.headers.get("Retry-After")) || null,
    );
  if (!type.startsWith("application/json") || !response.ok)
    throw new Unreachable(`answered ${response.status}`);
  return document;
}
