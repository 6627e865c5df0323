// Makes elements. Text goes in as text nodes alone, so that nothing of a corpus is ever read as HTML.

/** An element: `el("button", {class: "take", "aria-label": "…", onclick: f, data: {key: "x"}}, "child", node)`. */
export function el(name, settings = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(settings)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "data") Object.assign(made.dataset, value);
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "selected") made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const byId = (id) => document.getElementById(id);

/** A select; `options` are values or [value, shown]. `value` in the settings wins over the first option. */
export function select(options, { value = "", ...settings } = {}) {
  const pairs = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  if (value && !pairs.some(([known]) => known === value)) pairs.push([value, value]);
  const made = el("select", settings, ...pairs.map(([key, shown]) => el("option", { value: key }, shown)));
  made.value = value ?? "";
  return made;
}

/** A button with a text; `name` is what is read out where the text alone does not say it. */
export function button(text, onclick, { name = null, ...settings } = {}) {
  return el("button", { type: "button", "aria-label": name, title: name, onclick, ...settings }, text);
}

/** Give `parent` exactly these children, touching only those that differ: a list of thousands stays quick. */
export function reconcile(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  nodes.forEach((node, i) => {
    if (parent.childNodes[i] !== node) parent.insertBefore(node, parent.childNodes[i] ?? null);
  });
}

/** Draw anew without losing the focus: whoever has it carries `data-key`, and gets it back under the same key. */
export function keepFocus(parent, draw) {
  const active = parent.contains(document.activeElement) ? document.activeElement : null;
  const key = active?.closest("[data-key]")?.dataset.key;
  const typed = active?.matches("input, textarea") ? active.value : null;
  draw();
  if (!key || parent.contains(active)) return;
  const again = parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!again) return parent.closest("[tabindex]")?.focus({ preventScroll: true });
  if (typed !== null && again.matches("input, textarea")) again.value = typed;
  again.focus({ preventScroll: true });
}

/** Open a dialog: named, modal, Escape closes it, and the focus goes back to where it came from. Gives the closer. */
export function openDialog(title, content, { onclose = null, wide = false } = {}) {
  const before = document.activeElement;
  const heading = el("h2", { id: "dialog-title" }, title);
  const shut = button("✕", () => dialog.close(), { name: "Close", class: "quiet close" });
  const dialog = el("dialog", { "aria-labelledby": "dialog-title", class: wide ? "wide" : null }, el("header", {}, heading, shut), content);
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.isConnected ? before.focus({ preventScroll: true }) : byId("text").focus({ preventScroll: true });
    onclose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
  return () => dialog.close();
}

/** At most `chars` characters of a text, for lists. */
export function excerpt(text, chars = 60) {
  const flat = text.replace(/\s+/gu, " ");
  const letters = [...flat];
  return letters.length > chars ? `${letters.slice(0, chars - 1).join("")}…` : flat;
}
