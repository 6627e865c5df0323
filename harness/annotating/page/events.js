// Layers of kind "labels": each label once a document (or a pair), with role, sub-type, evidence. Events are one.
import { button, el, select } from "./dom.js";
import { form, lights, spansIn } from "./fields.js";
import { chip } from "./spans.js";
import { isOpen, quote, setOpen, toggle } from "./stance.js";
import { app, edit, nameOf, say, selection, unselect } from "./state.js";

/** The section of one such layer: a card a label, and a way to add one. */
export function drawEvents(name) {
  const layer = app.corpus.layers[name];
  const ranks = Array.isArray(layer.fields?.role) ? layer.fields.role : [];
  const rank = (line) => [ranks.indexOf(line.role), layer.labels.indexOf(line.label)];
  const lines = app.lines.filter((line) => line.layer === name);
  lines.sort((a, b) => rank(a)[0] - rank(b)[0] || rank(a)[1] - rank(b)[1]);
  return [...lines.map((line) => card(line, layer)), adding(name, layer, lines, ranks)];
}

function card(line, layer) {
  const about = (layer.of ?? []).map((facet) => nameOf(facet, line[facet])).join(" → ");
  const key = keyOfCard(line, layer.of ?? []);
  const facts = [about, line.role, line.subtype, line.realis].filter(Boolean).join(" · ");
  const head = el("header", {}, chip(line.layer, line.label), el("span", { class: "about" }, facts), toggle(key, line, line.label),
    button("✕", () => { edit(line, null); say(`Removed ${line.label}.`); }, { name: `Remove ${line.label}`, class: "quiet", data: { key: `${key}/remove` } }));
  const rest = isOpen(key) ? form(line, (next) => edit(line, next), { key }) : quote(line);
  return lights(el("article", { class: "card", "aria-label": line.label, data: { label: line.label } }, head, rest), spansIn(line));
}

const keyOfCard = (line, facets) => [line.layer, ...facets.map((facet) => line[facet]), line.label].join("/");

/** Choose a label to add it; what is selected in the text becomes its first evidence. */
function adding(name, layer, lines, ranks) {
  const facets = layer.of ?? [];
  const pairs = facets.length ? (app.doc.pairs?.[name] ?? []) : [[]];
  const used = new Set(lines.map((line) => [...facets.map((facet) => line[facet]), line.label].join("\n")));
  const free = pairs.flatMap((pair) => layer.labels.filter((label) => !used.has([...pair, label].join("\n"))).map((label) => [...pair, label]));
  const shown = free.map((one) => [one.join("\n"), [...one.slice(0, -1).map((id, i) => nameOf(facets[i], id)), one.at(-1)].join(" · ")]);
  const add = (event) => {
    const parts = event.target.value.split("\n");
    const line = { layer: name, ...Object.fromEntries(facets.map((facet, i) => [facet, parts[i]])) };
    const role = ranks.find((one, i) => i === ranks.length - 1 || i > 0 || !lines.some((other) => other.role === one));
    if (role) line.role = role;
    line.label = parts.at(-1);
    const selected = layer.evidence && layer.evidence !== "none" ? selection({ explicit: true }) : null;
    if (selected) Object.assign(line, { evidence: [[selected.start, selected.end]], text: [app.text.slice(selected.start, selected.end)] });
    unselect();
    setOpen(keyOfCard(line, facets));
    edit(null, line);
    say(`Added ${line.label}${role ? `, ${role}` : ""}${selected ? ", with the selected words as evidence" : ""}.`);
  };
  const id = `add/${name}`;
  return el("div", { class: "adding" }, el("label", { for: id }, `Add to ${name}`), select([["", "choose a label…"], ...shown], { id, data: { key: id }, onchange: add }));
}
