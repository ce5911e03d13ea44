"""Long work shows that it goes on in a terminal, and nothing where there is none."""

import io
import sys

import pytest

from symbackprop.cli.shell import working


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
