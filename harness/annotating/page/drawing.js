// Draws the text: a block a paragraph, a nested element a span, highlights for cursor and selection; and back to offsets.
import { byId, el, reconcile } from "./dom.js";
import { app } from "./state.js";

const ORDER = (a, b) => a.start - b.start || b.end - a.end;
let blocks = []; // a paragraph each: {node, signature}

/** A label's colour: the golden angle keeps neighbours in the list far apart. */
export function hue(layer, label) {
  return Math.round((app.corpus.layers[layer].labels.indexOf(label) * 137.5 + 265) % 360);
}

/** `marks`: {id, start, end, label, layer, kind}, kind one of span, inner, suggested. Unchanged paragraphs stay. */
export function drawText(marks, anew) {
  const { paragraphs } = app.text;
  if (anew) blocks = paragraphs.map(() => ({ node: el("p", { dir: "auto" }), signature: null }));
  const here = paragraphs.map(() => []);
  for (const mark of [...marks].sort(ORDER)) {
    for (let i = app.text.paragraphAt(mark.start); i < paragraphs.length && paragraphs[i].start < mark.end; i++) {
      const { start, end } = paragraphs[i];
      here[i].push({
        ...mark,
        start: Math.max(mark.start, start),
        end: Math.min(mark.end, end),
        cut: mark.end > end,
        continued: mark.start < start,
      });
    }
  }
  blocks.forEach((block, i) => {
    const signature = here[i].map((m) => `${m.id}${m.kind}`).join();
    if (signature === block.signature) return;
    block.signature = signature;
    const piece = document.createDocumentFragment();
    fill(piece, paragraphs[i].start, paragraphs[i].end, here[i]);
    block.node.replaceChildren(piece);
  });
  if (!anew) return;
  reconcile(byId("text"), blocks.map((block) => block.node));
  // The rest of a long paragraph runs in its first piece's direction.
  blocks.forEach(({ node }, i) => paragraphs[i].continued && (node.dir = getComputedStyle(blocks[i - 1].node).direction));
}

/** Text from `from` to `to` with its marks nested; one that runs over its elder's end is cut in two there. */
function fill(parent, from, to, marks) {
  let at = from;
  for (let queue = marks; queue.length; ) {
    const [mark, ...others] = queue;
    const inside = [];
    const over = [];
    const later = [];
    for (const other of others) {
      if (other.start >= mark.end) later.push(other);
      else if (other.end <= mark.end) inside.push(other);
      else {
        inside.push({ ...other, end: mark.end, cut: true });
        over.push({ ...other, start: mark.end, continued: true });
      }
    }
    parent.append(app.text.slice(at, mark.start));
    const drawn = segment(mark);
    fill(drawn, mark.start, mark.end, inside);
    parent.append(drawn);
    at = mark.end;
    queue = over.length ? [...over, ...later].sort(ORDER) : later;
  }
  if (at < to) parent.append(app.text.slice(at, to));
}

function segment(mark) {
  const drawn = el("span", {
    class: ["seg", mark.kind, mark.cut ? "cut" : "", mark.continued ? "continued" : ""].join(" "),
    data: { ids: mark.id, label: mark.kind === "suggested" ? `${mark.label}?` : mark.label },
  });
  drawn.style.setProperty("--hue", hue(mark.layer, mark.label));
  return drawn;
}

/** Mark the pieces of one span as chosen. */
export function drawChosen(id) {
  for (const old of byId("text").querySelectorAll(".chosen")) old.classList.remove("chosen");
  if (id) for (const piece of pieces(id)) piece.classList.add("chosen");
}

const pieces = (id) => byId("text").querySelectorAll(`[data-ids="${CSS.escape(id)}"]`);

/** A DOM range over code points [start, end). */
export function rangeOf(start, end) {
  const range = new Range();
  range.setStart(...place(start, false));
  range.setEnd(...place(end, true));
  return range;
}

/** Text node and offset of a code point; at a seam the node before it where it `ends` there, else the one after. */
function place(point, ends) {
  const i = app.text.paragraphAt(point);
  const { start, end } = app.text.paragraphs[i];
  let left = app.text.unit(Math.min(point, end)) - app.text.unit(start);
  const walker = document.createTreeWalker(blocks[i].node, NodeFilter.SHOW_TEXT);
  let last = null;
  while (walker.nextNode()) {
    last = walker.currentNode;
    if (left < last.length || (ends && left === last.length)) return [last, left];
    left -= last.length;
  }
  return last ? [last, last.length] : [blocks[i].node, 0];
}

/** The code point under a place of the window, null outside the text. */
export function pointAt(x, y) {
  const caret = document.caretPositionFromPoint
    ? document.caretPositionFromPoint(x, y)
    : ((r) => r && { offsetNode: r.startContainer, offset: r.startOffset })(document.caretRangeFromPoint(x, y));
  const node = caret?.offsetNode;
  const block = (node?.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.("#text > p");
  if (!block) return null;
  const i = blocks.findIndex((one) => one.node === block);
  const before = new Range();
  before.setStart(block, 0);
  before.setEnd(node, caret.offset);
  return app.text.point(app.text.unit(app.text.paragraphs[i].start) + before.toString().length);
}

export const isRightToLeft = (point) => getComputedStyle(blocks[app.text.paragraphAt(point)].node).direction === "rtl";

/** Light a named set of spans up: `cursor`, `selection`, `shown`. Highlights change no element, so no layout follows. */
export function light(name, spans) {
  const ranges = spans.map(({ start, end }) => rangeOf(start, end));
  if (window.CSS?.highlights) CSS.highlights.set(name, new Highlight(...ranges));
  else if (name === "selection" && ranges.length) {
    getSelection().removeAllRanges(); // an old browser: its own selection has to do
    getSelection().addRange(ranges[0]);
  }
}

/** Scroll so that a span can be seen, and the label bar does not cover it. */
export function bringIntoView({ start, end }) {
  const box = rangeOf(start, end).getBoundingClientRect();
  const column = byId("text");
  const own = column.scrollHeight > column.clientHeight && getComputedStyle(column).overflowY === "auto";
  const top = own ? column.getBoundingClientRect().top : 0;
  const bottom = byId("labels").getBoundingClientRect().top;
  const room = 12;
  const by = box.top < top + room ? box.top - top - room * 4 : box.bottom > bottom - room ? box.bottom - bottom + room * 4 : 0;
  if (by) (own ? column : document.scrollingElement).scrollBy({ top: by });
}
