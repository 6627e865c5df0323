// Saves 0.8 s after each change; keeps a draft until the server has it; merges when the file changed meanwhile.
import { dropDraft, dropDrafts, get, holdTab, keepDraft, leftDrafts, request, rewriteDraft, tab } from "./api.js";
import { askAbout, describe } from "./conflicts.js";
import { byId } from "./dom.js";
import { app, canonical, change, changed, mergeLines, onChange, open, redraw, say, takeOver, withoutLines } from "./state.js";

const PAUSE = 800;
const channel = new BroadcastChannel("harness-annotate");
let base = null; // {lines, layers} that the server last had from or gave to this page
let timer = null;
let writing = null;
let reopened = false; // why layers are open again is to be read until the next save
let running = null; // the save under way
let failures = 0;
let loads = 0;

const whose = () => ({ corpus: app.corpus.name, id: app.doc.id, by: app.corpus.by });
const here = () => ({ ...whose(), etag: app.doc.etag });
const state = () => ({ lines: app.lines, layers: app.layers });
const isDirty = () => base !== null && canonical(base) !== canonical(state());

/** Show how things stand with the file: saved, unsaved, saving, not saved, conflict. */
function tell(kind, text) {
  byId("state").dataset.kind = kind;
  byId("state").textContent = text;
}

/**
 * Load a document, and what closed pages left unsaved of it. `picked`: the order of the queue that led here, null where
 * somebody chose it. False: the one at hand is not saved yet, or another one was asked for meanwhile.
 */
export async function load(id, picked = null) {
  const own = ++loads;
  const doc = await fresh(id);
  if (own !== loads) return false;
  if (!doc) {
    say("This document is not saved yet. See below, or undo.");
    return false;
  }
  open({ ...doc, picked });
  base = state();
  tell(doc.etag ? "saved" : "new", doc.etag ? "saved" : "not begun");
  byId("stale").hidden = true;
  await restoreLeft();
  return own === loads;
}

/** What the server has of a document, read anew until nothing here is unsaved or newer; null where a save failed. */
async function fresh(id) {
  for (;;) {
    if (!(await flush())) return null;
    const before = canonical([app.doc?.id, app.doc?.etag]);
    const doc = await get(`documents/${id}`);
    if (!running && !isDirty() && before === canonical([app.doc?.id, app.doc?.etag])) return doc;
  }
}

/** Take up where closed pages stopped, one after another; those behind one that cannot be saved wait for it. */
async function restoreLeft() {
  const doc = app.doc;
  let restored = false;
  for (const [name, draft] of await leftDrafts(whose())) {
    if (!(await flush()) || doc !== app.doc) return;
    try {
      restored = restore(name, draft) || restored;
    } catch {
      lose(name, draft, "It cannot be read.");
    }
  }
  if (restored && (await flush())) say("Edits that a closed page had not saved are back. Undo takes them away.");
}

/** Be the closed page: its lines, and the file as it knew it. So the next save merges, asks and refuses as ever. */
function restore(name, draft) {
  if (draft.sha256 !== app.doc.sha256) return lose(name, draft, "The text was changed since.");
  const [left, from, rest] = [part(draft), part(draft.base), part(draft, false)];
  const foreign = rest.lines[0]?.layer;
  if (foreign) {
    rewriteDraft(name, { ...draft, lines: [...from.lines, ...rest.lines], layers: { ...from.layers, ...rest.layers } });
    lose(name, draft, `This corpus has no layer ${foreign}.`, "Some");
  }
  const edited = canonical(left) !== canonical(from);
  if (edited) {
    base = from;
    app.doc.etag = draft.etag;
    app.doc.picked ??= draft.picked;
    change(left);
  }
  if (!foreign && (!edited || journal())) dropDraft(name); // it goes on under this page's name
  return edited;
}

/** Of lines and layers those that the corpus has; or those that it does not have. */
function part({ lines, layers }, has = true) {
  const fits = (name) => Object.hasOwn(app.corpus.layers, name) === has;
  return { lines: lines.filter((line) => fits(line.layer)), layers: Object.fromEntries(Object.entries(layers).filter(([name]) => fits(name))) };
}

/** Say which draft is not restored; it stays where it is until somebody throws it away. */
function lose(name, draft, why, which = "The") {
  const at = draft?.at ? ` of ${new Date(draft.at).toLocaleString()}` : "";
  const note = { found: `${which} edits${at} that were not saved cannot be restored.`, remedy: why, button: "Throw them away" };
  note.act = () => {
    dropDraft(name);
    app.lost = app.lost.filter((one) => one !== note);
    redraw("problems");
  };
  app.lost = [...app.lost, note];
  redraw("problems");
  return false;
}

const put = ({ etag, base: from, lines, layers, keepalive }) =>
  request("PUT", `documents/${app.doc.id}`, { etag, keepalive, body: { sha256: app.doc.sha256, layers, lines, base: from, order: app.doc.picked ?? undefined } });

/** Save in 0.8 s; a further change begins the wait anew. */
function soon() {
  tell("unsaved", "unsaved");
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
  clearTimeout(writing);
  writing = setTimeout(journal, 60); // after the paint: writing a long document down takes milliseconds
}

/** Write down what is not saved; false where the browser has no room for it. */
function journal() {
  if (app.lines === base.lines && app.layers === base.layers) {
    dropDrafts(whose()); // undone: it must not come back
    return true;
  }
  const kept = keepDraft({ ...here(), sha256: app.doc.sha256, picked: app.doc.picked, base, ...state() });
  if (!kept) tell("error", "not saved: the browser's store is full");
  return kept;
}

/** Save now; true where nothing unsaved is left. One save at a time, the next takes what came meanwhile. */
export async function save() {
  clearTimeout(timer);
  if (running) {
    await running;
    return save();
  }
  if (!isDirty()) return settled();
  let done = false;
  running = send();
  try {
    done = await running;
  } finally {
    running = null;
  }
  return done && isDirty() ? save() : done;
}

export const flush = () => (app.doc && (running || isDirty()) ? save() : Promise.resolve(true));

/** Nothing is left to save, such as after an undo: no draft, no conflict, no refusal is left either. */
function settled() {
  dropDrafts(whose());
  const { kind } = byId("state").dataset;
  if (kind !== "saved" && kind !== "new") tell(app.doc.etag ? "saved" : "new", app.doc.etag ? "saved" : "not begun");
  app.problems = app.problems.filter((problem) => !problem.act);
  redraw("problems");
  return true;
}

async function send() {
  const sent = state();
  tell("saving", "saving…");
  try {
    accept(await put({ etag: app.doc.etag, base, ...sent }), sent);
    return true;
  } catch (problem) {
    journal();
    return refused(problem, sent);
  }
}

/** The server has it: what it merged comes into the page, what was done here meanwhile stays. */
function accept(answer, sent) {
  failures = 0;
  dropDrafts(whose());
  app.doc.etag = answer.etag;
  base = answer.merged ? { lines: answer.lines, layers: answer.layers } : sent;
  if (answer.merged) {
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

/** False, once what the server's refusal asks for is done: a choice, an open layer, a save of the rest, another try. */
function refused(problem, sent, spared = false) {
  if (problem.status === 412) {
    tell("conflict", "conflict");
    const asked = { base, ...sent };
    askAbout(problem.answer.conflicts, (own) => settle(problem.answer, asked, own));
    return false;
  }
  const told = problem.problems ?? [];
  const wrong = new Set(told.map((one) => sent.lines[one.line - 1]).filter(Boolean));
  // What is not done yet may be kept as it is, so that no edit is lost: layers that cannot be done are open again.
  const done = Object.keys(sent.layers).filter((name) => sent.layers[name] === "done");
  if (problem.status === 422 && !done.length && wrong.size && !spared) return spare(told, sent, wrong);
  app.problems = told;
  redraw("problems");
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

/** Save everything but the lines that the server refuses, and offer to take these back; until then they wait here. */
async function spare(problems, sent, wrong) {
  const rest = { ...sent, lines: withoutLines(base.lines, sent.lines, wrong) };
  if (canonical(rest) !== canonical(base)) {
    try {
      accept(await put({ etag: app.doc.etag, base, ...rest }), rest);
    } catch (problem) {
      return refused(problem, rest, true);
    } finally {
      journal();
    }
  }
  const takeBack = (line) => () => change({ lines: withoutLines(base.lines, app.lines, new Set([line])) });
  app.problems = problems.map((one) => {
    const line = sent.lines[one.line - 1];
    return line ? { ...one, found: `${describe(line)}: ${one.found}`, button: "Take it back", act: takeBack(line) } : one;
  });
  redraw("problems");
  tell("error", `not saved: ${[...wrong].map(describe).join("; ")}. Everything else is saved.`);
  return false;
}

/** Merge by what was chosen in each conflict, save, and go on with what other closed pages left. */
async function settle(answer, { base: from, lines: mine, layers }, own) {
  const leave = answer.conflicts.flatMap(({ mine: one, theirs }, i) => (own[i] ? [] : [one, theirs].filter(Boolean)));
  const drop = new Set(answer.conflicts.filter((_, i) => own[i]).map(({ theirs }) => canonical(theirs)));
  const theirs = answer.lines.filter((line) => !drop.has(canonical(line)));
  const merged = mergeLines(from.lines, mine, theirs, leave);
  app.doc.etag = answer.etag;
  base = { lines: answer.lines, layers: answer.layers };
  takeOver(mergeLines(mine, app.lines, merged), { ...answer.layers, ...changed(from.layers, app.layers) });
  if (await save()) await restoreLeft();
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
  const doc = app.doc;
  const now = await fresh(doc.id);
  if (!now || doc !== app.doc) return;
  app.doc.etag = now.etag;
  base = { lines: now.lines, layers: now.layers };
  takeOver(now.lines, now.layers);
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
