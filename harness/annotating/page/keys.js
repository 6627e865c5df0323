// Every key of the page in one table; what the help dialog shows is made from it.
import { byId, el, openDialog } from "./dom.js";
import { arrow, escape, jump, selectWord } from "./cursor.js";
import { openMenu } from "./menu.js";
import { step } from "./queue.js";
import { KEYS, label, nextSpan, remove } from "./spans.js";
import { app, redo, say, selection, undo } from "./state.js";
import { settle } from "./suggestions.js";
import { doneAll, doneShown, focusLayer, showTab } from "./panels.js";

const LETTERS_OFF = "harness-letters-off";
const lettersOn = () => localStorage.getItem(LETTERS_OFF) !== "1";

const LETTERS = {
  e: () => focusLayer("labels"),
  s: () => focusLayer("label"),
  a: () => settle(true),
  x: () => settle(false),
  n: () => step(1),
  p: () => step(-1),
  d: () => doneAll(),
  "shift+d": () => doneShown(),
};

const HELP = [
  ["In the text", [
    ["← → ↑ ↓", "move by a word or a line; Home, End, Page keys, with Ctrl to the ends"],
    ["Shift + arrows", "extend the selection"],
    ["Space", "select the cursor's word alone, to label it inside a longer span"],
    ["Alt + Shift + ← →", "move the end of the selection or of the chosen span by one character"],
    ["Alt + Shift + ↑ ↓", "move its start by one character"],
    ["1 – 9, − , =", "label what is selected, or change the chosen span"],
    ["Enter", "choose among all labels by typing"],
    ["Tab, Shift + Tab", "next and previous span"],
    ["Delete", "remove the chosen span"],
    ["Escape", "drop the selection; anywhere else: back to the text"],
  ]],
  ["Anywhere", [
    ["Ctrl + Z, Ctrl + Y", "undo and redo"],
    ["E", "events: add a label to the document"],
    ["S", "stance: judge the pairs"],
    ["A, X", "take or refuse the suggestion"],
    ["N, P", "next and previous document"],
    ["D, Shift + D", "all layers done, or the one shown"],
    ["F6", "go round: text, panel, queue"],
    ["Alt or Ctrl + 1 – 5", "tabs of the panel, by what the browser leaves free"],
    ["/", "search for a document"],
    ["?", "this help"],
  ]],
];

export function help() {
  const box = el("input", { type: "checkbox", id: "letters", checked: lettersOn(), onchange: (event) => localStorage.setItem(LETTERS_OFF, event.target.checked ? "0" : "1") });
  const tables = HELP.map(([title, rows]) => el("section", {}, el("h3", {}, title), el("dl", {}, ...rows.map(([key, what]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, what))))));
  const touch = el("p", { class: "hint" }, "Mouse: click a word or a label, drag over words; with Alt over characters. Touch: tap a word, tap another to reach to it, then tap a label.");
  openDialog("Keys", el("div", {}, el("label", { class: "pick" }, box, "Single letters are keys (E, S, A, X, N, P, D, / and ?)"), el("div", { class: "columns" }, ...tables), touch), { wide: true });
}

/** True where the key was one of ours. */
function pressed(event) {
  const { key, code, shiftKey: shift, altKey: alt } = event;
  const control = event.ctrlKey || event.metaKey;
  const typing = event.target.closest("input, textarea, select");
  const inText = event.target === byId("text") || event.target === document.body;
  if (key === "F6") return goRound(shift);
  if (control && !alt && !event.target.closest("input, textarea")) {
    if (key.toLowerCase() === "z") return said((shift ? redo : undo)(), shift ? "Redone." : "Undone.", "Nothing to undo.");
    if (key.toLowerCase() === "y") return said(redo(), "Redone.", "Nothing to redo.");
  }
  if ((control || alt) && !shift && /^Digit[1-5]$/.test(code)) return showTab(Number(code[5]) - 1, true);
  if (key === "Escape" && !inText) return byId("text").focus({ preventScroll: true }) ?? true;
  if (inText && inTheText(event, control)) return true;
  if (typing || control || alt) return false;
  if (!lettersOn() || key.length !== 1) return false;
  if (key === "?") return help() ?? true;
  if (key === "/") return byId("search").focus() ?? true;
  const act = LETTERS[`${shift ? "shift+" : ""}${key.toLowerCase()}`];
  act?.();
  return Boolean(act);
}

function inTheText({ key, code, shiftKey: shift, altKey: alt }, control) {
  if (key.startsWith("Arrow") && (!alt || shift)) return arrow(key, { extend: shift && !alt, border: alt && shift }) ?? true;
  if (["Home", "End", "PageUp", "PageDown"].includes(key) && !alt) return jump(key, { extend: shift, whole: control }) ?? true;
  if (control || alt) return false;
  // The digits by their place on the keyboard, as some layouts have them on Shift; the two keys after them likewise.
  const digit = shift ? -1 : Math.max(KEYS.indexOf(key), ["Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8", "Digit9", "Minus", "Equal"].indexOf(code));
  const name = app.corpus.layers[app.layer]?.labels[digit];
  if (name) return label(name) ?? true;
  if (key === " ") return selectWord() ?? true;
  if (key === "Enter") return openMenu() ?? true;
  if (key === "Tab") return nextSpan(shift ? -1 : 1); // no further span: Tab leaves the text, nobody is caught in it
  if (key === "Delete" || key === "Backspace") return remove() ?? true;
  if (key === "Escape") return escape();
  return false;
}

const said = (worked, yes, no) => say(worked ? yes : no) ?? true;

/** F6: text, panel, queue, and round. */
function goRound(back) {
  const stops = [byId("text"), document.querySelector("#tabs [aria-selected=true]"), byId("search")];
  const areas = [byId("reading"), byId("panel"), byId("queue")];
  const at = areas.findIndex((area) => area.contains(document.activeElement));
  stops[(at + (back ? 2 : 1) + 3) % 3].focus();
  return true;
}

export function listen() {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || !app.doc || document.querySelector("dialog[open]")) return;
    const since = performance.now();
    if (!pressed(event)) return;
    event.preventDefault();
    // A task queued from within the frame runs once that frame is painted.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => (document.documentElement.dataset.painted = (performance.now() - since).toFixed(1));
      port2.postMessage(null);
    });
  });
  document.addEventListener("copy", (event) => {
    const selected = document.activeElement === byId("text") && selection({ explicit: true });
    if (!selected) return;
    event.clipboardData.setData("text/plain", app.text.slice(selected.start, selected.end));
    event.preventDefault();
  });
}
