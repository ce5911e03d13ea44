import errno
import io
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from symbackprop.core.errors import SymbackpropError
from symbackprop.training.progress import Bar, Lines, Silent, told_by
from tests.command import Run


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


class Full(Terminal):
    """Standard error on a disk that is full, or of a terminal that was closed."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    flush = write  # type: ignore[assignment]


@pytest.mark.parametrize("stream", [Full(False), Full(True), None], ids=["full", "closed terminal", "closed"])
@pytest.mark.parametrize("wanted", [True, False])
def test_what_cannot_be_told_ends_no_training(stream: Full | None, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with told_by(2, wanted) as told:
        told.epoch(1, 3.0, None)
        told.say("a disk is full")
        told.epoch(2, 2.0, 2.5)


def test_parameters_are_written_before_anything_is_said_of_them(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output may be full, and the terminal closed."""
    (tmp_path / "line.net").write_text("x: data[n]\ny: data[n]\nw: parameter\nL = mean((w*x - y)**2)\n")
    np.savez(tmp_path / "line.npz", x=np.arange(4.0), y=np.arange(4.0))
    monkeypatch.setattr("symbackprop.cli.learning.say", Mock(side_effect=SymbackpropError("standard output: cannot be written")))
    out = tmp_path / "trained.npz"
    ended = run("train", tmp_path / "line.net", "--data", tmp_path / "line.npz", "--epochs", "2", "--quiet", "-o", out)
    assert ended.code == 2
    assert "standard output: cannot be written" in ended.err
    assert [*np.load(out)]
