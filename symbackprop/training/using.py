"""A trained network in use: what it predicts, and how good it is on other data."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

from symbackprop.core.choices import mend, nearest
from symbackprop.core.machine.files import StrPath
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.evaluate.arrays import outside
from symbackprop.evaluate.extents import extent
from symbackprop.training.answers import Answers
from symbackprop.training.changed import changed
from symbackprop.training.classes import class_inputs, entry_of, find_prediction, needs_of, scores_of
from symbackprop.training.datasets import Data, as_array, bundled, header_told, is_npy, is_table, load
from symbackprop.training.errors import TrainingError
from symbackprop.training.forward import Forward, forward_of
from symbackprop.training.given import given_parameters
from symbackprop.training.in_parts import are_apart, is_large, is_mean, parts_of
from symbackprop.training.layout import batch_size, checked, data_inputs, lay_out, sides, sizes_told
from symbackprop.training.mapped import folder, mapped, parts
from symbackprop.training.score import Evaluated, Score
from symbackprop.training.shipped import BUNDLED
from symbackprop.training.storage import read_arrays, read_told
from symbackprop.training.table import Header, read_measures

Parameters = Mapping[str, Any] | StrPath


def evaluate(
    network: Network | Forward, parameters: Parameters, data: Data, predict: str | None = None,
    sizes: Mapping[str, int] | None = None, like: Header | None = None,
) -> Evaluated:  # fmt: skip
    """The loss of a network with these parameters on data and, for a classifier, how many answers are right.

    parameters   a dict of arrays, or a file that `save` of a trained network wrote.
    data         a dict with an array for each data input, the path of an .npz file that holds them, or "digits".
    predict      the value that answers with a class; found where not given.
    sizes        sizes that neither tells.
    like         the header of the table that was trained on; what the file of parameters tells, where not given.

    Raises TrainingError where these do not fit the network.
    """
    forward = _forward(network)
    program = forward.program
    given = _required(program, parameters)
    like = like or header_told(parameters)
    arrays, header = load(data, program, {**sizes_told(program, given), **(sizes or {})}, like)
    layout = lay_out(program, arrays, sizes or {}, given)
    if is_table(data):
        _require_classes(os.fspath(data), header, program, layout.sizes, like)
    arrays = checked(program, arrays, layout.sizes, "float64")
    classes = class_inputs(program, arrays, layout.axes)
    prediction = find_prediction(program, classes, layout.batch, predict)

    def values(data: Mapping[str, ndarray], names: tuple[str, ...]) -> Mapping[str, ndarray]:
        return forward.outputs({**given, **data}, names)

    tested, samples = Answers(values, arrays, layout, forward.loss, prediction), layout.samples
    whole = not is_large(arrays, samples) or not is_mean(lambda index: tested(index)[0], samples)
    found = [(len(index), *tested(index)) for index in ([np.arange(samples)] if whole else parts_of(samples))]
    loss = sum(count * value for count, value, *_ in found) / samples
    right, of = sum(f[2] for f in found), sum(f[3] for f in found)
    score, note = Score(right, of) if prediction else None, changed_since(forward, parameters, forward.loss)
    return Evaluated(loss, score, prediction.name if prediction else None, layout.samples, note)


def changed_since(forward: Forward, parameters: Parameters, value: str) -> str:
    """What to say where a file of parameters is of a network that computes a value by other equations."""
    run = read_told(parameters).get("run") if isinstance(parameters, str | os.PathLike) else None
    return changed(run.get("equations"), forward.digests, forward.program, value) if isinstance(run, dict) else ""


def predict(
    network: Network | Forward, parameters: Parameters, data: Data, value: str | None = None, like: Header | None = None,
    say: Callable[[str], None] | None = None,
) -> ndarray:  # fmt: skip
    """A value of the forward part with these parameters on data, which need not hold labels.

    parameters   a dict of arrays, or a file that `save` of a trained network wrote.
    data         a dict of arrays, the path of an .npz or .csv file that holds them, or "digits": what the value depends on.
    value        its name; None: the last named value, other than the loss, that the data are enough for; where there is none, the
                 last that has an entry for each class. Of a value of a loop of which the loss reads one step, that step.
    like         the header of the table that was trained on; what the file of parameters tells, where not given.
    say          is called with what to know of the network beside.

    Returns its array. Raises TrainingError where there is no such value, or these do not fit the network.
    """
    forward = _forward(network)
    program = forward.program
    given = _required(program, parameters)
    measures = _measures(data, program, sizes_told(program, given), like or header_told(parameters))
    arrays = {str(name): as_array(str(name), array) for name, array in measures.items()}
    name = _asked(program, forward.loss, arrays, value, "data" if isinstance(data, Mapping) else os.fspath(data))
    if say and (note := changed_since(forward, parameters, name)):
        say(note)
    needed = {k: a for k, a in arrays.items() if k in needs_of(program)[name]}
    for key, array in needed.items():
        for part in parts(array):
            if not np.isfinite(part).all():
                raise TrainingError(f"{key} {outside(program.tensors[key], array, {})}")
    axes = _sample_axes(program, given, needed, name)
    samples = max((array.shape[axes[key]] for key, array in needed.items() if key in axes), default=0)
    if is_large(needed, samples):

        def values(index: ndarray) -> ndarray:
            taken = {k: np.asarray(a.take(index, axes[k]) if k in axes else a) for k, a in needed.items()}
            return forward.outputs({**given, **taken}, (name,))[name]

        if are_apart(values, samples, axes[name]):
            return np.concatenate([values(index) for index in parts_of(samples)], axes[name])
    return forward.outputs({**given, **needed}, (name,))[name]


def usual(forward: Forward, prediction: str | None) -> set[tuple[str, ...]]:
    """The values that are asked for where nobody names any: of evaluating, and of predicting with and without what is predicted."""
    program = forward.program
    inputs, found = {t.name for t in data_inputs(program)}, {(forward.loss, *filter(None, [prediction]))}
    truth = sides(program)
    for given in (inputs, inputs - {truth[1].name} if truth else inputs):
        with suppress(TrainingError):
            found.add((_asked(program, forward.loss, given, None, ""),))
    return found


def answer_of(program: Program, loss: str) -> str | None:
    """The value that a network answers with, by what is known before the truth is; None where it has no name."""
    truth = sides(program)
    given = {t.name for t in data_inputs(program) if t.kind != "labels"} - ({truth[1].name} if truth else set())
    with suppress(TrainingError):
        return _asked(program, loss, given, None, "")
    return None


def _forward(network: Network | Forward) -> Forward:
    return network if isinstance(network, Forward) else forward_of(network)


def _sample_axes(program: Program, given: Mapping[str, ndarray], arrays: Mapping[str, ndarray], name: str) -> dict[str, int]:
    """Along which axis the samples stand, of these arrays and of a value; of none where that is not plain."""
    try:
        batch = batch_size(program, sizes_told(program, given))
    except TrainingError:
        return {}
    shapes = {key: program.shape(key) for key in (*arrays, name)}
    fits = all(array.ndim == len(shapes[key]) for key, array in arrays.items())
    axes = {key: shape.index(batch) for key, shape in shapes.items() if batch in shape}
    return axes if fits and name in axes else {}


def _measures(data: Data, program: Program, sizes: Mapping[str, int], like: Header) -> Mapping[str, Any]:
    """The arrays of data that need not tell what is predicted."""
    if isinstance(data, Mapping):
        return {name: mapped(value) if is_npy(value) else value for name, value in data.items()}
    if isinstance(data, str) and data in BUNDLED:
        return bundled(data, program, sizes)
    if not isinstance(data, str | os.PathLike):
        first = next((t.name for t in program.inputs if t.kind == "data"), "X")
        raise TrainingError(f"data is a dict of arrays or the path of a file, not {type(data).__name__}: give {{{first!r}: ...}}")
    if is_table(data):
        return read_measures(Path(data), program, sizes, like)
    return folder(Path(data)) if os.path.isdir(data) else read_arrays(data)


def _require_classes(path: str, header: Header, program: Program, sizes: Mapping[str, int], like: Header) -> None:
    """Raise TrainingError where a table names fewer classes than there are: their order would not be that of training."""
    for name, names in header.classes.items():
        if name in like.classes:
            continue
        tensor = program.tensors[name]
        count = 2 if tensor.kind == "data" else extent(tensor.shape[-1] if tensor.bound is None else tensor.bound, sizes)
        if len(names) < count:
            raise TrainingError(
                f"{path}: the column {name} names {', '.join(names)} alone, and the network has {count} classes: write their "
                f"numbers, as they were counted in training, by the alphabet"
            )


def _required(program: Program, parameters: Parameters) -> dict[str, ndarray]:
    if not isinstance(parameters, Mapping | str | os.PathLike):
        raise TrainingError(
            f"parameters is a dict of arrays, or a file that save wrote, not {type(parameters).__name__}: give trained.parameters"
        )
    return given_parameters(program, parameters)


def _asked(program: Program, loss: str, arrays: Collection[str], value: str | None, where: str) -> str:
    """The value to compute."""
    needs = needs_of(program)
    values = [e.target.name for e in program.equations if program.tensors[e.target.name].named]
    if value is not None:
        if value not in (e.target.name for e in program.equations):
            raise TrainingError(f"the network computes no {value}; {mend(str(value), values)}")
        if missing := sorted(needs[value] - set(arrays)):
            raise TrainingError(f"{where}: {value} depends on {', '.join(missing)}; give an array for each")
        return value
    labels = {t.name for t in program.inputs if t.kind == "labels"}
    enough = [v for v in values if v != loss and needs[v] and needs[v] <= set(arrays) - labels]
    if not enough and (scores := scores_of(program, set(arrays) - labels)) is not None:
        return scores
    if not enough:
        told = ", ".join(arrays) or "no array"
        last = next((v for v in reversed(values) if v != loss and needs[v]), loss)
        read, missing = ", ".join(sorted(needs[last])), sorted(needs[last] - set(arrays))
        if not missing:
            raise TrainingError(
                f"no value but the loss has a name and is computed without labels: give the prediction a line of its own, such as "
                f"yhat = ..., or say which value: {', '.join(v for v in values if needs[v])}"
            )
        first = missing[0]
        if near := nearest(first, set(arrays) - needs[last]):
            raise TrainingError(f"{where} holds {told}, and {last} depends on {read}: is {near} meant by {first}? rename it")
        raise TrainingError(f"{where} holds {told}, and {last} depends on {read}: give {read}")
    return entry_of(program, enough[-1])
