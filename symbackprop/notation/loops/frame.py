"""One loop while its block is read."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr

from symbackprop.language.loop import Loop
from symbackprop.language.tensors import Tensor
from symbackprop.notation.loops.header import Header
from symbackprop.notation.loops.indices import Numbered


@dataclass
class Scope:
    """What names stand for in a block, or outside of all.

    names     as the reader holds them.
    outputs   the equations.
    stacks    what loops wrote step by step, by name; in a block, what its step wrote.
    starts    what stands before the first step, by name and number.
    """

    names: dict[str, Any]
    outputs: dict[str, Tensor]
    stacks: dict[str, Numbered]
    starts: dict[str, dict[Expr, Tensor]]


@dataclass
class Frame:
    """A loop whose block is being read.

    writes    the names that it writes step by step, and how far from the step's number.
    earlier   stand-ins for values of earlier steps, by name and steps back.
    corners   stand-ins for what stood before an inner loop, by its name and steps back.
    carried   stand-ins for names that are given another value, by name; of several values by how each is read: state[0].
    lists     the names among `writes` of lists that grow by one value in each step.
    held      several values as they were before the loop, by name, each by how it is read.
    outer     the scope around it.
    """

    head: Header
    loop: Loop
    writes: Mapping[str, Expr]
    outer: Scope
    earlier: dict[tuple[str, int], Tensor] = field(default_factory=dict)
    corners: dict[tuple[str, int], Tensor] = field(default_factory=dict)
    carried: dict[str, Tensor] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    held: dict[str, dict[str, Any]] = field(default_factory=dict)

    def low(self, name: str) -> Expr:
        """The number of the first entry that the loop writes."""
        return self.head.low + self.writes[name]


def bind(names: dict[str, Any], target: ast.expr, value: Any) -> None:
    """Give the names between `for` and `in` what they stand for."""
    match target:
        case ast.Name(id=name):
            names[name] = value
        case ast.Tuple(elts=targets) | ast.List(elts=targets) if isinstance(value, tuple):
            for one, part in zip(targets, value, strict=False):
                bind(names, one, part)
        case _:
            pass
