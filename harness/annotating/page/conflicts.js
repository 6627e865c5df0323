// The dialog about real conflicts: for each, mine or theirs; everything else is merged before anybody is asked.
import { byId, el, openDialog } from "./dom.js";

/** `settle` gets, for each conflict, whether mine stays. Closing the dialog settles nothing: the next save asks again. */
export function askAbout(conflicts, settle) {
  if (byId("conflicts")) return; // asked already
  const rows = conflicts.map((conflict, i) => {
    const pick = (value, line) =>
      el("label", { class: "pick" }, el("input", { type: "radio", name: `conflict-${i}`, value, checked: value === "mine" }), el("span", {}, el("b", {}, value === "mine" ? "Mine: " : "Theirs: "), describe(line)));
    return el("fieldset", {}, el("legend", {}, conflict.layer), pick("mine", conflict.mine), pick("theirs", conflict.theirs));
  });
  const onsubmit = (event) => {
    event.preventDefault();
    const own = conflicts.map((_, i) => event.target.elements[`conflict-${i}`].value === "mine");
    close();
    settle(own);
  };
  const content = el("form", { id: "conflicts", onsubmit }, el("p", {}, "This file was changed elsewhere, in the same places as here. Choose what stays."), ...rows, el("p", { class: "buttons" }, el("button", { class: "main", autofocus: true }, "Keep these and save")));
  const close = openDialog("Two changes to the same thing", content, { wide: true });
}

/** A line in words: its label, what it labels, and the rest. */
export function describe(line) {
  if (!line) return "removed";
  if (typeof line !== "object") return String(line);
  const { layer: _, evidence: __, text, start, end, label, ...rest } = line;
  const words = Array.isArray(text) ? text.join(" … ") : text;
  const more = Object.values(rest).filter((value) => typeof value === "string").join(", ");
  return [label, words && `“${words}”`, more].filter(Boolean).join(" · ");
}
