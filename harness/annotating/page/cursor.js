// Moves the word cursor and the selection: by arrows, mouse and touch.
import { byId } from "./dom.js";
import { bringIntoView, drawChosen, isRightToLeft, light, pointAt, rangeOf } from "./drawing.js";
import { findPlace, moveBorder, placesAt } from "./spans.js";
import { app, redraw, say, selection, unselect } from "./state.js";

/** Put the cursor on a word; `extend` keeps where the selection began. */
export function moveTo(word, { extend = false, chosen = undefined } = {}) {
  const last = app.text.words.length - 1;
  if (last < 0) return;
  if (extend) app.anchor ??= app.cursor;
  else app.anchor = null;
  app.range = null;
  app.cursor = Math.max(0, Math.min(last, word));
  const here = app.text.words[app.cursor];
  app.chosen = extend ? null : chosen !== undefined ? chosen : placesAt(here.start)[0]?.id ?? null;
  bringIntoView(here);
  redraw("cursor");
}

/** Arrow keys; left and right follow the eye in right-to-left paragraphs. */
export function arrow(key, { extend, border }) {
  const here = app.text.words[app.cursor];
  if (!here) return;
  const forward = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[key];
  const sideways = key === "ArrowLeft" || key === "ArrowRight";
  const step = sideways && isRightToLeft(here.start) ? -forward : forward;
  if (border) moveBorder(sideways ? "end" : "start", step);
  else if (sideways) moveTo(app.cursor + step, { extend });
  else moveTo(lineBeside(step), { extend });
}

/** The word above (-1) or below (1) the cursor: the next line's word that is nearest across. */
function lineBeside(step) {
  const { words } = app.text;
  const box = (i) => rangeOf(words[i].start, words[i].end).getBoundingClientRect();
  const here = box(app.cursor);
  const across = (here.left + here.right) / 2;
  let [line, best, distance] = [null, app.cursor, Infinity];
  for (let i = app.cursor + step; i >= 0 && i < words.length; i += step) {
    const there = box(i);
    if (Math.abs(there.bottom - here.bottom) < here.height * 0.6) continue;
    line ??= there;
    if (Math.abs(there.bottom - line.bottom) > line.height * 0.6) break;
    const off = Math.abs((there.left + there.right) / 2 - across);
    if (off < distance) [best, distance] = [i, off];
  }
  return line ? best : step < 0 ? 0 : words.length - 1;
}

/** Home, End: the paragraph's (with Ctrl the document's) first and last word. Page keys: a paragraph. */
export function jump(key, { extend, whole }) {
  const { words, paragraphs } = app.text;
  if (!words.length) return;
  const paragraph = app.text.paragraphAt(words[app.cursor].start);
  const first = (i) => app.text.wordAt(paragraphs[Math.max(0, Math.min(i, paragraphs.length - 1))].start);
  const target = {
    Home: whole ? 0 : first(paragraph),
    End: whole || paragraph === paragraphs.length - 1 ? words.length - 1 : first(paragraph + 1) - 1,
    PageUp: first(app.cursor > first(paragraph) ? paragraph : paragraph - 1),
    PageDown: first(paragraph + 1),
  }[key];
  moveTo(target, { extend });
}

/** Space: select the cursor's word, so that what follows speaks of it alone and not of the span around it. */
export function selectWord() {
  const already = app.anchor !== null || app.range;
  unselect();
  if (!already) app.anchor = app.cursor;
  app.chosen = already ? placesAt(app.text.words[app.cursor].start)[0]?.id ?? null : null;
  redraw("cursor");
}

export function escape() {
  const had = app.anchor !== null || app.range !== null;
  unselect();
  redraw("cursor");
  return had;
}

/** Go to a span and choose it. */
export function goTo(place) {
  moveTo(app.text.wordAt(place.start), { chosen: place.id ?? null });
}

/** Show where cursor, selection and lit spans are, and say it. */
export function drawCursor() {
  const here = app.text.words[app.cursor];
  const place = findPlace(app.chosen);
  const selected = selection({ explicit: true });
  light("cursor", here ? [here] : []);
  light("selection", selected ? [selected] : []);
  light("shown", app.shown);
  drawChosen(place?.id);
  if (!here) return say("This document has no words.");
  const inside = placesAt(here.start).map((one) => one.label).join(" in ");
  const isolated = (span) => `\u2068${app.text.slice(span.start, span.end)}\u2069`; // its direction is its own
  const what = selected ? `selected: “${isolated(selected)}”` : isolated(here);
  return say(`${what}${inside ? `, in span ${inside}` : ""}`);
}

/** Mouse: click a word or a label, drag selects words (Alt: graphemes). Touch: tap a word, tap another to extend. */
export function listen() {
  const area = byId("text");
  let from = null; // where the button went down: {point, word, x, y}
  let touched = false;
  window.addEventListener("pointerdown", (event) => (touched = event.pointerType === "touch"), true);
  area.addEventListener("mousedown", (event) => {
    if (event.button) return;
    const point = pointAt(event.clientX, event.clientY);
    event.preventDefault(); // the page draws its own selection
    area.focus({ preventScroll: true });
    if (point === null || !app.text.words.length) return;
    const { word, hit } = wordUnder(event, point);
    const piece = hit ? null : event.target.closest(".seg:not(.suggested)");
    if (piece) return goTo(findPlace(piece.dataset.ids)); // beside every word: on the label
    from = { point, word, x: event.clientX, y: event.clientY };
    moveTo(word, { extend: event.shiftKey || (touched && extendsByTap(word)) });
    if (touched && app.anchor === null) selectWord();
  });
  window.addEventListener("mousemove", (event) => {
    if (from === null || touched || !(event.buttons & 1)) return;
    const point = pointAt(event.clientX, event.clientY);
    const moved = Math.hypot(event.clientX - from.x, event.clientY - from.y) > 4; // a click with an unsteady hand is a click
    if (point !== null && moved) drag(from, point, event);
  });
  window.addEventListener("mouseup", () => (from = null));
}

function drag(from, point, event) {
  if (event.altKey) {
    const [start, end] = from.point < point ? [from.point, point] : [point, from.point];
    // From the first grapheme that ends behind the one point to the last that begins before the other.
    const [first, last] = [app.text.grapheme(start, 1, false), app.text.grapheme(end, -1, true)];
    const range = { start: app.text.grapheme(first, -1, true), end: app.text.grapheme(last, 1, false) };
    const words = app.text.slice(range.start, range.end);
    if (range.start >= range.end || words !== words.trim()) return; // in white space alone
    Object.assign(app, { range, chosen: null });
  } else Object.assign(app, { range: null, chosen: null, anchor: from.word, cursor: wordUnder(event, point).word });
  redraw("cursor");
}

/** The word under the mouse; a point is a border between characters, so the word may end there. `hit`: really under it. */
function wordUnder(event, point) {
  const inBox = (box) => event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  const near = [app.text.wordAt(point), app.text.wordAt(Math.max(0, point - 1))];
  const boxes = (word) => [...rangeOf(app.text.words[word].start, app.text.words[word].end).getClientRects()];
  const word = near.find((one) => boxes(one).some(inBox));
  return { word: word ?? near[1], hit: word !== undefined };
}

/** A tap on another word extends the selection that a tap began; one inside it ends it. */
function extendsByTap(word) {
  const selected = selection({ explicit: true });
  const { start } = app.text.words[word];
  return selected !== null && !(selected.start <= start && start < selected.end);
}
