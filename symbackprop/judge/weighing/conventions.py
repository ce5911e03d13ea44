"""What makes a claim right up to convention: a layout, the sign, a factor N or 1/N, 2 or 1/2, what its left side says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from numpy import ndarray

from symbackprop.evaluate.magnitude import largest_of
from symbackprop.formulas.told import Formula, Told, several, told
from symbackprop.judge.texts.prose import expression

ALLOWED = ("transpose", "layout", "sign", "N", "2", "left")  # what `allow` may name
CLOSE = 1e-8


@dataclass(frozen=True)
class Convention:
    """What a claim differs from the truth by.

    kinds   what `allow` must name for it to pass.
    says    what it is.
    mends   what would make the claim right.
    """

    kinds: tuple[str, ...]
    says: Told
    mends: Told

    @property
    def sentence(self) -> str:
        return str(self.says)

    @property
    def mend(self) -> str:
        return str(self.mends)

    def facts(self) -> dict[str, Any]:
        return {"kinds": list(self.kinds), "sentence": self.sentence, "mend": self.mend}


@dataclass(frozen=True)
class Layout:
    """A way to lay out the same entries: kind for `allow`, what it is, and the truth laid out so (None where it does not apply)."""

    kind: str
    sentence: str
    mend: str
    lay: Callable[[ndarray, int], ndarray | None]


def _transposed(t: ndarray, lead: int) -> ndarray | None:
    return t.swapaxes(-1, -2) if t.ndim - lead == 2 else None


def _swapped(t: ndarray, lead: int) -> ndarray | None:
    return t.transpose([*range(lead, t.ndim), *range(lead)]) if 0 < lead < t.ndim else None


LAYOUTS = (
    Layout("", "", "", lambda t, lead: t),
    Layout("transpose", "it is the transpose of the gradient", "transpose it", _transposed),
    Layout("transpose", "it is the Jacobian in the other layout", "put the differentiated tensor's axes first", _swapped),
    Layout("layout", "it is a column for a vector", "drop the axis of size 1", lambda t, lead: t[..., None]),
    Layout("layout", "it is a row for a vector", "drop the axis of size 1", lambda t, lead: t[None]),
    Layout(
        "layout",
        "it is the gradient as one long vector",
        "give it its shape back",
        lambda t, lead: t.ravel() if t.ndim > 1 else None,
    ),
)


def ratios(pairs: Sequence[tuple[ndarray, ndarray]]) -> list[float] | None:
    """c with claim = c truth at every pair that is not zero; None where there is none."""
    found = []
    for claim, truth in pairs:
        if claim.shape != truth.shape:
            return None
        scale = largest_of(truth)
        if scale == 0:
            if largest_of(claim) > 0:
                return None
            continue
        c = float((claim * truth).sum() / (truth * truth).sum())
        if not largest_of(claim - c * truth) <= CLOSE * scale * max(1.0, abs(c)):
            return None
        found.append(c)
    return found or None


class Factor(NamedTuple):
    """c times a product of sizes, or c over it, and its value at each set of sizes."""

    kinds: tuple[str, ...]
    c: sp.Expr
    names: tuple[str, ...]
    below: bool
    values: list[float]

    def formula(self, mended: bool) -> Formula:
        """The factor, or what mends it."""
        product = sp.Mul(*(sp.Symbol(n, positive=True) for n in self.names))
        factor = self.c / product if self.below else self.c * product
        factor = 1 / factor if mended else factor
        return expression(factor, {})


def factors(sizes: Sequence[Mapping[str, int]]) -> Iterator[Factor]:
    """1, 2 and 4 and sizes, products of two sizes, with 2 or 1/2 before them."""
    yield Factor((), sp.S.One, (), False, [1.0] * len(sizes))
    for c in (sp.Integer(2), sp.S.Half, sp.Integer(4), sp.Rational(1, 4)):
        yield Factor(("2",), c, (), False, [float(c)] * len(sizes))
    names = list(sizes[0]) if sizes else []
    for product in [(n,) for n in names] + [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]:
        values = [float(np.prod([at[n] for n in product])) for at in sizes]
        for c in (sp.S.One, sp.Integer(2), sp.S.Half):
            kinds = ("N",) if c == 1 else ("N", "2")
            yield Factor(kinds, c, product, False, [float(c) * v for v in values])
            yield Factor(kinds, c, product, True, [float(c) / v for v in values])


def convention(pairs: Sequence[tuple[ndarray, ndarray]], sizes: Sequence[Mapping[str, int]], lead: int = 0) -> Convention | None:
    """The convention by which every claim equals its truth, the simplest; None where there is none.

    pairs   (claim, truth) at each place.
    sizes   of each place.
    lead    how many axes the differentiated tensor has.
    """
    for layout in LAYOUTS:
        laid = [layout.lay(t, lead) for _, t in pairs]
        found = ratios([(c, t) for (c, _), t in zip(pairs, laid, strict=True) if t is not None])
        if found is None or any(t is None for t in laid):
            continue
        kept = [at for at, t in zip(sizes, laid, strict=True) if t is not None and np.any(t)]
        if (named := _named(layout, found, kept)) is not None:
            return named
    return None


def _named(layout: Layout, found: Sequence[float], sizes: Sequence[Mapping[str, int]]) -> Convention | None:
    for sign in (1, -1):
        for factor in factors(sizes):
            if all(abs(c - sign * v) <= CLOSE * max(1.0, abs(v)) for c, v in zip(found, factor.values, strict=True)):
                return _convention(layout, sign, factor)
    return None


def _convention(layout: Layout, sign: int, factor: Factor) -> Convention | None:
    """The convention in words; None where there is no difference."""
    kinds = [*([layout.kind] if layout.kind else []), *(["sign"] if sign < 0 else []), *factor.kinds]
    says = [Told(layout.sentence)] if layout.kind else []
    mends = [Told(layout.mend)] if layout.kind else []
    if sign < 0:
        says.append(told("it has the other sign, as the direction of descent has"))
        mends.append(told("multiply by -1"))
    if factor.kinds:
        carried = factor.formula(mended=False)
        mean = told("it carries the factor {}, a sum for a mean or the reverse", carried)
        says.append(mean if "N" in factor.kinds else told("it carries the factor {}", carried))
        mends.append(told("multiply by {}", factor.formula(mended=True)))
    return Convention(tuple(kinds), several(says), several(mends)) if kinds else None
