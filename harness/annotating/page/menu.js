// The menu of all labels: opened by Enter, narrowed by typing, chosen by arrows and Enter.
import { byId, el, openDialog } from "./dom.js";
import { findPlace, KEYS, label, chip } from "./spans.js";
import { app, selection } from "./state.js";

export function openMenu() {
  const place = selection({ explicit: true }) ? null : findPlace(app.chosen);
  const layer = place?.layer ?? app.layer;
  if (!layer) return;
  const { labels } = app.corpus.layers[layer];
  const input = el("input", { role: "combobox", "aria-expanded": "true", "aria-controls": "menu-list", "aria-label": "Label", placeholder: "type a label", autocomplete: "off", autofocus: true });
  const list = el("ul", { id: "menu-list", role: "listbox", "aria-label": "Labels", class: "menu" });
  let fits = labels;
  let at = Math.max(0, labels.indexOf(place?.label));
  const pick = (name) => {
    close();
    if (name) label(name, layer);
  };
  const draw = () => {
    const rows = fits.map((name, i) => {
      const row = el("li", { role: "option", id: `menu-${i}`, "aria-selected": String(i === at), onclick: () => pick(name) }, chip(layer, name));
      const key = layer === app.layer ? KEYS[labels.indexOf(name)] : null;
      if (key) row.append(el("kbd", {}, key));
      return row;
    });
    list.replaceChildren(...(rows.length ? rows : [el("li", { class: "hint" }, "No label begins so.")]));
    input.setAttribute("aria-activedescendant", `menu-${at}`);
    rows[at]?.scrollIntoView({ block: "nearest" });
  };
  input.addEventListener("input", () => {
    const typed = input.value.trim().toLowerCase();
    const begins = labels.filter((name) => name.toLowerCase().startsWith(typed));
    fits = [...begins, ...labels.filter((name) => !begins.includes(name) && name.toLowerCase().includes(typed))];
    at = 0;
    draw();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") at = (at + (event.key === "ArrowDown" ? 1 : fits.length - 1)) % Math.max(1, fits.length);
    else if (event.key === "Enter") pick(fits[at]);
    else return;
    event.preventDefault();
    if (list.isConnected) draw();
  });
  const about = place ?? selection();
  const title = about ? `Label “${app.text.slice(about.start, about.end).slice(0, 60)}”` : "Label";
  const close = openDialog(title, el("div", {}, input, list), { onclose: () => byId("text").focus({ preventScroll: true }) });
  draw();
}
