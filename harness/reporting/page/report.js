"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  if (!$("filters") || !data.tasks.length) return;
  const STEP = 10;
  const SIGNS = { same: "", missed: "−", spurious: "+", label: "≠", border: "↔" };
  const WORDS = { same: "agreement", missed: "missed", spurious: "spurious", label: "wrong label", border: "wrong border" };
  const compared = data.tasks.some((task) => task.worse);
  const lower = data.documents.map(() => null);

  const make = (tag, name = "", text = "", ...inside) => {
    const one = document.createElement(tag);
    if (name) one.className = name;
    if (text) one.textContent = text;
    one.append(...inside);
    return one;
  };
  const named = (task, code) => task.labels[code] ?? "?";
  const said = (task, answer) => {
    if (typeof answer === "string") return `no answer (${answer})`;
    if (typeof answer === "number") return named(task, answer);
    return answer.map((code) => named(task, code)).join(", ") || "none";
  };
  const alike = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const right = (task, row, k) => {
    const answer = row[5][k];
    if (answer === null) return true;
    if (typeof answer === "string") return false;
    if (task.kind !== "spans") return alike(answer[0], row[2]);
    return answer.length === row[2].length && answer.every(Number.isInteger);
  };
  const sure = (task, row, k) => (task.kind !== "spans" && Array.isArray(row[5][k]) ? row[5][k][1] : -1);

  // Gold and predicted spans: those that belong together, and what that makes of them.
  const marks = (task, row, k) => {
    const gold = Array.isArray(row[2]) ? row[2] : [], used = new Set(), found = [];
    for (const one of Array.isArray(row[5][k]) ? row[5][k] : []) {
      const at = Number.isInteger(one) ? one : one[3];
      used.add(at);
      found.push([gold[at] ?? null, Number.isInteger(one) ? gold[one] : one]);
    }
    gold.forEach((span, i) => used.has(i) || found.push([span, null]));
    return found.map(([due, own]) => {
      let state = "spurious";
      if (due && !own) state = "missed";
      else if (due && own && (due[0] !== own[0] || due[1] !== own[1])) state = "border";
      else if (due && own) state = due[2] === own[2] ? "same" : "label";
      const names = [due, own].filter(Boolean).map((span) => named(task, span[2]));
      const text = names[1] && names[0] !== names[1] ? names.join(" → ") : names[0];
      return { gold: due, said: own, state, sign: `${SIGNS[state]} ${text}`.trim() };
    });
  };
  const bars = (found, side) => {
    const lanes = [];
    return found.filter((mark) => mark[side]).sort((a, b) => a[side][1] - a[side][0] - b[side][1] + b[side][0] || a[side][0] - b[side][0])
      .map((mark) => {
        const [start, end] = mark[side];
        let lane = lanes.findIndex((held) => held.every(([a, b]) => b <= start || a >= end));
        if (lane < 0) lane = lanes.push([]) - 1;
        lanes[lane].push([start, end]);
        return { start, end, side, state: mark.state, lane };
      });
  };
  // The text cut at every border, so that no span hides another. Offsets count code points.
  const drawn = (document_, found, evidence) => {
    const letters = Array.from(document_[1]), box = make("div", found.length ? "text lined" : "text"), ends = new Map();
    const all = [...bars(found, "gold"), ...bars(found, "said"),
      ...evidence.map(([start, end]) => ({ start, end, side: "evidence", state: "evidence", lane: 0 }))];
    const sign = (at, state, text) => ends.set(at, [...(ends.get(at) ?? []), [state, text]]);
    for (const mark of found) sign(Math.max(mark.gold?.[1] ?? 0, mark.said?.[1] ?? 0), mark.state, mark.sign);
    for (const [, end, name] of evidence) sign(end, "evidence", name);
    const cuts = [...new Set([0, letters.length, ...all.flatMap((bar) => [bar.start, bar.end])])].sort((a, b) => a - b);
    for (let i = 1; i < cuts.length; i += 1) {
      const [start, end] = [cuts[i - 1], cuts[i]];
      const over = all.filter((bar) => bar.start < end && bar.end > start);
      over.sort((a, b) => b.end - b.start - a.end + a.start || (a.side < b.side ? -1 : 1));
      let inside = box;
      for (const bar of over) {
        const span = make("span", `${bar.side} ${bar.state} l${Math.min(bar.lane, 5)}`);
        inside.append(span);
        inside = span;
      }
      inside.append(letters.slice(start, end).join(""));
      for (const [state, text] of ends.get(end) ?? []) box.append(make("b", `sign ${state}`, text));
    }
    box.dir = "auto";
    if (document_[2]) box.lang = document_[2];
    return box;
  };

  const counted = (task, row, k) => {
    if (!Array.isArray(row[5][k])) return row[5][k] === null ? "not asked" : `no answer (${row[5][k]})`;
    const states = marks(task, row, k).map((mark) => mark.state);
    return Object.keys(WORDS).map((state) => [states.filter((one) => one === state).length, WORDS[state]])
      .filter(([n]) => n).map(([n, words]) => `${n} ${words}`).join(", ") || "nothing";
  };
  const cell = (task, row, k) => {
    const answer = row[5][k];
    if (answer === null) return make("td", "", "not asked");
    const text = typeof answer === "string" ? said(task, answer) : said(task, answer[0]);
    const confidence = Array.isArray(answer) && answer[1] >= 0 ? ` ${(answer[1] / 1000).toFixed(2)}` : "";
    return make("td", (right(task, row, k) ? "right" : "wrong") + (task.kind === "labels" ? " long" : ""), text + confidence);
  };
  const ordered = (task, chosen) => [...task.models.keys()].sort((a, b) => compared ? a - b : (b === chosen) - (a === chosen) || a - b);
  const table = (task, rows, chosen) => {
    const order = ordered(task, chosen);
    const head = make("tr", "", "", make("th", "", task.of.join(" → ") || "item"), make("th", "", "gold"));
    order.forEach((k) => head.append(make("th", "", task.models[k][0])));
    const body = make("tbody");
    rows.forEach((row, i) => {
      const about = row[1].length ? `${i + 1}. ${row[1].join(" → ")}` : `${i + 1}.`;
      const line = make("tr", "", "", make("td", "", about), make("td", task.kind === "labels" ? "long" : "", said(task, row[2])));
      order.forEach((k) => line.append(cell(task, row, k)));
      body.append(line);
    });
    const scroll = make("div", "scroll", "", make("table", "answers", "", make("thead", "", "", head), body));
    scroll.tabIndex = 0;
    scroll.setAttribute("role", "region");
    scroll.setAttribute("aria-label", `Answers to ${data.documents[rows[0][0]][0]}`);
    return scroll;
  };
  const article = (task, d, rows, chosen) => {
    const own = data.documents[d], box = make("article");
    const heading = make(compared ? "h4" : "h3", "", own[0]);
    heading.tabIndex = -1;
    const about = [own[2], ...own[3]].filter(Boolean).join(" · ");
    box.append(heading, make("p", "meta", about));
    if (task.kind === "spans") {
      if (own[1]) box.append(drawn(own, marks(task, rows[0], chosen), []));
      if (own[1] && compared) box.append(make("details", "", "", make("summary", "", `As ${task.models[0][0]} had it`), drawn(own, marks(task, rows[0], 0), [])));
      box.append(make("p", "counts", ordered(task, chosen).map((k) => `${task.models[k][0]}: ${counted(task, rows[0], k)}`).join(" · ")));
    } else {
      const evidence = rows.flatMap((row, i) => row[3].map(([start, end]) => [start, end, String(i + 1)]));
      box.append(table(task, rows, chosen));
      if (rows[0][4].length) box.append(make("p", "counts", `gold: ${rows[0][4].join(" · ")}`));
      if (own[1]) box.append(drawn(own, [], evidence));
    }
    return box;
  };

  // Of each task its rows by document, made when it is first looked at.
  const byDocument = new Map();
  const grouped = (task) => {
    if (!byDocument.has(task)) {
      const found = new Map();
      for (const row of task.rows) found.has(row[0]) ? found.get(row[0]).push(row) : found.set(row[0], [row]);
      byDocument.set(task, found);
    }
    return byDocument.get(task);
  };
  // Labels of what is not right in an answer to spans, or of gold and answer; and how many errors there are.
  const told = (task, row, k) => {
    const answer = row[5][k], gold = row[2];
    if (task.kind !== "spans") return [[gold, answer?.[0]].flat(), right(task, row, k) ? 0 : 1];
    const labels = new Set(), used = new Set();
    let errors = 0;
    for (const one of Array.isArray(answer) ? answer : []) {
      used.add(Number.isInteger(one) ? one : one[3]);
      if (Number.isInteger(one)) continue;
      errors += 1;
      labels.add(one[2]);
      if (one[3] >= 0) labels.add(gold[one[3]][2]);
    }
    for (let i = 0; i < gold.length; i += 1) {
      if (used.has(i)) continue;
      errors += 1;
      labels.add(gold[i][2]);
    }
    return [[...labels], errors];
  };
  // Of each task and model what the filters ask of a document, made when it is first looked at.
  const summed = new Map();
  const sums = (own, k) => {
    const key = `${data.tasks.indexOf(own)} ${k}`;
    if (!summed.has(key)) {
      summed.set(key, [...grouped(own)].filter(([, rows]) => rows.some((row) => row[5][k] !== null)).map(([d, rows]) => {
        const wrong = rows.filter((row) => !right(own, row, k));
        const each = new Map(rows.map((row) => [row, told(own, row, k)]));
        const labels = (some) => new Set(some.flatMap((row) => each.get(row)[0]));
        return {
          d, rows, wrong, errors: wrong.reduce((sum, row) => sum + each.get(row)[1], 0),
          sure: Math.max(-1, ...wrong.map((row) => sure(own, row, k))), labels: labels(rows), wrongLabels: labels(wrong),
        };
      }));
      const confident = own.models[k][2];
      summed.get(key).sort((a, b) => (confident && b.sure - a.sure) || b.errors - a.errors || a.d - b.d);
    }
    return summed.get(key);
  };
  const searched = (d, rows, wanted) => {
    lower[d] ??= `${data.documents[d][0]}\n${data.documents[d][1]}`.toLowerCase();
    return lower[d].includes(wanted) || rows.some((row) => row[1].some((name) => name.toLowerCase().includes(wanted)));
  };
  const value = (id) => $(id)?.value ?? "";
  const task = () => data.tasks[Number(value("task"))];
  const chosen = () => {
    const [label, slice, tag] = [value("label"), value("slice"), value("tag")];
    const wanted = value("search").trim().toLowerCase();
    return (d, rows, labels) => {
      const own = data.documents[d];
      return (slice === "" || own[4].includes(Number(slice))) && (tag === "" || own[3].includes(tag))
        && (label === "" || labels().has(Number(label))) && (wanted === "" || searched(d, rows, wanted));
    };
  };
  const wrongOnes = (own, k) => {
    const all = value("show") === "all", passes = chosen();
    return sums(own, k).filter((one) => (all || one.wrong.length)
      && passes(one.d, all ? one.rows : one.wrong, () => (all ? one.labels : one.wrongLabels)));
  };
  const changed = (own, which) => {
    const passes = chosen();
    return own[which].map((i) => own.rows[i])
      .filter((row) => passes(row[0], [row], () => new Set([...told(own, row, 0)[0], ...told(own, row, 1)[0]])))
      .map((row) => ({ d: row[0], rows: [row] }));
  };

  const fill = (list, more, found, k) => {
    const own = task(), button = more.querySelector("button");
    let shown = 0;
    const next = () => {
      const from = shown;
      for (const one of found.slice(shown, shown + STEP)) list.append(article(own, one.d, one.rows, k));
      shown = Math.min(found.length, shown + STEP);
      button.hidden = shown === found.length;
      if (from) list.children[from].firstChild.focus();
    };
    list.replaceChildren();
    button.onclick = next;
    next();
  };
  const show = () => {
    const own = task(), whole = grouped(own).size.toLocaleString("en");
    if (compared) {
      const [worse, better] = [changed(own, "worse"), changed(own, "better")];
      fill($("list"), $("more"), worse, 1);
      fill($("list2"), $("more2"), better, 1);
      $("found").textContent = `${worse.length.toLocaleString("en")} worse than before, ${better.length.toLocaleString("en")} better.`;
      return;
    }
    const k = Number(value("model")), found = wrongOnes(own, k);
    fill($("list"), $("more"), found, k);
    const order = own.models[k][2] ? "the most confident first" : "those with most errors first";
    $("found").textContent = `${found.length.toLocaleString("en")} of ${whole} documents, ${order}.`;
  };
  const options = (id, rows, none) => {
    if (!$(id)) return;
    const held = $(id).value;
    $(id).replaceChildren(...(none ? [new Option(none, "")] : []), ...rows.map(([text, own]) => new Option(text, own)));
    if (rows.some(([, own]) => String(own) === held)) $(id).value = held;
    $(id).parentElement.hidden = Boolean(none) && !rows.length;
  };
  const choose = () => {
    const own = task();
    options("model", own.models.map(([name, role], k) => [role === "model" ? name : `${name} (${role === "reader" ? "second reader" : role})`, k]));
    options("label", own.labels.map((name, code) => [name, code]), "any");
    show();
  };

  options("task", data.tasks.map((one, t) => [one.title, t]));
  options("slice", data.slices.map((name, i) => [name.replace("=", ": "), i]), "any");
  options("tag", [...new Set(data.documents.flatMap((one) => one[3]))].sort().map((tag) => [tag, tag]), "any");
  $("filters").hidden = false;
  $("hint").hidden = false;
  $("task").addEventListener("change", choose);
  for (const id of ["model", "show", "label", "slice", "tag"]) $(id)?.addEventListener("change", show);
  $("search").addEventListener("input", show);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("errors").addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    const headings = [...$("errors").querySelectorAll("article > :first-child")];
    const now = headings.findIndex((one) => one.parentElement.contains(document.activeElement));
    if (event.key === "j") headings[Math.min(now + 1, headings.length - 1)]?.focus();
    else if (event.key === "k") headings[Math.max(now - 1, 0)]?.focus();
    else if (event.key === "/") $("search").focus();
    else return;
    event.preventDefault();
  });
  choose();
})();
