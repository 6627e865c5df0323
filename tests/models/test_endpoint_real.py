"""The endpoint model against a real server: `transformers serve` with a tiny chat model of random weights."""

import importlib.util
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from answers import LABELS, items_of
from tiny import serving

from harness.annotations import Annotations
from harness.records import ABSTAINED, ANSWERED, INVALID
from harness.registry import Spec, make

NEEDED = ("torch", "transformers", "fastapi", "uvicorn")
ABSENT = [name for name in NEEDED if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(ABSENT), reason=f"a real server needs {', '.join(ABSENT)}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, subprocess.Popen]]:
    """(url, model, process) of a server that is ready."""
    model = tmp_path_factory.mktemp("chat") / "tiny"
    with serving(model) as (url, process):
        yield url, str(model), process


def test_noise_over_a_real_connection_is_accounted_for_and_kept(server, tmp_path: Path) -> None:
    url, model, process = server
    cache = str(tmp_path / "cache.sqlite")
    items = items_of([f"text {i} é👩‍👩‍👧" for i in range(6)])
    gold = {
        "label": Annotations.of_label(items["item"], LABELS, list("ABCDAB")),
        "spans": Annotations.of_spans(items["item"], LABELS, [[(0, 4, "A")]] * 6),
    }

    def answers(kind: str) -> Annotations:
        settings = {"url": url, "model": model, "max_tokens": 8, "at_once": 2, "shots": 1, "cache": cache}
        made = make("models", Spec("endpoint", {**settings, "timeout": 120.0, "attempts": 2}))
        made.fit(items, gold[kind], seed=13)
        said = made.predict(items)
        assert said.flaw(items) == ""
        return said

    first = {kind: answers(kind) for kind in gold}
    for said in first.values():  # weights are random: no answer is right but by chance, and none is lost
        assert set(said.status.tolist()) <= {ANSWERED, INVALID, ABSTAINED}
    process.kill()
    process.wait()
    for kind, said in first.items():  # what is kept needs no server
        assert (answers(kind).status == said.status).all()
    with closing(sqlite3.connect(cache)) as kept:
        rows = kept.execute("SELECT mode, tokens_in > 0, tokens_out BETWEEN 1 AND 8 FROM answers").fetchall()
    assert rows == [("json_schema", 1, 1)] * 12
