"""The page's saving: two tabs, conflicts, drafts of closed pages, undo over merges, and lines that are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from browsing import CHROMIUM, Desk, Person, lines_of

import corpora

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install chromium, or set HARNESS_CHROMIUM")

RIGHT = "ArrowRight"
TO_PRAISED = [RIGHT] * 3  # from Port, over Union and the emoji
DRAFTS = "Object.keys(localStorage).filter((key) => key.startsWith('harness-draft'))"
# Every reading of the server takes so many milliseconds more, the first number for the first reading, and so on.
SLOWLY = """(delays) => {
  const real = window.fetch;
  window.fetch = async (address, settings) => {
    if (settings.method === "GET" && delays.length) await new Promise((done) => setTimeout(done, delays.shift()));
    return real(address, settings);
  };
}"""


def draft_says(person: Person, text: str) -> None:
    """Wait until a draft holds this text."""
    person.until(f"{DRAFTS}.some((key) => localStorage.getItem(key).includes({json.dumps(text)}))")


def state(person: Person, *kinds: str) -> None:
    """Wait until the page says one of these of its document."""
    person.until(f"{json.dumps(kinds)}.includes(document.querySelector('#state').dataset.kind)")


def offline(person: Person) -> None:
    """Nothing that the page sends arrives any more, not even what it sends while it is closed."""
    person.page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('no network')); }")


def relabel(desk: Desk, old: str, new: str) -> None:
    """Change a label in the file, as an editor would."""
    text = desk.file.read_text("utf-8")
    assert old in text
    desk.file.write_text(text.replace(f'"{old}"', f'"{new}"'), "utf-8")


def edit(person: Person, old: str, line: dict[str, Any]) -> None:
    """Put a line in the place of the one that reads `old`, past all that the page checks."""
    script = """async ([old, line]) => {
      const { app, edit } = await import("/page/state.js");
      edit(app.lines.find((one) => one.text === old) ?? null, line);
    }"""
    person.page.evaluate(script, [old, line])


def closed_with_a_conflict(people: Any, desk: Desk) -> Any:
    """Port saved as PER; a page closed offline with Port as ORG and `praised` as DATE; then LOC in the file."""
    me = people(desk.address, desk.document)
    me.press(RIGHT, "1")
    me.saved()
    offline(me)
    me.press("2", *TO_PRAISED, "4")
    draft_says(me, "DATE")
    context = me.page.context
    me.page.close()
    relabel(desk, "PER", "LOC")
    return context


def test_a_closed_page_s_conflict_loses_nothing_to_escape_and_mine_keeps_its_edits(people: Any, desk: Desk) -> None:
    context = closed_with_a_conflict(people, desk)
    me = people(desk.address, desk.document, context=context)
    me.page.wait_for_selector("dialog #conflicts")
    assert me.at("dialog fieldset").count() == 1
    me.press("Escape")
    state(me, "conflict")
    assert len(me.page.evaluate(DRAFTS)) == 1
    offline(me)
    me.page.close()
    again = people(desk.address, desk.document, context=context)
    again.page.get_by_role("button", name="Keep these and save").click()
    again.saved()
    assert desk.spans() == {("ORG", "Port"), ("DATE", "praised")}
    assert again.page.evaluate(DRAFTS) == []


def test_theirs_is_taken_too_and_the_rest_of_the_closed_page_s_edits_stay(people: Any, desk: Desk) -> None:
    me = people(desk.address, desk.document, context=closed_with_a_conflict(people, desk))
    me.at('dialog input[value="theirs"]').check()
    me.page.get_by_role("button", name="Keep these and save").click()
    me.saved()
    assert desk.spans() == {("LOC", "Port"), ("DATE", "praised")}
    assert me.page.evaluate(DRAFTS) == []


def test_two_closed_pages_in_conflict_are_asked_about_one_after_the_other(people: Any, desk: Desk) -> None:
    one = people(desk.address, desk.document)
    context = one.page.context
    one.press(RIGHT, "1")
    one.saved()
    two = people(desk.address, desk.document, context=context)
    for person, label, more in ((one, "2", []), (two, "4", [*TO_PRAISED, "3"])):
        offline(person)
        person.press(*([RIGHT] if person is two else []), label, *more)
        draft_says(person, "ORG" if person is one else "praised")
    one.page.close()
    two.page.close()
    relabel(desk, "PER", "LOC")
    me = people(desk.address, desk.document, context=context)
    for mine in ("ORG", "DATE"):
        me.page.wait_for_selector(f"dialog #conflicts:has-text('Mine: {mine}')")
        me.page.get_by_role("button", name="Keep these and save").click()
    me.until(f"{DRAFTS}.length === 0")
    me.saved()
    assert desk.spans() == {("DATE", "Port"), ("LOC", "praised")}


def test_an_edit_that_was_undone_does_not_come_back_with_the_next_page(people: Any, desk: Desk) -> None:
    me = people(desk.address, desk.document)
    me.press(RIGHT, "2")
    draft_says(me, "ORG")
    me.press("Control+z")
    me.until(f"{DRAFTS}.length === 0")
    state(me, "new")
    assert not desk.file.exists()


def test_undo_and_redo_leave_what_another_tab_saved(people: Any, desk: Desk) -> None:
    one = people(desk.address, desk.document)
    two = people(desk.address, desk.document, context=one.page.context)
    two.press(RIGHT, RIGHT, "2")
    two.saved()
    one.press(RIGHT, "1")
    one.until("document.querySelectorAll('#text .seg').length === 2")
    one.saved()
    one.press("Control+z")
    one.saved()
    assert desk.spans() == {("ORG", "Union")}
    two.press(RIGHT, RIGHT, "4")
    two.saved()
    one.at("#stale-load").click()
    one.page.wait_for_selector('#text .seg[data-label="DATE"]')
    one.page.focus("#text")
    one.press("Control+y")
    one.saved()
    assert desk.spans() == {("PER", "Port"), ("ORG", "Union"), ("DATE", "praised")}


def test_an_edit_made_while_the_next_document_is_on_its_way_is_saved(people: Any, desk: Desk) -> None:
    me = people(desk.address, desk.document)
    me.page.evaluate(SLOWLY, [400, 100])
    me.press(RIGHT, "n")
    me.page.wait_for_timeout(100)
    me.press("2")
    me.until(f"document.querySelector('#document').textContent !== '{desk.document}'")
    assert desk.spans() == {("ORG", "Port")}
    assert me.at("#text .seg").count() == 0


def test_a_document_that_was_asked_for_later_is_not_overtaken_by_an_earlier_one(people: Any, desk: Desk) -> None:
    me = people(desk.address, desk.document)
    me.page.evaluate(SLOWLY, [500, 0])
    me.press("n")
    me.at("#search").fill("market/c")
    me.at("#search").press("Enter")
    me.until("document.querySelector('#document').textContent === 'market/c'")
    me.page.wait_for_timeout(600)
    assert me.at("#document").inner_text() == "market/c"
    assert me.page.url.endswith("market%2Fc")


def test_only_a_document_that_the_queue_led_to_was_picked_by_its_order(people: Any, desk: Desk) -> None:
    def picked(document: str) -> Any:
        meta = json.loads((desk.root / f"documents/{document}.meta.json").read_text("utf-8"))
        return meta.get("picked_by")

    me = people(desk.address, desk.document)
    me.press(RIGHT, "2")
    me.saved()
    assert picked(desk.document) is None
    me.press("n")
    me.until(f"document.querySelector('#document').textContent !== '{desk.document}'")
    me.page.reload()  # that changes nothing about how it was reached
    me.page.wait_for_selector("html[data-ready='1'][data-opened]")
    me.press(RIGHT, "2")
    me.saved()
    document = me.at("#document").inner_text()
    assert document != desk.document
    assert picked(document) == "unannotated"


def test_words_are_what_the_server_takes(people: Any, desk: Desk) -> None:
    desk.rewrite("Go \u202e on \u0301x\u0600 y\n")
    me = people(desk.address, desk.document)
    for _ in range(4):
        me.press(RIGHT, "2")
    me.saved()
    assert desk.spans() == {("ORG", surface) for surface in ("\u202e", "on", "x", "y")}
    me.page.keyboard.down("Alt")
    me.drag(0, 3)
    me.page.keyboard.up("Alt")
    me.press("3")
    me.saved()
    assert ("LOC", "Go") in desk.spans()


def test_a_line_that_is_refused_stops_no_other_edit_and_can_be_taken_back(people: Any, desk: Desk) -> None:
    me = people(desk.address, desk.document)
    me.press(RIGHT, "2")
    me.saved()
    edit(me, "Port", {"layer": "entities", "start": 3, "end": 8, "label": "LOC", "text": " Port"})
    me.press(*TO_PRAISED, "4")
    me.until("document.querySelector('#problems button') !== null")
    assert desk.spans() == {("ORG", "Port"), ("DATE", "praised")}
    assert "LOC · “ Port”" in me.at("#state").inner_text()
    assert len(me.page.evaluate(DRAFTS)) == 1
    me.press("n")
    assert me.at("#document").inner_text() == desk.document
    me.page.get_by_role("button", name="Take it back").click()
    me.saved()
    assert me.at('#text .seg[data-label="ORG"]').count() == 1
    assert me.at("#problems").inner_text() == ""
    assert desk.spans() == {("ORG", "Port"), ("DATE", "praised")}


def test_a_draft_that_cannot_be_restored_is_named_and_stops_no_other(people: Any, desk: Desk) -> None:
    me = people(desk.address, desk.document)
    base = {"layers": {}, "lines": []}
    line = {"layer": "entities", "start": 4, "end": 8, "label": "ORG", "text": "Port"}
    sha256 = me.page.evaluate("async () => (await import('/page/state.js')).app.doc.sha256")
    own = {"base": base, "etag": "", "sha256": sha256}
    gone = {"layers": {"gone": "open"}, "lines": [{"layer": "gone", "label": "X"}]}
    drafts = [
        "{",
        json.dumps({"at": 1, **own, "sha256": "0"}),
        json.dumps({"at": 2, **own, "layers": gone["layers"], "lines": [*gone["lines"], line]}),
        json.dumps({"at": 3, **own}),
    ]
    keep = """([document, drafts]) => drafts.forEach((draft, i) =>
      localStorage.setItem(["harness-draft", "tiny", document, "me", "", `closed${i}`].join("\\n"), draft))"""
    me.page.evaluate(keep, [desk.document, drafts])
    again = people(desk.address, desk.document, context=me.page.context)
    again.saved()
    assert desk.spans() == {("ORG", "Port")}
    told = again.at("#problems").inner_text()
    for why in ("text was changed", "no layer gone"):
        assert told.count(why) == 1
    assert told.count("cannot be read") == 2
    for left in (3, 2, 1, 0):
        again.page.get_by_role("button", name="Throw them away").first.click()
        again.until(f"{DRAFTS}.length === {left}")
    again.until("document.querySelector('#problems').textContent === ''")


def test_done_is_refused_while_pairs_are_not_judged_and_no_edit_is_lost(people: Any, desk: Desk) -> None:
    me = people(desk.address, desk.document)
    me.at('[data-pair="union strike"]').select_option("FAVOR")
    me.press("Escape", "d")
    me.until("document.querySelector('#problems').textContent.length > 0")
    me.saved()
    header = corpora.read_lines(desk.root / f"documents/{desk.document}.me.jsonl")[0]
    assert set(header["layers"].values()) == {"open"}
    assert len(lines_of(desk.root, desk.document, layer="stance")) == 1
    assert "mayor" in me.at("#problems").inner_text()


def test_undo_and_redo_go_over_the_whole_document(people: Any, desk: Desk) -> None:
    me = people(desk.address, desk.document)
    me.press("ArrowRight", "Shift+ArrowRight", "2")
    me.at('[data-pair="union strike"]').select_option("FAVOR")
    me.press("Escape", "Control+z", "Control+z")
    me.until("!document.querySelector('#text .seg')")
    assert me.at('[data-pair="union strike"]').input_value() == ""
    me.press("Control+y")
    me.page.wait_for_selector("#text .seg")
    me.saved()
    assert desk.spans() == {("ORG", "Port Union")}
    assert not lines_of(desk.root, desk.document, layer="stance")


def test_an_edit_of_a_closed_tab_is_back_when_the_page_is_opened_again(people: Any, desk: Desk) -> None:
    me = people(desk.address, desk.document)
    context = me.page.context
    offline(me)
    me.press("ArrowRight", "2")
    me.until(f"{DRAFTS}.length === 1")
    me.page.close()
    assert not desk.spans()
    again = people(desk.address, desk.document, context=context)
    again.page.wait_for_selector("#text .seg")
    again.saved()
    assert desk.spans() == {("ORG", "Port")}
    assert again.page.evaluate(DRAFTS) == []
    again.press("Control+z")
    again.until("!document.querySelector('#text .seg')")


def test_two_tabs_at_once_lose_no_edit_and_a_stale_one_says_so(people: Any, desk: Desk) -> None:
    one = people(desk.address, desk.document)
    two = people(desk.address, desk.document, context=one.page.context)
    one.press("ArrowRight", "2")
    two.press("ArrowRight", "ArrowRight", "3")
    one.saved()
    two.saved()
    assert desk.spans() == {("ORG", "Port"), ("LOC", "Union")}
    one.page.wait_for_selector("#stale:not([hidden])")
    one.at("#stale-load").click()
    one.page.wait_for_selector('#text .seg[data-label="LOC"]')
    one.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "4")
    one.saved()
    assert len(desk.spans()) == 3


def test_a_conflict_shows_what_is_in_conflict_alone_and_keeps_the_choice(people: Any, desk: Desk) -> None:
    one = people(desk.address, desk.document)
    two = people(desk.address, desk.document, context=one.page.context)
    two.press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "4", "ArrowLeft", "ArrowLeft", "ArrowLeft", "3")
    one.press("ArrowRight", "2")
    for person in (one, two):
        person.until("['saved', 'conflict'].includes(document.querySelector('#state').dataset.kind)")
    late = two if two.at("dialog").count() else one
    mine = "LOC" if late is two else "ORG"
    assert late.at("dialog fieldset").count() == 1
    late.page.get_by_role("button", name="Keep these and save").click()
    late.saved()
    assert desk.spans() == {(mine, "Port"), ("DATE", "praised")}
