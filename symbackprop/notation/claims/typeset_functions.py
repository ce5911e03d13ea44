"""Functions by their names, and slides with what is padded, spread and cut, as formulas of claims."""

from __future__ import annotations

import re
from collections.abc import Sequence

from symbackprop.formulas import build as f
from symbackprop.formulas.symbols import SYMBOLS
from symbackprop.formulas.tree import Binds, Script
from symbackprop.formulas.tree import Node as Formula
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.windows import NONE


def function_named(name: str) -> Formula:
    """A function as it is printed: J_1, \\sigma_{\\max}, softmax."""
    if name in ("sigma_max", "sigma_min"):
        return Script(f.symbol("sigma"), f.function(name[-3:]))
    if name in ("exp1", "lambertw"):
        return Script(f.letter("E"), f.number(1)) if name == "exp1" else Script(f.letter("W"), f.number(0))
    if name == "dawsn":
        return f.letter("F")
    if re.fullmatch(r"bessel_[ijk]\d+", name):
        return Script(f.letter(name[7].upper()), f.number(int(name[8:])))
    return f.symbol(name) if name in SYMBOLS else f.function(name.replace("_", ""))


def slid(op: nd.Slid, one: Formula, other: Formula) -> Formula:
    r"""\operatorname{pad}_{1}(X) \star K, with what is spread and cut."""
    if op.kind == "correlation":
        outer, cut, sign = "stride", [-tie.out for tie in op.ties], "star"
        one = framed("pad", [tie.shift for tie in op.ties], one)
        other = framed("spread", [-tie.second for tie in op.ties], other)
    else:
        outer, cut, sign = "crop", [-tie.shift for tie in op.ties], "ast"
        one = framed("spread", [tie.first for tie in op.ties], one)
        other = framed("spread", [tie.second for tie in op.ties], other)
    whole = f.joined(f.symbol(sign), [f.within(z, Binds.PRODUCT) for z in (one, other)], Binds.HADAMARD)
    return framed(outer, cut, whole)


def framed(kind: str, numbers: Sequence[int], body: Formula) -> Formula:
    r"""\operatorname{pad}_{1}(X); the body where nothing is done."""
    if all(n == NONE[kind] for n in numbers):
        return body
    shown = [f.number(n) for n in (numbers[:1] if len(set(numbers)) == 1 else numbers)]
    return f.call(Script(function_named(kind), f.joined(f.symbol("times"), shown, Binds.PRODUCT)), [body])
