"""The objective of gradient boosting: the first and second derivatives of a loss by each prediction, as arrays.

Boosting takes a step of Newton for each leaf, so that it wants the gradient and the diagonal of the Hessian. Where no sample reads
the prediction of another, the Hessian has no other entries, and its product with ones is that diagonal.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, assert_never

import numpy as np
from numpy import ndarray

from symbackprop.backends.function import Compiled, compile
from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.guards import split
from symbackprop.core.loops import without_loops
from symbackprop.core.program import Carry, Equation, Matrix, Program, Reduce, Sum, shape_text


class Objective:
    """grad, hess of a loss by its predictions.

    derivation  the change of the gradient as every prediction moves by 1; its box holds both.
    prediction  the name of the predictions.
    target      the name of what they are held against.
    given       arrays and numbers for the other inputs.
    least       what smaller entries of hess are raised to.
    """

    def __init__(self, derivation: Derivation, target: str | None, given: Mapping[str, Any], least: float) -> None:
        self.derivation, self.given, self.least = derivation, dict(given), least
        (self.prediction,) = derivation.wrt
        others = [t.name for t in derivation.forward.inputs if t.kind != "constant" and t.name != self.prediction]
        self.target = target or next((name for name in others if name not in given), "")
        if self.target not in others:
            raise DerivationError(
                f"there is no {self.target or 'target'} to predict; the network has {', '.join(others) or 'no data'}"
            )
        missing = [name for name in others if name not in (*given, self.target)]
        if missing:
            raise DerivationError(f"{' and '.join(missing)} would be unknown when the objective is called: give {missing[0]}=...")
        unknown = [name for name in given if name not in others]
        if unknown:
            raise DerivationError(f"{unknown[0]} is no input of this network; it has {', '.join(others)}")

    @cached_property
    def compiled(self) -> Compiled:
        """The gradient as its value, and its change."""
        return compile(self.derivation)

    @property
    def source(self) -> str:
        """The source of a function that computes both; it depends on NumPy alone."""
        return self.compiled.source

    def __call__(self, y_true: Any, y_pred: Any) -> tuple[ndarray, ndarray]:
        """grad, hess: what XGBRegressor(objective=...) and LGBMRegressor(objective=...) call.

        y_true, y_pred   arrays of shape (n,).
        Raises SymbackpropError for arrays that do not fit.
        """
        arrays = {**self.given, self.target: y_true, self.prediction: y_pred}
        gradient, change = self.compiled.value_and_grad({name: _floats(array) for name, array in arrays.items()})
        return np.asarray(gradient), np.maximum(change[self.prediction], self.least)

    def native(self, y_pred: Any, data: Any) -> tuple[ndarray, ndarray]:
        """grad, hess: what xgboost.train(obj=...) and LightGBM's params["objective"] call.

        data   an xgboost.DMatrix or lightgbm.Dataset, asked for its labels and weights.
        """
        gradient, hess = self(data.get_label(), y_pred)
        weight = np.asarray(() if data.get_weight() is None else data.get_weight(), dtype=float)
        return (gradient * weight, hess * weight) if weight.size else (gradient, hess)

    def box(self) -> Any:
        """Both as a table of definitions, each line proved."""
        return self.derivation.box()

    def check(self, **options: Any) -> Any:
        """Both against the witnesses; the options are those of `symbackprop.check`."""
        first = self.derivation.first
        assert first is not None
        found = first.check(**options)
        return self.derivation.check(**options) if found.ok else found

    def report(self, format: str = "text", **options: Any) -> Any:
        """The derivation of both; see `Derivation.report`."""
        return self.derivation.report(format, **options)

    def __repr__(self) -> str:
        return f"<Objective of {self.prediction} against {self.target}>"


def _floats(array: Any) -> Any:
    """Labels of classes are numbers here."""
    found = np.asarray(array)
    return found.astype(float) if found.dtype.kind in "iub" else found


def require_apart(derivation: Derivation) -> None:
    """See that no sample reads the prediction of another, so that the Hessian is its diagonal.

    Raises DerivationError for predictions that are no vector, and where samples are mixed before the loss adds them.
    """
    program, prediction = derivation.forward, derivation.wrt[0]
    shape = program.shape(prediction)
    if len(shape) != 1:
        raise DerivationError(
            f"{prediction} has the shape {shape_text(shape)}: an objective has one prediction a sample. "
            f"Declare {prediction}: parameter[n]"
        )
    without_loops(program, "an objective of boosting")
    apart, leading = {prediction}, _leading_to(program, derivation.of)
    for equation in program.equations:
        read = [k for k, ref in enumerate(equation.operands) if ref.name in apart]
        if not read or equation.target.name not in leading:
            continue
        if not _keeps_apart(equation, read):
            raise DerivationError(
                f"{equation.target.name} mixes the predictions of several samples: the Hessian is no diagonal, and an objective "
                f"needs one. Write a loss that is a sum over samples, or derive the Hessian by --then {prediction}"
            )
        apart.add(equation.target.name)


def _leading_to(program: Program, of: str) -> set[str]:
    """The values that a gradient is computed from, itself included."""
    found = {of}
    for equation in reversed(program.equations):
        if equation.target.name in found:
            found |= {ref.name for ref in equation.operands}
    return found


def _keeps_apart(equation: Equation, read: list[int]) -> bool:
    """Whether each entry of an equation's target reads the predictions of its own sample alone, by the first letter."""
    match equation.op:
        case Sum() | Reduce():
            own, operands = equation.target.index[:1], [equation.operands[k].index for k in read]
            moved = isinstance(equation.op, Sum) and bool(split(equation.op).guards)
            return bool(own) and not moved and all(index[:1] == own and own[0] not in index[1:] for index in operands)
        case Matrix() | Carry():
            return False
        case _:
            assert_never(equation.op)
