// The queue on top: which document is next, in which order, and a search over all of them.
import { get } from "./api.js";
import { byId, button, el, select } from "./dom.js";
import { load } from "./saving.js";
import { app, say } from "./state.js";

const MOST = 200; // rows shown; whoever looks for more searches
let documents = [];
let order = "";

const own = () => documents.findIndex((one) => one.id === app.doc?.id);
const isDone = (one) => Object.keys(app.corpus.layers).every((name) => one.layers[name] === "done");

export async function loadQueue(now = app.corpus.orders[0]) {
  documents = (await get(`queue?order=${now}`)).documents;
  order = now;
  drawQueue();
}

/** Open the document named in the address, or the first of the queue that is not done. */
export function openFirst() {
  const asked = new URLSearchParams(location.search).get("document");
  // A reload leaves the order by which the document was reached in the history.
  if (documents.some((one) => one.id === asked)) return openDocument(asked, history.state?.picked);
  return openDocument((documents.find((one) => !isDone(one)) ?? documents[0])?.id, order);
}

/** `picked`: the order of the queue that led here, null where somebody chose the document. False where it is not open. */
export async function openDocument(id, picked = null) {
  if (!id) return false;
  byId("found").hidden = true;
  byId("search").value = "";
  const since = performance.now();
  try {
    if (!(await load(id, picked))) return false;
  } catch (problem) {
    say(problem.message);
    byId("state").dataset.kind = "error";
    byId("state").textContent = problem.message;
    return false;
  }
  history.replaceState({ picked }, "", `?document=${encodeURIComponent(id)}`);
  document.title = `${id} · ${app.corpus.name}`;
  drawQueue();
  byId("text").focus({ preventScroll: true });
  requestAnimationFrame(() => requestAnimationFrame(() => (document.documentElement.dataset.opened = Math.round(performance.now() - since))));
  return true;
}

/** N, P: the next (1) or previous (-1) document of the queue. */
export async function step(by) {
  const next = documents[own() + by];
  if (!next) return say(by > 0 ? "This is the last document of the queue." : "This is the first document of the queue.");
  return (await openDocument(next.id, order)) && say(`${own() + 1} of ${documents.length}: ${app.doc.id}`);
}

/** Tell the queue how far the document is, without asking the server for all of it again. */
export function noteProgress() {
  const one = documents[own()];
  if (one) one.layers = { ...one.layers, ...app.layers };
}

function drawQueue() {
  const here = own();
  const orders = select(app.corpus.orders, { id: "order", value: order, "aria-label": "Order of the queue", title: "Order of the queue", onchange: (event) => loadQueue(event.target.value) });
  byId("order").replaceWith(orders);
  const where = here < 0 ? null : `${here + 1} of ${documents.length}`;
  byId("place").textContent = [where, app.doc?.split, app.doc?.language].filter(Boolean).join(" · ");
  byId("document").textContent = app.doc?.id ?? "";
}

/** The list under the search box: what fits the words typed, or all in the order of the queue. */
function drawFound() {
  const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = documents.filter((one) => words.every((word) => `${one.id} ${one.title} ${one.language} ${one.split}`.toLowerCase().includes(word)));
  const rows = fits.slice(0, MOST).map((one) => {
    const row = button("", () => openDocument(one.id), { class: "row", "aria-current": one.id === app.doc?.id ? "true" : null });
    row.append(el("span", { class: "mark", "aria-hidden": true }, isDone(one) ? "●" : Object.values(one.layers).some(Boolean) ? "◐" : "○"),
      el("span", { class: "name" }, one.id), el("span", { class: "surface", dir: "auto" }, one.title),
      el("small", {}, [isDone(one) ? "done" : Object.values(one.layers).some(Boolean) ? "begun" : "", one.split].filter(Boolean).join(" · ")));
    return el("li", {}, row);
  });
  const more = fits.length > MOST ? [el("li", { class: "hint" }, `${fits.length - MOST} more: type to narrow the list down.`)] : [];
  byId("found").replaceChildren(...(rows.length ? rows : [el("li", { class: "hint" }, "No document fits.")]), ...more);
  byId("found").hidden = false;
}

export function listen() {
  const [search, found, area] = [byId("search"), byId("found"), byId("queue")];
  search.addEventListener("focus", drawFound);
  search.addEventListener("input", drawFound);
  byId("next").addEventListener("click", () => step(1));
  byId("previous").addEventListener("click", () => step(-1));
  found.addEventListener("mousedown", (event) => event.preventDefault()); // else the list goes before the click lands
  area.addEventListener("focusout", (event) => area.contains(event.relatedTarget) || (found.hidden = true));
  area.addEventListener("keydown", (event) => {
    const rows = [...found.querySelectorAll("button")];
    const at = rows.indexOf(document.activeElement);
    if (event.key === "Escape") {
      found.hidden = true;
      byId("text").focus({ preventScroll: true });
    } else if (event.key === "Enter" && event.target === search) rows[0]?.click();
    else if (event.key === "ArrowDown" && rows.length && event.target.id !== "order") rows[Math.min(at + 1, rows.length - 1)].focus();
    else if (event.key === "ArrowUp" && at >= 0) (rows[at - 1] ?? search).focus();
    else return;
    event.preventDefault();
  });
}
