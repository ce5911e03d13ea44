"""Spellings that overflow, recognised and read as what they mean: 1/(1 + exp(-u)) is sigmoid(u), log(sum(exp(u))) is logsumexp(u).

Each rule is an equality that holds for all real numbers, so that the program computes what was written. A few operations around a
node are put together as one SymPy expression, the rules rewrite it, and where one applied the node takes the result. What a person
named stays as named; only a logarithm looks into a named softmax or sigmoid p, into 1 - p and into p[n, t[n]]: log(exp(u)) = u
keeps digits that exp(u) lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp
from sympy import Expr, S, Symbol, exp, log

from symbackprop.core.functions import FUNCTIONS, Where
from symbackprop.core.program import Op, Reduce, Sum, position, slot
from symbackprop.language.lower.fuse import Node
from symbackprop.language.tensors import Index, Tensor

REACH = 4  # operations that a rule spans, one inside another
log1p = FUNCTIONS["log1p"]
sigmoid, softplus = FUNCTIONS["sigmoid"], FUNCTIONS["softplus"]


def _is(e: Any, function: Any) -> bool:
    """Whether an expression is an application of a function."""
    return isinstance(e, function)


def _sigmoid(e: Any) -> Any:
    """1/(1 + exp(u)) = sigmoid(-u)"""
    u = _one_plus_exp(e.base) if e.is_Pow and e.exp == -1 else None
    return None if u is None else sigmoid(-u)


def _sigmoid_above(e: Any) -> Any:
    """exp(u) sigmoid(-u) = sigmoid(u)"""
    for f in e.args if e.is_Mul else ():
        if _is(f, sigmoid) and exp(-f.args[0]) in e.args:
            return e / (f * exp(-f.args[0])) * sigmoid(-f.args[0])
    return None


def _softplus(e: Any) -> Any:
    """log(1 + exp(u)) = softplus(u)"""
    u = _one_plus_exp(e.args[0]) if _is(e, log) else None
    return None if u is None else softplus(u)


def _log_sigmoid(e: Any) -> Any:
    """log(sigmoid(u)) = -softplus(-u)"""
    return S.NegativeOne * softplus(-e.args[0].args[0]) if _is(e, log) and _is(e.args[0], sigmoid) else None


def _log_one_minus_sigmoid(e: Any) -> Any:
    """log(1 - sigmoid(u)) = -softplus(u)"""
    if _is(e, log) and e.args[0].is_Add and len(e.args[0].args) == 2:
        rest = 1 - e.args[0]
        return S.NegativeOne * softplus(rest.args[0]) if _is(rest, sigmoid) else None
    return None


def _log1p(e: Any) -> Any:
    """log1p(u) = log(1 + u), where a rule reads that"""
    meant = log(1 + e.args[0]) if _is(e, log1p) else None
    return None if meant is None else _softplus(meant) or _log_one_minus_sigmoid(meant)


def _log_exp(e: Any) -> Any:
    """log(c exp(u)) = u + log(c) for a positive size or number c"""
    if _is(e, log):
        c, rest = e.args[0].as_independent(exp, as_Add=False)
        if _is(rest, exp) and c.is_positive:
            return rest.args[0] + (-log(1 / c) if sp.numer(c) == 1 else log(c))
    return None


def _joined(e: Any) -> Any:
    """exp(u) exp(-v) = exp(u - v)"""
    powers = [f for f in e.args if _is(f, exp)] if e.is_Mul else []
    if len(powers) > 1:
        return sp.Mul(*[f for f in e.args if f not in powers], exp(sp.Add(*[f.args[0] for f in powers])))
    return None


def _tanh(e: Any) -> Any:
    """(exp(u) - exp(-u)) / (exp(u) + exp(-u)) = tanh(u)"""
    for f in e.args if e.is_Mul else ():
        if f.is_Pow and f.exp == -1 and f.base.is_Add and len(f.base.args) == 2 and all(_is(a, exp) for a in f.base.args):
            a, b = f.base.args
            if a.args[0] == -b.args[0]:
                u = max(a.args[0], b.args[0], key=lambda v: not v.could_extract_minus_sign())
                for sign in (1, -1):
                    if sign * (exp(u) - exp(-u)) in e.args:
                        return sign * e / (f * sign * (exp(u) - exp(-u))) * sp.tanh(u)
    return None


def _one_plus_exp(e: Any) -> Any:
    if e.is_Add and len(e.args) == 2 and S.One in e.args:
        rest = e - 1
        return rest.args[0] if _is(rest, exp) else None
    return None


RULES: tuple[Callable[[Any], Any], ...] = (
    _sigmoid, _sigmoid_above, _softplus, _log_sigmoid, _log_one_minus_sigmoid, _log1p, _log_exp, _joined, _tanh,
)  # fmt: skip


def rewritten(e: Any) -> Any:
    """The expression with the rules applied, parts first."""
    if e.args:
        parts = [rewritten(a) for a in e.args]
        if any(a is not b for a, b in zip(parts, e.args, strict=True)):
            e = e.func(*parts)
    for rule in RULES:
        new = rule(e)
        if new is not None:
            return rewritten(new)
    return e


def recognise(order: list[Tensor], nodes: dict[int, Node], outputs: Iterable[Tensor]) -> list[Tensor]:
    """Rewrite the nodes that a rule applies to.

    order     the tensors, operands first.
    nodes     the operation of each; rewritten and extended here.
    Returns the tensors that the outputs need now, operands first.
    """
    scene = _Scene(nodes)
    changed = False
    for tensor in order:
        scene.meet(tensor)
        if not tensor.is_input and scene.rewrite(tensor):
            changed = True
    return _needed(outputs, nodes) if changed else order


class _Scene:
    """What has been met: which tensors are equal, and what stands around a node."""

    def __init__(self, nodes: dict[int, Node]) -> None:
        self.nodes = nodes
        self.form: dict[int, int] = {}  # tensor -> the number of its form; tensors of one form are equal
        self.numbers: dict[Any, int] = {}
        self.logarithms: dict[int, Tensor] = {}  # form of a sum of exponentials -> its logarithm
        self.picks: dict[int, Tensor] = {}  # what picks entries of an exponential -> what picks those of its argument

    def meet(self, tensor: Tensor) -> None:
        node = self.nodes[id(tensor)]
        key: Any = id(tensor)
        if not tensor.is_input and tensor.name is None:
            key = (node.op, tuple((self.form[id(o)], index) for o, index in node.operands), node.index, node.shape)
        self.form[id(tensor)] = self.numbers.setdefault(key, len(self.numbers))

    def rewrite(self, tensor: Tensor) -> bool:
        """Rewrite the node of a logarithm, reciprocal or quotient, if a rule applies."""
        node = self.nodes[id(tensor)]
        body: Any = node.op.body if isinstance(node.op, Sum) and _is_entrywise(node.op) else None
        factors = sp.Mul.make_args(body) if body is not None else ()
        logarithm = any(_is(f, log | log1p) and f.free_symbols for f in factors)
        if not (logarithm or any(_is(f, sp.Pow) and f.as_base_exp()[1] == -1 for f in factors)):
            return False
        for reach in range(1, REACH + 1):
            view = _View(self, logarithm)
            expression = view.of(node, reach)
            result = rewritten(expression)
            if result != expression:
                view.settle(node, result)
                return True
        return False

    def logarithm(self, tensor: Tensor) -> tuple[Any, Tensor, list[int]] | None:
        """(c, v, axes) where an unnamed tensor is c exp(v), a sum of exponentials: v = logsumexp(u), without its axes of size 1."""
        node = self.nodes[id(tensor)]
        if tensor.name is not None or not isinstance(node.op, Sum) or _is_entrywise(node.op) or len(node.operands) != 1:
            return None
        (inner, letters), over = node.operands[0], node.op.over
        factor = node.op.body / slot(0)
        if factor.free_symbols & {slot(0)} or not factor.is_positive or not {c for c, _ in over} <= set(letters):
            return None
        below = None if inner.is_input or inner.name is not None else self.nodes[id(inner)]
        if below is None or not isinstance(below.op, Sum) or below.op != Sum(exp(slot(0)), (slot(0),)):
            return None
        argument, own = below.operands[0]
        if own != below.index or len(set(letters)) != len(letters):
            return None
        form = self.form[id(tensor)]
        axes = [k for k, c in enumerate(node.index) if c in letters]
        if form not in self.logarithms:
            index, shape = tuple(node.index[k] for k in axes), tuple(node.shape[k] for k in axes)
            self.logarithms[form] = self.made(shape, Reduce("logsumexp", over), ((argument, letters),), index)
        return factor, self.logarithms[form], axes

    def picked(self, tensor: Tensor) -> tuple[Any, Tensor] | None:
        """(f, v) where a tensor picks entries of f(u), an exponential or a sigmoid, and v picks those of u: P[n, t[n]]."""
        node = self.nodes[id(tensor)]
        if not isinstance(node.op, Sum) or not node.op.over:
            return None
        (inner, letters), *rest = node.operands
        below = None if inner.is_input else self.nodes[id(inner)]
        if below is None or not isinstance(below.op, Sum) or below.op.over or not _picks(node.op, letters):
            return None
        body: Any = below.op.body
        if not _is(body, exp | sigmoid):
            return None
        if id(tensor) not in self.picks:
            argument = below.operands[0][0]
            if body.args != (slot(0),) or below.operands[0][1] != below.index:
                argument = self.made(below.shape, Sum(body.args[0], below.op.slots), below.operands, below.index)
            self.picks[id(tensor)] = self.made(node.shape, node.op, ((argument, letters), *rest), node.index)
        return body.func, self.picks[id(tensor)]

    def made(self, shape: tuple[Expr, ...], op: Op, operands: tuple[tuple[Tensor, Index], ...], index: Index) -> Tensor:
        """A new tensor, met."""
        tensor = Tensor(shape, op, operands, index)
        self.nodes[id(tensor)] = Node(tensor)
        self.meet(tensor)
        return tensor


class _View:
    """A node and a few operations below it as one expression in symbols for the tensors where it stops."""

    def __init__(self, scene: _Scene, logarithm: bool) -> None:
        self.scene, self.logarithm = scene, logarithm
        self.leaves: dict[tuple[int, Index], tuple[Symbol, Tensor]] = {}

    def of(self, node: Node, reach: int) -> Any:
        assert isinstance(node.op, Sum)
        swap = {s: self.part(t, index, reach) for s, (t, index) in zip(node.op.slots, node.operands, strict=True)}
        return node.op.body.xreplace(swap)

    def part(self, tensor: Tensor, index: Index, reach: int) -> Any:
        node = self.scene.nodes[id(tensor)]
        if reach and not tensor.is_input:
            found = self.scene.logarithm(tensor)
            if found:
                factor, value, axes = found
                return factor * exp(self.leaf(value, tuple(index[k] for k in axes)))
            pick = self.scene.picked(tensor) if self.logarithm else None
            if pick:
                return pick[0](self.leaf(pick[1], index))
            if isinstance(node.op, Sum) and not node.op.over and self.open(tensor, node.op) and len(set(index)) == len(index):
                rename = dict(zip(node.index, index, strict=True))
                if all(set(own) <= rename.keys() for _, own in node.operands):
                    inner = Node(tensor)
                    inner.op = node.op
                    inner.operands = tuple((t, tuple(rename[c] for c in own)) for t, own in node.operands)
                    return self.of(inner, reach - 1)
        return self.leaf(tensor, index)

    def open(self, tensor: Tensor, op: Sum) -> bool:
        """Whether to look into a tensor: what nobody named; and, from a logarithm, what has a name and a rule."""
        plain = not any(s.is_integer for s in op.body.free_symbols)  # positions and sizes stay where they are
        return plain and (tensor.name is None or (self.logarithm and (_is(op.body, exp | sigmoid) or op.body == 1 - slot(0))))

    def leaf(self, tensor: Tensor, index: Index) -> Any:
        key = (self.scene.form[id(tensor)], index)
        if key not in self.leaves:
            self.leaves[key] = (Symbol(f"t{len(self.leaves)}"), tensor)
        return self.leaves[key][0]

    def settle(self, node: Node, result: Any) -> None:
        """Write the result into the node, with the argument of a lone activation as a value of its own."""
        assert isinstance(node.op, Sum)
        result = self.without_double_minus(result)
        used = [(symbol, tensor, index) for (_, index), (symbol, tensor) in self.leaves.items() if result.has(symbol)]
        slots = tuple(slot(k) for k in range(len(used)))
        body = result.xreplace({symbol: s for s, (symbol, _, _) in zip(slots, used, strict=True)})
        operands = tuple((tensor, index) for _, tensor, index in used)
        mentioned = {c for _, index in operands for c in index}
        over = tuple((c, n) for c, n in node.op.over if c in mentioned)
        if _is(body, sigmoid | softplus | sp.tanh) and body.args[0] not in slots:
            made = self.scene.made(node.shape, Sum(body.args[0], slots, over), operands, node.index)
            body, slots, operands, over = body.func(slot(0)), (slot(0),), ((made, node.index),), ()
        node.op, node.operands = Sum(body, slots, over), operands

    def without_double_minus(self, result: Any) -> Any:
        """The result with -t as u where t is -u."""
        for (_, index), (symbol, tensor) in list(self.leaves.items()):
            inner = self.scene.nodes[id(tensor)]
            if tensor.name is None and inner.op == Sum(-slot(0), (slot(0),)) and inner.operands[0][1] == inner.index:
                turned = result.xreplace({symbol: -self.leaf(inner.operands[0][0], index)})
                if turned.count(S.NegativeOne) < result.count(S.NegativeOne):
                    result = turned
        return result


def _picks(op: Sum, letters: Index) -> bool:
    """Whether a sum reads one entry: each summed letter stands once in the operand, and a guard 1[letter = place] fixes it."""
    summed, fixed = {position(c) for c, _ in op.over}, set()
    for factor in sp.Mul.make_args(op.body):
        if factor == slot(0):
            continue
        if not (_is(factor, Where) and factor.args[1:] == (1, 0) and _is(factor.args[0], sp.Eq)):
            return False
        letter, place = factor.args[0].args
        if letter not in summed - fixed or place.free_symbols & {*summed, slot(0)}:
            return False
        fixed.add(letter)
    return fixed == summed and all(letters.count(c) == 1 for c, _ in op.over)


def _is_entrywise(op: Sum) -> bool:
    return all(extent == 1 for _, extent in op.over)


def _needed(outputs: Iterable[Tensor], nodes: dict[int, Node]) -> list[Tensor]:
    """The tensors that the outputs need, operands first."""
    done: dict[int, Tensor] = {}
    stack = [(t, False) for t in reversed(list(outputs))]
    while stack:
        tensor, ready = stack.pop()
        if id(tensor) in done:
            continue
        if ready or tensor.is_input:
            done[id(tensor)] = tensor
        else:
            stack.append((tensor, True))
            stack += [(operand, False) for operand, _ in reversed(nodes[id(tensor)].operands)]
    return list(done.values())
