"""The names that a report speaks of and nowhere says: each gets its equation, so that a page explains itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from symbackprop.core.program import Program
from symbackprop.display.names import Names
from symbackprop.documents.within import formulas_within
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Atom, Node, Row, Script, children, items_of, kind_of, set_apart, split

_Key = tuple[Node, tuple[Node, ...]]  # a base, and what stands below it


class Spoken:
    """Which values of a program blocks speak of (`read`), and which they say."""

    def __init__(self, names: Names, program: Program) -> None:
        values = (name for name in program.equation_of() if program.tensors[name].role is None)
        self._own = {_key(names, name): name for name in values}
        self.read, self._said = set[str](), set[str]()

    def hear(self, blocks: Any) -> None:
        """Note the names that stand in blocks, and those on the left of an equation there."""
        for formula in formulas_within(blocks):
            for line in set_apart(formula):
                *lefts, _ = _sides(line)
                for left in lefts:
                    self._said |= _said(self._own, left)
                self.read |= {name for node in _names(line) if (name := _named(self._own, node)) is not None}

    def unsaid(self) -> list[str]:
        """The values, in the program's order, whose names stand in blocks, and on the left of no equation there."""
        return [name for name in self._own.values() if name in self.read - self._said]


def _key(names: Names, name: str) -> _Key:
    own = names.name_of(name)
    return own.base, items_of(f.listed(own.subs)) if own.subs else ()


def _sides(line: Node) -> list[Node]:
    """What stands between the relations of a line."""
    found: list[Node] = []
    left, rest = split(line)
    while rest is not None:
        found.append(left)
        left, rest = split(Row(items_of(rest)[1:]))
    return [*found, left]


def _said(own: Mapping[_Key, str], left: Node) -> set[str]:
    """The names on the left of an equation; none where it is more than names."""
    several = [item for item in items_of(left) if kind_of(item) not in ("punctuation", "space")]
    found = [_named(own, item) for item in several]
    return {name for name in found if name is not None} if len(several) == 1 or None not in found else set()


def _named(own: Mapping[_Key, str], node: Node) -> str | None:
    """The value whose name a node is, with letters or steps behind its own subscripts or without: the longest name."""
    base, below = (node.base, items_of(node.sub) if node.sub is not None else ()) if isinstance(node, Script) else (node, ())
    ends = (k for k in range(len(below), -1, -1) if k in (0, len(below)) or kind_of(below[k]) == "punctuation")
    return next((own[base, below[:k]] for k in ends if (base, below[:k]) in own), None)


def _names(node: Node) -> Iterator[Node]:
    """The names within a formula, with their scripts."""
    if isinstance(node, Script | Atom):
        yield node
    for part in children(node):
        if not (isinstance(node, Script) and part is node.base and isinstance(part, Atom)):
            yield from _names(part)
