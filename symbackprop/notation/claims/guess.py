"""What a letter that stands nowhere is taken to be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Guess:
    """A tensor of the network, or its true gradient."""

    tensor: str
    gradient: bool
