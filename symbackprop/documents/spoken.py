"""The names that a report speaks of and nowhere says: each gets its equation, so that a page explains itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from symbackprop.core.program import Program
from symbackprop.display.names import Names
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Atom, Node, Row, Script, children, items_of, kind_of, set_apart, split

_Key = tuple[Node, tuple[Node, ...]]  # a base, and what stands below it


def unsaid(names: Names, program: Program, formulas: Iterable[Node]) -> list[str]:
    """The values of a program, in its order, whose names stand in formulas, and on the left of none."""
    own = {_key(names, name): name for name in program.equation_of()}
    read, said = set[str](), set[str]()
    for formula in formulas:
        for line in set_apart(formula):
            *lefts, _ = _sides(line)
            for left in lefts:
                said |= {name for item in items_of(left) for name in _named(own, item)}
            read |= {name for node in _names_in(line) for name in _named(own, node)}
    return [name for name in own.values() if name in read - said]


def _key(names: Names, name: str) -> _Key:
    own = names.name_of(name)
    return own.base, items_of(f.listed(own.subs)) if own.subs else ()


def _named(own: Collection[_Key], node: Node) -> Iterator[str]:
    """The value that a node is the name of, with letters or steps behind its own subscripts or without: the longest name."""
    base, below = (node.base, items_of(node.sub)) if isinstance(node, Script) and node.sub is not None else (node, ())
    base = base.base if isinstance(base, Script) else base
    for k in range(len(below), -1, -1):
        if (k == len(below) or k == 0 or kind_of(below[k]) == "punctuation") and (base, below[:k]) in own:
            yield own[base, below[:k]]
            return


def _sides(line: Node) -> list[Node]:
    """What stands between the relations of a line."""
    found: list[Node] = []
    left, rest = split(line)
    while rest is not None:
        found.append(left)
        left, rest = split(Row(items_of(rest)[1:]))
    return [*found, left]


def _names_in(node: Node) -> Iterator[Node]:
    """The names within a formula, with their scripts."""
    if isinstance(node, Script | Atom):
        yield node
    if not isinstance(node, Atom):
        for part in children(node):
            if not (isinstance(node, Script) and part is node.base and isinstance(part, Atom)):
                yield from _names_in(part)
