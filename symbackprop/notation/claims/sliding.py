"""What slides over what, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Tie(NamedTuple):
    """What meets along an axis: first p + second q + out i + shift = 0."""

    first: int
    second: int
    out: int
    shift: int


@dataclass(frozen=True)
class Framed:
    """Zeros around, "pad", or between entries, "spread", or a part of them, "stride" and "crop", along rows and columns."""

    kind: str
    axes: tuple[str, ...]
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Slid:
    """A "correlation" or a "convolution" of two: along each axis the sum over what meets."""

    kind: str
    axes: tuple[str, ...]
    ties: tuple[Tie, ...]
