"""A program for `command`: per label, it knows the words of the texts that had it; of spans, their surfaces."""

import json
import sys


def said(kind, known, item):
    text = item["text"]
    if kind == "spans":
        found = [(text.find(surface), surface, label) for surface, label in sorted(known)]
        return {"spans": [[at, at + len(surface), label] for at, surface, label in found if at >= 0][:1]}
    words = set(text.split())
    hits = {label: len(words & seen) for label, seen in known.items()}
    if kind == "labels":
        return {"labels": [label for label, n in hits.items() if n or len(known) == 1]}
    best = max(hits, key=lambda label: (hits[label], label))
    return {"label": best, "scores": {best: 1.0}}


first, *rest = map(json.loads, sys.stdin)
kind = first["task"]["kind"]
known = set() if kind == "spans" else {}
for line in rest:
    if train := line.get("train"):
        if kind == "spans":
            known |= {(train["text"][start:end], label) for start, end, label in train["spans"]}
        for label in train.get("labels", [train.get("label")] if kind == "label" else []):
            known.setdefault(label, set()).update(train["text"].split())
    elif "item" in line:
        print(json.dumps({"item": line["item"], **said(kind, known, line)}))
