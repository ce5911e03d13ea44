"""The subcommand that trains a network: train."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from symbackprop.cli.options import NATURAL, Asked, Command, network_options, size_option
from symbackprop.cli.shell import guarded, leave, number_or_text, read_pair, read_sizes, require_place, say
from symbackprop.cli.using import key_of_network, network_by
from symbackprop.core.choices import DTYPES
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.files import FileError, require_apart


@click.command(cls=Command)
@guarded
@network_options
@click.option(
    "--data",
    metavar="FILE|FOLDER|SET",
    help="An array for each data input, by its name, in a .npz or .csv file or a folder of .npy files; or a set that scikit-learn "
    "ships: digits, iris, wine, breast_cancer, diabetes. Of a traced function, its example where not given.",
)
@click.option("--epochs", type=int, help="30 where not given; 10000 of a set too small to hold a part of it out.")
@click.option("--optimiser", type=click.Choice(["sgd", "nesterov", "adam", "adamw", "rmsprop"], case_sensitive=False),
              help="sgd where not given.")  # fmt: skip
@click.option("--rate", type=float, help="The learning rate: 0.1 where not given; 0.001 of adam, adamw, rmsprop.")
@click.option("--batch", type=int, help="Samples a step: 32 where not given.")
@click.option("--momentum", type=float, help="0 where not given.")
@click.option("--decay", type=float, help="Weight decay: 0 where not given; 0.01 of adamw.")
@click.option("--clip", type=float, help="Scale a longer gradient down to this norm.")
@click.option("--schedule", type=click.Choice(["constant", "linear", "cosine"]), help="How the rate changes; not, where not given.")
@click.option("--patience", type=int, help="Stop after so many epochs without a better held-out loss.")
@click.option("--held-out", metavar="PART|FILE", help="The part that is kept for testing, or a file of samples for it: 0.2 where "
              "not given, of a set that is not too small.")  # fmt: skip
@click.option("--seed", type=NATURAL, help="0 where not given.")
@click.option("--predict", metavar="NAME", help="The value whose largest entry is the predicted class; found where not given.")
@click.option("--start", metavar="FILE", help="Begin with the parameters saved in FILE.")
@click.option("--init", multiple=True, metavar="[NAME=]HOW", help="Draw weights, or the one named, by he, xavier, lecun, normal, "
              "zeros or orthogonal; by their place in the network where not given.")  # fmt: skip
@click.option("--dtype", type=click.Choice(DTYPES), help="float32 where not given.")
@click.option("--backend", type=click.Choice(["numpy", "c", "auto", "jax"]), help="What computes gradients: numpy where not given.")
@click.option("--devices", type=int, help="Of JAX: how many divide the samples of each step among them.")
@click.option("--recompute", type=int, help="Keep the values of so many steps of a loop at a time, and compute the others again.")
@click.option("--checkpoint", metavar="FILE.npz", help="Write there, about once a second, all that is needed to go on.")
@click.option("--resume", metavar="FILE.npz", help="Go on with a checkpoint, and its settings; it is written on where it lies.")
@size_option
@click.option("-o", "--output", metavar="FILE.npz", help="Save the trained parameters.")
@click.option("--curve", metavar="FILE.svg", help="Draw the loss curve.")
@click.option("--log", metavar="FILE.jsonl", help="Write a line of JSON for each epoch.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def train(asked, data, output, curve, quiet, sizes, init, held_out, **settings) -> None:
    """Train by stochastic gradient descent on the compiled function."""
    from symbackprop.training import Diverged
    from symbackprop.training.interrupts import Interrupts
    from symbackprop.training.storage import require_arrays_place

    log, held_out = settings["log"], number_or_text(held_out)
    for path, suffixes in ((output, (".npz", ".safetensors")), (curve, (".svg",)), (log, (".jsonl",))):
        if path:
            require_place(path, suffixes)
    if output:
        require_arrays_place(output)  # which no device is
    require_apart(
        {
            "the checkpoint": settings["checkpoint"] or settings["resume"],
            "the log": log,
            "the curve": curve,
            "the parameters": output,
        },
        {"the network": asked.net, "the data": data, "what is held out": held_out},
    )
    settings |= {"init": _initialisers(init), "held_out": held_out}
    if data is None and not asked.example:
        raise SymbackpropError("name the data: --data FILE.npz, an array for each data input, or --data digits")
    try:
        trained, keep = _trained(asked, data, sizes=read_sizes(sizes), progress=not quiet, **settings)
    except Diverged as fault:
        if fault.trained is None:
            raise
        with Interrupts():
            kept = _save(fault.trained, output, curve) or "give -o FILE.npz to keep the parameters"
        raise SymbackpropError(f"{fault}. The last parameters with a finite loss: {kept}") from None
    with Interrupts():  # what is trained is kept first
        kept = _save(trained, output, curve)
        if trained.unkept:
            raise SymbackpropError(f"{trained.unkept}. {kept or f'The parameters are in {_elsewhere(trained)}'}")
        keep()
    if not (quiet or output or settings["checkpoint"] or settings["resume"]) and trained.signal is None:
        click.echo("the parameters are not kept: -o FILE.npz saves them, for evaluate and predict", err=True)
    if trained.signal is not None:
        goes_on = settings["checkpoint"] or settings["resume"]
        leave(trained.signal, kept or (f"go on by --resume {goes_on}" if goes_on else "give -o FILE.npz to keep the parameters"))


def _trained(asked: Asked, data: str | None, **settings: Any) -> tuple[Any, Callable[[], None]]:
    """The trained network, and what keeps it for the next time; what was kept of a network needs no SymPy."""
    from symbackprop.training import train as train_
    from symbackprop.training.prepared import Prepared

    key = key_of_network(asked)
    network = Prepared(partial(network_by, asked, key), key)
    if key is None or (not network.is_kept and network.network.example):  # where training begins stands in no text
        from symbackprop.verbs import train as train_from

        return train_from(network.network, data, **settings), lambda: None
    trained = train_(network, data or {}, **settings)
    return trained, partial(network.keep, trained.prediction)


def _save(trained: Any, output: str | None, curve: str | None) -> str:
    """Write what is asked for, say what came of training, and where it is; the latter in one line as well."""
    kept = []
    try:
        if output:
            try:
                trained.save(output)
            except FileError as fault:
                raise FileError(f"{fault}. The parameters are in {_elsewhere(trained, Path(output).name)}") from None
            kept.append(f"{output}: the parameters")
        if curve and trained.losses.training:
            trained.curve(curve)
            kept.append(f"{curve}: the loss curve")
    finally:
        say(trained.summary())  # last: standard output may be full, or its terminal closed
    for line in kept:
        say(line)
    return ", ".join(kept)


def _elsewhere(trained: Any, name: str = "trained.npz") -> str:
    """Where parameters are saved whose own place takes them no more: a new folder for files that do not last."""
    from tempfile import mkdtemp

    path = str(Path(mkdtemp(prefix="symbackprop-")) / name)
    trained.save(path)
    return path


def _initialisers(given: tuple[str, ...]) -> Any:
    """How parameters are drawn: one way for all weights, or one for each that is named; None where nobody says."""
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    return dict(read_pair("--init", one) for one in given) or None
