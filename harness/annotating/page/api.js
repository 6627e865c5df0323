// Talks to the server: the token, requests, and the journal of edits that are not saved yet.

const TOKEN = "harness-token";
const JOURNAL = "harness-draft";
export const tab = crypto.randomUUID().slice(0, 8); // this page, among several open ones

/** The token comes in the address's fragment, which no server sees; it leaves the address at once. */
export function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) {
    sessionStorage.setItem(TOKEN, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(TOKEN);
}

/** What went wrong, in words for people; `status` 0: the server did not answer. */
export class Refused extends Error {
  constructor(status, answer) {
    super(answer?.error ?? (status ? `The server said ${status}.` : "The server does not answer. Is it still running?"));
    Object.assign(this, { status, answer, problems: answer?.problems ?? [] });
  }
}

/** The JSON answer to a request below /api/; raises Refused. `etag` goes out as If-Match. */
export async function request(method, path, { body, etag, keepalive = false } = {}) {
  const headers = { "X-Harness-Token": sessionStorage.getItem(TOKEN) ?? "" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (etag !== undefined) headers["If-Match"] = `"${etag}"`;
  let response;
  let answer = null;
  try {
    response = await fetch(`/api/${path}`, { method, headers, keepalive, body: body === undefined ? undefined : JSON.stringify(body) });
    answer = await response.json().catch(() => null);
  } catch {
    throw new Refused(0, null);
  }
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

export const get = (path) => request("GET", path);

const key = ({ corpus, id, by, etag }) => [JOURNAL, corpus, id, by, etag, tab].join("\n");

/** Keep an unsaved state: {corpus, id, by, etag, sha256, base, lines, layers}. Whoever can not (storage full) says so. */
export function keepDraft(draft) {
  try {
    localStorage.setItem(key(draft), JSON.stringify({ ...draft, at: Date.now() }));
    return true;
  } catch {
    return false;
  }
}

export function dropDrafts({ corpus, id, by }) {
  const start = [JOURNAL, corpus, id, by, ""].join("\n");
  for (const name of Object.keys(localStorage)) if (name.startsWith(start) && name.endsWith(`\n${tab}`)) localStorage.removeItem(name);
}

/** The drafts of a document that closed pages left behind, oldest first: [name, draft]; null is one that is no JSON. */
export async function leftDrafts({ corpus, id, by }) {
  const start = [JOURNAL, corpus, id, by, ""].join("\n");
  const open = await openTabs();
  const found = Object.keys(localStorage).filter((name) => name.startsWith(start) && !open.has(name.split("\n").at(-1)));
  const drafts = found.map((name) => [name, parsed(localStorage.getItem(name))]);
  return drafts.sort(([, a], [, b]) => (a?.at ?? 0) - (b?.at ?? 0));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export const rewriteDraft = (name, draft) => localStorage.setItem(name, JSON.stringify(draft));
export const dropDraft = (name) => localStorage.removeItem(name);

/** Every open page holds a lock in its name for as long as it lives, so that its drafts are left to it. */
export function holdTab() {
  navigator.locks?.request(`${JOURNAL}-${tab}`, () => new Promise(() => {}));
}

async function openTabs() {
  const held = (await navigator.locks?.query())?.held ?? [];
  return new Set([tab, ...held.map((lock) => lock.name.split("-").at(-1))]);
}
