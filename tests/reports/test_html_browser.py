"""The HTML report in a real Chromium: nothing is asked for, filters and keys work, axe-core finds no fault."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import odd
import pytest
from browsing import CHROMIUM

from harness.cli import run

playwright = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install chromium, or set HARNESS_CHROMIUM")
AXE = Path(os.environ.get("HARNESS_AXE", "runs/axe/axe.min.js")).absolute()  # axe.min.js of the npm package axe-core
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses of a report and of a comparison."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("odd")
        patch.chdir(folder)
        made = odd.ran(folder)
        assert run(["report", str(made)]) == 0
        both = [str(made / "stance" / name) for name in ("floor", "odd")]
        assert run(["compare", *both, "--html", "comparison.html"]) == 0
        yield {"report": (made / "report.html").as_uri(), "comparison": (folder / "comparison.html").as_uri()}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """Opens a page; at the end it had no error and nothing but the file was asked for."""
    pages, errors, asked = [], [], []

    def open_(address: str, *, size: str = "desktop", **settings: Any) -> Any:
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, **settings)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url) if request.url != address else None)
        page.goto(address)
        pages.append(context)
        return page

    yield open_
    for context in pages:
        context.close()
    assert not errors
    assert not [url for url in asked if not url.startswith("data:")]


@pytest.mark.parametrize("name", ["report", "comparison"])
def test_a_text_that_is_a_script_stays_a_text(opened: Any, files: dict[str, str], name: str) -> None:
    page = opened(files[name])
    if name == "report":
        page.select_option("#task", label="stance")
    assert "hit" not in page.title()
    assert "</script><script>document.title='hit'" in page.text_content("#errors")
    assert page.locator("img").count() == 0


def test_every_span_is_drawn_over_its_own_letters(opened: Any, files: dict[str, str]) -> None:
    page = opened(files["report"])
    page.select_option("#task", label="names")
    page.select_option("#model", label="odd")
    page.fill("#search", "g07")
    script = "side => [...document.querySelectorAll('#list .text .' + side)].map(e => e.textContent).join('|')"
    gold, said = page.evaluate(script, "gold"), page.evaluate(script, "said")
    for surface in ("First", "Bank", "Lima"):
        assert surface in gold
    assert "City" in said and "Zoe" in said
    lanes = page.evaluate("[...document.querySelectorAll('#list .gold')].map(e => getComputedStyle(e).paddingTop)")
    assert len(set(lanes)) >= 3  # Lima, Bank of Lima and First Bank of Lima lie over one another
    signs = page.locator("#list .sign").all_inner_texts()
    assert {"+ PER", "− LOC", "ORG"} <= set(signs)
    styles = page.evaluate(
        "[...document.querySelectorAll('.keys [class]')].map(e => [getComputedStyle(e).borderTopStyle, "
        "getComputedStyle(e).borderBottomStyle].join())"
    )
    assert len({style for style in styles if style != "none,none"}) >= 4  # told apart without colour


def test_the_filters_narrow_the_list_and_it_is_said(opened: Any, files: dict[str, str]) -> None:
    page = opened(files["report"])
    page.select_option("#task", label="stance")
    page.select_option("#model", label="odd")
    all_ = page.locator("#list article").count()
    assert page.inner_text("#found").startswith(f"{all_} of 8 documents, the most confident first")
    page.select_option("#slice", label="language: he")
    assert 0 < page.locator("#list article").count() < all_
    page.select_option("#slice", value="")
    page.fill("#search", "G06/D")
    assert page.locator("#list article h3").all_inner_texts() == ["g06/d"]
    page.fill("#search", "no such words")
    assert page.inner_text("#found").startswith("0 of 8")
    page.fill("#search", "")
    page.select_option("#label", label="NONE")
    assert 0 < page.locator("#list article").count() < all_
    page.select_option("#label", value="")
    page.select_option("#show", value="all")
    assert page.locator("#list article").count() == 8
    assert "no answer (refused)" in page.text_content("#list")


def test_the_keyboard_reaches_everything(opened: Any, files: dict[str, str]) -> None:
    page = opened(files["report"])
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], button:not([hidden]), select, input, summary, [tabindex=\"0\"]')]"
        ".filter(e => e.checkVisibility()).length"
    )
    reached = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        place = "[...document.querySelectorAll('*')].indexOf(document.activeElement)"
        reached.add(page.evaluate(place))
        assert page.evaluate("document.activeElement === document.body || document.activeElement.checkVisibility()")
    assert len(reached) >= wanted
    page.focus("#list article h3 >> nth=0")
    page.keyboard.press("j")
    names = page.locator("#list article h3").all_text_contents()
    assert page.evaluate("document.activeElement.textContent") == names[1]
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == names[0]
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"


def test_without_javascript_all_but_the_filters_is_there(opened: Any, files: dict[str, str]) -> None:
    for name in ("report", "comparison"):
        page = opened(files[name], java_script_enabled=False)
        assert page.locator("article").count() == 8 if name == "report" else page.locator("article").count() > 0
        assert not page.locator("#filters").is_visible()
        assert "First Bank of" in page.text_content("#errors") and "no answer (refused)" in page.text_content("#errors")


def test_python_and_the_page_draw_alike(opened: Any, files: dict[str, str]) -> None:
    """The spans of the best model, with the page's own script and without it."""
    script = (
        "[...document.querySelectorAll('article')].map(e => [e.firstElementChild.textContent, [...e.querySelectorAll("
    )
    script += "'.text .sign:not(.evidence)')].map(s => s.className + s.textContent).sort().join()])"
    page = opened(files["report"])
    page.select_option("#task", label="names")
    page.select_option("#show", value="all")
    best = page.evaluate("document.getElementById('model').options[0].label")
    drawn = dict(page.evaluate(script))
    plain = opened(files["report"], java_script_enabled=False)
    assert f"drawn: names: {best}" in plain.text_content("article >> nth=0")
    assert dict(plain.evaluate(script)) == drawn and all(drawn.values())


@pytest.mark.parametrize("size", list(SIZES))
def test_no_page_is_wider_than_the_screen(opened: Any, files: dict[str, str], size: str) -> None:
    for address in files.values():
        page = opened(address, size=size)
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]


@pytest.mark.skipif(not AXE.is_file(), reason="no axe-core: see .ci/run, or set HARNESS_AXE")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_axe_core_finds_no_serious_fault(opened: Any, files: dict[str, str], size: str, scheme: str) -> None:
    for address in files.values():
        page = opened(address, size=size, color_scheme=scheme, bypass_csp=True)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")
        page.add_style_tag(content="article { content-visibility: visible !important }")  # axe looks at what is drawn
        for task in page.evaluate("[...document.getElementById('task').options].map(o => o.label)"):
            page.select_option("#task", label=task)
            found = page.evaluate("axe.run().then(r => r.violations)")
            bad = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
            assert not bad


def test_the_printed_page_has_no_controls(opened: Any, files: dict[str, str]) -> None:
    page = opened(files["report"])
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible() and not page.locator("nav").is_visible()
    assert page.locator("#list article").first.is_visible()
