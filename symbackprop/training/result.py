"""What training returns."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple

from numpy import ndarray

from symbackprop.core.machine.files import StrPath, write_whole
from symbackprop.core.network import Network, listed
from symbackprop.core.result import Result
from symbackprop.training.datasets import Data
from symbackprop.training.errors import TrainingError
from symbackprop.training.given import given_parameters
from symbackprop.training.interrupts import told
from symbackprop.training.layout import sizes_told
from symbackprop.training.safetensors import is_count
from symbackprop.training.score import Evaluated, Score
from symbackprop.training.seen import called
from symbackprop.training.storage import read_told, write_arrays
from symbackprop.training.table import Header
from symbackprop.training.using import evaluate, predict

TOLD = (  # beside the parameters, in the file of them
    "samples", "held_out", "kept", "prediction", "score", "classes", "fingerprint", "unseen", "equations",
)  # fmt: skip
MOST_LOSSES = 1000  # epochs


class Losses(NamedTuple):
    """The loss of each epoch: on the training samples, the mean over its mini-batches; on those held out, at its end."""

    training: tuple[float, ...]
    held_out: tuple[float, ...]


class Memory(NamedTuple):
    """What an optimiser remembers after some steps: for each of its slots, an array for each parameter."""

    optimiser: str
    state: Mapping[str, Mapping[str, ndarray]]
    steps: int


@dataclass(frozen=True, repr=False, eq=False)
class Trained(Result):
    """A trained network.

    parameters   an array for each parameter, by name.
    losses       of each epoch.
    score        of the answers on the held-out samples, or on all where none is held out; None where it is no classifier.
    prediction   the name of the value that answers; None where the network is no classifier.
    sizes        every size by name, but for the one that counts samples.
    samples      how many were trained on.
    held_out     how many were held out.
    kept         the epoch whose parameters these are, from 1: the last, or the best where training stopped early.
    title        of the network.
    loss         the name of the loss.
    signal       the number of the signal that stopped training before its last epoch; None where none did.
    network      what was trained.
    classes      how many classes the samples are of; None where it is no classifier, or a sample is of several.
    header       of the table that was trained on: which columns an input has, and the names of the classes. Another table is read
                 alike; what `save` writes tells it.
    unkept       why the checkpoint could not be written at the end; empty where it could, or none was asked for.
    equations    what its file tells of the equations, so that another network is known.
    fingerprint  of the data, by which `evaluate` knows them again; "" where they stand on disk.
    unseen       the classes that the network tells apart and of which no sample was trained on.
    memory       of the optimiser, which `train(..., start=trained)` goes on with; None where the last parameters are not kept.
    """

    parameters: Mapping[str, ndarray]
    losses: Losses
    score: Score | None
    prediction: str | None
    sizes: Mapping[str, int]
    samples: int
    held_out: int
    kept: int
    title: str = ""
    loss: str = "loss"
    signal: int | None = None
    network: Network | None = None
    classes: int | None = None
    header: Header = field(default_factory=Header)
    unkept: str = ""
    memory: Memory | None = None
    equations: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""
    unseen: tuple[int, ...] = ()

    @property
    def stopped(self) -> str:
        """What stopped training before its last epoch, "Ctrl-C" say; empty where nothing did."""
        return "" if self.signal is None else told(self.signal)

    @property
    def accuracy(self) -> float | None:
        """The part of the answers that is right, from 0 to 1; None where the network is no classifier."""
        return None if self.score is None else self.score.right / self.score.of

    def evaluate(self, data: Data, value: str | None = None) -> Evaluated:
        """The loss on other data and, for a classifier, how many answers are right.

        data    a dict with an array for each data input, the path of an .npz file that holds them, or "digits".
        value   that answers with a class; the one of training where not given.

        Raises TrainingError where the data do not fit the network.
        """
        value = value or self.prediction
        return evaluate(self._network(), self.parameters, self._with_fixed(data), value, self.sizes, self.header, self._run())

    def predict(self, data: Mapping[str, Any] | StrPath, value: str | None = None) -> ndarray:
        """A value of the network on data, which need not hold labels.

        data    a dict of arrays, the path of a file that holds them, or "digits": what the value depends on.
        value   its name; None: the last named value, other than the loss, that the data are enough for.

        Raises TrainingError where there is no such value, or the data do not fit the network.
        """
        return predict(self._network(), self.parameters, self._with_fixed(data), value, self.header)

    def _with_fixed(self, data: Any) -> Any:
        """The data, and what the network's example holds that is the same for every sample, such as means of a normalisation."""
        network = self._network()
        inputs = {t.name: t for t in network.program.inputs if t.kind in ("data", "integers")}
        same = {n: {str(s) for extent in t.shape for s in extent.free_symbols} <= self.sizes.keys() for n, t in inputs.items()}
        if not isinstance(data, Mapping) or all(same.values()):  # a network for one sample says nothing of them
            return data
        return {**{n: array for n, array in network.example.items() if same.get(n)}, **data}

    def _network(self) -> Network:
        if self.network is None:
            raise TrainingError("these parameters stand without their network; give it as network=")
        return self.network

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the parameters to an .npz or a .safetensors file, which `train(..., start=path)` reads.

        Raises TrainingError where the suffix is another, FileError where it cannot be written; no part of a file is left then.
        """
        told: dict[str, Any] = {n: {k: list(v) for k, v in rows.items()} for n, rows in vars(self.header).items() if rows}
        told["run"] = self._run()
        if len(self.losses.training) <= MOST_LOSSES:
            told["run"]["losses"] = list(map(list, self.losses))
        write_arrays(path, self.parameters, told)

    def _run(self) -> dict[str, Any]:
        """What is told of training beside the parameters."""
        return {name: getattr(self, name) for name in TOLD}

    @classmethod
    def load(cls, path: StrPath, network: Network) -> Trained:
        """What `save` wrote, with its network: it predicts and evaluates as it did.

        path   of the file; another .npz or .safetensors file of the parameters will do, a checkpoint as well.

        Raises TrainingError where the file holds other parameters than the network has.
        """
        parameters, told = given_parameters(network.program, path), read_told(path)
        run = told.get("run")
        run = run if isinstance(run, dict) else {}
        losses, values = _losses(run.get("losses")), {e.target.name for e in network.program.equations}
        samples, held_out, kept = (run[n] if is_count(run.get(n)) else 0 for n in ("samples", "held_out", "kept"))
        kept = kept if kept <= len(losses.training) or not losses.training else len(losses.training)
        prediction = run.get("prediction")
        prediction = prediction if isinstance(prediction, str) and prediction in values else None
        return cls(
            parameters, losses, _score(run.get("score")), prediction, sizes_told(network.program, parameters), samples,
            held_out, kept, network.title or "", network.loss, network=network,
            classes=run["classes"] if is_count(run.get("classes")) else None, header=Header.told(told),
            equations=run["equations"] if isinstance(run.get("equations"), dict) else {},
            fingerprint=str(run.get("fingerprint", "")), unseen=_unseen(run.get("unseen")),
        )  # fmt: skip

    def curve(self, path: str | os.PathLike[str]) -> None:
        """Write the loss curve as an SVG picture.

        Raises FileError where it cannot be written, TrainingError where no epoch is complete.
        """
        if not self.losses.training:
            raise TrainingError(f"{os.fspath(path)}: no epoch is complete: there is no loss curve; train longer")
        write_whole(path, self._curve())

    def _curve(self) -> str:
        from symbackprop.pictures.curve import draw_curve  # fonts are read where something is drawn

        return draw_curve(self.losses.training, self.losses.held_out, self.title, self.loss)

    def summary(self) -> str:
        """What came out, in a few lines of text."""
        epochs = len(self.losses.training) or self.kept  # of a long run, a file does not tell the losses
        if not self.samples:
            return "\n".join(filter(None, (f"the parameters {', '.join(self.parameters)}, as they were saved", str(self.header))))
        stopped = f", of which {self.kept} are kept" if self.kept < epochs else ""
        by = f", stopped by {self.stopped}" if self.stopped else ""
        few = " (none is held out)" if not self.held_out else ""
        lines = [
            f"trained {epochs} epoch{'s' * (epochs != 1)} on {self.samples:,} sample{'s' * (self.samples != 1)}{few}{stopped}{by}"
        ]
        if self.losses.training:
            lines[0] += f": {self.loss} from {self.losses.training[0]:.4g} to {self.losses.training[self.kept - 1]:.4g}"
        if self.losses.held_out:
            lines[0] += f", on the {self.held_out:,} held out {self.losses.held_out[self.kept - 1]:.4g}"
        if self.score:
            on = f"the {self.held_out:,} held-out sample{'s' * (self.held_out != 1)}" if self.held_out else "the training samples"
            right = f"{self.score.right:,} of {self.score.of:,} right"
            lines.append(f"accuracy on {on}: {self.accuracy:.1%} ({right}), by {self.prediction}")
        if said := str(self.header):
            lines.append(said)
        if self.unseen:
            names = next(iter(self.header.classes.values()), ())
            lines.append(f"none of these samples is of {called(self.unseen, names)}, which the network tells apart as well")
        if self.classes == 1 and self.samples > 1:
            lines.append(
                "all samples are of one class, so that there is nothing to tell apart: train on data of two classes or more"
            )
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()

    def __repr__(self) -> str:
        epochs = len(self.losses.training)
        if not self.samples:
            return f"<Trained {listed(self.parameters)}, as they were saved>"
        last = f", {self.loss} {self.losses.training[self.kept - 1]:.4g}" if epochs else ""
        return f"<Trained {listed(self.parameters)}: {epochs} epoch{'s' * (epochs != 1)}{last}>"

    def _repr_html_(self) -> str:
        said = escape(self.summary()).replace("\n", "<br>")
        return f"<p>{said}</p>{self._curve() if self.losses.training else ''}"


def _losses(told: Any) -> Losses:
    """The losses that a file tells; none where it tells none."""
    rows = told if isinstance(told, list) and len(told) == 2 and all(isinstance(row, list) for row in told) else [[], []]
    if not all(isinstance(x, int | float) for row in rows for x in row) or len(rows[1]) not in (0, len(rows[0])):
        rows = [[], []]
    return Losses(*(tuple(map(float, row)) for row in rows))


def _unseen(told: Any) -> tuple[int, ...]:
    return tuple(told) if isinstance(told, list) and all(map(is_count, told)) else ()


def _score(told: Any) -> Score | None:
    is_one = isinstance(told, list) and len(told) == 2 and all(map(is_count, told)) and told[1]
    return Score(*told) if is_one else None
