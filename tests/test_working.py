"""Long work shows that it goes on in a terminal, and nothing where there is none."""

import io
import sys

import pytest

import symbackprop as sb
from symbackprop.cli.shell import working
from symbackprop.core.machine.progress import counted, told_to


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_long_work_is_told_in_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for colourless in (False, True):
        if colourless:
            monkeypatch.setenv("NO_COLOR", "1")
        shown = Terminal()
        monkeypatch.setattr(sys, "stderr", shown)
        with working("checking"):
            pass
        assert "checking" in shown.getvalue()
        assert ("\x1b[3" in shown.getvalue()) <= (not colourless)
    quiet = io.StringIO()
    monkeypatch.setattr(sys, "stderr", quiet)
    with working("checking"):
        pass
    assert quiet.getvalue() == ""


def test_work_that_counts_its_parts_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    with working("checking"):
        for _ in counted("abc"):
            pass
    assert "3/3" in shown.getvalue()


def test_who_watches_is_told_of_the_outermost_loop() -> None:
    heard: list[tuple[int, int]] = []
    with told_to(lambda done, of: heard.append((done, of))):
        assert [(a, b) for a in counted("ab") for b in counted("xyz")] == [(a, b) for a in "ab" for b in "xyz"]
        with pytest.raises(ZeroDivisionError):
            sum(1 / k for k in counted([1, 0]))
        assert heard == [(0, 2), (1, 2), (2, 2), (0, 2), (1, 2)]
        heard.clear()
        net = "x: data[3]\nW: parameter[2, 3]\nL = sum((W @ x)**2)"
        sb.check(net, points=4)
        sb.verify(net, {"W": "2*outer(W @ x, x)", "x": "2*W.T @ W @ x"})
    assert heard == [(k, 4) for k in range(5)] + [(k, 2) for k in range(3)]
    assert list(counted([1, 2])) == [1, 2]
