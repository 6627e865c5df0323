"""JSON formats: a value of a wrong type anywhere in an item ends as a row, left out or a problem, never a traceback."""

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from through import read

SPAN = {"start": 0, "end": 1, "label": "X"}
REGION = {"id": "r", "from_name": "n", "type": "labels", "value": {"start": 0, "end": 1, "text": "a", "labels": ["X"]}}
ABOUT = {"id": "r", "from_name": "s", "type": "choices", "value": {"start": 0, "choices": ["y"]}}
OURS = {"layer": "t", "about": {"holder": "h"}, "fields": {"A": {"role": "x"}}}
CHOICE = {"id": "c", "from_name": "c", "type": "choices", "value": {"choices": ["A"]}, "meta": OURS}
TREE = {"id": "t", "from_name": "t", "type": "taxonomy", "value": {"taxonomy": [["A", "B"]]}}
ANNOTATION = {"completed_by": {"id": 1, "email": "r"}, "was_cancelled": False, "result": [REGION, ABOUT, CHOICE, TREE]}
OPTION = {"id": "A", "text": "a", "layer": "t", "line": {"label": "A"}}
TOKEN = {"start": 0, "end": 1}
SAMPLES: dict[str, dict[str, Any]] = {
    "label_studio(predictions=True)": {
        "id": 1,
        "data": {"text": "a b", "id": "n", "source": "x"},
        "annotations": [ANNOTATION],
        "drafts": [{}],
        "predictions": [{"model_version": "m", "result": [CHOICE, {**TREE, "type": "rating", "value": {"rating": 2}}]}],
    },
    "argilla(suggestions=True)": {
        "id": "1",
        "fields": {"text": "a b"},
        "metadata": {"group": "g"},
        "responses": {"ner": [{"value": [SPAN], "user_id": "u", "status": "submitted"}]},
        "suggestions": {"ner": {"value": [SPAN], "agent": "m"}},
    },
    "argilla": {"id": "1", "text": "a", "q.responses": ["A"], "q.responses.users": ["u"], "q.responses.status": ["x"]},
    "prodigy": {
        "text": "a b",
        "meta": {"id": "n"},
        "tokens": [TOKEN, TOKEN],
        "spans": [SPAN, {"token_start": 0, "token_end": 1, "label": "X", "layer": "e"}],
        "relations": [{}],
        "label": "X",
        "options": [OPTION],
        "accept": ["A"],
        "answer": "accept",
        "layers": ["t"],
        "_annotator_id": "r",
    },
    "doccano": {
        "id": 1,
        "text": "a b",
        "meta": {"x": 1},
        "label": [[0, 1, "X"]],
        "entities": [{"id": 0, "start_offset": 0, "end_offset": 1, "label": "X"}],
        "cats": ["A"],
        "relations": [{}],
        "annotations": [],
    },
}
WRONG: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1.5, 10**400, "", "x", [], [1], ["x"], [[]], [{}], {}, {"x": 1}, [[0, 1, 2]]]
)


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(node for key, one in inner for node in nodes(one, (*path, key)))]


@pytest.mark.parametrize("spec", SAMPLES)
@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_a_wrong_type_anywhere_is_no_traceback(spec: str, data: st.DataObject) -> None:
    item = copy.deepcopy(SAMPLES[spec])
    for path in data.draw(st.lists(st.sampled_from(nodes(item)[1:]), min_size=1, max_size=2)):
        place: Any = item
        try:
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = copy.deepcopy(data.draw(WRONG))
        except (KeyError, IndexError, TypeError):  # the first change took the place of the second away
            continue
    one = json.dumps(item)
    with tempfile.TemporaryDirectory() as folder:
        found, told = read(spec, one if spec in ("prodigy", "doccano") else f"[{one}]", Path(folder))
        assert found or told


@pytest.mark.parametrize("spec", SAMPLES)
def test_the_samples_themselves_are_read(spec: str, tmp_path: Path) -> None:
    one = json.dumps(SAMPLES[spec])
    found, told = read(spec, one if spec in ("prodigy", "doccano") else f"[{one}]", tmp_path)
    assert found
    assert told == []
