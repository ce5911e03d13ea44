"""What makes a claim right up to convention: a layout, the sign, a factor N or 1/N, 2 or 1/2, what its left side says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

ALLOWED = ("transpose", "layout", "sign", "N", "2", "left")  # what `allow` may name
CLOSE = 1e-8


@dataclass(frozen=True)
class Convention:
    """What a claim differs from the truth by.

    kinds     what `allow` must name for it to pass.
    sentence  what it is.
    mend      what would make the claim right.
    """

    kinds: tuple[str, ...]
    sentence: str
    mend: str

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
        scale = float(np.abs(truth).max(initial=0))
        if scale == 0:
            if np.abs(claim).max(initial=0) > 0:
                return None
            continue
        c = float((claim * truth).sum() / (truth * truth).sum())
        if not np.abs(claim - c * truth).max(initial=0) <= CLOSE * scale * max(1.0, abs(c)):
            return None
        found.append(c)
    return found or None


def factors(sizes: Sequence[Mapping[str, int]]) -> Iterator[tuple[tuple[str, ...], str, str, list[float]]]:
    """kinds, the factor as text, its mend as text, and its value at each set of sizes."""
    ones = [1.0] * len(sizes)
    yield (), "", "", ones
    for text, mend, c in (("2", "1/2", 2.0), ("1/2", "2", 0.5), ("4", "1/4", 4.0), ("1/4", "4", 0.25)):
        yield ("2",), text, mend, [c] * len(sizes)
    names = list(sizes[0]) if sizes else []
    products = [(n,) for n in names] + [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]
    for product in products:
        text = " ".join(product)
        values = [float(np.prod([at[n] for n in product])) for at in sizes]
        inverse = f"1/{text}" if len(product) == 1 else f"1/({text})"
        yield ("N",), text, inverse, values
        yield ("N",), inverse, text, [1 / v for v in values]
        for two, back, c in (("2", "1/2", 2.0), ("1/2", "2", 0.5)):
            yield ("N", "2"), f"{two} * {text}", f"{back} * {inverse}", [c * v for v in values]
            yield ("N", "2"), f"{two} * {inverse}", f"{back} * {text}", [c / v for v in values]


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
        for kinds, text, mend, values in factors(sizes):
            if all(abs(c - sign * v) <= CLOSE * max(1.0, abs(v)) for c, v in zip(found, values, strict=True)):
                own = [*([layout.kind] if layout.kind else []), *(["sign"] if sign < 0 else []), *kinds]
                if not own:
                    return None
                says = [layout.sentence] if layout.kind else []
                mends = [layout.mend] if layout.kind else []
                if sign < 0:
                    says.append("it has the other sign, as the direction of descent has")
                    mends.append("multiply by -1")
                if text:
                    says.append(f"it carries the factor {text}" + (", a sum for a mean or the reverse" if "N" in kinds else ""))
                    mends.append(f"multiply by {mend}")
                return Convention(tuple(own), " and ".join(says), " and ".join(mends))
    return None
