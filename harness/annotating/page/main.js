// Starts the page: token, corpus, queue, first document; then every change draws what it touches, once a frame.
import { get, takeToken } from "./api.js";
import { byId, button, el } from "./dom.js";
import * as cursor from "./cursor.js";
import { drawText, light } from "./drawing.js";
import * as keys from "./keys.js";
import { openMenu } from "./menu.js";
import * as panels from "./panels.js";
import * as queue from "./queue.js";
import * as saving from "./saving.js";
import { drawLabels, places, remove } from "./spans.js";
import { app, canonical, names, onDraw, redo, undo } from "./state.js";
import { loadSuggestions, suggestedMarks } from "./suggestions.js";

function draw(kinds) {
  if (!app.doc) return;
  const anew = kinds.has("document");
  if (anew) {
    byId("text").setAttribute("aria-label", `Text of ${app.doc.id}`);
    byId("text").lang = app.doc.language ?? "";
    byId("text").scrollTop = 0;
    byId("panel").scrollTop = 0;
    drawLabels();
    loadSuggestions();
  }
  if (anew || kinds.has("lines") || kinds.has("suggestions")) drawText([...places(), ...suggestedMarks()], anew);
  if (anew || kinds.has("lines") || kinds.has("cursor")) cursor.drawCursor();
  else if (kinds.has("shown")) light("shown", app.shown);
  // Of the tabs, the spans' alone depends on where the cursor is.
  const rest = [...kinds].some((kind) => !["cursor", "problems", "shown"].includes(kind));
  if (rest || (kinds.has("cursor") && app.tab === "spans")) panels.drawPanel();
  if (kinds.has("problems")) drawProblems();
}

/** The same problems stay drawn as they are, else a button would go while it is pressed. */
function drawProblems() {
  const problems = [...app.lost, ...app.problems];
  acts = problems.map((problem) => problem.act);
  const told = canonical(problems);
  if (told === drawn) return;
  drawn = told;
  const rows = problems.map((problem, i) =>
    el("li", {}, el("b", {}, problem.found), " ", problem.remedy ?? "", " ", problem.act && button(problem.button, () => acts[i]())));
  byId("problems").replaceChildren(...(rows.length ? [el("ul", {}, ...rows)] : []));
}

let drawn = "[]";
let acts = [];

function bar() {
  const back = () => byId("text").focus({ preventScroll: true });
  byId("undo").addEventListener("click", () => undo());
  byId("redo").addEventListener("click", () => redo());
  byId("remove").addEventListener("click", () => { remove(); back(); });
  byId("more").addEventListener("click", openMenu);
  byId("done").addEventListener("click", panels.doneAll);
  byId("help").addEventListener("click", keys.help);
}

async function start() {
  if (!takeToken()) throw new Error("Open the link that the terminal shows: it holds the key to this page.");
  app.corpus = await get("corpus");
  app.layer = names("spans")[0] ?? "";
  byId("corpus").textContent = app.corpus.name;
  byId("by").textContent = app.corpus.by;
  byId("label-buttons").hidden = !app.layer;
  onDraw(draw);
  for (const part of [cursor, keys, panels, queue, saving]) part.listen();
  bar();
  panels.showTab("document");
  await queue.loadQueue();
  await queue.openFirst();
}

start()
  .catch((problem) => {
    byId("state").dataset.kind = "error";
    byId("state").textContent = problem.message;
    byId("text").replaceChildren(el("p", { class: "error" }, problem.message));
  })
  .finally(() => requestAnimationFrame(() => setTimeout(() => (document.documentElement.dataset.ready = "1"))));
