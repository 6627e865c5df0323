"""Splits: groups go whole, shares come near, the same seed deals the same, and nothing set is changed silently."""

import dataclasses
import json
import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import checking
from harness.cli import run
from harness.corpus.reading import Reading, read_folder
from harness.corpus.schema import Layer, Schema
from harness.editing import splitting
from harness.editing.importing import apply_import, plan_import
from harness.editing.new import new_corpus
from harness.editing.splitting import RATIOS, apply_split, plan_split
from harness.errors import AskedWrongly, UnknownName
from harness.records import Document


def reading_of(
    sizes: list[int], *, splits: dict[int, str] | None = None, meta: dict[int, Any] | None = None
) -> Reading:
    """A corpus in memory: so many documents in each group, a split or a value of `author` for some groups."""
    splits, meta = splits or {}, meta or {}
    documents = [
        Document(f"g{g}", f"d{i}", "x", split=splits.get(g, ""), meta={"author": meta[g]} if g in meta else {})
        for g, size in enumerate(sizes)
        for i in range(size)
    ]
    return Reading(Path("nowhere"), Schema("x", "1", {}, {}), documents)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_corpus(tmp_path / "mine", 30)


def make_corpus(root: Path, n: int) -> Path:
    new_corpus(root, [Layer("tone", "label", ("A", "B"))], [], root.parent / "mine.toml")
    rows = [(i, {"id": f"d{i}", "group": f"g{i // 3}", "text": f"{i}.", "author": f"a{i % 7}"}) for i in range(n)]
    apply_import(plan_import(root, "rows", rows))
    return root


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


some_sizes = st.lists(st.integers(1, 9), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(sizes=some_sizes, seed=st.integers(0, 99), shuffle=st.randoms(use_true_random=False))
def test_the_same_seed_deals_the_same_whatever_the_order_of_files(
    sizes: list[int], seed: int, shuffle: random.Random
) -> None:
    reading = reading_of(sizes, meta={g: g % 4 for g in range(0, len(sizes), 2)})
    shuffled = dataclasses.replace(reading, documents=shuffle.sample(reading.documents, len(reading.documents)))
    for by in ("group", "author"):
        assert plan_split(reading, by=by, seed=seed) == plan_split(shuffled, by=by, seed=seed)


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 9), min_size=5, max_size=40), seed=st.integers(0, 99))
def test_shares_come_as_near_as_the_largest_group_allows(sizes: list[int], seed: int) -> None:
    chosen = plan_split(reading_of(sizes), by="group", seed=seed)
    count: Counter[str] = Counter()
    for group, split in chosen.items():
        count[split] += sizes[int(group[1:])]
    assert len(chosen) == len(sizes)
    for split, share in RATIOS.items():
        assert abs(count[split] - share * sum(sizes)) <= 2 * max(sizes)


def test_another_seed_deals_otherwise() -> None:
    dealt = [plan_split(reading_of([1] * 30), by="group", seed=seed) for seed in range(5)]
    assert len({tuple(sorted(one.items())) for one in dealt}) == 5


@settings(max_examples=60, deadline=None)
@given(sizes=some_sizes, seed=st.integers(0, 99), data=st.data())
def test_a_split_that_is_set_is_changed_by_again_alone_and_never_pool_or_settle(
    sizes: list[int], seed: int, data: st.DataObject
) -> None:
    some = st.sampled_from(["", "train", "dev", "test", "pool", "settle"])
    splits = {g: data.draw(some) for g in range(len(sizes))}
    reading = reading_of(sizes, splits=splits)
    free = {f"g{g}" for g, split in splits.items() if not split}
    assert plan_split(reading, by="group", seed=seed).keys() == free
    aside = {f"g{g}" for g, split in splits.items() if split in ("pool", "settle")}
    anew = plan_split(reading, by="group", seed=seed, again=True)
    assert free <= anew.keys()
    assert not anew.keys() & aside
    assert set(anew.values()) <= set(RATIOS)


@settings(max_examples=60, deadline=None)
@given(sizes=some_sizes, seed=st.integers(0, 99), values=st.dictionaries(st.integers(0, 29), st.integers(0, 5)))
def test_groups_that_share_a_value_stay_together(sizes: list[int], seed: int, values: dict[int, int]) -> None:
    meta = {g: value for g, value in values.items() if g < len(sizes)}
    if not meta:
        return
    chosen = plan_split(reading_of(sizes, meta=meta), by="author", seed=seed)
    for value in set(meta.values()):
        assert len({chosen[f"g{g}"] for g, one in meta.items() if one == value}) == 1


def test_a_new_group_follows_the_group_it_shares_a_value_with() -> None:
    reading = reading_of([1, 1, 1, 1], splits={0: "dev", 2: "test"}, meta={0: "x", 1: "x", 3: ["y"]})
    assert plan_split(reading, by="author", seed=1)["g1"] == "dev"
    torn = reading_of([1, 1, 1], splits={0: "dev", 2: "test"}, meta={0: "x", 1: "x", 2: "x"})
    with pytest.raises(AskedWrongly, match=r"g0 in dev, g2 in test.*--again"):
        plan_split(torn, by="author", seed=1)
    assert len(set(plan_split(torn, by="author", seed=1, again=True).values())) == 1


@pytest.mark.parametrize(
    "ratios",
    [{}, {"train": 0.5}, {"train": 0.6, "test": 0.6}, {"train": 1.5, "test": -0.5}, {"train": 1.0, "test": 0.0},
     {"train": float("nan")}, {"train": float("inf")}],
)  # fmt: skip
def test_shares_that_are_no_shares_are_refused(ratios: dict[str, float]) -> None:
    with pytest.raises(AskedWrongly, match="sum to 1"):
        plan_split(reading_of([1, 2]), by="group", seed=1, ratios=ratios)


def test_unknown_splits_and_fields_get_the_nearest() -> None:
    with pytest.raises(UnknownName, match='Did you mean "train"'):
        plan_split(reading_of([1]), by="group", seed=1, ratios={"trane": 1.0})
    with pytest.raises(UnknownName, match='Did you mean "author"'):
        plan_split(reading_of([1], meta={0: "x"}), by="auhtor", seed=1)


# --- on disk ------------------------------------------------------------------------------------------


def test_the_command_splits_a_corpus_so_that_nothing_is_left_to_find(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(root)
    ask = ["corpus", "split", str(root), "--by", "author", "--seed", "3", "--json"]
    assert run([*ask, "--dry-run"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert (planned["written"], files(root)) == (False, before)
    assert run(ask) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["groups"], done["written"], done["changed"]) == (planned["groups"], True, [])
    assert checking.check(root) == []
    after = files(root)
    assert run([*ask[:-1], "--seed", "4"]) == 0
    assert capsys.readouterr().out.startswith("Every group keeps")
    assert files(root) == after


@pytest.mark.parametrize("ratio", ["train", "train=x", "train=nan", "train=0.5,train=0.5", "train=0.5,test=0.4", ""])
def test_a_ratio_that_is_none_is_refused(ratio: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(root)
    assert run(["corpus", "split", str(root), "--seed", "3", "--ratio", ratio]) == 2
    assert "train=0.6" in capsys.readouterr().err
    assert files(root) == before


def test_what_stands_in_a_group_file_stays_as_it_was(root: Path) -> None:
    path = root / "documents" / "g0" / "group.toml"
    path.write_bytes('# kept\r\nevent = "é"\n\n[holders]\nsplit = "no split"\n'.encode())
    apply_split(root, plan_split(read_folder(root), by="group", seed=1))
    old, new = '# kept\r\nevent = "é"\n\n[holders]\nsplit = "no split"\n', path.read_bytes().decode()
    assert new.endswith(old)
    assert new.removesuffix(old).startswith('split = "')
    assert {d.group for d in read_folder(root).documents if not d.split} == set()


@pytest.mark.parametrize("after", [0, 1, 5])
def test_an_interruption_takes_all_splits_back(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = make_corpus(Path(folder) / "mine", 30)
        (root / "documents" / "g0" / "group.toml").write_text("# mine\n")
        before = files(root)
        real, calls = splitting.write_atomically, iter(range(100))

        def stops(path: Path, data: bytes) -> None:
            real(path, data)
            if next(calls) == after:
                raise KeyboardInterrupt

        monkeypatch.setattr(splitting, "write_atomically", stops)
        with pytest.raises(KeyboardInterrupt):
            apply_split(root, plan_split(read_folder(root), by="group", seed=1))
        assert files(root) == before


def picked(sizes: list[int], orders: dict[int, str], splits: dict[int, str] | None = None) -> Reading:
    """A corpus in memory, some of whose groups were picked by an order of the page."""
    reading = reading_of(sizes, splits=splits)
    reading.documents = [
        dataclasses.replace(d, meta={"picked_by": orders[g]}) if (g := int(d.group[1:])) in orders else d
        for d in reading.documents
    ]
    return reading


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 9), min_size=4, max_size=20), seed=st.integers(0, 99))
def test_what_was_not_picked_at_random_never_gets_test(sizes: list[int], seed: int) -> None:
    orders = {0: "uncertain", 1: "disagreements", 2: "random", 3: "unannotated"}
    chosen = plan_split(picked(sizes, orders), by="group", seed=seed, ratios={"train": 0.2, "test": 0.8})
    assert {chosen[group] for group in ("g0", "g1", "g3")} == {"train"}
    assert len(chosen) == len(sizes)


def test_what_was_not_picked_at_random_is_refused_where_there_is_only_test() -> None:
    with pytest.raises(AskedWrongly, match="g0: its documents were not picked at random"):
        plan_split(picked([1, 1], {0: "uncertain"}), by="group", seed=1, ratios={"test": 1.0})
