// Spans: what stands where, labelling, borders, inner spans; and the tab that lists them.
import { button, byId, el, excerpt, reconcile, select } from "./dom.js";
import { hue } from "./drawing.js";
import { form } from "./fields.js";
import { goTo } from "./cursor.js";
import { app, change, edit, names, redraw, say, selection, unselect } from "./state.js";

export const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "-", "="];
const cache = new WeakMap(); // line -> its places

/** A line's own span and those inside it: {id, start, end, label, layer, line, field, index, kind}. */
function placesOf(line) {
  if (cache.has(line)) return cache.get(line);
  const layer = app.corpus.layers[line.layer];
  const at = (span, field, index) => ({
    id: [line.layer, span.start, span.end, span.label, field ?? ""].join("|"),
    ...{ start: span.start, end: span.end, label: span.label, layer: line.layer },
    ...{ line, field, index, kind: field ? "inner" : "span" },
  });
  const found = [at(line, null, null)];
  for (const [field, kind] of Object.entries(layer.fields ?? {})) {
    if (kind === "spans") (line[field] ?? []).forEach((span, index) => span.label && found.push(at(span, field, index)));
  }
  cache.set(line, found);
  return found;
}

const isSpans = (name) => app.corpus.layers[name].kind === "spans";

let all = { of: null, places: [] };

/** Every labelled place of the document, in the order of the text. */
export function places() {
  if (all.of !== app.lines) {
    const found = app.lines.filter((line) => isSpans(line.layer)).flatMap(placesOf);
    found.sort((a, b) => a.start - b.start || b.end - a.end || (a.field ? 1 : 0) - (b.field ? 1 : 0));
    all = { of: app.lines, places: found };
  }
  return all.places;
}

/** The places over a point, the innermost first. */
export const placesAt = (point) => places().filter((place) => place.start <= point && point < place.end).reverse();
export const findPlace = (id) => (id ? places().find((place) => place.id === id) ?? null : null);

/** Put a label on what is selected; without a selection on the chosen span, or on the cursor's word. */
export function label(name, layer = app.layer) {
  const selected = selection({ explicit: true });
  const chosen = findPlace(app.chosen);
  if (!selected && chosen) return relabel(chosen, name);
  const span = selected ?? selection();
  if (!span) return say("There is nothing to label.");
  const refused = place(app.text.span(span.start, span.end), name, layer);
  if (refused) return say(refused);
  unselect();
  app.chosen = places().find((one) => one.start === span.start && one.end === span.end && one.label === name)?.id ?? null;
  redraw("cursor");
  return say(`${name}: ${excerpt(app.text.slice(span.start, span.end))}`);
}

/** Add a span, or fit it to the one that it touches where the layer allows no overlap. Gives the reason of a refusal. */
function place(span, name, layerName) {
  const layer = app.corpus.layers[layerName];
  const own = app.lines.filter((line) => line.layer === layerName);
  const same = own.find((line) => line.start === span.start && line.end === span.end);
  if (same) return relabel(placesOf(same)[0], name);
  const holds = (a, b) => a.start <= b.start && b.end <= a.end;
  const hits = own.filter((line) => line.start < span.end && span.start < line.end);
  const crossed = layer.overlap === "any" ? null : hits.find((line) => !holds(line, span) && !holds(span, line));
  if (crossed) return `Not labelled: it crosses ${crossed.label} “${crossed.text}”.`;
  if (!hits.length || layer.overlap !== "none") return void edit(null, order({ layer: layerName, ...span, label: name }));
  if (hits.length > 1) return `Not labelled: ${hits.length} spans stand in it, and this layer allows no overlap.`;
  const [hit] = hits;
  if (holds(span, hit)) return void edit(hit, order({ ...hit, ...span, label: name }));
  if (layer.fields?.inner !== "spans") return `Not labelled: it stands in ${hit.label} “${hit.text}”.`;
  const inner = (hit.inner ?? []).filter((one) => one.start !== span.start || one.end !== span.end);
  if (inner.some((one) => one.start < span.end && span.start < one.end)) return "Not labelled: it touches another inner span.";
  inner.push({ ...span, label: name });
  return void edit(hit, { ...hit, inner: inner.sort((a, b) => a.start - b.start) });
}

const order = ({ layer, start, end, label: name, text, ...rest }) => ({ layer, start, end, label: name, text, ...rest });

/** Change or (null) remove a place, its line's own or an inner one. */
function replace(at, changed) {
  if (!at.field) return edit(at.line, changed && order({ ...at.line, ...changed }));
  const inner = at.line[at.field].flatMap((one, i) => (i === at.index ? (changed ? [{ ...one, ...changed }] : []) : [one]));
  const { [at.field]: _, ...without } = at.line;
  return edit(at.line, inner.length ? { ...at.line, [at.field]: inner } : without);
}

const idOf = (at, changed) => {
  const now = { ...at, ...changed };
  return [now.layer, now.start, now.end, now.label, now.field ?? ""].join("|");
};

function relabel(at, name) {
  if (at.label === name) return null;
  const taken = !app.corpus.layers[at.layer].labels.includes(name);
  if (taken) return `${name} is no label of ${at.layer}.`;
  replace(at, { label: name });
  app.chosen = idOf(at, { label: name });
  say(`${name}: ${excerpt(app.text.slice(at.start, at.end))}`);
  return null;
}

/** Delete: the chosen span, or the one that is exactly selected. */
export function remove() {
  const selected = selection({ explicit: true });
  const at = selected ? places().findLast((one) => one.start === selected.start && one.end === selected.end) : findPlace(app.chosen);
  if (!at) return say("No span is chosen.");
  replace(at, null);
  unselect();
  app.chosen = null;
  return say(`Removed ${at.label}: ${excerpt(app.text.slice(at.start, at.end))}`);
}

/** Move the start or end of the selection, or of the chosen span, by one grapheme. */
export function moveBorder(which, step) {
  const selected = selection({ explicit: true });
  const at = selected ? null : findPlace(app.chosen);
  const { start, end } = at ?? selected ?? selection();
  const moved = { start, end, [which]: app.text.grapheme(which === "start" ? start : end, step, which === "start") };
  if (moved.start >= moved.end) return say("A span needs at least one character.");
  if (!at) {
    app.range = moved;
    redraw("cursor");
  } else {
    if (collides(at, moved)) return say("The border would touch another span.");
    replace(at, app.text.span(moved.start, moved.end));
    app.chosen = idOf(at, moved);
  }
  return say(`“${app.text.slice(moved.start, moved.end)}”`);
}

function collides(at, moved) {
  const siblings = at.field ? at.line[at.field].filter((_, i) => i !== at.index) : app.lines.filter((line) => line.layer === at.layer && line !== at.line);
  const outside = at.field && (moved.start < at.line.start || moved.end > at.line.end);
  const bursts = !at.field && (at.line.inner ?? []).some((one) => one.start < moved.start || one.end > moved.end);
  const free = !at.field && app.corpus.layers[at.layer].overlap !== "none";
  return outside || bursts || (!free && siblings.some((one) => one.start < moved.end && moved.start < one.end));
}

/** Tab: the next span (-1 the one before) from the chosen one or the cursor; false where there is none. */
export function nextSpan(step) {
  const all = places();
  const now = all.findIndex((one) => one.id === app.chosen);
  const here = app.text.words[app.cursor]?.start ?? 0;
  const next = now >= 0 ? all[now + step] : step > 0 ? all.find((one) => one.start >= here) : all.findLast((one) => one.end <= here);
  if (!next) return false;
  goTo(next);
  return true;
}

/** The label bar: every label with its key; big enough to be tapped. */
export function drawLabels() {
  const layers = names("spans");
  const chooser = layers.length > 1 ? [select(layers, { value: app.layer, "aria-label": "Layer of spans", onchange: (e) => { app.layer = e.target.value; redraw("document"); } })] : [];
  const buttons = (app.corpus.layers[app.layer]?.labels ?? []).map((name, i) => {
    const made = button("", () => { label(name); byId("text").focus({ preventScroll: true }); }, { class: "label", data: { label: name } });
    made.append(el("span", {}, name), KEYS[i] ? el("kbd", {}, KEYS[i]) : "");
    made.style.setProperty("--hue", hue(app.layer, name));
    return made;
  });
  byId("label-buttons").replaceChildren(...chooser, ...buttons);
}

const rows = new WeakMap(); // line -> its row, so that a list is not made anew
const AROUND = 60; // rows shown before and after the cursor: a thousand in one list make each key slow

/** The Spans tab: a row a span; the chosen one shows its fields. */
export function drawSpans(panel) {
  const chosen = findPlace(app.chosen)?.line;
  const list = panel.querySelector("ul") ?? el("ul", { class: "spans", "aria-label": "Spans" });
  const lines = places().filter((at) => !at.field).map((at) => at.line);
  const open = chosen ? el("li", { class: "open" }, rowOf(chosen), form(chosen, (line) => { edit(chosen, line); app.chosen = placesOf(line)[0].id; }, { key: "span" })) : null;
  const here = chosen ? lines.indexOf(chosen) : lines.findIndex((line) => line.end > (app.text.words[app.cursor]?.start ?? 0));
  const from = Math.max(0, (here < 0 ? lines.length : here) - AROUND);
  const to = from + 2 * AROUND;
  const shown = lines.slice(from, to).map((line) => (line === chosen ? open : listed(line)));
  const beyond = (line, count, where) => el("li", {}, button(`${count} ${where}`, () => goTo(placesOf(line)[0]), { class: "add" }));
  if (from > 0) shown.unshift(beyond(lines[from - 1], from, "before these"));
  if (to < lines.length) shown.push(beyond(lines[to], lines.length - to, "after these"));
  reconcile(list, shown);
  const head = el("p", { class: "hint" }, lines.length ? `${lines.length} spans. Tab goes from one to the next, Delete removes.` : "No spans yet. Select words in the text and press a label's key.");
  reconcile(panel, [head, list]);
}

function listed(line) {
  if (!rows.has(line)) rows.set(line, el("li", {}, rowOf(line)));
  return rows.get(line);
}

function rowOf(line) {
  const [at] = placesOf(line);
  const row = button("", () => goTo(at), { class: "row", data: { key: at.id } });
  row.append(chip(line.layer, line.label), el("span", { dir: "auto", class: "surface" }, excerpt(line.text)));
  for (const inner of placesOf(line).slice(1)) row.append(chip(inner.layer, inner.label, "inner"));
  if (line.suggested_by) row.append(el("small", {}, "suggested"));
  return row;
}

/** A label as a coloured tag. */
export function chip(layer, name, more = "") {
  const made = el("span", { class: `chip ${more}` }, name);
  made.style.setProperty("--hue", hue(layer, name));
  return made;
}
