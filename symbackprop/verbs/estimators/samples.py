"""X and y of scikit-learn, a row for each sample, as the arrays that a network declares; and its values as rows again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy import ndarray
from sympy import Integer

from symbackprop.backends.function import Compiled
from symbackprop.core.choices import mend
from symbackprop.core.program import Program, Reduce, Signature, same_size, shape_text
from symbackprop.training.classes import Prediction, is_applied, needs_of
from symbackprop.training.errors import TrainingError
from symbackprop.training.layout import batch_size, data_inputs, sides
from symbackprop.training.roles import initial

PROBES, PROBED, WIDEST = 6, 16, 10.0  # draws of the parameters, samples, and the greatest factor of the parameters
ROUNDING = 1e-6
SIDES = "an estimator reads X and y: the network must have one data input for X, and one for y, labels or integers say"


@dataclass(frozen=True)
class Samples:
    """Where the samples of X and of y stand in a network.

    program  of the network.
    X, y     the inputs.
    batch    the size that counts samples; None where the network is written for one.
    given    arrays for every other data input.
    sizes    sizes that are settled.
    """

    program: Program
    X: Signature
    y: Signature
    batch: Any
    given: Mapping[str, Any]
    sizes: Mapping[str, int]

    @classmethod
    def of(cls, program: Program, given: Mapping[str, Any], sizes: Mapping[str, int]) -> Samples:
        """Raises TrainingError where it is not clear which input is which."""
        names = [t.name for t in data_inputs(program)]
        for name in given:
            if name not in names:
                raise TrainingError(f"given: {name} is no data input of the network; {mend(str(name), names)}")
        found = sides(program, given)
        if found is None:
            has = ", ".join(f"{t.name}: {t.kind}" for t in data_inputs(program) if t.name not in given) or "none"
            raise TrainingError(f"{SIDES}; it has {has}. Give arrays and numbers for others: given={{...}}")
        batch = batch_size(program, sizes)
        return cls(program, *found, batch if all(batch in t.shape for t in found) else None, dict(given), dict(sizes))

    def knowing(self, classes: int) -> Samples:
        """The same, where y is of so many classes, of which these samples may lack some."""
        own = self.own(self.y)
        count = self.y.bound if self.y.kind == "integers" and not own else own[0] if len(own) == 1 else None
        return replace(self, sizes={**self.sizes, str(count): classes}) if count is not None and count.is_Symbol else self

    def own(self, tensor: Signature) -> list[Any]:
        """The axes of an input beside that of the samples."""
        return [n for n in tensor.shape if n != self.batch]

    def rows(self, X: ndarray) -> ndarray:
        """X as the network declares it: its features in a row, or in the places of an image whose sizes are numbers.

        Raises TrainingError where they have no such places.
        """
        own = self.own(self.X)
        if len(own) == 1 and not (own[0].is_Integer and own[0] != X.shape[1]):
            return self._placed(X, self.X)
        places = [self.sizes.get(str(n), int(n) if isinstance(n, Integer) else 0) for n in own]
        if not own or prod(places) != X.shape[1]:
            where = ", ".join(["n"] * (self.batch is not None) + [str(X.shape[1])])
            raise TrainingError(
                f"{self.X.name} is declared as {shape_text(self.X.shape)}, and X has {X.shape[1]} features: declare "
                f"{self.X.name}: data[{where}], or axes whose product is {X.shape[1]}, as numbers or by sizes="
            )
        return self._placed(X.reshape(len(X), *places), self.X)

    def classes(self, codes: ndarray, classes: ndarray) -> ndarray:
        """Numbers of classes as the network declares y: whole numbers, rows with a one, 0 and 1, or -1 and 1.

        codes    the place of the class of each sample among `classes`.

        Raises TrainingError where it tells two classes, and these are others.
        """
        y, own = self.y, self.own(self.y)
        if y.kind == "integers" and not own:
            return codes
        if len(own) == 1 and y.kind != "integers":
            return self._placed(np.eye(len(classes))[codes], y)
        if own:
            raise TrainingError(
                f"{y.name} is declared as {shape_text(y.shape)}, and a sample has one class: declare {y.name}: integers[n, c]"
            )
        if len(classes) != 2:
            raise TrainingError(
                f"{y.name} tells two classes, and y has {len(classes)}: declare {y.name}: integers[n, c] or labels[n, c]"
            )
        if y.domain in ("binary", "sign"):
            return codes.astype(float) if y.domain == "binary" else 2.0 * codes - 1
        if classes.dtype.kind in "iuf" and classes.tolist() in ([0, 1], [-1, 1]):
            return classes[codes].astype(float)
        raise TrainingError(
            f"{y.name} is declared as data, which does not tell how classes are written: declare {y.name}: binary[n] (0 and 1), "
            f"sign[n] (-1 and 1), integers[n, c] or labels[n, c]"
        )

    def numbers(self, y: ndarray) -> ndarray:
        """What a regression aims at, as the network declares it: a number for each sample, or a row.

        Raises TrainingError where rows have no place.
        """
        own = self.own(self.y)
        if y.ndim == 2 and not own:
            raise TrainingError(
                f"y has {y.shape[1]} columns, and {self.y.name} is declared as {shape_text(self.y.shape)}: declare {self.y.name}: "
                f"data[n, m]"
            )
        return self._placed(y[:, None] if own and y.ndim == 1 else y, self.y)

    def _placed(self, array: ndarray, tensor: Signature) -> ndarray:
        return np.ascontiguousarray(np.moveaxis(array, 0, tensor.shape.index(self.batch)) if self.batch is not None else array)

    def arrays(self, X: ndarray) -> dict[str, ndarray]:
        """What the forward part of a network reads, for these samples."""
        return {self.X.name: self.rows(X), **self.given}

    def value(self, compiled: Compiled, parameters: Mapping[str, ndarray], X: ndarray, name: str) -> ndarray:
        """A value of the network for each row of X, along the first axis."""
        arrays = self.arrays(X)
        needs = needs_of(compiled.program)[name]
        own = {n: a for n, a in arrays.items() if n in needs}
        if self.batch is None:
            rows = own.pop(self.X.name)
            return np.stack([compiled.outputs(parameters, {**own, self.X.name: row}, [name])[name] for row in rows])
        found = compiled.outputs(parameters, own, [name])[name]
        return np.moveaxis(found, self.program.shape(name).index(self.batch), 0)

    def answer(self, named: str | None = None) -> str:
        """The last named value that has the shape of y and does not read it; or the one that a person named.

        Raises TrainingError where there is none.
        """
        needs = needs_of(self.program)
        values = [e.target.name for e in self.program.equations if self.program.tensors[e.target.name].named]
        fit = [v for v in values if self._answers(v, needs[v])]
        if named is not None and named not in fit:
            told = mend(named, fit) if named not in values else f"those that have: {', '.join(fit) or 'none'}"
            raise TrainingError(f"prediction={named!r}: no value of the shape of {self.y.name} that is computed without it; {told}")
        if not fit:
            raise TrainingError(
                f"no named value has the shape of {self.y.name}, {shape_text(self.y.shape)}, and is computed without it: give the "
                f"prediction a line of its own, yhat = ..."
            )
        return named or fit[-1]

    def _answers(self, name: str, needs: frozenset[str]) -> bool:
        shape = self.program.shape(name)
        same = len(shape) == self.y.rank and all(map(same_size, shape, self.y.shape))
        return same and self.X.name in needs and self.y.name not in needs


Chances = Callable[[ndarray], ndarray]


def softmax(z: ndarray) -> ndarray:
    """exp(z) over its sum, along the last axis."""
    found = np.exp(z - z.max(axis=-1, keepdims=True))
    return found / found.sum(axis=-1, keepdims=True)


def _pair(p: ndarray) -> ndarray:
    return np.stack([1 - p, p], axis=-1)


def _of_odds(z: ndarray) -> ndarray:
    return _pair(np.where(z > 0, 1, np.exp(-abs(z))) / (1 + np.exp(-abs(z))))


def chances(samples: Samples, compiled: Compiled, prediction: Prediction, sizes: Mapping[str, int], X: ndarray) -> Chances | None:
    """How the value that answers becomes a probability for each class; None where it is none, as of a hinge loss.

    A value whose logsumexp over the classes, or whose softplus or sigmoid, the network takes is a log-probability. Whether a value
    is a probability itself is asked of its values, not of its name: it is one at any parameters.
    """
    program, name = samples.program, prediction.name
    if prediction.axis is None:
        if is_applied(program, name, {"sigmoid", "softplus"}):
            return _of_odds
    elif any(
        isinstance(e.op, Reduce) and e.op.kind == "logsumexp" and e.operands[0].name == name
        and [letter for letter, _ in e.op.over] == [e.operands[0].index[prediction.axis]]
        for e in program.equations
    ):  # fmt: skip
        return softmax
    for seed in range(PROBES):
        scale = WIDEST ** (seed / (PROBES - 1))
        drawn = initial(program, sizes, seed)
        parameters = {n: w if program.tensors[n].domain else w * scale + scale - 1 for n, w in drawn.items()}
        with np.errstate(all="ignore"):
            found = samples.value(compiled, parameters, X[:PROBED], name)
        whole = prediction.axis is None or bool((abs(found.sum(axis=-1) - 1) < ROUNDING).all())
        if not (whole and (found > -ROUNDING).all() and (found < 1 + ROUNDING).all()):
            return None
    return _pair if prediction.axis is None else lambda p: p
