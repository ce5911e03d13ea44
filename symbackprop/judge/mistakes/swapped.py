"""A claim that is the right formula but for one thing that stands in the place of another, as z for a."""

from __future__ import annotations

from collections.abc import Mapping

from symbackprop.formulas.difference import alike, difference
from symbackprop.formulas.plain import plain
from symbackprop.formulas.told import Formula, in_line, told
from symbackprop.formulas.tree import Atom, Marked, Node, rebuilt, walk
from symbackprop.judge.mistakes.edit import Finding

GAP = Atom("□", "letter")
MOST = 4  # parts of what stands in a place: a name with its index, its power


def swapped(claimed: Node, true: Node, names: Mapping[Node, Node], where: Formula) -> Finding | None:
    """What stands where, if with the right thing there, once or wherever it stands, the claim would be the right formula."""
    own, other = difference(claimed, true, names)
    bad, good = ([part.body for part in walk(side) if isinstance(part, Marked)] for side in (own, other))
    if not bad or len(bad) != len(good) or any(sum(1 for _ in walk(part)) > MOST for part in (*bad, *good)):
        return None
    same = all(alike(part, several[0]) for several in (bad, good) for part in several)
    if not same or not alike(_gapped(own), _gapped(other), names):
        return None
    wrong, right = (Formula(plain(part), in_line(part)) for part in (bad[0], good[0]))
    return Finding("wrong tensor", told("{} stands where {} belongs", wrong, right), where, "index")


def _gapped(node: Node) -> Node:
    """A formula with a gap in the place of whatever is marked."""
    return GAP if isinstance(node, Marked) else rebuilt(node, _gapped)
