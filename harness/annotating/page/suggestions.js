// What a model proposes: one at a time, to take or to refuse; a taken line says who proposed it.
import { get } from "./api.js";
import { button, el, excerpt } from "./dom.js";
import { goTo } from "./cursor.js";
import { app, edit, keyOf, nameOf, redraw, say } from "./state.js";
import { chip } from "./spans.js";

let state = ""; // why there is nothing to show
let current = 0;
const refusedKey = () => ["harness-refused", app.corpus.name, app.corpus.by, app.doc.id].join("\n");

/** Ask the server; it answers "working" while its model is still busy. */
export async function loadSuggestions() {
  const doc = app.doc;
  app.suggestions = [];
  current = 0;
  state = "This page was started without --suggest MODEL.";
  if (!app.corpus.suggests) return;
  if (doc.split === "test") {
    state = "Suggestions are hidden on documents of the test split.";
    return redraw("suggestions");
  }
  state = "The model is working …";
  try {
    const answer = await get(`documents/${doc.id}/suggestions`);
    if (doc !== app.doc) return;
    if (answer.working) return setTimeout(() => doc === app.doc && loadSuggestions(), 1500);
    const refused = new Set(JSON.parse(localStorage.getItem(refusedKey()) ?? "[]"));
    app.suggestions = answer.lines.filter((line) => !refused.has(idOf(line)));
    state = "Nothing is suggested here.";
  } catch (problem) {
    state = problem.message;
  }
  redraw("suggestions", "lines");
}

const idOf = (line) => `${keyOf(line)}${line.label}`;

/** Those that are not in the document's own lines, and may stand beside them. */
export function openSuggestions() {
  const mine = new Map(app.lines.map((line) => [keyOf(line), line]));
  return app.suggestions.filter((line) => {
    if (mine.has(keyOf(line))) return false;
    const layer = app.corpus.layers[line.layer];
    if (layer.kind !== "spans" || layer.overlap !== "none") return true;
    return !app.lines.some((own) => own.layer === line.layer && own.start < line.end && line.start < own.end);
  });
}

/** As marks for the text. */
export const suggestedMarks = () =>
  openSuggestions().filter((line) => line.start !== undefined).map((line) => ({ id: `suggested|${idOf(line)}`, start: line.start, end: line.end, label: line.label, layer: line.layer, kind: "suggested" }));

/** A, X: take or refuse the current one and go on to the next. */
export function settle(take, line = openSuggestions()[current]) {
  if (!line) return say(state || "No suggestion is left.");
  const { score: _, ...rest } = line;
  if (take) edit(null, rest);
  else {
    const refused = JSON.parse(localStorage.getItem(refusedKey()) ?? "[]");
    localStorage.setItem(refusedKey(), JSON.stringify([...refused, idOf(line)]));
    app.suggestions = app.suggestions.filter((one) => one !== line);
    redraw("suggestions", "lines");
  }
  const left = openSuggestions();
  current = Math.min(current, Math.max(0, left.length - 1));
  if (left[current]?.start !== undefined) goTo(left[current]);
  return say(`${take ? "Taken" : "Refused"}: ${line.label}. ${left.length} left.`);
}

export function drawSuggestions(panel) {
  const left = openSuggestions();
  current = Math.min(current, Math.max(0, left.length - 1));
  if (!left.length) return panel.replaceChildren(el("p", { class: "hint" }, app.suggestions.length ? "All suggestions are settled." : state));
  const rows = left.map((line, i) => {
    const about = line.start === undefined ? (app.corpus.layers[line.layer].of ?? []).map((facet) => nameOf(facet, line[facet])).join(" → ") || line.layer : excerpt(line.text);
    const show = button("", () => { current = i; if (line.start !== undefined) goTo(line); redraw("tab"); }, { class: "row", "aria-current": i === current ? "true" : null, data: { key: `suggestion/${idOf(line)}` } });
    show.append(chip(line.layer, line.label), el("span", { class: "surface", dir: "auto" }, about), el("small", {}, line.score === null || line.score === undefined ? "" : line.score.toFixed(2)));
    const take = button("Take", () => settle(true, line), { name: `Take ${line.label}: ${about}`, class: "take" });
    const refuse = button("Refuse", () => settle(false, line), { name: `Refuse ${line.label}: ${about}`, class: "quiet" });
    return el("li", { class: i === current ? "current" : null }, show, el("span", { class: "both" }, take, refuse));
  });
  return panel.replaceChildren(el("p", { class: "hint" }, `${left.length} suggested by ${left[0].suggested_by ?? "a model"}. A takes the marked one, X refuses it.`), el("ul", { class: "suggestions" }, ...rows));
}
