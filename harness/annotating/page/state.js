// What the page knows: the corpus, the document, its lines, the cursor; every change goes through `change`.
import { Text } from "./text.js";

export const app = {
  corpus: null, // what /api/corpus said
  doc: null, // what /api/documents said; its lines and layers are those of the page, below
  text: null, // Text
  lines: [], // never changed in place: an edit makes a new list of the same frozen lines
  layers: {}, // layer -> "open" | "done"
  layer: "", // the span layer that labels go to
  cursor: 0, // word that the cursor stands on
  anchor: null, // word where the selection began, null: nothing selected
  range: null, // selection moved by graphemes: {start, end}
  chosen: null, // id of the chosen span
  shown: [], // spans lit up in the text, evidence of the form in use
  suggestions: [], // lines not yet taken or refused
  tab: "document",
  problems: [], // what the server said of the lines: {found, remedy}, and where something can be done {button, act}
  lost: [], // likewise, of drafts that cannot be restored
};

const drawers = [];
const changes = [];
let waiting = null;
let history = { past: [], future: [], merges: [] }; // a merge puts a step on top of what it brought

/** `draw(kinds)` is called once a frame with what changed: document, lines, cursor, tab, problems, suggestions. */
export const onDraw = (draw) => drawers.push(draw);
/** Called at once when the annotations change. */
export const onChange = (told) => changes.push(told);

export function redraw(...kinds) {
  if (waiting) return kinds.forEach((kind) => waiting.add(kind));
  waiting = new Set(kinds);
  requestAnimationFrame(() => {
    const now = waiting;
    waiting = null;
    drawers.forEach((draw) => draw(now));
  });
}

export const names = (kind) => Object.entries(app.corpus.layers).filter(([, layer]) => layer.kind === kind).map(([name]) => name);

/** Take a document in; the history begins anew. */
export function open(doc) {
  app.doc = doc;
  app.text = new Text(doc.text, doc.language);
  app.lines = doc.lines;
  app.layers = { ...doc.layers };
  Object.assign(app, { cursor: 0, anchor: null, range: null, chosen: null, shown: [], suggestions: [], problems: [], lost: [] });
  history = { past: [], future: [], merges: [] };
  redraw("document", "lines", "cursor", "problems", "suggestions");
}

/** Set lines (and layers); one step of the history. A layer that gets its first line is open from then on. */
export function change({ lines = app.lines, layers = app.layers }) {
  history.past.push(now());
  history.future = [];
  if (history.past.length > 1000) history.past.shift();
  set(lines, layers);
}

const now = () => ({ lines: app.lines, layers: app.layers, merged: history.merges.length });

function set(lines, layers) {
  const opened = Object.fromEntries(lines.map((line) => [line.layer, "open"]));
  Object.assign(app, { lines, layers: { ...opened, ...layers } });
  redraw("lines", "cursor");
  changes.forEach((told) => told());
}

/**
 * Put what the server merged into the page, and below every step of the history: undo and redo go over what was done
 * here alone, and leave as it is whatever the merge changed.
 */
export function takeOver(lines, layers) {
  const here = now();
  if (same(lines, here.lines) && canonical(layers) === canonical(here.layers)) return;
  const [before, after] = [here.lines, lines].map((list) => new Set(list.map(canonical)));
  const theirs = [...lines.filter((line) => !before.has(canonical(line))), ...here.lines.filter((line) => !after.has(canonical(line)))];
  history.merges.push((step) => ({
    lines: mergeLines(here.lines, step.lines, lines, theirs),
    layers: { ...layers, ...changed(here.layers, step.layers) },
  }));
  Object.assign(app, { lines, layers: { ...layers } });
  redraw("lines", "cursor");
}

/** The entries of a table that differ from those of another. */
export const changed = (from, to) => Object.fromEntries(Object.entries(to).filter(([name, value]) => from[name] !== value));

export function undo() {
  return step(history.past, history.future);
}

export function redo() {
  return step(history.future, history.past);
}

function step(from, to) {
  for (let last = from.pop(); last; last = from.pop()) {
    const { lines, layers } = history.merges.slice(last.merged).reduce((one, merge) => merge(one), last);
    if (isHere({ lines, layers })) continue; // merges left nothing of this step
    to.push(now());
    set(lines, layers);
    return true;
  }
  return false;
}

function isHere({ lines, layers }) {
  const own = new Set(app.lines);
  return lines.length === own.size && lines.every((line) => own.has(line)) && canonical(layers) === canonical(app.layers);
}

/** Replace one line by another, or remove it (null), or add one (old is null). */
export function edit(old, line) {
  const lines = old ? app.lines.flatMap((one) => (one === old ? (line ? [line] : []) : [one])) : [...app.lines, line];
  change({ lines });
}

/** The selection: moved by graphemes, or from the anchor to the cursor, or (unless `explicit`) the cursor's word. */
export function selection({ explicit = false } = {}) {
  if (app.range) return app.range;
  const { words } = app.text;
  if (!words.length || (explicit && app.anchor === null)) return null;
  const ends = [app.anchor ?? app.cursor, app.cursor].sort((a, b) => a - b);
  return { start: words[ends[0]].start, end: words[ends[1]].end };
}

export function unselect() {
  app.anchor = null;
  app.range = null;
}

/** JSON with its keys in order, so that equal values are equal texts. */
export function canonical(value) {
  return JSON.stringify(value, (_, inner) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

const same = (a, b) => a === b || (a.length === b.length && canonical(a.map(canonical).sort()) === canonical(b.map(canonical).sort()));

/**
 * What two lines share when they speak of the same thing, as harness/editing/merging.py says: the place of a span, the
 * pair of a stance, the label of a set. Where a list has several of one key (`crowded`), their labels tell them apart.
 */
export function keyOf(line, crowded = null) {
  if (!keys.has(line)) {
    const layer = app.corpus.layers[line.layer];
    const about = layer.kind === "spans" ? [line.start, line.end] : (layer.of ?? []).map((facet) => line[facet] ?? null);
    keys.set(line, JSON.stringify([line.layer, ...about, ...(layer.kind === "labels" ? [line.label] : [])]));
  }
  const key = keys.get(line);
  return crowded?.has(key) ? `${key}${line.label}` : key;
}

const keys = new WeakMap(); // line -> its key: a merge asks for those of the whole history

export function crowdedKeys(...lists) {
  const crowded = new Set();
  for (const lines of lists) {
    const seen = new Set();
    for (const key of lines.map((line) => keyOf(line))) (seen.has(key) ? crowded : seen).add(key);
  }
  return crowded;
}

/** Three-way merge by key: what I changed since `base` onto `theirs`; `leave` holds lines whose keys stay as theirs. */
export function mergeLines(base, mine, theirs, leave = []) {
  const crowded = crowdedKeys(base, mine, theirs);
  const table = (lines) => new Map(lines.map((line) => [keyOf(line, crowded), line]));
  const [before, now, merged] = [base, mine, theirs].map(table);
  const left = table(leave);
  for (const key of new Set([...before.keys(), ...now.keys()])) {
    if (left.has(key) || before.get(key) === now.get(key) || canonical(before.get(key) ?? null) === canonical(now.get(key) ?? null)) continue;
    if (now.has(key)) merged.set(key, now.get(key));
    else merged.delete(key);
  }
  return [...merged.values()];
}

/** `lines` without the `wrong` ones, in whose places stands again what `base` had there. */
export function withoutLines(base, lines, wrong) {
  const kept = lines.filter((line) => !wrong.has(line));
  const now = new Set(lines.map(canonical));
  const meet = (one, other) => one.layer === other.layer && (keyOf(one) === keyOf(other) || (one.start < other.end && other.start < one.end));
  const gone = base.filter((line) => !now.has(canonical(line)) && [...wrong].some((one) => meet(one, line)));
  return [...kept, ...gone.filter((line) => !kept.some((one) => meet(one, line)))];
}

/** The display name of a holder, target or other facet. */
export const nameOf = (facet, id) => app.doc.names?.[facet]?.[id] ?? id;

let live = null;
/** Say something to screen readers (and show it): where the cursor is, what a key did. */
export function say(text) {
  live ??= document.getElementById("cursor");
  live.textContent = text;
}
