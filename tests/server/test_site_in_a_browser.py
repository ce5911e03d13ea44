"""The page without a server that runs Python, in a browser. Collected where Chromium, Playwright and npm are."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from symbackprop.server import site
from symbackprop.server.browser import NO_NUMBERS
from tests.server.conftest import CHROMIUM

pytestmark = pytest.mark.slow


class Files(SimpleHTTPRequestHandler):
    """Files, with the strictest policy that a host may set for them."""

    def guess_type(self, path: Any) -> str:
        """As old hosts name what they do not know, in one of the two folders."""
        return "application/octet-stream" if "/old/" in self.path and self.path.endswith(".wasm") else super().guess_type(path)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", site.POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is, in a folder of a server of files; beside it lies one with no memory, whose bundle has all."""
    folder = tmp_path_factory.mktemp("host")
    whole, static = folder / "whole.zip", site._static
    more = {"compile.mjs": f"\nwriteFileSync({json.dumps(str(whole))}, compiled);".encode()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "_static", lambda name: static(name) + more.get(name, b""))
        written = site.write(str(folder / "inner"), None)
        assert (written.numbers, written.compiled) == (False, True)
        patch.setattr(site, "_compiled", lambda *asked: {site.BUNDLE: whole.read_bytes()})
        site.write(str(folder / "old"), str(folder / "inner/pyodide"))
    host = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=folder))
    thread = threading.Thread(target=host.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{host.server_port}/inner/"
    host.shutdown()
    thread.join()
    host.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    page = browser.new_page()
    yield page
    page.close()


def test_where_python_cannot_start_the_page_says_so(address: str, tab: Any) -> None:
    """A page asks anew with every text: each file missing, cut off, of another page, of another build."""
    with urlopen(f"{address}memory.bin") as got:
        memory = got.read()
    faults = {
        "pyodide.asm.wasm": (404, b"", "pyodide.asm.wasm is missing (404)"),
        "bundle.zip": (404, b"", "bundle.zip is missing (404)"),
        "memory.bin": (200, memory[:100_000], "memory.bin does not come whole"),
        "memory.bin?": (200, gzip.compress(b"another"), "memory.bin is of another page"),
        "site.json": (200, b'{"build": "later", "numbers": "", "memory": ""}', "the page was written anew since it was loaded"),
    }
    for name, (status, body, why) in faults.items():
        tab.goto("about:blank")  # a worker that is still starting would take the next fault half
        tab.unroute_all()
        begun: list[str] = []
        tab.route(f"**/{name.rstrip('?')}*", partial(_answer, status, body))
        tab.on("worker", lambda worker, begun=begun: begun.append(worker.url))
        tab.goto(address)
        told = tab.locator("#faults", has_text=why)
        told.wait_for(timeout=60_000)
        assert "Load the page again" in told.inner_text()
        assert "Python starts" not in tab.inner_text("#answer")
        before = len(begun)
        tab.fill("#text", f"# {name}")
        for _ in range(600):
            if len(begun) > before:
                break
            tab.wait_for_timeout(100)
        assert len(begun) > before  # asked anew


def _answer(status: int, body: bytes, route: Any) -> None:
    route.fulfill(status=status, body=body)


def test_a_host_may_send_the_runtime_as_any_type_of_file(address: str, tab: Any) -> None:
    tab.goto(address.replace("/inner/", "/old/"))
    tab.wait_for_selector("body[data-state=formulas]", timeout=300_000)
    assert tab.locator("#report math").count() > 5


def test_it_derives_in_the_browser_and_asks_nobody_else(address: str, browser: Any) -> None:
    with browser.new_context(viewport={"width": 390, "height": 800}, accept_downloads=True) as context:
        tab = context.new_page()
        said: list[str] = []
        asked: set[str] = set()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda fault: said.append(str(fault)))
        tab.on("request", lambda request: asked.add(request.url))
        tab.goto(address)
        tab.wait_for_selector("body[data-state=formulas]", timeout=300_000)
        assert tab.locator("#report math").count() > 5
        assert "None of this is proved" in tab.inner_text("#report")
        tab.wait_for_selector("#checked .hint")
        assert tab.inner_text("#checked") == NO_NUMBERS
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
        tab.fill("#text", "x: parameter[d]\nL = sum(sigmod(x))\n")
        tab.wait_for_selector("body[data-state=error]", timeout=60_000)
        tab.click("#faults button")
        tab.wait_for_selector("body[data-state=formulas]", timeout=60_000)
        assert tab.input_value("#text") == "x: parameter[d]\nL = sum(sigmoid(x))\n"
        tab.select_option("#examples", "loops/mlp_of_any_depth")  # imports what the memory that was kept has not
        tab.wait_for_selector("body[data-state=formulas]", timeout=60_000)
        assert "an entry for each step" in tab.inner_text("#report")
        tab.click("#files-title")  # folded on a narrow screen
        with tab.expect_download() as waiting:
            tab.click("button[data-format=fragment]")
        assert "frac" in Path(waiting.value.path()).read_text(encoding="utf-8")
    assert {url.startswith((address, "blob:" + address[:-7], "data:")) for url in asked} == {True}
    assert said == []
