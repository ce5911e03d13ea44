r"""From where entries are numbered: \theta_0 in one step says that \theta_1 of another is the second entry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.goals import spelled, tensor_named
from symbackprop.judge.texts.arrays import Code
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_NAME = r"(?P<{0}>\\?[A-Za-z]+)\s*_\s*\{{?\s*(?P<{0}_at>\d+(?:\s*,\s*\d+)*)\s*\}}?"
_BY = re.compile(rf"(?:\\partial\s*|\\nabla\s*_\s*\{{?\s*){_NAME.format('by')}")  # what is differentiated by
_MOVED = re.compile(
    rf"\s*{_NAME.format('own')}\s*(?::=|=|\\leftarrow|\\gets)\s*(?P<again>\\?[A-Za-z]+)\s*_\s*\{{?\s*(?P<again_at>\d+(?:\s*,\s*\d+)*)"
)


def numbered(truth: Truth, steps: Sequence[Step]) -> dict[str, int | None]:
    """From where the entries of each tensor are numbered by which steps differentiate, or which they update: from 0 or from 1.

    A 0 says the one, a number as large as the tensor is long the other; None where nothing tells.
    """
    said: dict[str, list[tuple[int, ...]]] = {}
    for _, claim, _ in steps:
        if isinstance(claim, str) and not isinstance(claim, Code):
            for base, at in _entries(claim):
                own = tensor_named(truth, base) if spelled(truth, f"{base}_{at}") is None else None
                if own is not None and truth.program.shape(own):
                    said.setdefault(own, []).append(_numbers(at, len(truth.program.shape(own))))
    found: dict[str, int | None] = dict.fromkeys(said)
    for own, several in said.items():
        extents = [int(n) if n.is_Integer else None for n in truth.program.shape(own)]
        if any(0 in at for at in several):
            found[own] = 0
        elif any(n == k for at in several for n, k in zip(at, extents, strict=False)):
            found[own] = 1
    return found


def _entries(claim: str) -> list[tuple[str, str]]:
    moved = _MOVED.match(claim)
    own = (
        [(moved["own"], moved["own_at"])]
        if moved and (moved["own"], moved["own_at"]) == (moved["again"], moved["again_at"])
        else []
    )
    return own + [(one["by"], one["by_at"]) for one in _BY.finditer(claim)]


def _numbers(at: str, rank: int) -> tuple[int, ...]:
    """The numbers of an entry; the 12 of W_{12} are two."""
    parts = [part.strip() for part in at.split(",")]
    return tuple(map(int, parts[0] if len(parts) == 1 and len(parts[0]) == rank > 1 else parts))
