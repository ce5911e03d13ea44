r"""The gradients in closed form: what came from above is written out, until only values of the forward pass are left.

\frac{\partial L}{\partial W_{1}} = \left[W_{2}^{\top}\,2\left(\hat{y} - y\right)\odot a\odot\left(1 - a\right)\right] x^{\top}.
Where that would be too long to read, the gradient that comes from above keeps its name.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from operator import is_

from symbackprop.core.program import Equation, Reduce
from symbackprop.display import tree_algebra as make
from symbackprop.display.index_form import index_form, target_entry
from symbackprop.display.matrix_form import matrix_tree
from symbackprop.display.names import Names
from symbackprop.display.tree import Tree, ones, tree_formula
from symbackprop.formulas import build as f
from symbackprop.formulas.tree import Node, width

LIMIT = 44
"""The largest closed form, in nodes of its tree: three layers and a loss. A line holds about as much."""

INDEX_LIMIT = 76
"""The longest closed form in index notation, in letters across the paper."""


class ClosedForms:
    """The closed forms of one program's gradients.

    names    the names of the program.
    hidden   the values that the report does not show by name: gradients, and what is written out where it is read.
    limit    the largest number of nodes of a tree.

    `used_labels` says whether a closed form that was asked for used that labels sum to one.
    """

    def __init__(self, names: Names, hidden: Collection[str], limit: int = LIMIT) -> None:
        self.names, self.hidden, self.limit = names, hidden, limit
        self.trees: dict[str, Tree | None] = {}
        self.used_labels = False

    def tree(self, name: str) -> Tree | None:
        """The closed form of a value as a tree, or None where it has no matrix form."""
        waiting = [name]
        while waiting:  # no recursion: networks are deep
            current = waiting[-1]
            if current in self.trees:
                waiting.pop()
                continue
            own = matrix_tree(self.names, self.names.written[current])
            inner = [n for n in make.leaves_of(own) if n in self.hidden] if own is not None else []
            missing = [n for n in inner if n not in self.trees]
            if missing:
                waiting += missing
            else:
                self.trees[current] = self._written_out(own, inner) if own is not None else None
        return self.trees[name]

    def _written_out(self, own: Tree, inner: Collection[str]) -> Tree:
        """The tree with its hidden leaves written out, the shortest first, as long as the limit allows."""
        one_step = [(n, matrix_tree(self.names, self.names.written[n])) for n in inner]
        in_full = [(n, self.trees[n]) for n in inner]
        best = own
        chosen: dict[str, Tree] = {}
        for options in (one_step, in_full):
            known = [(n, tree) for n, tree in options if tree is not None and not self._falls_apart(tree)]
            for n, tree in sorted(known, key=lambda pair: pair[1].weight):
                plain = make.replaced(own, {**chosen, n: tree})
                longer = without_labels(self.names, plain)
                self.used_labels |= longer != plain
                if longer.weight <= self.limit:
                    chosen[n] = tree
                    best = longer
        return best

    def _falls_apart(self, tree: Tree) -> bool:
        """Whether a sum of uses is left with a part that keeps its name: then the sum's own name says more."""
        roles = [self.names.signature(n).role for n in make.leaves_of(tree)]
        return any(role is not None and role.via is not None for role in roles)

    def formula(self, name: str) -> Node | None:
        """The whole equation in closed form; None where it says nothing that the step's own equation does not say."""
        equation = self.names.written[name]
        tree = self.tree(name)
        if tree is None or any(self._is_others(n) for n in make.leaves_of(tree)):  # a product of the others has letters
            return self._index(equation)
        if tree == matrix_tree(self.names, equation) and not _is_final(tree, self.hidden):
            return None
        return f.equation(self.names.tensor(name), tree_formula(self.names, tree))

    def _is_others(self, name: str) -> bool:
        step = self.names.written[name].step if name in self.names.written else None
        return step is not None and step.rule == "others"

    def _index(self, equation: Equation) -> Node | None:
        """The closed form in index notation, with sums inside sums."""
        if isinstance(equation.op, Reduce):
            return None
        hidden = {n for n in self.hidden if self._is_others(n) or not isinstance(self.names.written[n].op, Reduce)}
        inner = [r.name for r in equation.operands if r.name in hidden]
        depth, names = 0, set(inner)
        while inner and depth < 4:
            inner = [r.name for n in inner for r in self.names.written[n].operands if r.name in hidden]
            names |= set(inner)
            depth += 1
        right = index_form(self.names, equation, names)
        if inner or width(right) > INDEX_LIMIT:
            return None
        return f.equation(target_entry(self.names, equation), right)


def _is_final(tree: Tree, hidden: Collection[str]) -> bool:
    return not any(n in hidden for n in make.leaves_of(tree))


def without_labels(names: Names, tree: Tree) -> Tree:
    """The tree with the sums of labels, which are 1: y^T 1 = 1 and Y 1 = 1."""
    if not tree.parts or not any(names.signature(n).kind == "labels" for n in make.leaves_of(tree)):
        return tree
    parts = [without_labels(names, part) for part in tree.parts]
    tree = tree if all(map(is_, parts, tree.parts)) else make.with_parts(tree, parts)
    for k, (a, b) in enumerate(pairwise(tree.parts if tree.op == "product" else ())):
        pair = _label_sum(names, a, b)
        if pair is not None:
            return without_labels(names, make.product([*tree.parts[:k], pair, *tree.parts[k + 2 :]]))
    return tree


def _label_sum(names: Names, a: Tree, b: Tree) -> Tree | None:
    """a b where it is the sum of labels along their last axis, otherwise None."""
    for x, y, turned in ((a, b, False), (make.transpose(b), make.transpose(a), True)):
        vector = x.rows == 1 and x.op == "transpose"
        leaf = x.parts[0] if vector else x
        if y.op != "ones" or leaf.op != "leaf" or names.signature(leaf.given).kind != "labels":
            continue
        if vector:
            return make.ONE
        if leaf.cols != 1:
            sums = ones(leaf.rows) if leaf.rows != 1 else make.ONE
            return make.transpose(sums) if turned else sums
    return None
