"""The page in a browser, as a person uses it. Collected where Chromium and Playwright are."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from symbackprop.server.serve import Page
from tests.command import EXAMPLES
from tests.server.conftest import CHROMIUM

WIDTHS = (390, 800, 1280)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[Page]:
    page = Page(0)
    page.warm()
    thread = threading.Thread(target=page.serve_forever)
    thread.start()
    yield page
    page.shutdown()
    thread.join()
    page.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield found
        found.close()


@pytest.fixture
def tab(server: Page, browser: Any) -> Iterator[Any]:
    context = browser.new_context(accept_downloads=True, viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda fault: said.append(str(fault)))
    tab.goto(server.address)
    done(tab)
    yield tab
    context.close()
    assert said == []


def done(tab: Any, state: str = "checked") -> None:
    tab.wait_for_selector(f"body[data-state={state}]", timeout=60_000)


def write(tab: Any, text: str, state: str = "checked") -> None:
    tab.fill("#text", text)
    done(tab, state)


def test_a_typo_is_marked_and_mended_by_a_click(tab: Any) -> None:
    write(tab, "x: parameter[d]\nL = sum(sigmod(x))\n", "error")
    assert tab.inner_text("#marks mark") == "sigmod"
    assert "Line 2" in tab.inner_text("#faults")
    tab.click("#faults button")
    done(tab)
    assert tab.input_value("#text") == "x: parameter[d]\nL = sum(sigmoid(x))\n"
    assert tab.inner_text("#faults") == ""
    assert tab.locator("#checked td.l .good, #checked .good").count() >= 1


def test_a_fault_behind_printed_letters_is_mended_where_it_stands_and_latex_is_read(tab: Any) -> None:
    write(tab, "θ: parameter\nx: data[d]\nL = θ² * smu(x)\n", "error")
    assert tab.inner_text("#marks mark") == "smu"
    tab.click("#faults button")
    done(tab)
    assert tab.input_value("#text").endswith("L = θ² * sum(x)\n")
    write(tab, r"L = \sum_i (w^\top x_i - y_i)^2, w, x_i \in \mathbb{R}^d, y_i \in \mathbb{R}, i = 1, \ldots, n")
    assert tab.inner_text('#wrt [aria-pressed="true"]') == "w"


def test_a_name_that_was_chosen_and_is_no_more_stands_in_nobodys_way(tab: Any) -> None:
    tab.click('#wrt [data-name="x"]')
    done(tab)
    write(tab, "u: parameter[n]\nL = sum(u**2)\n")
    assert tab.inner_text('#wrt [aria-pressed="true"]') == "u"


def test_names_are_chosen_by_a_click_and_by_the_keyboard(tab: Any) -> None:
    tab.click('#wrt [data-name="x"]')
    tab.wait_for_selector('#wrt [data-name="x"][aria-pressed="true"]')
    done(tab)
    tab.focus('#wrt [data-name="W_1"]')
    tab.keyboard.press("Enter")
    tab.wait_for_selector('#wrt [data-name="W_1"][aria-pressed="false"]')
    assert tab.evaluate("document.activeElement.dataset.name") == "W_1"


def test_the_page_speaks_the_language_that_is_chosen(tab: Any) -> None:
    tab.select_option("#lang", "ko")
    tab.wait_for_selector('html[lang="ko"]')
    done(tab)
    assert (tab.inner_text("#judge"), tab.inner_text("#graph-title")) == ("채점", "계산 그래프")
    write(tab, "x: parameter[d]\nL = sum(sigmod(x))\n", "error")
    assert re.match("2번째 줄: .* sigmoid", tab.inner_text("#faults"))
    tab.reload()
    done(tab, "error")
    assert tab.inner_text("#files-title") == "내려받기"
    tab.select_option("#lang", "en")
    assert tab.inner_text("#judge") == "Judge"


def test_on_a_narrow_screen_the_derivation_is_near_and_what_is_asked_seldom_is_a_key_away(tab: Any) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.reload()
    done(tab)
    assert tab.evaluate("document.querySelector('#report h1').getBoundingClientRect().top") < 844
    assert not tab.is_visible("#judge")
    tab.focus(".part summary")
    tab.keyboard.press("Enter")
    assert tab.is_visible("#judge")


def test_a_link_holds_the_network(tab: Any, server: Page) -> None:
    write(tab, "v: parameter[n]\nL = sum(exp(v))  # é, 한\n")
    tab.select_option("#detail", "full")
    done(tab)
    other = tab.context.new_page()
    other.goto(tab.url)
    done(other)
    assert other.input_value("#text") == "v: parameter[n]\nL = sum(exp(v))  # é, 한\n"
    assert other.input_value("#detail") == "full"
    for fragment in ("", "#%%%", "#bm90IGpzb24", "#eyJ0ZXh0IjozfQ"):  # nothing, no base64, no JSON, no text
        other.goto("about:blank")
        other.goto(server.address + fragment)
        done(other)
        assert "W_1" in other.input_value("#text")


def test_a_link_holds_claims_that_were_never_judged(tab: Any) -> None:
    tab.fill("#claims", "W_2 = outer(yhat - y, a)")
    other = tab.context.new_page()
    other.goto(tab.url)
    done(other)
    assert other.input_value("#claims") == "W_2 = outer(yhat - y, a)"


def test_the_way_back_from_an_example_leads_to_what_was_typed(tab: Any) -> None:
    mine = "v: parameter[n]\nL = sum(exp(v))\n"
    write(tab, mine)
    tab.select_option("#examples", "gates")
    done(tab)
    assert tab.input_value("#text") != mine
    tab.go_back()
    done(tab)
    assert (tab.input_value("#text"), tab.input_value("#examples")) == (mine, "")


def test_files_are_downloaded(tab: Any) -> None:
    for format, said in (("numpy", "def value_and_grad"), ("latex", r"\documentclass"), ("json", '"gradients"')):
        with tab.expect_download() as waiting:
            tab.click(f"button[data-format={format}]")
        assert said in Path(waiting.value.path()).read_text(encoding="utf-8")
    tab.select_option("#detail", "brief")  # as the page shows it
    with tab.expect_download() as waiting:
        tab.click("button[data-format=markdown]")
    assert "The backward pass" not in Path(waiting.value.path()).read_text(encoding="utf-8")


def test_the_equations_stand_there_until_the_report_comes(tab: Any) -> None:
    slow = (EXAMPLES / "loops" / "kalman.net").read_text(encoding="utf-8")
    held: list[Any] = []
    tab.route("**/ask/formulas", lambda route: held.append(route))  # the report waits, however fast the machine is
    write(tab, slow, "equations")
    assert "on their way" in tab.inner_text("#report")
    assert tab.locator("#report math").count() > 10
    for route in held:
        route.continue_()
    tab.unroute("**/ask/formulas")
    done(tab)
    assert "on their way" not in tab.inner_text("#report")


def test_what_is_answered_late_is_not_taken_for_the_newest(tab: Any) -> None:
    held: list[Any] = []
    waits = {"checked"}
    tab.route("**/ask/*", lambda route: held.append(route) if route.request.url.rsplit("/", 1)[1] in waits else route.continue_())
    write(tab, "x: parameter[d]\nL = sum(x)\n", "formulas")
    waits.add("formulas")
    write(tab, "x: parameter[d]\nL = sum(tanh(x))\n", "equations")
    late, newest = held
    with tab.expect_response("**/ask/checked") as waiting:
        late.continue_()
    waiting.value.finished()
    tab.wait_for_timeout(200)
    assert tab.evaluate("document.body.dataset.state") == "equations"
    assert tab.locator("#checked.old").count() == 1
    waits.clear()
    newest.continue_()
    done(tab)
    assert tab.locator("#checked.old").count() == 0


def test_claims_are_judged(tab: Any) -> None:
    tab.fill("#claims", "W_2 = outer(2*(yhat - y), a)")
    tab.press("#claims", "Control+Enter")
    tab.wait_for_selector("#verdict h1")
    assert "Right" in tab.inner_text("#verdict")
    tab.press("#text", "End")
    tab.keyboard.type(" ")
    assert tab.locator("#verdict.old").count() == 1
    tab.click("#judge")
    tab.wait_for_selector("#verdict:not(.old) h1")


def test_the_picture_follows_a_slider(tab: Any) -> None:
    tab.select_option("#examples", "gates")
    tab.wait_for_selector("#sliders input")
    before = tab.inner_html("#picture")
    tab.focus("#sliders input")
    tab.keyboard.press("ArrowRight")
    for _ in range(100):
        if tab.inner_html("#picture") != before:
            return
        tab.wait_for_timeout(100)
    raise AssertionError("the picture stayed as it was")


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_scrolls_sideways(tab: Any, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    tab.wait_for_timeout(300)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_two_hundred_quick_edits_end_with_the_last(tab: Any) -> None:
    tab.click("#text")
    tab.keyboard.press("Control+A")
    tab.keyboard.type("w: parameter[d]\nL = sum(w**2)" + " + sum(w)" * 22, delay=0)
    done(tab)
    assert re.search("sum", tab.inner_text("#report") + tab.input_value("#text"))
    assert tab.locator("#faults .fault").count() == 0


def test_two_tabs_and_a_question_that_never_ends(tab: Any, server: Page) -> None:
    other = tab.context.new_page()
    other.goto(server.address)
    done(other)
    formulas = server.workers["formulas"]
    seconds, formulas.seconds = formulas.seconds, 0.0
    try:
        other.fill("#text", "w: parameter[d]\nL = sum(w**2)\n")
        done(other, "error")
        assert "takes more than" in other.inner_text("#faults")
    finally:
        formulas.seconds = seconds
    write(tab, "w: parameter[d]\nL = sum(w**2)\n")  # by a process that is started anew
    write(other, "w: parameter[d]\nL = sum(w**3)\n")
