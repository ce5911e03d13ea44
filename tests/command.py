"""The command line, called within the process."""

from pathlib import Path
from typing import NamedTuple

import pytest

from symbackprop.cli import main

EXAMPLES = Path(__file__).parent.parent / "examples"


class Outcome(NamedTuple):
    """The exit code, what was printed, and what was complained of."""

    code: int
    out: str
    err: str


class Run:
    """`run("derive", "x**2")` does what the command does in the current folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str | Path) -> Outcome:
        with pytest.raises(SystemExit) as end:
            main.main([str(a) for a in arguments], prog_name="symbackprop")
        said = self.capsys.readouterr()
        return Outcome(int(end.value.code or 0), said.out, said.err)
