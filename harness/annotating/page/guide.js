// The guidelines: enough Markdown for headings, lists, tables and emphasis, made of text nodes alone.
import { el } from "./dom.js";
import { app } from "./state.js";

let drawn = null;

export function drawGuide(panel) {
  if (drawn === app.corpus.guide) return;
  drawn = app.corpus.guide;
  const find = el("input", { type: "search", placeholder: "Find in the guide", "aria-label": "Find in the guide" });
  const blocks = markdown(drawn || "This corpus has no GUIDELINES.md.");
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    // A list or table shows its fitting rows alone; headings stay, so that one sees where one is.
    for (const block of blocks) {
      if (/^H\d$/.test(block.tagName)) continue;
      const rows = block.matches("ul, ol, div") ? [...block.querySelectorAll("li, tbody tr")] : [block];
      rows.forEach((row) => (row.hidden = !row.textContent.toLowerCase().includes(wanted)));
      block.hidden = rows.every((row) => row.hidden);
    }
  });
  panel.replaceChildren(find, el("div", { class: "guide", dir: "auto" }, ...blocks));
}

function markdown(source) {
  const blocks = [];
  const lines = source.split("\n");
  for (let i = 0; i < lines.length; ) {
    const line = lines[i];
    const heading = /^(#{1,6})\s+(.*)/.exec(line);
    if (!line.trim()) i++;
    else if (heading) {
      blocks.push(el(`h${Math.min(6, heading[1].length + 2)}`, {}, ...inline(heading[2])));
      i++;
    } else {
      const kind = kindOf(line);
      const taken = [];
      // A line that is not of this kind goes on a list's last item, as Markdown has it, but not a table's.
      while (i < lines.length && lines[i].trim() && !/^#/.test(lines[i]) && (kindOf(lines[i]) === kind || (kind !== "table" && kindOf(lines[i]) === "p"))) taken.push(lines[i++]);
      blocks.push(block(kind, taken));
    }
  }
  return blocks;
}

const ITEM = { ul: /^\s*[-*+]\s+/, ol: /^\s*\d+[.)]\s+/ };
const kindOf = (line) => (line.startsWith("|") ? "table" : ITEM.ul.test(line) ? "ul" : ITEM.ol.test(line) ? "ol" : "p");

function block(kind, lines) {
  if (kind === "p") return el("p", {}, ...inline(lines.join(" ")));
  if (kind === "table") {
    const rows = lines.filter((line) => !/^\|[\s:|-]+$/.test(line)).map((line) => line.replace(/^\||\|\s*$/g, "").split("|"));
    const row = (cells, name) => el("tr", {}, ...cells.map((cell) => el(name, {}, ...inline(cell.trim()))));
    return el("div", { class: "table" }, el("table", {}, el("thead", {}, row(rows[0], "th")), el("tbody", {}, ...rows.slice(1).map((cells) => row(cells, "td")))));
  }
  const items = [];
  for (const line of lines) {
    if (ITEM[kind].test(line)) items.push(line.replace(ITEM[kind], ""));
    else items[items.length - 1] += ` ${line.trim()}`;
  }
  const start = kind === "ol" ? /\d+/.exec(lines[0])[0] : null;
  return el(kind, { start }, ...items.map((item) => el("li", {}, ...inline(item))));
}

const MARKS = [[/\*\*(.+?)\*\*/, "strong"], [/\*(.+?)\*/, "em"], [/`(.+?)`/, "code"]];

function inline(text) {
  const found = MARKS.map(([mark, name]) => [mark.exec(text), name]).filter(([match]) => match);
  if (!found.length) return text ? [text] : [];
  const [match, name] = found.sort(([a], [b]) => a.index - b.index || b[0].length - a[0].length)[0];
  const inner = name === "code" ? [match[1]] : inline(match[1]);
  return [text.slice(0, match.index), el(name, {}, ...inner), ...inline(text.slice(match.index + match[0].length))];
}
