"""What code computes, by running it in NumPy, and the slips that people make: code that differs from a right one in one place."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

import symbackprop as sb
from symbackprop.evaluate import tape

SEEDS = (3, 4)
Values = dict[str, Any]


def _softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


KNOWN = {"np": np, "softmax": _softmax, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "relu": lambda x: np.maximum(x, 0)}


@cache
def truths(network: str) -> tuple[sb.Derivation, tuple[Values, ...]]:
    """The derivation of a network, and the values of all its tensors and gradients at a few points."""
    derived = sb.derive(network)
    points = [derived.point(seed) for seed in SEEDS]
    return derived, tuple({**tape.forward(derived.forward, point), **tape.forward(derived.program, point)} for point in points)


def run(network: str, code: str, values: Values) -> Values:
    """The gradients that code has given values to at its end, by the names of tensors."""
    derived, _ = truths(network)
    tensors = {
        name: np.array(values[name], dtype=int if t.kind == "integers" else float)[()]
        for name, t in derived.forward.tensors.items()
        if name in values
    }
    sizes = {str(s): n for name in tensors for s, n in zip(derived.forward.shape(name), np.shape(values[name]), strict=True)}
    numbers = {"eps": 1e-5, "lam": 0.3, "reg": 0.05 if "reg = 0.05" in network else 0.1}
    kept = {name: copy.deepcopy(tensors) for name in ("params", "parameters", "cache")}
    space: Values = {**KNOWN, **numbers, **sizes, **copy.deepcopy(tensors), **kept, "grads": {}}
    space["self"] = SimpleNamespace(**copy.deepcopy(tensors))
    with np.errstate(all="ignore"):
        exec(code, space)
    found: Values = {}
    for name in tensors:
        keys = (f"d{name}", f"grad_{name}", f"nabla_{name}")
        own = [space[key] for key in keys if key in space] + [
            space["grads"][key] for key in (name, f"d{name}") if key in space["grads"]
        ]
        found |= {name: own[-1]} if own else {}
    return found


def oracle(network: str, code: str) -> dict[str, bool] | None:
    """Whether each gradient that code gives is the true one at all points; None where it does not run.

    Of one that reads a name before it is given, nothing: the judge takes dz for the true gradient there.
    """
    derived, points = truths(network)
    right: dict[str, bool] = {}
    for values in points:
        try:
            found = run(network, code, values)
        except NameError:
            return {}
        except Exception:
            return None
        for name, claimed in found.items():
            true = values.get(f"d{derived.of}/d{name}")
            if true is not None:
                same = np.shape(claimed) == np.shape(true) and np.allclose(np.asarray(claimed, float), true, rtol=1e-7, atol=1e-9)
                right[name] = right.get(name, True) and same
    return right


def mutants(code: str) -> list[str]:
    """Codes with one slip each: a transpose, a sign, a factor, an order, an axis, a name, a line."""
    tree = ast.parse(code)
    found = [*_replaced(tree), *_moved(tree)]
    return [text for text in dict.fromkeys(found) if text != ast.unparse(tree)]


def _replaced(tree: ast.Module) -> Iterator[str]:
    for place, node in enumerate(ast.walk(tree)):
        for slip in _slips(node):
            own = copy.deepcopy(tree)
            target = list(ast.walk(own))[place]
            yield ast.unparse(ast.fix_missing_locations(_Instead(target, slip(copy.deepcopy(target))).visit(own)))


class _Instead(ast.NodeTransformer):
    def __init__(self, target: ast.AST, other: ast.AST) -> None:
        self.target, self.other = target, other

    def visit(self, node: ast.AST) -> ast.AST:
        return self.other if node is self.target else self.generic_visit(node)


_FLIPPED: dict[type, type] = {
    ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE, ast.LtE: ast.GtE,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Div: ast.Mult, ast.Mult: ast.Div,
}  # fmt: skip
_RENAMED = (("1", "2"), ("2", "1"), ("2", "3"))
_BEGUN = (("z", "a"), ("a", "z"), ("Z", "A"), ("A", "Z"), ("h", "z"))


def _slips(node: ast.AST) -> Iterator[Callable[[Any], Any]]:
    """What may stand in the place of a node."""
    match node:
        case ast.Attribute(attr="T"):
            yield lambda n: n.value
        case ast.BinOp(op=ast.Sub()):
            yield lambda n: ast.BinOp(n.right, ast.Sub(), n.left)
            yield lambda n: ast.BinOp(n.left, ast.Add(), n.right)
        case ast.BinOp(op=ast.Add()):
            yield lambda n: ast.BinOp(n.left, ast.Sub(), n.right)
            yield lambda n: n.left
        case ast.BinOp(op=ast.Div() | ast.Pow()):
            yield lambda n: n.left
        case ast.BinOp(op=ast.MatMult()):
            yield lambda n: ast.BinOp(n.right, ast.MatMult(), n.left)
            yield lambda n: ast.BinOp(n.left, ast.Mult(), n.right)
        case ast.BinOp(op=ast.Mult()):
            yield lambda n: n.left
            yield lambda n: n.right
            yield lambda n: ast.BinOp(n.left, ast.MatMult(), n.right)
        case ast.UnaryOp(op=ast.USub()):
            yield lambda n: n.operand
        case ast.Call(func=ast.Attribute(attr="dot" | "outer"), args=[_, _]):
            yield lambda n: ast.Call(n.func, n.args[::-1], n.keywords)
        case ast.Call(func=ast.Attribute(attr="sum" | "mean")):
            yield _without_sum
            yield _other_axis
            yield _other_word
        case ast.Compare(ops=[op]) if type(op) in _FLIPPED:
            yield lambda n: ast.Compare(n.left, [_FLIPPED[type(n.ops[0])]()], n.comparators)
        case ast.AugAssign(op=op) if type(op) in _FLIPPED:
            yield lambda n: ast.AugAssign(n.target, _FLIPPED[type(n.op)](), n.value)
        case ast.Constant(value=int() | float() as number) if number:
            yield lambda n: ast.Constant(2 * n.value)
        case ast.Name(id=name, ctx=ast.Load()):
            ends = [name[:-1] + other for end, other in _RENAMED if name.endswith(end) and len(name) > 1]
            begins = [other + name[1:] for begin, other in _BEGUN if name.startswith(begin) and len(name) <= 2]
            for other in (*ends, *begins):
                yield lambda _, other=other: ast.Name(other, ast.Load())


def _without_sum(call: ast.Call) -> ast.expr:
    return call.args[0] if ast.unparse(call.func).startswith("np.") else call.func.value  # type: ignore[attr-defined]


def _other_axis(call: ast.Call) -> ast.expr:
    for one in (*(k.value for k in call.keywords if k.arg == "axis"), *call.args):
        if isinstance(one, ast.Constant) and one.value in (0, 1):
            one.value = 1 - int(one.value)  # type: ignore[arg-type]
    return call


def _other_word(call: ast.Call) -> ast.expr:
    call.func.attr = "mean" if call.func.attr == "sum" else "sum"  # type: ignore[attr-defined]
    return call


def _moved(tree: ast.Module) -> Iterator[str]:
    """A line left out, two lines exchanged, a change made twice."""
    for k, line in enumerate(tree.body):
        if len(tree.body) > 1:
            yield ast.unparse(ast.Module([*tree.body[:k], *tree.body[k + 1 :]], []))
            yield ast.unparse(ast.Module([*tree.body[:k], *tree.body[k : k + 2][::-1], *tree.body[k + 2 :]], []))
        if isinstance(line, ast.AugAssign):
            yield ast.unparse(ast.Module([*tree.body[: k + 1], line, *tree.body[k + 1 :]], []))
