"""A program of sums computed exactly, with rational numbers and SymPy's functions in the place of floats."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from symbackprop.core.functions import TableFunction
from symbackprop.core.program import Program, Sum, letter_sizes, position, size

Exact = Mapping[tuple[int, ...], sp.Expr]


def exact(program: Program, inputs: Mapping[str, Any], sizes: Mapping[str, int] | None = None) -> dict[str, Exact]:
    """The entries of every tensor, by position. `inputs` holds numbers, or texts such as "0.1", in nested lists."""
    at = {size(name): sp.Integer(n) for name, n in (sizes or {}).items()}
    values: dict[str, Exact] = {}
    for name, array in inputs.items():
        values[name] = {place: sp.Rational(str(entry)) for place, entry in np.ndenumerate(np.array(array, dtype=object))}
    for equation in program.equations:
        assert isinstance(equation.op, Sum)
        extents = {letter: int(extent.xreplace(at)) for letter, extent in letter_sizes(program, equation).items()}
        entries: dict[tuple[int, ...], sp.Expr] = {}
        for place in product(*(range(extents[letter]) for letter in extents)):
            here = dict(zip(extents, place, strict=True))
            operands = [values[ref.name][tuple(here[c] for c in ref.index)] for ref in equation.operands]
            known = dict(zip(equation.op.slots, operands, strict=True)) | {position(c): sp.Integer(n) for c, n in here.items()}
            body = equation.op.body.xreplace(known | at).replace(lambda e: isinstance(e, TableFunction), _formula)
            target = tuple(here[c] for c in equation.target.index)
            entries[target] = entries.get(target, sp.S.Zero) + body
        values[equation.target.name] = entries
    return values


def _formula(applied: TableFunction) -> sp.Expr:
    return applied.row.formula.xreplace(dict(zip(applied.row.args, applied.args, strict=True)))
