// Layers of kind "label": one label for the document, or one for each listed pair (holder and target for stance).
import { adder, form, lights, spansIn } from "./fields.js";
import { button, el, openDialog, select } from "./dom.js";
import { request } from "./api.js";
import { app, edit, nameOf, redraw, say } from "./state.js";

const opened = new Set(); // pairs whose details are shown

/** The section of one such layer: a row a pair. */
export function drawStance(name) {
  const layer = app.corpus.layers[name];
  const facets = layer.of ?? [];
  const lines = app.lines.filter((line) => line.layer === name);
  const listed = facets.length ? (app.doc.pairs?.[name] ?? []) : [[]];
  const unlisted = lines.map((line) => facets.map((facet) => line[facet])).filter((pair) => !listed.some((one) => `${one}` === `${pair}`));
  const all = [...listed, ...unlisted];
  const rows = all.map((pair) => row(name, layer, facets, pair, lines.find((line) => facets.every((facet, i) => line[facet] === pair[i]))));
  const judged = facets.length ? [el("p", { class: "hint" }, `${lines.length} of ${all.length} pairs judged.`)] : [];
  const more = facets.length ? [button(`+ pair, ${facets.join(" or ")}`, () => addNames(name, facets), { class: "add", data: { key: `${name}/more` } })] : [];
  return [...judged, el("div", { class: "pairs", role: "list" }, ...rows), ...more];
}

function row(name, layer, facets, pair, line) {
  const key = [name, ...pair].join("/");
  const about = pair.map((id, i) => nameOf(facets[i], id));
  const blank = { layer: name, ...Object.fromEntries(facets.map((facet, i) => [facet, pair[i]])) };
  const judge = select([["", line ? "take back" : "not judged"], ...layer.labels], {
    value: line?.label ?? "",
    class: line ? "judged" : "open",
    "aria-label": about.length ? about.join(" → ") : name,
    data: { key, pair: pair.join(" ") },
    onchange: (event) => {
      const label = event.target.value;
      if (!label) return line && edit(line, null);
      edit(line ?? null, line ? relabelled(line, label, layer) : { ...blank, label });
      return say(`${about.join(" → ")}: ${label}`);
    },
  });
  const save = (next) => edit(line, next);
  const title = about.length ? el("span", { class: "pair" }, el("bdi", {}, about[0]), ...about.slice(1).flatMap((one) => [el("span", { class: "arrow", "aria-hidden": true }, " → "), el("bdi", {}, one)])) : null;
  const made = el("div", { class: "judgement", role: "listitem" }, title, el("div", { class: "controls" }, judge, line && toggle(key, line, about.join(" → ") || name)));
  if (line && layer.evidence !== "none" && !line.evidence && !opened.has(key)) {
    made.append(adder((span) => save({ ...line, evidence: [[span.start, span.end]], text: [span.text] }), `${key}/evidence`, "evidence"));
  }
  if (line) made.append(...[opened.has(key) ? form(line, save, { key }) : quote(line)].filter(Boolean));
  return line ? lights(made, spansIn(line)) : made;
}

/** A new label; fields whose choices hang on the label and do not fit go. */
function relabelled(line, label, layer) {
  const next = { ...line, label };
  for (const [field, kind] of Object.entries(layer.fields ?? {})) {
    if (kind && typeof kind === "object" && !Array.isArray(kind) && !kind[label]?.includes(next[field])) delete next[field];
  }
  return next;
}

export const isOpen = (key) => opened.has(key);
export const setOpen = (key) => opened.add(key);

/** The button that shows a line's fields, with how many of them are set; null for a layer that has none. */
export function toggle(key, line, about) {
  const layer = app.corpus.layers[line.layer];
  const fields = Object.keys(layer.fields ?? {});
  if (!fields.length && layer.evidence === "none") return null;
  const set = fields.filter((field) => line[field] !== undefined).length + (line.evidence?.length ?? 0);
  const turn = () => { opened.has(key) ? opened.delete(key) : opened.add(key); redraw("tab"); };
  return button(`${isOpen(key) ? "Less" : "Details"}${set ? ` (${set})` : ""}`, turn, { "aria-expanded": String(isOpen(key)), name: `Details: ${about}`, class: "details", data: { key: `${key}/more` } });
}

/** A line's evidence in words. */
export const quote = (line) => (line.text ? el("p", { class: "quote", dir: "auto" }, line.text.join(" … ")) : null);

/** A dialog that adds a name to the document's list, or a pair to those to judge; both are only ever added to. */
function addNames(layer, facets) {
  const known = (facet) => Object.entries(app.doc.names?.[facet] ?? {});
  const error = el("p", { class: "error", role: "alert" });
  const fields = facets.map((facet, i) => {
    const pick = select([["", "a new one…"], ...known(facet)], { id: `pick-${facet}`, autofocus: i === 0 });
    const input = el("input", { id: `new-${facet}`, placeholder: `name of a new ${facet}`, "aria-label": `Name of a new ${facet}`, dir: "auto", autocomplete: "off" });
    pick.addEventListener("change", () => (input.hidden = pick.value !== ""));
    return { facet, pick, input };
  });
  const send = async (event) => {
    event.preventDefault();
    const pair = [];
    try {
      for (const { facet, pick, input } of fields) pair.push(pick.value || (await addName(facet, input.value.trim())));
      await request("PUT", `documents/${app.doc.id}/pairs`, { body: { layer, pairs: [pair] } });
    } catch (problem) {
      error.textContent = problem.message;
      return;
    }
    const pairs = app.doc.pairs?.[layer] ?? [];
    if (!pairs.some((one) => `${one}` === `${pair}`)) app.doc.pairs = { ...app.doc.pairs, [layer]: [...pairs, pair] };
    close();
    redraw("tab");
    say(`Added ${pair.map((id, i) => nameOf(facets[i], id)).join(" → ")}.`);
  };
  const rows = fields.map(({ facet, pick, input }) => el("div", { class: "field" }, el("label", { for: pick.id }, facet), el("div", { class: "both" }, pick, input)));
  const content = el("form", { onsubmit: send }, el("p", { class: "hint" }, "List the pairs before you judge them, so that easy ones are not chosen."), ...rows, error, el("p", { class: "buttons" }, el("button", { class: "main" }, "Add the pair")));
  const close = openDialog(`A pair to judge in ${layer}`, content);
}

async function addName(facet, name) {
  if (!name) throw new Error(`Choose a ${facet}, or give the new one's name.`);
  const id = name.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "").replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "") || `${facet}-${Object.keys(app.doc.names?.[facet] ?? {}).length + 1}`;
  await request("PUT", `documents/${app.doc.id}/names`, { body: { facet, id, name } });
  app.doc.names = { ...app.doc.names, [facet]: { ...app.doc.names?.[facet], [id]: name } };
  return id;
}
