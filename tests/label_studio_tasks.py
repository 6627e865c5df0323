"""A Label Studio export as a team would have it: two annotators, names of their own, disputes, skipped tasks."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

PEOPLE = ("Ana Ruiz", "Ben Okoro", "Citra Dewi", "João Prado", "Zoë Lindqvist")
PLACES = ("Port Lima", "Kota Baru", "São Pedro", "Old Quay")
ACTS = {
    "Pro": "said that the strike is right and that nobody should work 👩‍🌾",
    "Contra": "said that the strike must end at once",
    "Neutral": "said on which day the strike began",
}
FRAMES = {
    "money": "Wages stand still, prices do not.",
    "order": "The police closed the bridge.",
    "health": "A ward has no nurses.",
}
EMAILS = ("rina@example.org", "budi@example.org")


def write_tasks(path: Path, n: int = 300, seed: int = 13) -> None:
    """Write the export; about one annotation in twelve differs between the two."""
    draw = random.Random(seed)
    tasks = [_task(i, draw) for i in range(n)]
    path.write_text(json.dumps(tasks, ensure_ascii=False, indent=1), encoding="utf-8")


def _task(number: int, draw: random.Random) -> dict[str, Any]:
    person, place, act = draw.choice(PEOPLE), draw.choice(PLACES), draw.choice(list(ACTS))
    frames = draw.sample(list(FRAMES), draw.randint(0, 2))
    text = f"{person} of {place} {ACTS[act]}, on day {number}. {' '.join(FRAMES[frame] for frame in frames)}".strip()
    annotations = []
    for reader in (0, 1):
        slips = draw.random() < 1 / 12, draw.random() < 1 / 12, draw.random() < 1 / 12
        stance = draw.choice([other for other in ACTS if other != act]) if slips[0] else act
        own = frames[:-1] if slips[1] and frames else frames
        spans = [(person, "PERSON"), (place, "ORG" if slips[2] and reader else "PLACE")]
        annotations.append(_annotation(number * 2 + reader, reader, text, spans, stance, own))
    if number % 60 == 7:  # skipped by one of them, then done again
        skipped = _annotation(1000 + number, 1, text, [], "", [])
        annotations.append({**skipped, "was_cancelled": True})
    data = {"text": text, "story": f"strike-{number // 4}", "language": "en", "url": f"https://example.org/{number}"}
    return {"id": number + 1, "data": data, "annotations": annotations, "predictions": []}


def _annotation(
    number: int, reader: int, text: str, spans: list[tuple[str, str]], stance: str, frames: list[str]
) -> dict[str, Any]:
    result: list[dict[str, Any]] = []
    for surface, label in spans:
        start = text.index(surface)
        value = {"start": start, "end": start + len(surface), "text": surface, "labels": [label]}
        result.append(
            {"id": f"s{len(result)}", "from_name": "names", "to_name": "text", "type": "labels", "value": value}
        )
    for control, choices in (("stance_strike", [stance] if stance else []), ("frame", frames)):
        if choices or control == "frame":
            value = {"choices": choices}
            result.append({"id": control, "from_name": control, "to_name": "text", "type": "choices", "value": value})
    who = {"id": reader + 1, "email": EMAILS[reader]}
    return {"id": number, "completed_by": who, "was_cancelled": False, "ground_truth": False, "result": result}
