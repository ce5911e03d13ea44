import io
import sys

import pytest

from symbackprop.training.progress import Bar, Lines, Silent, told_by


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_where_nobody_looks_at_a_bar_there_are_about_ten_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with told_by(300, wanted=True) as told:
        assert isinstance(told, Lines)
        for epoch in range(1, 301):
            told.epoch(epoch, 1.0, None)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[0] == "epoch 1 of 300: loss 1"
    assert err.splitlines()[-1] == "epoch 300 of 300: loss 1"
    assert len(err.splitlines()) == 11


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with told_by(2, wanted=True) as told:
        assert isinstance(told, Bar)
        told.epoch(1, 3.0, None)
        told.epoch(2, 2.0, 2.5)
    assert "2/2" in terminal.getvalue()
    assert "loss 2, held out 2.5" in terminal.getvalue()


def test_silence_where_none_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    with told_by(2, wanted=False) as told:
        assert isinstance(told, Silent)
        told.epoch(1, 3.0, None)
    assert capsys.readouterr() == ("", "")
