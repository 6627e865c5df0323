// The tabs on the right, and the Document tab, which has a section for each layer that labels no spans.
import { byId, button, el, keepFocus } from "./dom.js";
import { drawCompare } from "./compare.js";
import { drawEvents } from "./events.js";
import { drawGuide } from "./guide.js";
import { noteProgress } from "./queue.js";
import { setDone } from "./saving.js";
import { drawSpans } from "./spans.js";
import { drawStance } from "./stance.js";
import { app, change, names, redraw, say } from "./state.js";
import { drawSuggestions, openSuggestions } from "./suggestions.js";

const TABS = ["document", "spans", "suggestions", "compare", "guide"];
const DRAW = { document: drawDocument, spans: drawSpanTab, suggestions: drawSuggestions, compare: drawCompare, guide: drawGuide };

/** Show a tab; with `focus` go there. */
export function showTab(which, focus = false) {
  app.tab = typeof which === "number" ? TABS[which] : which;
  for (const name of TABS) {
    const here = name === app.tab;
    byId(`tab-${name}`).setAttribute("aria-selected", String(here));
    byId(`tab-${name}`).tabIndex = here ? 0 : -1;
    byId(`panel-${name}`).hidden = !here;
  }
  if (focus) byId(`tab-${app.tab}`).focus();
  redraw("tab");
  return true;
}

/** Draw what of the panel can be seen. */
export function drawPanel() {
  const panel = byId(`panel-${app.tab}`);
  const left = openSuggestions().length;
  byId("tab-suggestions").dataset.count = left || "";
  const done = Object.keys(app.corpus.layers).every((name) => app.layers[name] === "done");
  byId("done").textContent = done ? "✓ Done" : "Done";
  byId("done").setAttribute("aria-pressed", String(done));
  keepFocus(panel, () => DRAW[app.tab](panel));
}

function drawDocument(panel) {
  const sections = [...names("labels"), ...names("label")].map((name) => {
    const draw = app.corpus.layers[name].kind === "labels" ? drawEvents : drawStance;
    return el("section", { class: "layer", data: { layer: name }, "aria-label": name }, el("header", {}, el("h3", {}, name), doneToggle(name)), ...draw(name));
  });
  panel.replaceChildren(...(sections.length ? sections : [el("p", { class: "hint" }, "This corpus labels spans alone.")]));
}

function drawSpanTab(panel) {
  let [head, list] = panel.children;
  if (!list) panel.replaceChildren((head = el("div", { class: "dones" })), (list = el("div")));
  head.replaceChildren(...names("spans").map((name) => el("header", {}, el("h3", {}, name), doneToggle(name))));
  drawSpans(list);
}

/** Says whether a layer is done, and changes it. */
function doneToggle(name) {
  const done = app.layers[name] === "done";
  return button(done ? "✓ done" : "open", () => markDone([name], !done), { "aria-pressed": String(done), name: `${name}: ${done ? "done, press to open it again" : "open, press when it is done"}`, class: "toggle", data: { key: `done/${name}` } });
}

async function markDone(layers, done) {
  await setDone(layers, done, change);
  noteProgress();
}

/** D: every layer is done; or open again where all were. */
export function doneAll() {
  const layers = Object.keys(app.corpus.layers);
  return markDone(layers, layers.some((name) => app.layers[name] !== "done"));
}

/** Shift+D: the layer in use: that of the section with the focus, else the spans'. */
export function doneShown() {
  const name = document.activeElement?.closest("section.layer")?.dataset.layer ?? (app.tab === "document" ? [...names("labels"), ...names("label")][0] : app.layer);
  return name && markDone([name], app.layers[name] !== "done");
}

/** E, S: to the first layer of a kind, at what is still to be done there. */
export function focusLayer(kind) {
  const wanted = names(kind).sort((a, b) => (app.corpus.layers[b].of ?? []).length - (app.corpus.layers[a].of ?? []).length)[0];
  if (!wanted) return say("This corpus has no such layer.");
  showTab("document");
  drawPanel();
  const section = byId("panel-document").querySelector(`section[data-layer="${CSS.escape(wanted)}"]`);
  const control = section.querySelector("select.open, .adding select") ?? section.querySelector("select") ?? section.querySelector("button");
  control.focus();
  control.scrollIntoView({ block: "nearest" });
  return true;
}

export function listen() {
  TABS.forEach((name, i) => {
    const tab = byId(`tab-${name}`);
    tab.addEventListener("click", () => showTab(name));
    tab.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (by) showTab((i + by + TABS.length) % TABS.length, true);
    });
  });
}
