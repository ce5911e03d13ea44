"""A trained network in use: what it predicts, and how good it is on other data."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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
from symbackprop.training.classes import Classes, class_inputs, entry_of, find_prediction, needs_of, scores_of
from symbackprop.training.datasets import Data, as_array, bundled, header_told, is_npy, is_table, load
from symbackprop.training.errors import TrainingError
from symbackprop.training.forward import Forward, forward_of
from symbackprop.training.given import given_parameters
from symbackprop.training.in_parts import are_apart, is_large, is_mean, parts_of
from symbackprop.training.layout import batch_size, checked, data_inputs, lay_out, samples_of, sides, sizes_told
from symbackprop.training.mapped import folder, mapped, parts
from symbackprop.training.score import Evaluated, Score
from symbackprop.training.seen import fingerprint, notes
from symbackprop.training.shipped import BUNDLED
from symbackprop.training.storage import read_arrays, read_told
from symbackprop.training.table import Header, read_measures

if TYPE_CHECKING:
    from sympy import Symbol

Parameters = Mapping[str, Any] | StrPath


class Answered(NamedTuple):
    """A value of a network on data.

    columns   the names of the classes that its columns are; none where they have none.
    answers   the name of the class of each sample; none where they have none.
    told      what the table that was trained on calls that column.
    """

    array: ndarray
    name: str
    columns: Sequence[str] = ()
    answers: Sequence[str] = ()
    told: str = ""


def evaluate(
    network: Network | Forward, parameters: Parameters, data: Data, predict: str | None = None,
    sizes: Mapping[str, int] | None = None, like: Header | None = None, run: Mapping[str, Any] | None = None,
) -> Evaluated:  # fmt: skip
    """The loss of a network with these parameters on data and, for a classifier, how many answers are right.

    parameters   a dict of arrays, or a file that `save` of a trained network wrote.
    data         a dict with an array for each data input, the path of an .npz file that holds them, or "digits".
    predict      the value that answers with a class; found where not given.
    sizes        sizes that neither tells.
    like         the header of the table that was trained on; what the file of parameters tells, where not given.
    run          what is known of training; what the file of parameters tells, where not given.

    Raises TrainingError where these do not fit the network.
    """
    forward = _forward(network)
    program = forward.program
    given = _required(program, parameters)
    like, run = like or header_told(parameters), run or _run_told(parameters)
    arrays, header = load(data, program, {**sizes_told(program, given), **(sizes or {})}, like)
    own = fingerprint(arrays)
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
    holding = prediction.classes if prediction else None
    names = like.classes.get(holding.name, ()) if holding else ()
    known = (_changed_since(forward, run, forward.loss), *notes(run, own, samples, holding, names))
    score = Score(right, of) if prediction else None
    return Evaluated(loss, score, prediction.name if prediction else None, samples, tuple(filter(None, known)))


def _run_told(parameters: Parameters) -> Mapping[str, Any]:
    """What a file of parameters tells of their training."""
    run = read_told(parameters).get("run") if isinstance(parameters, str | os.PathLike) else None
    return run if isinstance(run, dict) else {}


def _changed_since(forward: Forward, run: Mapping[str, Any], value: str) -> str:
    """What to say where parameters were trained in a network that computes a value by other equations."""
    return changed(run.get("equations"), forward.digests, forward.program, value)


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
    return answered(network, parameters, data, value, like, say).array


def answered(
    network: Network | Forward, parameters: Parameters, data: Data, value: str | None = None, like: Header | None = None,
    say: Callable[[str], None] | None = None,
) -> Answered:  # fmt: skip
    """What `predict` computes, with the names of classes that a table told which was trained on."""
    forward = _forward(network)
    program = forward.program
    given = _required(program, parameters)
    like = like or header_told(parameters)
    measures = _measures(data, program, sizes_told(program, given), like)
    arrays = {str(name): as_array(str(name), array) for name, array in measures.items()}
    name = _asked(program, forward.loss, arrays, value, "data" if isinstance(data, Mapping) else os.fspath(data))
    if say and (note := _changed_since(forward, _run_told(parameters), name)):
        say(note)
    needed = {k: a for k, a in arrays.items() if k in needs_of(program)[name]}
    for key, array in needed.items():
        for part in parts(array):
            if not np.isfinite(part).all():
                raise TrainingError(f"{key} {outside(program.tensors[key], array, {})}")
    return _with_names(program, name, _values(forward, given, needed, name), like, _run_told(parameters).get("prediction"))


def _values(forward: Forward, given: Mapping[str, ndarray], needed: Mapping[str, ndarray], name: str) -> ndarray:
    """A value on data: part by part where they are large, sample by sample where the network is written for one."""
    program = forward.program
    batch = _batch(program, given)
    longer = {key for key, array in needed.items() if array.ndim == len(program.shape(key)) + 1}
    if longer and not any(batch in program.shape(key) for key in needed.keys() - longer):
        count = samples_of(needed, dict.fromkeys(longer, 0))
        each = [{k: np.asarray(a[i]) if k in longer else a for k, a in needed.items()} for i in range(count)]
        return np.stack([forward.outputs({**given, **one}, (name,))[name] for one in each])
    axes = _sample_axes(program, batch, needed, name)
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


def _batch(program: Program, given: Mapping[str, ndarray]) -> Symbol | None:
    """The size that counts samples; None where there is none, or it is not plain which it is."""
    with suppress(TrainingError):
        return batch_size(program, sizes_told(program, given))
    return None


def _with_names(program: Program, name: str, array: ndarray, like: Header, asked: Any) -> Answered:
    """A value with the names of the classes, where it is what answers with one for each sample.

    asked   the value that was asked for in training.
    """
    for told, names in like.classes.items():
        tensor = program.tensors.get(told)
        kind = tensor and {"integers": "integers", "labels": "one-hot"}.get(tensor.kind, tensor.domain)
        if tensor is None or kind is None:
            continue
        with suppress(TrainingError):
            found = find_prediction(program, [Classes(told, kind, tensor.rank - 1, None)], "", name if name == asked else None)
            if found and found.name == name and array.ndim == (1 if found.axis is None else 2) and len(names) > 1:
                return Answered(array, name, *found.named(array, names), like.columns.get(told, [told])[0])
    return Answered(array, name)


def _sample_axes(program: Program, batch: Symbol | None, arrays: Mapping[str, ndarray], name: str) -> dict[str, int]:
    """Along which axis the samples stand, of these arrays and of a value; of none where that is not plain."""
    shapes = {key: program.shape(key) for key in (*arrays, name)}
    fits = all(array.ndim == len(shapes[key]) for key, array in arrays.items())
    axes = {key: shape.index(batch) for key, shape in shapes.items() if batch is not None and batch in shape}
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
