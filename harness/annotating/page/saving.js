// Saves 0.8 s after each change; keeps a draft until the server has it; merges when the file changed meanwhile.
import { dropDraft, dropDrafts, get, holdTab, keepDraft, leftDrafts, request, tab } from "./api.js";
import { byId, el, openDialog } from "./dom.js";
import { app, canonical, mergeLines, onChange, open, redraw, say, takeOver } from "./state.js";

const PAUSE = 800;
const channel = new BroadcastChannel("harness-annotate");
let base = null; // {lines, layers} that the server last had from or gave to this page
let timer = null;
let writing = null;
let reopened = false; // why layers are open again is to be read until the next save
let running = null; // the save under way
let failures = 0;
let order = "unannotated";

export const setOrder = (now) => (order = now);

const here = () => ({ corpus: app.corpus.name, id: app.doc.id, by: app.corpus.by, etag: app.doc.etag });
const state = () => ({ lines: app.lines, layers: app.layers });
const isDirty = () => base !== null && canonical(base) !== canonical(state());

/** Show how things stand with the file: saved, unsaved, saving, not saved, conflict. */
function tell(kind, text) {
  byId("state").dataset.kind = kind;
  byId("state").textContent = text;
}

/** Load a document, after sending what a closed page left unsaved of it. False: the one at hand is not saved yet. */
export async function load(id) {
  if (!(await flush())) {
    say("This document is not saved yet. See below, or undo.");
    return false;
  }
  const doc = await get(`documents/${id}`);
  const drafts = await leftDrafts({ corpus: app.corpus.name, id: doc.id, by: app.corpus.by });
  adopt(doc);
  for (const [name, draft] of drafts) {
    if (await restore(draft)) dropDraft(name);
  }
  byId("stale").hidden = true;
  return true;
}

function adopt(doc) {
  open(doc);
  base = state();
  tell(doc.etag ? "saved" : "new", doc.etag ? "saved" : "not begun");
}

/** What a closed page had not saved goes on top of what is there now; undoing takes it back. */
async function restore(draft) {
  if (draft.sha256 !== app.doc.sha256) {
    tell("error", "not saved: the text was changed since an edit that was not saved");
    return false;
  }
  const lines = mergeLines(draft.base.lines, draft.lines, app.lines);
  if (draft.etag !== app.doc.etag) {
    // The file changed since: let the server judge whether both can stand.
    try {
      const answer = await put({ etag: draft.etag, base: draft.base, lines: draft.lines, layers: draft.layers });
      accept(answer);
      takeOver(answer.lines, answer.layers);
    } catch (problem) {
      if (problem.status === 412) askAbout(problem.answer, draft);
      else return false;
    }
  } else {
    takeOver(lines, { ...app.layers, ...draft.layers });
    soon();
  }
  say("Edits that a closed page had not saved are back. Undo takes them away.");
  return true;
}

const put = ({ etag, base: from, lines, layers, keepalive }) =>
  request("PUT", `documents/${app.doc.id}`, { etag, keepalive, body: { sha256: app.doc.sha256, layers, lines, base: from, order } });

/** Save in 0.8 s; a further change begins the wait anew. */
function soon() {
  tell("unsaved", "unsaved");
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
  clearTimeout(writing);
  writing = setTimeout(journal, 60); // after the paint: writing a long document down takes milliseconds
}

function journal() {
  if (app.lines === base.lines && app.layers === base.layers) return;
  const { lines, layers } = state();
  if (!keepDraft({ ...here(), sha256: app.doc.sha256, base, lines, layers })) tell("error", "not saved: the browser's store is full");
}

/** Save now; true where nothing unsaved is left. One save at a time, the next takes what came meanwhile. */
export async function save() {
  clearTimeout(timer);
  if (running) {
    await running;
    return save();
  }
  if (!isDirty()) return true;
  running = send();
  const done = await running;
  running = null;
  return done && isDirty() ? save() : done;
}

export const flush = () => (app.doc && isDirty() ? save() : Promise.resolve(true));

async function send() {
  const sent = state();
  const from = here();
  tell("saving", "saving…");
  try {
    const answer = await put({ etag: from.etag, base, ...sent });
    failures = 0;
    accept(answer, sent);
    return true;
  } catch (problem) {
    journal();
    return refused(problem, sent);
  }
}

/** The server has it: what it merged comes into the page, what was done here meanwhile stays. */
function accept(answer, sent) {
  dropDrafts(here());
  app.doc.etag = answer.etag;
  const merged = answer.merged && sent;
  base = merged || !sent ? { lines: answer.lines, layers: answer.layers } : sent;
  if (merged) {
    takeOver(mergeLines(sent.lines, app.lines, answer.lines), { ...answer.layers, ...changed(sent.layers, app.layers) });
    say("Saved, together with what somebody else had changed in this file.");
  }
  if (!reopened) app.problems = answer.problems ?? [];
  reopened = false;
  tell("saved", answer.merged ? "saved, merged" : "saved");
  byId("stale").hidden = true;
  redraw("problems");
  channel.postMessage({ ...here(), tab });
}

const changed = (from, to) => Object.fromEntries(Object.entries(to).filter(([name, value]) => from[name] !== value));

function refused(problem, sent) {
  if (problem.status === 412) {
    askAbout(problem.answer, { base, ...sent });
    return false;
  }
  app.problems = problem.problems;
  redraw("problems");
  // What is not done yet may be kept as it is, so that no edit is lost: layers that cannot be done are open again.
  const done = Object.keys(sent.layers).filter((name) => sent.layers[name] === "done");
  if (problem.status === 422 && done.length) {
    app.layers = { ...app.layers, ...Object.fromEntries(done.map((name) => [name, "open"])) };
    tell("error", `not done: ${problem.message}`);
    say("Not done: see the problems below.");
    reopened = true;
    redraw("lines");
    timer = setTimeout(save, PAUSE);
    return false;
  }
  const gone = { 0: "the server does not answer; trying again", 401: "open the link that the terminal shows", 409: "the text was changed; reload the page" };
  tell("error", `not saved: ${gone[problem.status] ?? problem.message}`);
  if (problem.status === 0 || problem.status >= 500) timer = setTimeout(save, Math.min(30000, 1000 * 2 ** failures++));
  return false;
}

/** Real conflicts alone: for each, mine or theirs; everything else is merged already. */
function askAbout(answer, { base: from, lines: mine, layers }) {
  tell("conflict", "conflict");
  if (byId("conflicts")) return; // asked already
  const rows = answer.conflicts.map((conflict, i) => {
    const pick = (value, line) =>
      el("label", { class: "pick" }, el("input", { type: "radio", name: `conflict-${i}`, value, checked: value === "mine" }), el("span", {}, el("b", {}, value === "mine" ? "Mine: " : "Theirs: "), describe(line)));
    return el("fieldset", {}, el("legend", {}, conflict.layer), pick("mine", conflict.mine), pick("theirs", conflict.theirs));
  });
  const settle = (event) => {
    event.preventDefault();
    const leave = [];
    const drop = [];
    answer.conflicts.forEach((conflict, i) => {
      const own = event.target.elements[`conflict-${i}`].value === "mine";
      const lines = [conflict.mine, conflict.theirs].filter(Boolean);
      if (own) drop.push(conflict.theirs);
      else leave.push(...lines);
    });
    app.doc.etag = answer.etag;
    const theirs = answer.lines.filter((line) => !drop.some((one) => canonical(one) === canonical(line)));
    const merged = mergeLines(from.lines, mine, theirs, leave);
    base = { lines: answer.lines, layers: answer.layers };
    takeOver(mergeLines(mine, app.lines, merged), { ...answer.layers, ...changed(from.layers, layers) });
    close();
    save();
  };
  const content = el("form", { id: "conflicts", onsubmit: settle }, el("p", {}, "This file was changed elsewhere, in the same places as here. Choose what stays."), ...rows, el("p", { class: "buttons" }, el("button", { class: "main", autofocus: true }, "Keep these and save")));
  const close = openDialog("Two changes to the same thing", content, { wide: true });
}

function describe(line) {
  if (!line) return "removed";
  if (typeof line !== "object") return String(line);
  const { layer: _, evidence: __, text, start, end, label, ...rest } = line;
  const words = Array.isArray(text) ? text.join(" … ") : text;
  const more = Object.values(rest).filter((value) => typeof value === "string").join(", ");
  return [label, words && `“${words}”`, more].filter(Boolean).join(" · ");
}

/** Another tab saved this file: say so at once, and offer its state; the next save merges in any case. */
function heard({ data }) {
  if (!app.doc || data.tab === tab || data.etag === app.doc.etag) return;
  const mine = here();
  if (data.corpus !== mine.corpus || data.id !== mine.id || data.by !== mine.by) return;
  byId("stale").hidden = false;
  say("This document was saved in another tab.");
}

/** Load the newer file under the edits made here. */
export async function catchUp() {
  if (!(await flush())) return;
  const doc = await get(`documents/${app.doc.id}`);
  app.doc.etag = doc.etag;
  base = { lines: doc.lines, layers: doc.layers };
  takeOver(doc.lines, doc.layers);
  byId("stale").hidden = true;
  tell("saved", "saved");
}

export function listen() {
  holdTab();
  onChange(soon);
  channel.addEventListener("message", heard);
  byId("stale-load").addEventListener("click", catchUp);
  window.addEventListener("pagehide", () => {
    if (!isDirty()) return;
    journal();
    put({ etag: app.doc.etag, base, ...state(), keepalive: true }).catch(() => {}); // the draft is there if it fails
  });
}

/** Mark layers as done (or open again) and save at once; the server says what is missing. */
export async function setDone(layers, done, change) {
  change({ layers: { ...app.layers, ...Object.fromEntries(layers.map((name) => [name, done ? "done" : "open"])) } });
  const saved = await save();
  if (saved) say(done ? `Done: ${layers.join(", ")}. N goes to the next document.` : "Open again.");
  return saved;
}
