// The form of one line: its fields as corpus.toml declares them, its evidence; what the Document and Spans tabs share.
import { button, el, excerpt, select } from "./dom.js";
import { goTo } from "./cursor.js";
import { app, nameOf, redraw, say, selection, unselect } from "./state.js";

/** `save(line)` gets the changed line. `key` tells the form's controls from those of others when it is drawn anew. */
export function form(line, save, { key }) {
  const layer = app.corpus.layers[line.layer];
  const fields = Object.entries(layer.fields ?? {}).sort(([, a], [, b]) => rank(a) - rank(b));
  const rows = fields.map(([name, kind]) => {
    const set = (value) => save(withField(line, name, value));
    const control = field(line, name, kind, set, `${key}/${name}`);
    return control && el("div", { class: "field" }, el("label", { for: `${key}/${name}` }, name.replaceAll("_", " ")), control);
  });
  if (layer.evidence && layer.evidence !== "none") rows.push(evidence(line, save, key));
  return el("div", { class: "form" }, ...rows);
}

/** Short controls first, so that they share a row; then what is picked in the text, then notes. */
const rank = (kind) => (typeof kind === "object" ? 0 : { bool: 2, span: 3, spans: 3, text: 4 }[kind] ?? 1);

/** The line with a field set, or without it where the value says nothing. */
export function withField(line, name, value) {
  const { [name]: _, ...rest } = line;
  const empty = value === null || value === "" || (Array.isArray(value) && !value.length);
  return empty ? rest : { ...rest, [name]: value };
}

function field(line, name, kind, set, id) {
  const settings = { id, data: { key: id }, value: line[name] ?? "" };
  if (kind && typeof kind === "object" && !Array.isArray(kind)) {
    const options = kind[line.label] ?? [];
    return options.length ? choice(options, settings, set) : null;
  }
  if (Array.isArray(kind)) return choice(kind, settings, set);
  if (kind === "bool") {
    const value = line[name] === undefined ? "" : String(line[name]);
    const told = (text) => set(text === "" ? null : text === "true");
    return choice([["true", "yes"], ["false", "no"]], { ...settings, value }, told);
  }
  if (kind === "span" || kind === "spans") return spanList(line, name, kind, set, id);
  if (kind === "text") {
    return el("textarea", { ...settings, rows: 1, dir: "auto", onchange: (e) => set(e.target.value.trim()) });
  }
  if (kind === "id") {
    const known = [...new Set(app.lines.map((one) => one[name]).filter(Boolean))].sort();
    const list = el("datalist", { id: `${id}/known` }, ...known.map((value) => el("option", { value })));
    const input = el("input", { ...settings, list: `${id}/known`, autocomplete: "off", onchange: (e) => set(e.target.value.trim()) });
    return el("span", { class: "both" }, input, list);
  }
  return choice(Object.keys(app.doc.names?.[kind] ?? {}).map((one) => [one, nameOf(kind, one)]), settings, set);
}

const choice = (options, settings, set) =>
  select([["", "–"], ...options], { ...settings, onchange: (event) => set(event.target.value) });

/** A field of spans: each with a way to go there and to take it out; what is selected in the text is added. */
function spanList(line, name, kind, set, id) {
  const spans = kind === "spans" ? (line[name] ?? []) : line[name] ? [line[name]] : [];
  const without = (i) => (kind === "spans" ? spans.filter((_, at) => at !== i) : null);
  const add = (span) => set(kind === "spans" ? [...spans, span].sort((a, b) => a.start - b.start) : span);
  const labelled = kind === "spans" && app.corpus.layers[line.layer].kind === "spans"; // these have labels, which keys give
  const more = labelled ? el("small", {}, "Select words inside it and press a label's key.") : adder(add, id, name);
  return el("div", { class: "picked" }, ...spans.map((span, i) => piece(span, span.label, () => set(without(i)), `${id}/${i}`)), more);
}

/** Evidence: pairs of offsets and their surfaces, which must stay in step. */
export function evidence(line, save, key) {
  const pairs = line.evidence ?? [];
  const put = (spans) => {
    const { evidence: _, text: __, ...rest } = line;
    if (!spans.length) return save(rest);
    return save({ ...rest, evidence: spans.map((span) => [span.start, span.end]), text: spans.map((span) => span.text) });
  };
  const spans = pairs.map(([start, end]) => app.text.span(start, end));
  const list = spans.map((span, i) => piece(span, "", () => put(spans.filter((_, at) => at !== i)), `${key}/evidence/${i}`));
  const add = adder((span) => put([...spans, span]), `${key}/evidence`, "evidence");
  return el("div", { class: "field" }, el("span", { class: "name" }, "evidence"), el("div", { class: "picked" }, ...list, add));
}

function piece(span, label, remove, key) {
  const show = button(`${label ? `${label} ` : ""}${excerpt(span.text, 80)}`, () => goTo(span), { class: "surface", dir: "auto", data: { key: `${key}/go` }, title: "Show in the text" });
  const drop = button("✕", remove, { name: `Take out: ${excerpt(span.text, 40)}`, class: "quiet", data: { key: `${key}/drop` } });
  return el("span", { class: "piece" }, show, drop);
}

/** A button that adds the selected words; without a selection it says how to get one. */
export function adder(add, key, name) {
  return button("+ selection", () => {
    const selected = selection({ explicit: true });
    if (!selected) return say(`Select words in the text first, then add them as ${name}.`);
    unselect();
    redraw("cursor");
    return add(app.text.span(selected.start, selected.end));
  }, { name: `Add the selected words: ${name}`, class: "add", data: { key: `${key}/add` } });
}

/** Every span that a line speaks of, to light it up while its form is in use. */
export function spansIn(line) {
  const fields = Object.values(app.corpus.layers[line.layer].fields ?? {});
  const names = Object.keys(app.corpus.layers[line.layer].fields ?? {}).filter((_, i) => ["span", "spans"].includes(fields[i]));
  const inFields = names.flatMap((name) => (Array.isArray(line[name]) ? line[name] : line[name] ? [line[name]] : []));
  return [...(line.evidence ?? []).map(([start, end]) => ({ start, end })), ...inFields];
}

/** Light a card's spans up in the text while the focus or the mouse is in it. */
export function lights(card, spans) {
  const show = (now) => { app.shown = now; redraw("shown"); };
  card.addEventListener("focusin", () => show(spans));
  card.addEventListener("mouseenter", () => show(spans));
  card.addEventListener("mouseleave", () => show([]));
  return card;
}
