"""What a teacher hands out: a report with gaps, an exercise with its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from symbackprop.cli.options import NATURAL, language_option
from symbackprop.cli.shell import guarded, read_names, say, working
from symbackprop.core.errors import SymbackpropError
from symbackprop.documents.formats import FORMATS

FOLDER = "exercise"


def handout(
    derivation: Any, blank: str, format_: str, output: str | None, detail: str, lang: str, column: str | None
) -> None:  # fmt: skip
    """Write the report with gaps and its solution, or say it with its gaps."""
    handout = derivation.handout(read_names(blank, "--blank"), detail, lang)
    if not output:
        say(handout.report(format_, column=column))
        return
    for file in handout.save(output, format=format_, column=column):
        say(f"{file}: written")


@click.command()
@click.argument("net")
@click.option("--seed", type=NATURAL, default=0, show_default=True, help="0: the network as it is; others vary it and its numbers.")
@click.option("--wrt", metavar="NAMES", help="Ask for the gradients by these; every parameter where not given.")
@click.option("--loss", metavar="NAME", help="What is differentiated; the last scalar where not given.")
@click.option("--format", "format_", type=click.Choice([row.name for row in FORMATS if row.suffixes]), default="html",
              show_default=True, help="Of the sheet and of the key.")  # fmt: skip
@language_option
@click.option("-o", "--output", metavar="FOLDER", default=FOLDER, show_default=True, help="Where the files go; it is made.")
@guarded
def exercise(net: str, seed: int, wrt: str | None, loss: str | None, format_: str, lang: str, output: str) -> None:
    """Make an exercise of a network: a sheet, a file to fill in, the key. verify marks what comes back."""
    from symbackprop.judge.exercise import exercise as exercise_

    with working("deriving and checking"):
        made = exercise_(net, seed, loss, read_names(wrt), lang)
    folder = Path(output)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as fault:
        raise SymbackpropError(f"{output}: no folder can be made here: {fault.strerror}; choose another place") from None
    for file in made.save(folder, format=format_):
        say(f"{file}: written")
    points = ",".join(f"{name}={count}" for name, count in made.points.items())
    say(f"mark what comes back: symbackprop verify {folder / 'network.net'} FOLDER --points {points} --csv marks.csv")
