"""The subcommands that use a trained network: evaluate and predict."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import click

from symbackprop.cli.options import Asked, Command, network_options, size_option
from symbackprop.cli.shell import FileName, guarded, read_sizes, require_place, say, show, write
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.files import require_apart


class Saved(FileName):
    """A file of trained parameters."""

    made_by = "symbackprop train NET --data ... -o FILE.npz"


PARAMETERS = click.option(
    "--parameters", type=Saved(), required=True, metavar="FILE", help="The trained parameters, as train -o wrote them."
)


@click.command(cls=Command)
@guarded
@network_options
@PARAMETERS
@click.option("--data", required=True, metavar="FILE|FOLDER|SET", help="As of train.")
@click.option("--predict", metavar="NAME", help="The value whose largest entry is the predicted class; found where not given.")
@size_option
def evaluate(asked: Asked, parameters: str, data: str, predict: Any, sizes: Any) -> None:
    """Tell the loss of a trained network on data and, for a classifier, how many answers are right."""
    from symbackprop.training.using import evaluate as evaluate_

    show(_answered(asked, lambda network: evaluate_(network, parameters, data, predict, read_sizes(sizes))))


@click.command(cls=Command)
@guarded
@network_options
@PARAMETERS
@click.option(
    "--data",
    required=True,
    metavar="FILE",
    help="What the value depends on: data as train takes them; labels may be left out.",
)
@click.option(
    "--value", metavar="NAME", help="What to compute; the last named value that the data are enough for, where not given."
)
@click.option("-o", "--output", metavar="FILE.csv", help="Write the numbers to FILE.csv; standard output where not given.")
def predict(asked: Asked, parameters: str, data: str, value: Any, output: Any) -> None:
    """Compute a value of a trained network on data: a row of numbers for each sample.

    Of a classifier that was trained on a table with names of classes, these stand above, and each row ends with its answer.
    """
    import numpy as np

    from symbackprop.training.using import answered

    if output:
        require_place(output, (".csv",))
        require_apart({"what is computed": output}, {"the network": asked.net, "the data": data})
    told: list[str] = []
    found = _answered(asked, lambda network: answered(network, parameters, data, value, say=told.append))
    array = np.asarray(found.array)
    for note in dict.fromkeys(told):  # whoever computes it again says it again
        click.echo(f"note: {note}", err=True)
    rows = [[f"{float(x):.17g}" for x in row] for row in array.reshape(len(array) if array.ndim else 1, -1)]
    if found.answers:
        rows = [[*found.columns, found.told], *([*row, answer] for row, answer in zip(rows, found.answers, strict=True))]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write(output, text.getvalue().rstrip("\n"))
    if output:
        say(f"{output}: written, {' x '.join(map(str, array.shape)) or 'one'} numbers")


def _answered(asked: Asked, answer: Callable[[Any], Any]) -> Any:
    """What is answered of a network: by its functions that were kept, else by what is derived now, which is kept."""
    from symbackprop.training.forward import forward_of, keep, kept

    key = key_of_network(asked)
    if key and (known := kept(key)):
        with suppress(SymbackpropError):  # what was not kept, and what is refused: the network itself tells why
            return answer(known)
    forward = forward_of(network_by(asked, key))
    found = answer(forward)
    if key:
        keep(key, forward)
    return found


def network_by(asked: Asked, key: str | None) -> Any:
    """The network, read now. Raises SymbackpropError where its file is no longer what the key says: both would be mixed."""
    network = asked.network()
    if key is not None and key_of_network(asked) != key:
        raise SymbackpropError(f"{asked.net} has changed since this command began; run it again")
    return network


def key_of_network(asked: Asked) -> str | None:
    """What the functions of a network are kept by; None where its file alone does not say what it is."""
    from symbackprop.training.forward import key_of

    return None if asked.example else key_of(asked.net, replace(asked, net=""))
