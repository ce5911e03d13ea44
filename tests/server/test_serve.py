"""The page over HTTP: what is served, what is refused, and that one broken question stops nothing."""

import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest

from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine import examples
from symbackprop.notation import read_text
from symbackprop.presenter import Presenter
from symbackprop.server import serve
from symbackprop.server.answers import LONGEST, answer
from symbackprop.server.serve import MOST, POLICY, STATIC, Page, ServeError
from symbackprop.server.worker import NoAnswerError
from tests.command import EXAMPLES, Run

SMALL = "w: parameter[d]\nx: data[d]\nL = sum(w*x)**2"


class Here:
    """A worker that answers in this process."""

    def ask(self, name: str, arguments: Any) -> Any:
        try:
            return answer(name, arguments)
        except SymbackpropError as refused:
            raise NoAnswerError(str(refused)) from None

    def stop(self) -> None:
        pass


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    page = Page(0)
    page.workers, page.others = {}, Here()  # type: ignore[assignment]
    thread = threading.Thread(target=page.serve_forever, args=(0.01,))
    thread.start()
    yield page
    page.shutdown()
    thread.join()
    page.close()


def test_a_verdict_that_takes_long_holds_nothing_up() -> None:
    """Downloads and checks have another process than verdicts, and formulas one of their own."""
    busy, page = threading.Event(), Page(0)

    class Waits(Here):
        def ask(self, name: str, arguments: Any) -> Any:
            busy.wait(60)
            return name

    page.workers, page.others = {"formulas": Here(), "judged": Waits()}, Here()  # type: ignore[assignment]
    judging = threading.Thread(target=page.ask, args=("judged", {}))
    judging.start()
    try:
        assert page.ask("formulas", {"text": "x: parameter\nL = x**2\n"})["ok"]
        assert page.ask("file", {"text": "x: parameter\nL = x**2\n", "format": "numpy"})["ok"]
        assert judging.is_alive()
    finally:
        busy.set()
        judging.join()
        page.close()


def request(page: Page, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
    line = HTTPConnection("127.0.0.1", page.server_port, timeout=60)
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    kind = {"Content-Type": "application/json"} if method == "POST" else {}
    try:
        line.request(method, path, content, {**kind, **{name.replace("_", "-"): text for name, text in headers.items()}})
        got = line.getresponse()
        return got.status, got.read(), dict(got.getheaders())
    finally:
        line.close()


def ask(page: Page, name: str, **question: Any) -> Any:
    status, body, _ = request(page, "POST", f"/ask/{name}", question)
    assert status == 200
    return json.loads(body)


@pytest.mark.parametrize("path", STATIC)
def test_each_file_of_the_page_is_served_and_nothing_is_loaded_from_elsewhere(page: Page, path: str) -> None:
    status, body, headers = request(page, "GET", path)
    assert (status, headers["Content-Type"]) == (200, STATIC[path].kind)
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    if not path.endswith(".ttf"):
        assert b"http" not in body.replace(b"http-equiv", b"").replace(b"https://symbackprop", b"")


def test_the_examples_are_those_of_the_folder(page: Page) -> None:
    found = json.loads(request(page, "GET", "/examples")[1])
    names = {path.relative_to(EXAMPLES).with_suffix("").as_posix() for path in EXAMPLES.rglob("*.net")}
    assert {one["name"] for one in found} == names
    assert all(one["title"] and one["text"] for one in found)


def test_formulas_come_before_the_check_and_the_picture(page: Page) -> None:
    found = ask(page, "formulas", text=SMALL)
    assert found["ok"]
    assert "<math" in found["html"]
    assert "<svg" not in found["html"]
    assert found["wrt"] == ["w"]
    assert {one["name"] for one in found["tensors"]} == {"w", "x", "L"}
    assert "ok" in ask(page, "checked", text=SMALL)["html"]
    drawn = ask(page, "picture", text=SMALL)
    assert "<svg" in drawn["svg"]
    moved = {**drawn["at"], "w": [9.25] * len(drawn["at"]["w"])}
    again = ask(page, "picture", text=SMALL, at=moved)
    assert again["at"] == moved
    assert "9.25" in again["svg"]


@pytest.mark.parametrize("name", ["two_layer", "layers/lstm", "loops/kalman", "softmax"])
def test_what_is_known_at_once_waits_for_no_search(page: Page, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def searched(*_: Any) -> Any:
        raise AssertionError("a box was searched")

    monkeypatch.setattr(Presenter, "box", searched)
    text = (EXAMPLES / f"{name}.net").read_text(encoding="utf-8")
    found = ask(page, "equations", text=text)
    network = read_text(text)
    assert found["of"] == network.loss
    assert found["wrt"]
    for wrt in found["wrt"]:  # each gradient stands there, and what the network says
        assert any(tensor["name"] == wrt for tensor in found["tensors"])
    assert found["html"].count("<math") >= len(found["wrt"]) + 1


def test_what_has_axes_has_a_jacobian_and_a_word_for_who_meant_a_loss(page: Page) -> None:
    text = "W: parameter[m, n]\nx: data[n]\nq = tanh(W @ x)\n"
    assert "L = sum(q)" in ask(page, "formulas", text=text)["note"]
    assert "야코비" in ask(page, "formulas", text=text, lang="ko")["note"]
    assert ask(page, "formulas", text=f"{text}L = sum(q)\n")["note"] == ""
    assert "ok" in ask(page, "checked", text=text)["html"]
    assert "<svg" in ask(page, "picture", text=text)["svg"]


def test_a_fault_is_told_with_its_stretch_and_what_mends_it(page: Page) -> None:
    text = "w: parameter[d]\nL = sum(sigmod(w))\n"
    found = ask(page, "formulas", text=text)
    assert ask(page, "equations", text=text) == found
    (fault,) = found["faults"]
    assert not found["ok"]
    assert (fault["line"], fault["column"], fault["length"], fault["write"]) == (2, 9, 6, "sigmoid")
    lines = text.split("\n")
    at = fault["column"] - 1
    lines[1] = lines[1][:at] + fault["write"] + lines[1][at + fault["length"] :]
    assert ask(page, "formulas", text="\n".join(lines))["ok"]


@pytest.mark.parametrize(
    ("claims", "verdict"),
    [
        ("w = 2*sum(w*x)*x", "right, identity"),
        (r"\frac{\partial L}{\partial w} = 2 (w^\top x) x", "right, identity"),
        ("w = sum(w*x)*x", "up to convention"),
        ("w = sum(w*x)*w", "wrong"),
    ],
)
def test_what_was_derived_by_hand_is_judged(page: Page, claims: str, verdict: str) -> None:
    found = ask(page, "judged", text=SMALL, claims=claims)
    assert found["verdict"].startswith(verdict)
    assert "<math" in found["html"]


@pytest.mark.parametrize("claims", ["", "hello", "w ="])
def test_no_claim_is_told_with_the_mend(page: Page, claims: str) -> None:
    found = ask(page, "judged", text=SMALL, claims=claims)
    assert not found["ok"]
    assert found["faults"][0]["message"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {"Host": "example.org"}, 403),
        ("GET", "/", {"Host": "127.0.0.1:1"}, 403),
        ("POST", "/ask/formulas", {"Origin": "https://example.org"}, 403),
        ("POST", "/ask/formulas", {"Content_Type": "text/plain"}, 415),
        ("POST", "/ask/nothing", {}, 404),
        ("POST", "/formulas", {}, 404),
        ("GET", "/../pyproject.toml", {}, 404),
        ("GET", "/etc/passwd", {}, 404),
    ],
)
def test_what_another_site_or_a_guess_asks_is_refused(page: Page, method: str, path: str, headers: dict, status: int) -> None:
    found, body, _ = request(page, method, path, {"text": SMALL} if method == "POST" else None, **headers)
    assert found == status
    assert json.loads(body)["faults"][0]["fault"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b'{"text": 3}', 400), (b"[" * 10_000, 400), (b"\xff", 400), (b"x" * (MOST + 1), 413)],
)
def test_a_question_that_is_none_is_refused(page: Page, body: bytes, status: int) -> None:
    assert request(page, "POST", "/ask/formulas", body)[0] == status


@pytest.mark.parametrize("text", ["x" * (LONGEST + 1), "L = open('/etc/passwd')", "examples/xor.net", "", "\x00", "L = 1/0"])
def test_a_text_that_is_no_network_is_told_and_the_page_goes_on(page: Page, text: str) -> None:
    found = ask(page, "formulas", text=text)
    assert not found["ok"]
    assert found["faults"][0]["message"]
    assert ask(page, "formulas", text=SMALL)["ok"]


@pytest.mark.parametrize("format", ["latex", "markdown", "json", "numpy", "c", "html"])
def test_a_file_is_handed_over(page: Page, format: str) -> None:
    found = ask(page, "file", text=SMALL, format=format)
    assert found["ok"]
    assert found["content"]
    assert "." in found["name"]


def test_code_that_is_handed_over_answers_without_labels(page: Page) -> None:
    """As what `symbackprop compile` writes does."""
    net = "x: data[d]\ny: data\nw: parameter[d]\np = w @ x\nL = (p - y)**2\n"
    python, c = (b64decode(ask(page, "file", text=net, format=format)["content"]).decode() for format in ("numpy", "c"))
    assert "def predict(w, x):" in python
    assert "predict(" in c


def test_a_port_that_is_taken_is_told_with_the_mend(page: Page, run: Run) -> None:
    with pytest.raises(ServeError, match="give another by --port"):
        Page(page.server_port)
    outcome = run("serve", "--port", str(page.server_port), "--no-browser")
    assert outcome.code == 2
    assert "--port" in outcome.err


def test_without_the_folder_the_examples_are_those_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "files", lambda _: EXAMPLES.parent)
    assert examples.folder() == EXAMPLES
    assert serve.Static("symbackprop.documents.formats", ("style.css",), "").read()


def test_a_name_that_was_chosen_and_is_no_more_is_passed_by() -> None:
    text = "u: parameter[n]\nv: data[n]\nL = sum(u*v)\n"
    assert [answer("equations", {"text": text, "wrt": wrt})["wrt"] for wrt in (["x"], ["x", "v"], [])] == [["u"], ["v"], ["u"]]


def test_a_verdict_on_the_page_leaves_the_derivation_to_the_page_and_fences_are_no_claims() -> None:
    found = answer("judged", {"text": "u: parameter[n]\nL = sum(u**2)\n", "claims": "```python\nu = 2*u\n```"})
    assert found["verdict"] == "right, identity"
    assert "The network" not in found["html"]
