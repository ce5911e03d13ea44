"""Where the samples stand: the size that counts them, the axis of each input, the sizes that the arrays tell, the held-out part.

A network is written for a batch (X: data[n, d], or data[d, n] in the column convention) or for one sample (x: data[d]). The
size that counts samples is alone on an axis of data inputs and in the shape of no parameter. A network for one sample takes
arrays with one leading axis more, and is trained sample by sample, which is slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from symbackprop.core.program import Program, Signature, shape_text
from symbackprop.evaluate.arrays import outside
from symbackprop.evaluate.sizes import SizeError, Solver, misfit
from symbackprop.training.errors import TrainingError
from symbackprop.training.mapped import everywhere, is_mapped, parts

if TYPE_CHECKING:
    from sympy import Symbol

FEW = 10  # so many samples or more are a set of which a part can be held out without being asked for
SPLIT_SEED = 20  # of the held-out part, which is the same for every seed of a training run


@dataclass(frozen=True)
class Layout:
    """How samples stand in the arrays.

    batch     the size that counts samples; None where the network is written for one sample.
    axes      for each input that differs from sample to sample, the axis along which its samples stand.
    samples   how many there are.
    sizes     every other size by name.
    weight    the input that says how much each sample counts; "": all count alike.
    further   how many of the samples, the last, are of another set.
    """

    batch: str | None
    axes: Mapping[str, int]
    samples: int
    sizes: Mapping[str, int]
    weight: str = ""
    further: int = 0

    def take(self, arrays: Mapping[str, ndarray], index: ndarray | int) -> dict[str, ndarray]:
        """The chosen samples of every input; an input that all samples share is whole."""
        return {name: np.asarray(a.take(index, axis=self.axes[name]) if name in self.axes else a) for name, a in arrays.items()}

    def mass(self, arrays: Mapping[str, ndarray], index: ndarray) -> float:
        """How much the chosen samples count together."""
        return float(arrays[self.weight][index].sum()) if self.weight else len(index)


def data_inputs(program: Program) -> list[Signature]:
    """The inputs that data must fill."""
    return [t for t in program.inputs if t.kind in ("data", "labels", "integers")]


def sides(program: Program, given: Iterable[str] = ()) -> tuple[Signature, Signature] | None:
    """The input of measures and the input of what they tell; None where there are not just these two.

    given   inputs that are neither.
    """
    inputs = [t for t in data_inputs(program) if t.name not in given]
    truth = [t for t in inputs if t.kind in ("labels", "integers")]
    if len(inputs) == 2 and not truth:
        read = [operand.name for equation in program.equations for operand in equation.operands]
        truth = [max(inputs, key=lambda t: read.index(t.name) if t.name in read else -1)]
    measures = [t for t in inputs if t not in truth]
    return (measures[0], truth[0]) if len(truth) == len(measures) == 1 else None


def batch_size(program: Program, given: Mapping[str, int]) -> Symbol | None:
    """The size that counts samples; None where the network is written for one sample.

    given   sizes that are settled, none of which counts samples.

    Raises TrainingError where it is not clear which of several it is.
    """
    found = _candidates(program, given)
    if not found:
        return None
    inputs = data_inputs(program)
    widest: Signature = max(inputs, key=lambda t: sum(s in t.shape for s in found))
    leftmost = next(s for s in found if s == next(n for n in widest.shape if n in found))
    count = {s: sum(s in t.shape for t in inputs) for s in found}
    most = max(found, key=lambda s: (count[s], s == leftmost))
    if most != leftmost:
        raise TrainingError(
            f"{leftmost} and {most} may both count the samples; say how large the other is: sizes={{{leftmost.name!r}: 8}} or "
            f"sizes={{{most.name!r}: 8}}, on the command line --size {leftmost}=8 or --size {most}=8"
        )
    return leftmost


def _candidates(program: Program, given: Mapping[str, int]) -> list[Any]:
    """The sizes that stand alone on an axis of data inputs, and nowhere else."""
    inputs = data_inputs(program)
    elsewhere = {s for t in program.parameters for n in t.shape for s in n.free_symbols}
    for tensor in inputs:
        elsewhere |= tensor.bound.free_symbols if tensor.bound is not None else set()
        for n in tensor.shape:
            if not n.is_Symbol or tensor.shape.count(n) > 1:
                elsewhere |= n.free_symbols
    lone: list[Any] = [n for t in inputs for n in t.shape if n.is_Symbol]
    return [n for n in dict.fromkeys(lone) if n not in elsewhere and n.name not in given]


def sizes_told(program: Program, arrays: Mapping[str, ndarray]) -> dict[str, int]:
    """The sizes that stand alone on an axis of one of these arrays."""
    axes = (axis for name, array in arrays.items() for axis in zip(program.shape(name), array.shape, strict=False))
    return {str(n): count for n, count in axes if n.is_Symbol}


def lay_out(program: Program, arrays: Mapping[str, ndarray], given: Mapping[str, int], start: Mapping[str, ndarray]) -> Layout:
    """How the samples stand in these arrays, and the sizes that arrays and settings tell.

    given   sizes that are settled.
    start   initial parameters, whose shapes tell sizes as well.

    Raises TrainingError where it is not clear what counts samples, SizeError where a shape does not fit, or a size is not told.
    """
    inputs = data_inputs(program)
    longer = [t for t in inputs if arrays[t.name].ndim == t.rank + 1]
    batch = batch_size(program, given)
    if longer and not any(batch in t.shape for t in inputs if t not in longer):
        batch, axes = None, {t.name: 0 for t in longer}
    else:
        for tensor in inputs:
            if arrays[tensor.name].ndim != tensor.rank or _are_classes(tensor, arrays[tensor.name]):
                raise TrainingError(_misfit(tensor, arrays[tensor.name]))
        if batch is None:
            if counted := _candidates(program, {}):
                raise TrainingError(f"{counted[0]} counts the samples, which the data tell; leave it out of the sizes")
            raise TrainingError(_no_batch(inputs))
        axes = {t.name: t.shape.index(batch) for t in inputs if batch in t.shape}
    samples = samples_of(arrays, axes)
    shapes = {t.name: arrays[t.name].shape for t in inputs}
    if batch is None:
        shapes |= {name: shapes[name][1:] for name in axes}
    shapes |= {name: np.shape(array) for name, array in start.items()}
    solver = Solver(program)
    one = axes if batch is None else ()
    sizes = solver.complete(solver.solve(shapes, given, otherwise=_classes(program, arrays), samples=one))
    return Layout(batch.name if batch else None, axes, samples, {s: n for s, n in sizes.items() if not batch or s != batch.name})


def samples_of(arrays: Mapping[str, ndarray], axes: Mapping[str, int]) -> int:
    """How many samples there are along these axes. Raises TrainingError where arrays have different numbers of them, or none."""
    counts = {name: arrays[name].shape[axis] for name, axis in axes.items()}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {n}" for name, n in counts.items())
        raise TrainingError(f"the inputs have different numbers of samples: {told}; give one entry of each for every sample")
    name, samples = next(iter(counts.items()))
    if not samples:
        raise TrainingError(f"{name} has no samples: its shape is {arrays[name].shape}; give one at least")
    return samples


def _misfit(tensor: Signature, array: ndarray) -> str:
    if _are_classes(tensor, array):
        return _rows_asked(tensor, array)
    told = f"{tensor.name} has shape {array.shape}, but it is declared as {shape_text(tensor.shape)}"
    if array.ndim == tensor.rank + 1 and array.shape[-1] == 1:
        column = f"({', '.join(map(str, tensor.shape))}, 1)"
        return f"{told}: give {tensor.name}[{':, ' * tensor.rank}0], or declare it as a column, {column}"
    if tensor.kind == "integers" and array.ndim == tensor.rank + 1 and everywhere(array, lambda part: (part == 0) | (part == 1)):
        return (
            f"{told}, class numbers: give {tensor.name}.argmax(axis=-1), or declare rows with a one, {tensor.name}: "
            f"labels[{', '.join(map(str, (*tensor.shape, tensor.bound)))}]"
        )
    return misfit(tensor, array.shape)


def _are_classes(tensor: Signature, array: ndarray) -> bool:
    """Whether labels, which have a row for each sample, were given as class numbers, in a column or not."""
    if tensor.kind != "labels" or array.size == 0:
        return False
    if array.ndim == tensor.rank and (array.shape[-1] != 1 or everywhere(array, lambda part: part == 1)):
        return False
    whole = everywhere(array, lambda part: np.isfinite(part) & (part == np.floor(part)))
    return whole and array.ndim in (tensor.rank - 1, tensor.rank)


def _rows_asked(tensor: Signature, array: ndarray) -> str:
    name, bound = tensor.name, tensor.shape[-1]
    told = f"{name} holds class numbers of shape {array.shape}, but it is declared as labels of shape {shape_text(tensor.shape)}"
    own = f"{name}[..., 0]" if array.ndim == tensor.rank else name
    low, high = int(array.min()), int(array.max())
    if low < 0 or (bound.is_Integer and high >= bound):
        classes = f"from 0 to {bound - 1}" if bound.is_Integer else "counted from 0"
        return (
            f"{told}, and its classes go from {low} to {high}: give a row for each sample, with a one at its class, and classes "
            f"{classes}; np.unique({own}, return_inverse=True)[1] counts those that there are from 0"
        )
    whole = own if array.dtype.kind in "iu" else f"{own}.astype(int)"
    return (
        f"{told}: give a row for each sample, np.eye({bound})[{whole}], or declare {name}: integers[n, {bound}] and write "
        f"one_hot({name}, {bound}) where a formula has {name}"
    )


def _no_batch(inputs: list[Signature]) -> str:
    first = next((t for t in inputs if t.rank), inputs[0] if inputs else None)
    if first is None:
        return "the network has no data input: there is nothing to train on; declare one, such as X: data[n, d]"
    shape = ", ".join(map(str, ("n", *first.shape[1:])))
    return (
        f"no size counts the samples: none stands alone in a data input and in no parameter. Declare {first.name}: "
        f"{first.kind}[{shape}], or give arrays with one leading axis more, to train sample by sample"
    )


def _classes(program: Program, arrays: Mapping[str, ndarray]) -> dict[str, int]:
    """How many classes the class numbers tell."""
    found: dict[str, int] = {}
    for tensor in data_inputs(program):
        if tensor.bound is not None and tensor.bound.is_Symbol and arrays[tensor.name].size:
            found.setdefault(str(tensor.bound), max(int(np.nanmax(arrays[tensor.name])) + 1, 1))
    return found


def checked(program: Program, arrays: Mapping[str, ndarray], sizes: Mapping[str, int], dtype: str) -> dict[str, ndarray]:
    """The arrays in the dtype of training (integers as integers); those on disk stay there, as they are.

    Raises TrainingError where an entry is not finite, or outside the declared kind or domain.
    """
    result = {}
    for tensor in data_inputs(program):
        array = arrays[tensor.name]
        for part in parts(array):
            try:
                fault = outside(tensor, part, sizes)
            except SizeError as unclear:
                fault = str(unclear)
            if fault:
                raise TrainingError(f"{tensor.name} {fault}")
        kind = "int64" if tensor.kind == "integers" else dtype
        with np.errstate(over="ignore"):
            result[tensor.name] = array if is_mapped(array) else np.asarray(array, dtype=kind, order="C")
        if kind == "float32" and not np.isfinite(found := result[tensor.name]).all():
            place = np.unravel_index(int(np.argmin(np.isfinite(found))), found.shape)
            held = f"{array[place]:g} at ({', '.join(map(str, place))})"
            raise TrainingError(f'{tensor.name} holds {held}, which float32 cannot hold; scale the data, or give dtype="float64"')
    return result


def with_further(
    arrays: Mapping[str, ndarray], layout: Layout, further: Mapping[str, ndarray], where: str
) -> tuple[dict[str, ndarray], Layout, ndarray, ndarray]:
    """The samples of two sets as one, and which of them are of the first and of the second.

    where   what the second is called.

    Raises TrainingError where their arrays do not fit each other, are the same, or stand on disk, where they cannot be joined.
    """
    joined = dict(arrays)
    for name, axis in layout.axes.items():
        first, second = arrays[name], further[name]
        if is_mapped(first) or is_mapped(second):
            raise TrainingError(f"held_out={where}: {name} is read from disk as it is needed; hold a part out, held_out=0.1")
        if np.delete(first.shape, axis).tolist() != np.delete(second.shape, axis).tolist():
            raise TrainingError(f"{where}: {name} has the shape {second.shape}, and {first.shape} in the data that are trained on")
        joined[name] = np.concatenate([first, second], axis)
    if all(np.array_equal(arrays[name], further[name]) for name in layout.axes):
        raise TrainingError(
            f"held_out={where} holds the samples that are trained on, so that nothing is held out: give other samples, or hold a "
            f"part out, held_out=0.2; held_out=0 holds nothing out"
        )
    name, axis = next(iter(layout.axes.items()))
    samples = joined[name].shape[axis]
    every = np.arange(samples)
    return (
        joined,
        replace(layout, samples=samples, further=samples - layout.samples),
        every[: layout.samples],
        every[layout.samples :],
    )


def split(samples: int, held_out: float, classes: ndarray | None) -> tuple[ndarray, ndarray]:
    """The indices to train on and those held out, the same for every run.

    classes   the class of each sample, of which both parts then have their share; None: drawn from all alike. No class is
              held out altogether, as long as something is held out.

    Raises TrainingError where nothing is left to train on.
    """
    rng = np.random.default_rng(SPLIT_SEED)
    order = rng.permutation(samples)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    count = max(round(samples * held_out), 1) if held_out else 0
    if count >= samples:
        raise TrainingError(f"held_out={held_out} of {samples} samples leaves none to train on; give more samples, or held_out=0")
    chosen = np.zeros(samples, bool)
    chosen[np.floor((np.arange(count) + 0.5) * samples / max(count, 1)).astype(int)] = True  # evenly along the sorted classes
    if classes is not None:
        ranked = classes[order]
        for one in np.unique(ranked[chosen]):
            if chosen[ranked == one].all() and chosen.sum() > 1:
                chosen[np.flatnonzero(ranked == one)[-1]] = False
    return np.sort(order[~chosen]), np.sort(order[chosen])


def usual_part(samples: int, classes: ndarray | None) -> float:
    """The part that is held out where nobody says: a fifth, or nothing of a set too small for it.

    A set is too small that has fewer than ten samples, or so few that not every class has one in a fifth of them.
    """
    needed = 1 if classes is None else len(np.unique(classes))
    return 0.2 if samples >= FEW and round(samples * 0.2) >= needed else 0.0
