// Two readers side by side, what they say differently, and the queue of disputes that become gold by a rule.
import { get, request } from "./api.js";
import { button, el, excerpt, select } from "./dom.js";
import { goTo } from "./cursor.js";
import { app, canonical, keyOf, nameOf, redraw, say } from "./state.js";
import { chip } from "./spans.js";

const MINE = "mine";
let of = null; // the document that the rest is about
let pair = [];
let files = {}; // annotator -> {lines} or {error}
let queue = null; // {readers, disputes, agreed, etag} or {error}
let drafts = new Map(); // dispute -> what is filled in

/** Draw the tab; readers' files and disputes are asked for when it is first shown. */
export function drawCompare(panel) {
  if (of !== app.doc) {
    [of, files, queue, drafts] = [app.doc, {}, null, new Map()];
    const others = app.doc.others ?? [];
    pair = [MINE, others.includes("gold") ? "gold" : others[0]];
    if (app.corpus.adjudicates) loadDisputes();
  }
  if (!pair[1] && !app.corpus.adjudicates) return panel.replaceChildren(el("p", { class: "hint" }, "Nobody else has annotated this document."));
  return panel.replaceChildren(...(pair[1] ? comparison() : []), ...(app.corpus.adjudicates ? adjudication() : []));
}

function linesOf(name) {
  if (name === MINE) return app.lines;
  if (!files[name]) {
    const doc = app.doc;
    files[name] = { lines: null };
    get(`documents/${doc.id}/by/${name}`)
      .then((answer) => (files[name] = answer), (problem) => (files[name] = { error: problem.message }))
      .then(() => doc === app.doc && redraw("tab"));
  }
  return files[name].lines;
}

function comparison() {
  const names = [MINE, ...(app.doc.others ?? [])];
  const choose = (i) => select(names, { value: pair[i], "aria-label": `Reader ${i + 1}`, data: { key: `reader/${i}` }, onchange: (event) => { pair[i] = event.target.value; redraw("tab"); } });
  const head = el("div", { class: "both readers" }, choose(0), el("span", {}, "and"), choose(1));
  const error = pair.map((name) => files[name]?.error).find(Boolean);
  const sides = pair.map(linesOf);
  if (error) return [head, el("p", { class: "hint" }, error)];
  if (sides.some((side) => !side)) return [head, el("p", { class: "hint" }, "Loading …")];
  const { rows, same } = differences(...sides);
  const list = el("ul", { class: "differences" }, ...rows.map(difference));
  return [head, el("p", { class: "hint" }, `${same} the same, ${rows.length} different.`), list];
}

/** Lines about the same thing face to face; those with the same label are the same. */
function differences(left, right) {
  const about = (line) => keyOf(line);
  const other = new Map(right.map((line) => [about(line), line]));
  const rows = [];
  let same = 0;
  for (const line of left) {
    const there = other.get(about(line));
    other.delete(about(line));
    if (there && there.label === line.label && there.role === line.role) same++;
    else rows.push([line, there ?? null]);
  }
  rows.push(...[...other.values()].map((line) => [null, line]));
  const place = (row) => (row[0] ?? row[1]).start ?? -1;
  return { rows: rows.sort((a, b) => place(a) - place(b)), same };
}

function difference([left, right]) {
  const line = left ?? right;
  const show = button(aboutText(line), () => { const at = placeOf(line); if (at) goTo(at); }, { class: "surface", dir: "auto" });
  return el("li", {}, el("small", {}, line.layer), show, el("span", { class: "sides" }, said(left, pair[0]), said(right, pair[1])));
}

const said = (line, who) => el("span", {}, el("small", {}, `${who} `), line ? chip(line.layer, line.label) : el("em", {}, "nothing"), line?.role ? ` ${line.role}` : "");

function aboutText(line) {
  if (line.start !== undefined) return excerpt(typeof line.text === "string" ? line.text : app.text.slice(line.start, line.end));
  const facets = (app.corpus.layers[line.layer].of ?? []).map((facet) => nameOf(facet, line[facet]));
  return facets.join(" → ") || (app.corpus.layers[line.layer].kind === "labels" ? line.label : "the document");
}

const placeOf = (line) => (line.start !== undefined ? line : line.evidence?.length ? { start: line.evidence[0][0], end: line.evidence[0][1] } : null);

async function loadDisputes() {
  const doc = app.doc;
  try {
    queue = await get(`documents/${doc.id}/disputes`);
  } catch (problem) {
    queue = { error: problem.message };
  }
  if (doc === app.doc) redraw("tab");
}

function adjudication() {
  const title = el("h3", {}, "Disputes to settle");
  if (!queue) return [title, el("p", { class: "hint" }, "Loading …")];
  if (queue.error) return [title, el("p", { class: "hint" }, queue.error)];
  if (!queue.disputes?.length) return [title, el("p", { class: "hint" }, "No dispute is open: fewer than two readers are done, or all is settled.")];
  const head = el("p", { class: "hint" }, `${queue.disputes.length} disputes between ${queue.readers.join(" and ")}; on ${queue.agreed} they agree. Choose, name the rule, and settle as many as you like.`);
  const error = el("p", { class: "error", role: "alert" });
  const settle = button("Settle those with a choice and a rule", () => send(error), { class: "main", id: "settle", data: { key: "settle" } });
  return [title, head, ...queue.disputes.map(dispute), error, settle];
}

/** One dispute: the readers' answers, another label, or nothing; with rule, note and whether it was a slip. */
function dispute(one, i) {
  const key = canonical(one.about);
  if (!drafts.has(key)) drafts.set(key, { of: one, choice: null, rule: one.rule ?? "", note: "", slip: false });
  const draft = drafts.get(key);
  const layer = app.corpus.layers[one.about.layer];
  const roles = layer.kind === "labels" && Array.isArray(layer.fields?.role) ? layer.fields.role : null;
  const answers = layer.kind === "labels" ? (roles ?? [one.about.label]) : layer.labels;
  const option = (value, text, picked) =>
    el("label", { class: "pick" }, el("input", { type: "radio", name: `dispute-${i}`, checked: picked, data: { key: `${key}/${value}` }, onchange: () => (draft.choice = { answer: value }) }), text);
  const chosen = (value) => draft.choice !== null && draft.choice.answer === value;
  const bySide = Object.entries(one.said).map(([who, answer]) => option(answer, `${who}: ${answer ?? "nothing"}`, chosen(answer)));
  const rest = answers.filter((answer) => !Object.values(one.said).includes(answer));
  const other = select([["", "another label…"], ...rest], { "aria-label": "Another label", value: rest.includes(draft.choice?.answer) ? draft.choice.answer : "", data: { key: `${key}/other` }, onchange: (event) => { draft.choice = event.target.value ? { answer: event.target.value } : null; redraw("tab"); } });
  const none = Object.values(one.said).includes(null) ? [] : [option(null, "none of them", chosen(null))];
  const text = (name, label, more) => el("input", { value: draft[name], placeholder: label, "aria-label": label, data: { key: `${key}/${name}` }, onchange: (event) => (draft[name] = event.target.value.trim()), ...more });
  const slip = el("label", { class: "pick" }, el("input", { type: "checkbox", checked: draft.slip, data: { key: `${key}/slip` }, onchange: (event) => (draft.slip = event.target.checked) }), "a slip");
  const where = placeOf(one.about);
  const title = el("legend", {}, el("small", {}, `${one.about.layer} `), where ? button(aboutText(one.about), () => goTo(where), { class: "surface", dir: "auto" }) : el("bdi", {}, aboutText(one.about)));
  return el("fieldset", { class: "dispute" }, title, el("div", { class: "choices" }, ...bySide, ...none, rest.length ? other : null),
    el("div", { class: "both" }, text("rule", "Rule, such as 5.6", { class: "rule", size: 8 }), text("note", "Note", { dir: "auto" }), slip));
}

/** The gold line of a choice: as the reader who gave this answer wrote it, else bare. */
function lineFor({ of: one, choice }) {
  if (choice.answer === null) return null;
  const { about } = one;
  const layer = app.corpus.layers[about.layer];
  const answer = (line) => (layer.kind === "labels" ? (line.role ?? line.label) : line.label);
  const written = Object.values(one.lines ?? {}).flat().find((line) => answer(line) === choice.answer);
  if (written) return written;
  return layer.kind === "labels" ? (layer.fields?.role ? { ...about, role: choice.answer } : about) : { ...about, label: choice.answer };
}

async function send(error) {
  const ready = [...drafts.values()].filter((draft) => draft.choice && draft.rule);
  if (!ready.length) return (error.textContent = "Choose an answer for at least one dispute, and name the rule that decides it.");
  const settled = ready.map((draft) => ({ about: draft.of.about, line: lineFor(draft), rule: draft.rule, note: draft.note, slip: draft.slip }));
  try {
    await request("PUT", `documents/${app.doc.id}/disputes`, { etag: queue.etag ?? "", body: { settled } });
  } catch (problem) {
    return (error.textContent = [problem.message, ...problem.problems.map((one) => one.found)].join(" "));
  }
  say(`Settled: ${settled.length}. Gold is written.`);
  [files, drafts] = [{}, new Map()];
  return loadDisputes();
}
