"""The page's server: what it reads and saves, and every attack refused with its own status and nothing written."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from corpora import A, make_corpus, read_lines, span, write_document
from harness.annotating.app import make_app
from harness.annotating.documents import Desk
from harness.annotating.guarding import MOST_BYTES
from harness.annotating.queueing import Queue
from harness.annotating.suggesting import Suggester, spec_of
from harness.checking import check
from harness.corpus.reading import read_folder

KABAR = Path(__file__).parent.parent.parent / "corpora" / "kabar"
TOKEN, PORT = "secret", 8123
ORIGIN = f"http://127.0.0.1:{PORT}"
A_DOCUMENT, TEST_DOCUMENT = "/api/documents/harbour/a", "/api/documents/market/c"
NONE = '""'  # the etag of a file that is not there


class Page:
    """What the page's script does: ask with the token, save with the etag of what it read last."""

    def __init__(self, root: Path, by: str = "mira", suggester: Suggester | None = None) -> None:
        self.root, self.by = root, by
        queue = Queue(read_folder(root, everyone=True), by)
        app = make_app(Desk(root, by), queue, suggester, token=TOKEN, port=PORT)
        self.client = TestClient(app, base_url=ORIGIN, headers={"X-Harness-Token": TOKEN})  # type: ignore[arg-type]

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def put(self, path: str, body: Any, status: int = 200, etag: str | None = NONE, **headers: str) -> Any:
        if etag is not None:
            headers["If-Match"] = etag if etag.startswith('"') else f'"{etag}"'
        headers = {"Content-Type": "application/json", "Origin": ORIGIN, **headers}
        answer = self.client.put(path, content=json.dumps(body), headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    def body(self, *lines: dict[str, Any], path: str = A_DOCUMENT, **layers: str) -> dict[str, Any]:
        named = {**{line["layer"]: "open" for line in lines}, **layers}
        return {"sha256": self.get(path)["sha256"], "layers": named, "lines": list(lines)}

    @property
    def file(self) -> Path:
        return self.root / "documents" / "harbour" / f"a.{self.by}.jsonl"


def entity(surface: str, label: str = "ORG", **more: Any) -> dict[str, Any]:
    return {"layer": "entities", **span(surface, A), "label": label, **more}


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(make_corpus(tmp_path / "tiny"))


def files(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


# Reading and saving


def test_a_document_comes_with_all_that_the_page_needs(page: Page) -> None:
    shown = page.get(A_DOCUMENT)
    assert (shown["id"], shown["text"], shown["split"], shown["etag"]) == ("harbour/a", A, "train", "")
    assert (shown["lines"], shown["layers"], shown["others"]) == ([], {}, ["gold"])
    assert shown["pairs"]["stance"] == [["union", "strike"], ["mayor", "strike"]]
    assert shown["names"]["holder"] == {"union": "the Port Union", "mayor": "the mayor"}


def test_what_is_saved_is_the_annotators_own_file_in_its_one_form(page: Page) -> None:
    untouched = files(page.root)
    body = page.body(entity("Lima Port", suggested_by="tfidf"), entity("Port Union"))
    answer = page.put(A_DOCUMENT, body)
    header, *lines = read_lines(page.file)
    assert (header["by"], header["layers"], header["guideline"]) == ("mira", {"entities": "open"}, "1")
    assert lines == answer["lines"] == [entity("Port Union"), entity("Lima Port", suggested_by="tfidf")]
    assert list(lines[1]) == ["layer", "start", "end", "label", "text", "suggested_by"]
    assert page.get(A_DOCUMENT)["etag"] == answer["etag"]
    assert {path: data for path, data in files(page.root).items() if path != str(page.file)} == untouched
    assert not check(page.root)


def test_a_layer_that_is_done_must_be_complete_and_one_that_is_open_need_not(page: Page) -> None:
    line = {"layer": "stance", "holder": "union", "target": "strike", "label": "FAVOR"}
    told = page.put(A_DOCUMENT, page.body(line, stance="done"), 422)["problems"]
    assert "no label for the listed pair mayor > strike" in told[0]["found"]
    page.put(A_DOCUMENT, page.body(line, stance="open"))
    assert not check(page.root)


def test_kabars_own_files_read_and_saved_again_are_the_same_bytes(tmp_path: Path) -> None:
    root, group = tmp_path / "kabar", "abu-fatlobar"
    shutil.copytree(KABAR / "documents" / group, root / "documents" / group)
    shutil.copy(KABAR / "corpus.toml", root)
    reader, before = Page(root, "reader1"), files(root)
    for name in ("01", "02", "03", "04"):
        path = f"/api/documents/{group}/{name}"
        shown = reader.get(path)
        body = {key: shown[key] for key in ("sha256", "layers", "lines")}
        assert shown["lines"] == reader.put(path, body, etag=shown["etag"])["lines"]
    assert files(root) == before


def test_a_name_that_no_file_should_hold_is_refused(page: Page) -> None:
    before = files(page.root)
    for name in ("the \x07 Union", "two\nlines", "rina@example.org", "the \u2028 Union"):
        page.put(f"{A_DOCUMENT}/names", {"facet": "holder", "id": "new", "name": name}, 422, etag=None)
    assert files(page.root) == before


def test_lines_of_no_layer_at_all_are_refused(page: Page) -> None:
    body = page.body(entity("Port Union"))
    etag = page.put(A_DOCUMENT, body)["etag"]
    before = files(page.root)
    page.put(A_DOCUMENT, {**body, "base": {"lines": [{"layer": []}]}}, 422, etag="0" * 64)
    page.put(A_DOCUMENT, {**body, "lines": [{"layer": {}}]}, 422, etag=etag)
    assert files(page.root) == before


# Two tabs


def test_two_tabs_that_edit_different_things_lose_nothing(page: Page) -> None:
    first = page.put(A_DOCUMENT, page.body(entity("Port Union")))
    base = {"lines": first["lines"], "layers": first["layers"]}
    mine = page.body(entity("Port Union"), entity("Lima Port")) | {"base": base}
    theirs = page.body(entity("Port Union", "LOC")) | {"base": base}
    page.put(A_DOCUMENT, mine, etag=first["etag"])
    answer = page.put(A_DOCUMENT, theirs, etag=first["etag"])
    assert answer["merged"] is True
    assert answer["lines"] == [entity("Port Union", "LOC"), entity("Lima Port")] == read_lines(page.file)[1:]


def test_two_tabs_that_change_one_thing_differently_are_told_and_nothing_is_written(page: Page) -> None:
    first = page.put(A_DOCUMENT, page.body(entity("Port Union")))
    base = {"lines": first["lines"], "layers": first["layers"]}
    second = page.put(A_DOCUMENT, page.body(entity("Port Union", "LOC")) | {"base": base}, etag=first["etag"])
    before = files(page.root)
    stale = page.body(entity("Port Union", "PER"), entity("Lima Port")) | {"base": base}
    told = page.put(A_DOCUMENT, stale, 412, etag=first["etag"])
    [conflict] = told["conflicts"]
    assert (conflict["mine"], conflict["theirs"]) == (entity("Port Union", "PER"), entity("Port Union", "LOC"))
    assert (told["etag"], told["lines"]) == (second["etag"], second["lines"])
    assert files(page.root) == before
    page.put(A_DOCUMENT, stale, etag=told["etag"])  # the person chose


def test_saves_of_many_tabs_at_once_are_all_kept(page: Page) -> None:
    words = ["Port Union", "praised", "strike", "Lima Port", "waited"]
    bodies = [page.body(entity(word)) | {"base": {"lines": [], "layers": {}}} for word in words]
    threads = [threading.Thread(target=page.put, args=(A_DOCUMENT, body)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line["text"] for line in read_lines(page.file)[1:]] == words
    assert not check(page.root)


# Attacks: each refused with its own status, and the folder's bytes as before


def attack(page: Page, status: int, method: str = "PUT", path: str = A_DOCUMENT, **settings: Any) -> None:
    good = {"Content-Type": "application/json", "Origin": ORIGIN, "If-Match": NONE, "X-Harness-Token": TOKEN}
    headers = {**good, **settings.pop("headers", {})}
    if "content" not in settings:
        settings["content"] = json.dumps(page.body(entity("Port Union")))
    before = files(page.root)
    headers = {key: value for key, value in headers.items() if value is not None}
    client = TestClient(page.client.app, base_url=ORIGIN)
    answer = client.request(method, path, headers=headers, **settings)
    assert answer.status_code == status, answer.text
    assert "error" in answer.json()
    assert files(page.root) == before


def test_the_request_that_the_attacks_vary_is_a_good_one(page: Page) -> None:
    page.put(A_DOCUMENT, page.body(entity("Port Union")))
    assert page.file.is_file()


@pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1:1", "127.0.0.1", ""])
def test_another_host_is_refused_on_every_address(page: Page, host: str) -> None:
    attack(page, 421, headers={"Host": host})
    attack(page, 421, "GET", "/", headers={"Host": host}, content="")


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x"])
def test_without_the_token_nothing_is_read_or_written(page: Page, token: str | None) -> None:
    attack(page, 401, headers={"X-Harness-Token": token})
    attack(page, 401, "GET", headers={"X-Harness-Token": token}, content="")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", f"https://127.0.0.1:{PORT}", f"{ORIGIN}.evil", ""])
def test_a_foreign_page_is_refused(page: Page, origin: str) -> None:
    attack(page, 403, headers={"Origin": origin})


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_page_that_hides_its_origin_is_refused(page: Page, site: str) -> None:
    attack(page, 403, headers={"Origin": None, "Sec-Fetch-Site": site})


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", None])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_form_is_refused(page: Page, kind: str | None, method: str) -> None:
    attack(page, 415, method, headers={"Content-Type": kind})


@pytest.mark.parametrize(
    "path",
    [
        "/api/documents/..%2F..%2Fetc/passwd",
        "/api/documents/harbour/..%2Fmarket%2Fc",
        "/api/documents/%2e%2e/corpus",
        "/api/documents/harbour/a%00",
        "/api/documents/harbour/.a",
        "/api/documents/harbour/a.gold",
        "/api/documents/harbour/a%0A",
        "/api/documents/nowhere/a",
        "/api/documents/harbour/" + "a" * 300,
    ],
)
def test_a_path_that_climbs_or_leads_nowhere_is_not_found(page: Page, path: str) -> None:
    attack(page, 404, path=path)
    attack(page, 404, "GET", path, content="")


@pytest.mark.parametrize("path", ["/page/..%2Fapp.py", "/page/%2e%2e/app.py", "/page/nothing.js", "/page/"])
def test_only_the_pages_own_files_are_served(page: Page, path: str) -> None:
    attack(page, 404, "GET", path, content="")


def test_a_link_out_of_the_corpus_is_not_followed(page: Page, tmp_path: Path) -> None:
    outside = make_corpus(tmp_path / "outside")
    (page.root / "documents" / "linked").symlink_to(outside / "documents" / "harbour")
    (page.root / "documents" / "harbour" / "d.txt").symlink_to(outside / "documents" / "harbour" / "a.txt")
    before = files(outside)
    for path in ("/api/documents/linked/a", "/api/documents/harbour/d"):
        attack(page, 404, path=path)
        attack(page, 404, "GET", path, content="")
    page.file.symlink_to(outside / "documents" / "harbour" / "a.gold.jsonl")
    body = {"sha256": "", "layers": {}, "lines": []}
    attack(page, 404, content=json.dumps(body))
    assert files(outside) == before


def test_a_body_that_is_too_large_is_refused_whatever_length_it_announces(page: Page) -> None:
    attack(page, 413, content=b" " * (MOST_BYTES + 1))
    attack(page, 413, content=(b" " * 65536 for _ in range(MOST_BYTES // 65536 + 1)))  # in chunks, no length
    attack(page, 413, content=b"x" * (MOST_BYTES + 1), headers={"Content-Length": "2"})


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b'"x"', b"[" * 9999, b'{"a":"\\ud800"}'])
def test_what_is_no_json_object_is_refused(page: Page, body: bytes) -> None:
    attack(page, 400, content=body)


@pytest.mark.parametrize(
    "change",
    [
        {"end": 10_000},
        {"start": -3},
        {"start": 13, "end": 13},
        {"start": 4.0},
        {"text": "Port union"},
        {"label": "PERSON"},
        {"label": ["ORG"]},
        {"layer": "nowhere"},
        {"layer": None},
        {"extra": 1},
        {"suggested_by": 7},
        {"inner": [{"start": 0, "end": 10_000, "text": "x"}]},
        {"start": 3, "text": " Port Union"},
        {"start": 15, "end": 16, "text": "👩"},  # one of the three code points that a reader sees as one farmer
    ],
)
def test_a_line_that_does_not_fit_the_text_or_the_layers_is_refused(page: Page, change: dict[str, Any]) -> None:
    body = {**page.body(), "layers": {"entities": "open"}, "lines": [{**entity("Port Union"), **change}]}
    attack(page, 422, content=json.dumps(body))


@pytest.mark.parametrize(
    "change",
    [
        {"lines": "x"}, {"lines": [1]}, {"base": []}, {"layers": []}, {"layers": {"no": "open"}},
        {"layers": {"entities": "finished"}}, {"lines": [entity("Port Union"), entity("Port Union", "LOC")]},
    ],
)  # fmt: skip
def test_a_save_of_another_form_is_refused(page: Page, change: dict[str, Any]) -> None:
    attack(page, 422, content=json.dumps({**page.body(entity("Port Union")), **change}))


def test_a_save_on_a_text_that_changed_is_refused(page: Page) -> None:
    attack(page, 409, content=json.dumps({**page.body(entity("Port Union")), "sha256": "0" * 64}))
    body = page.body(entity("Port Union"))
    (page.root / "documents" / "harbour" / "a.txt").write_text(A + "More.\n")
    attack(page, 409, content=json.dumps(body))


def test_a_save_over_a_file_that_is_broken_is_refused_since_it_would_lose_lines(page: Page) -> None:
    page.put(A_DOCUMENT, page.body(entity("Port Union")))
    body = page.body(entity("Port Union"))
    page.file.write_bytes(page.file.read_bytes() + b'{"layer":"entities","start":0,"end":900,"label":"PER"}\n')
    attack(page, 409, content=json.dumps(body))


def test_a_save_must_say_what_it_has_read(page: Page) -> None:
    attack(page, 428, headers={"If-Match": None})
    attack(page, 400, headers={"If-Match": "*"})
    attack(page, 412, headers={"If-Match": '"' + "0" * 64 + '"'}, **_stale(page))


def _stale(page: Page) -> dict[str, Any]:
    first = page.put(A_DOCUMENT, page.body(entity("Port Union")))
    base = {"lines": first["lines"], "layers": first["layers"]}
    page.put(A_DOCUMENT, page.body(entity("Port Union", "LOC")) | {"base": base}, etag=first["etag"])
    return {"content": json.dumps(page.body(entity("Port Union", "PER")) | {"base": base})}


@pytest.mark.parametrize(("method", "status"), [("DELETE", 405), ("PATCH", 405), ("POST", 405)])
def test_nothing_else_can_be_done(page: Page, method: str, status: int) -> None:
    attack(page, status, method)


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/api/corpus", "/api/nothing"])
def test_every_answer_forbids_the_browser_what_the_page_does_not_need(page: Page, path: str) -> None:
    headers = page.client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")


def test_text_that_looks_like_a_page_is_sent_as_json_and_never_as_html(page: Page) -> None:
    text = "<script>alert(1)</script> in <b>Lima</b>"
    write_document(page.root / "documents" / "harbour", "s", text, layers={})
    answer = page.client.get("/api/documents/harbour/s")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["text"] == text


# The queue, names and pairs


def order(page: Page, name: str) -> list[str]:
    return [document["id"] for document in page.get(f"/api/queue?order={name}")["documents"]]


def test_the_queue_puts_what_is_done_last(page: Page) -> None:
    assert order(page, "unannotated") == ["harbour/a", "harbour/b", "market/c"]
    tone = {"layer": "tone", "label": "WARM"}
    page.put(A_DOCUMENT, page.body(tone, tone="done"))
    assert order(page, "unannotated") == ["harbour/b", "market/c", "harbour/a"]
    assert sorted(order(page, "random")) == ["harbour/a", "harbour/b", "market/c"]
    assert order(page, "random") == order(page, "random")
    page.get("/api/queue?order=best", 404)


def test_the_queue_of_disagreements_counts_what_two_readers_dispute(page: Page) -> None:
    tone = {"layer": "tone", "label": "WARM"}
    path = "/api/documents/harbour/b"
    page.put(path, page.body(tone, path=path, tone="done"))
    other = Page(page.root, "noor")
    other.put(path, other.body({**tone, "label": "COLD"}, path=path, tone="done"))
    first = other.get("/api/queue?order=disagreements")["documents"][0]
    assert (first["id"], first["score"]) == ("harbour/b", 1.0)


@pytest.mark.parametrize(
    ("path", "order", "kept"),
    [
        (A_DOCUMENT, "uncertain", "uncertain"),
        (A_DOCUMENT, "random", "random"),
        (A_DOCUMENT, "mine", None),
        (TEST_DOCUMENT, "random", "random"),
        (TEST_DOCUMENT, "uncertain", None),  # it was in test before anybody picked it
    ],
)
def test_the_order_that_led_to_a_document_is_kept_at_its_first_save(
    page: Page, path: str, order: str, kept: str | None
) -> None:
    page.put(path, {**page.body(path=path, tone="open"), "order": order})
    assert page.get(path)["meta"].get("picked_by") == kept
    page.put(path, {**page.body(path=path, tone="open"), "order": "unannotated"}, etag=page.get(path)["etag"])
    assert page.get(path)["meta"].get("picked_by") == kept
    assert not check(page.root)


def test_a_document_that_was_picked_for_a_reason_may_not_enter_test(page: Page) -> None:
    page.put(A_DOCUMENT, {**page.body(tone="open"), "order": "uncertain"})
    (page.root / "documents" / "harbour" / "group.toml").write_text('split = "test"\n[holders]\nmayor = "the mayor"\n')
    [problem] = check(page.root)
    assert "picked_by" in problem.found
    assert "random" in problem.remedy


def test_names_and_pairs_are_added_and_never_changed(page: Page) -> None:
    name = {"facet": "holder", "id": "opv", "name": "the Observatory"}
    assert page.put(f"{A_DOCUMENT}/names", name, etag=None)["names"]["holder"]["opv"] == "the Observatory"
    before = files(page.root)
    page.put(f"{A_DOCUMENT}/names", name, etag=None)
    page.put(f"{A_DOCUMENT}/names", {**name, "name": "another"}, 409, etag=None)
    for wrong in ({"facet": "topic"}, {"id": "../x"}, {"name": " "}, {"name": 1}):
        page.put(f"{A_DOCUMENT}/names", {**name, **wrong}, 422, etag=None)
    assert files(page.root) == before
    pairs = {"layer": "stance", "pairs": [["opv", "strike"], ["union", "strike"]]}
    added = page.put(f"{A_DOCUMENT}/pairs", pairs, etag=None)["pairs"]["stance"]
    assert added == [["union", "strike"], ["mayor", "strike"], ["opv", "strike"]]
    for wrong in ({"layer": "tone"}, {"pairs": [["opv"]]}, {"pairs": [["nobody", "strike"]]}, {"pairs": "x"}):
        page.put(f"{A_DOCUMENT}/pairs", {**pairs, **wrong}, 422, etag=None)
    (page.root / "documents" / "harbour" / "a.gold.jsonl").unlink()  # which has not judged the new pair
    assert not check(page.root)


# Other annotators, suggestions, disputes


def test_gold_is_shown_but_for_test_documents(page: Page) -> None:
    assert len(page.get(f"{A_DOCUMENT}/by/gold")["lines"]) == 8
    page.get(f"{TEST_DOCUMENT}/by/gold", 403)
    assert page.get(TEST_DOCUMENT)["others"] == []
    page.get(f"{A_DOCUMENT}/by/nobody", 404)


@pytest.fixture
def suggesting(page: Page) -> Iterator[Page]:
    suggester = Suggester(page.root, spec_of("gazetteer"))
    suggester.start()
    assert suggester.ready.wait(60)
    yield Page(page.root, "mira", suggester)


def test_suggestions_name_the_model_can_be_saved_as_they_are_and_are_hidden_on_test(suggesting: Page) -> None:
    lines = suggesting.get(f"{A_DOCUMENT}/suggestions")["lines"]
    assert {(line["text"], line["label"]) for line in lines} >= {("Port Union", "ORG"), ("Lima Port", "ORG")}
    assert {line["suggested_by"] for line in lines} == {"gazetteer"}
    taken = [{key: value for key, value in line.items() if key != "score"} for line in lines]
    suggesting.put(A_DOCUMENT, suggesting.body(*taken))
    suggesting.get(f"{TEST_DOCUMENT}/suggestions", 403)
    assert suggesting.get("/api/corpus")["orders"] == ["unannotated", "uncertain", "disagreements", "random"]


def test_a_model_that_answers_labels_suggests_for_each_pair_and_orders_by_its_doubt(page: Page) -> None:
    suggester = Suggester(page.root, spec_of("majority"))
    suggester.start()
    assert suggester.ready.wait(60)
    lines = suggester.lines(Desk(page.root, "x").open("harbour", "a").document, Desk(page.root, "x").schema)
    stance = [(line["holder"], line["target"]) for line in lines if line["layer"] == "stance"]
    assert stance == [("union", "strike"), ("mayor", "strike")]
    assert [line["role"] for line in lines if line["layer"] == "topic"] == ["primary"]
    assert "market/c" not in suggester.uncertainty


def test_without_a_model_nothing_is_suggested_and_nobody_waits(page: Page) -> None:
    page.get(f"{A_DOCUMENT}/suggestions", 404)
    suggester = Suggester(page.root, spec_of("gazetteer"))  # not yet started
    assert Page(page.root, "mira", suggester).get(f"{A_DOCUMENT}/suggestions", 202) == {"working": True}


def test_disputes_become_gold_by_a_rule_and_the_readers_files_stay(page: Page) -> None:
    path = "/api/documents/harbour/n"
    write_document(page.root / "documents" / "harbour", "n", A, layers={}, by="gold")
    (page.root / "documents" / "harbour" / "n.gold.jsonl").unlink()
    same, other = entity("Lima Port"), Page(page.root, "noor")
    page.put(path, page.body(same, entity("Port Union"), path=path, entities="done"))
    other.put(path, other.body(same, entity("Port Union", "PER"), path=path, entities="done"))
    told = page.get(f"{path}/disputes")
    assert (told["readers"], told["agreed"], told["etag"]) == (["mira", "noor"], 1, "")
    [dispute] = told["disputes"]
    decision = {"about": dispute["about"], "line": entity("Port Union"), "rule": "5.6", "note": "", "slip": False}
    before = files(page.root)
    for wrong in ({"rule": ""}, {"about": {"layer": "x"}}, {"line": {}}, {"line": {**entity("Port Union"), "end": 9}}):
        page.put(f"{path}/disputes", {"settled": [{**decision, **wrong}]}, 422)
    page.put(f"{path}/disputes", {"settled": [decision]}, 412, etag="0" * 64)
    page.put(f"{path}/disputes", {"settled": [decision]}, 428, etag=None)
    assert files(page.root) == before
    assert page.put(f"{path}/disputes", {"settled": [decision]})["disputes"] == []
    after = files(page.root)
    new = {Path(name).name for name in after.keys() - before.keys()}
    assert new == {"n.gold.jsonl", "n.disputes.jsonl"}
    assert {name: after[name] for name in before} == before
    assert not check(page.root)
