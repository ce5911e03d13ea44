r"""Values that nobody named are counted as they are shown: u_{1}, u_{2}, and one that stands alone is u.

A program counts all of its values, most of which are written out.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from symbackprop.core.letters import is_nameless
from symbackprop.core.program import Signature
from symbackprop.display.names import Names
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Accent, Atom, Node, Script, items_of, rebuilt, walk

Key = tuple[Node, Node]  # the letter of a value and its number


class Counted:
    """The numbers of the values of one program that are shown; a call says a formula with them.

    Those that stand in the box come first; those that are heard together come as they are computed.
    """

    def __init__(self, names: Names) -> None:
        own = {n: name for n in names.program.tensors if (name := names.own_name(n)) is not None}
        counted = [n for n, name in own.items() if is_counted(names.signature(n)) and name.subs and _is_number(name.subs[0])]
        self._order: dict[Key, int] = {(own[n].base, own[n].subs[0]): k for k, n in enumerate(counted)}
        self._others = {name.formula() for n, name in own.items() if n not in counted}
        self._numbers: dict[Key, int] = {}
        self._last: dict[Node, int] = {}
        self._alone: dict[Node, Key | None] = {}  # what is a letter without a number, once something was said

    def __repr__(self) -> str:
        return f"<Counted: {len(self._numbers)} of {len(self._order)} values>"

    def hear(self, *formulas: Node) -> None:
        """Note what stands in formulas."""
        if not self._order:
            return
        new = {key for formula in formulas for node in walk(formula) if (key := self._key(node)) is not None}
        for key in sorted(new - self._numbers.keys(), key=self._order.__getitem__):
            numbers = count(self._last.get(key[0], 0) + 1)
            self._last[key[0]] = next(k for k in numbers if f.scripted(key[0], f.number(k)) not in self._others)
            self._numbers[key] = self._last[key[0]]

    def __call__(self, formula: Node) -> Node:
        """The formula with the values as they are counted."""
        self.hear(formula)
        return self._said(formula) if self.concerns(formula) else formula

    def concerns(self, formula: Node) -> bool:
        """Whether such a value stands in a formula."""
        return bool(self._order) and any(map(self._key, walk(formula)))

    def _said(self, node: Node) -> Node:
        own, key = rebuilt(node, self._said), self._key(node)
        if key is None or not isinstance(own, Script) or own.sub is None:
            return own
        _, *rest = items_of(own.sub)
        if not self._is_alone(key):
            return replace(own, sub=f.beside(f.number(self._numbers[key]), *rest))
        if rest or own.sup is not None:
            return replace(own, sub=f.beside(*rest[1:]) if rest else None)
        return own.base

    def _is_alone(self, key: Key) -> bool:
        if key[0] not in self._alone:
            several = [other for other in self._numbers if other[0] == key[0]]
            self._alone[key[0]] = key if several == [key] and key[0] not in self._others else None
        return self._alone[key[0]] == key

    def _key(self, node: Node) -> Key | None:
        """The value whose name begins a node: u_{5}, one of its entries, its derivative u_{5,x}, its change."""
        if not isinstance(node, Script) or node.sub is None:
            return None
        base = node.base.body if isinstance(node.base, Accent) else node.base
        if isinstance(base, Atom) and base.kind == "upright" and base.text.startswith("d"):  # du
            base = f.letter(base.text[1:])
        key = base, items_of(node.sub)[0]
        return key if key in self._order else None


def is_counted(tensor: Signature) -> bool:
    """Whether the number of a tensor is ours: nobody named the value, or it is a derivative, whose letter is ours as well."""
    return tensor.role is not None or (is_nameless(tensor.name) and not tensor.has_name)


def _is_number(node: Node) -> bool:
    return isinstance(node, Atom) and node.kind == "number"
