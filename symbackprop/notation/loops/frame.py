"""One loop while its block is read."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr

from symbackprop.language.loop import Loop
from symbackprop.language.tensors import Tensor
from symbackprop.notation.loops.filled import Filled
from symbackprop.notation.loops.header import Header
from symbackprop.notation.loops.indices import Numbered, targets


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
class Growth:
    """How a list grows in a loop, by one value in each step.

    front    whether values are put in front; else at its end.
    falls    whether the steps fall.
    begun    how many values stand in it above the loop.
    values   what the step puts in, or what stands above: a tensor, or several; None as long as neither is known.
    leaves   how the tensors among them are called: hs, or hs[0] and hs[1].
    put      whether the step has put its value in.
    """

    front: bool
    falls: bool
    begun: int
    values: Any = None
    leaves: list[str] = field(default_factory=list)
    put: bool = False


@dataclass
class Frame:
    """A loop whose block is being read.

    writes    the names that it writes step by step, and how far from the step's number.
    earlier   stand-ins for values of earlier steps, by name and steps back.
    corners   stand-ins for what stood before an inner loop, by its name and steps back.
    rows      arrays that it fills, or one row of which it fills within a loop that fills them.
    arrays    stand-ins for arrays that it fills, as the steps before left them.
    carried   stand-ins for names that are given another value, by name; of several values by how each is read: state[0].
    lists     the names among `writes` of lists that grow by one value in each step, with how they do.
    held      several values as they were before the loop, by name, each by how it is read.
    outer     the scope around it.
    """

    head: Header
    loop: Loop
    writes: dict[str, Expr]
    outer: Scope
    earlier: dict[tuple[str, int], Tensor] = field(default_factory=dict)
    corners: dict[tuple[str, int], Tensor] = field(default_factory=dict)
    rows: dict[str, Filled] = field(default_factory=dict)
    arrays: dict[str, Tensor] = field(default_factory=dict)
    carried: dict[str, Tensor] = field(default_factory=dict)
    lists: dict[str, Growth] = field(default_factory=dict)
    held: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def leaves(self) -> set[str]:
        """The lists that grow, and how the tensors of their values are called."""
        return {*self.lists, *(leaf for growth in self.lists.values() for leaf in growth.leaves)}

    def low(self, name: str) -> Expr:
        """The number of the first entry that the loop writes."""
        return self.head.low + self.writes[name]


def is_start(name: str, writing: Sequence[Frame], depth: int) -> bool:
    """Whether an entry of a step is what a loop within goes on from: h[l, 0] above one that writes h[l, t].

    writing   the loops around that write the name.
    depth     how many of them write it where most do.
    """
    if len(writing) >= depth:
        return False
    within = [n for s in writing[-1].head.node.body for n in ast.walk(s) if isinstance(n, ast.For)] if writing else []
    return not writing or any(isinstance(t.value, ast.Name) and t.value.id == name for t in targets(within))


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
