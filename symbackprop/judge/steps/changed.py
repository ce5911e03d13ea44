"""Steps of code that change arrays: what an update of a parameter says of its gradient, and what an array is on its way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Any

from symbackprop.core.derivation import DerivationError
from symbackprop.judge.sides.goals import asked, named, spelled
from symbackprop.judge.texts.arrays import BEGUN, NEW, UPDATED, Code, is_gradient
from symbackprop.judge.verdicts.judge import Judge
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_STAR = re.compile(r"\*|\\(?:star|ast)(?![a-z])")
_RATES = re.compile(r"(?:.*_)?(?:lr|rate|eta|alpha|step|step_?size|epsilon)\d*$|learning.*", re.IGNORECASE)


def with_updates(judge: Judge, steps: Sequence[Step]) -> list[Step]:
    """Steps where an update of a parameter, W = W - rate * G, is what it says: G is its gradient.

    One by a name that an earlier step gave says nothing more, and is left out. w = 2*x*w, which no later line reads, claims the
    gradient by w, and so does w = w + x where it is right as that.
    """
    truth, out, numbers = judge.truth, list[Step](), set[str]()
    for place, (name, claim, what) in enumerate(steps):
        numbers |= {name} if _is_number(claim) else set()
        if what != UPDATED:
            out.append((name, claim, what))
            continue
        before, goes_on = name.removesuffix(NEW), any(one == name for one, _, _ in steps[place + 1 :])
        read = any(isinstance(text, str) and re.search(rf"\b{name}\b", text) for _, text, _ in steps[place + 1 :])
        own, whole = spelled(truth, before), _whole(claim)
        is_parameter = own is not None and truth.program.tensors[own].kind == "parameter"
        stated = _stated(truth, claim, before, numbers, {one for one, _, _ in out}) if is_parameter else None
        if whole and not goes_on and not read and (stated is None or _is_right(judge, before, whole)):
            out.append((before, Code(whole), ""))
        elif not is_parameter or (stated is None and whole):  # W2 = W2.T is no update
            out.append((name, claim, BEGUN if goes_on else ""))
        elif read:
            raise DerivationError(f"{before} is read after it was updated: write the updates below all gradients")
        elif stated is None:
            out.append((name, claim, "abbreviation"))
        elif not (_names(truth, stated, before) and any(one == stated for one, _, _ in out)):
            out.append((f"d{own}", Code(stated), f"d{truth.of}/d{own}"))
    return out


def _whole(claim: Any) -> str:
    """The formula of one line name = formula; "" for what changes an array in its place."""
    match ast.parse(claim).body:
        case [ast.Assign(targets=[ast.Name()], value=value)]:
            return ast.unparse(value)
    return ""


def _names(truth: Truth, stated: str, parameter: str) -> bool:
    """Whether what an update takes away is the name of the gradient by its parameter."""
    goal = named(truth, stated, stated) if stated.isidentifier() and is_gradient(stated) else None
    return goal is not None and goal.of == truth.of and goal.wrt == spelled(truth, parameter)


def _is_right(judge: Judge, name: str, claim: str) -> bool:
    """Whether a formula is the gradient by a name, by itself."""
    try:
        return judge.alone(asked(judge.truth, name), claim).right
    except DerivationError:
        return False


def _is_number(claim: Any) -> bool:
    try:
        float(claim)
    except (TypeError, ValueError):
        return False
    return isinstance(claim, str)


def _stated(truth: Truth, claim: Any, name: str, numbers: set[str], given: set[str]) -> str | None:
    """What an update says that the gradient is: what is taken away, without its rate; None where it says none.

    W = W - G without a rate is one where an earlier step gave what is taken away.
    """
    lines = ast.parse(claim).body
    match lines:
        case [ast.Assign(value=value)]:
            terms = list(_terms(value, 1))
            own = [k for k, (sign, term) in enumerate(terms) if isinstance(term, ast.Name) and term.id == name and sign == 1]
            if len(own) != 1:
                return None
            del terms[own[0]]
        case [_, ast.AugAssign(target=ast.Name(), op=ast.Add() | ast.Sub() as op, value=value)]:
            terms = list(_terms(value, 1 if isinstance(op, ast.Add) else -1))
        case _:
            return None
    rates = {_rate(truth, term, numbers) for _, term in terms}
    rate = rates.pop() if len(rates) == 1 else None
    if rate is None and len(lines) == 1 and not any(isinstance(n, ast.Name) and n.id in given for n in ast.walk(lines[0])):
        return None
    parts = [(-sign, term) if rate is None else _without(term, rate, -sign) for sign, term in terms]
    if len(parts) == 1 and parts[0][0] == 1:
        return ast.unparse(parts[0][1])
    return " ".join(f"{'+' if sign > 0 else '-'} {_bracketed(term)}" for sign, term in parts).removeprefix("+ ") or None


def _terms(node: ast.expr, sign: int) -> Iterator[tuple[int, ast.expr]]:
    """The terms of a sum with their signs."""
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            yield from _terms(left, sign)
            yield from _terms(right, sign if isinstance(op, ast.Add) else -sign)
        case ast.UnaryOp(op=ast.USub(), operand=one):
            yield from _terms(one, -sign)
        case _:
            yield sign, node


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    """The factors of a product that stand beside one another."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult(), right=right):
            yield from _factors(left)
            yield from _factors(right)
        case ast.BinOp(left=left, op=ast.Div(), right=_):
            yield from _factors(left)
        case ast.UnaryOp(op=ast.USub(), operand=one):
            yield from _factors(one)
        case _:
            yield node


def _rate(truth: Truth, term: ast.expr, numbers: set[str]) -> str | None:
    """The rate of an update as it is written; None where it has none."""
    several = list(_factors(term))
    for one in several:
        if isinstance(one, ast.Name) and one.id not in truth.named and (one.id in numbers or _RATES.match(one.id)):
            return one.id
    small = (one for one in several if isinstance(one, ast.Constant) and isinstance(one.value, float) and 0 < one.value < 1)
    return next((ast.unparse(one) for one in small), None)


def _without(term: ast.expr, rate: str, sign: int) -> tuple[int, ast.expr]:
    """A term without its rate, which stands in it once as a factor."""
    match term:
        case ast.UnaryOp(op=ast.USub(), operand=one):
            return _without(one, rate, -sign)
        case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult() as op, right=right):
            if ast.unparse(left) == rate:
                return _signed(right, sign)
            if ast.unparse(right) == rate:
                return _signed(left, sign)
            where = any(ast.unparse(one) == rate for one in _factors(left))
            sign, part = _without(left if where else right, rate, sign)
            return sign, ast.BinOp(part, op, right) if where else ast.BinOp(left, op, part)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            sign, part = _without(left, rate, sign) if ast.unparse(left) != rate else (sign, ast.Constant(1))
            return sign, ast.BinOp(part, ast.Div(), right)
    return sign, ast.Constant(1)


def _signed(node: ast.expr, sign: int) -> tuple[int, ast.expr]:
    while isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node, sign = node.operand, -sign
    return sign, node


def _bracketed(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript) else f"({text})"


def may_pass(truth: Truth, steps: Sequence[Step], place: int) -> bool:
    """Whether an array that code changes may become something else than its name says, which a later step then answers for.

    dh = ... and dh[h <= 0] = 0 before dW = X.T @ dh: the gradients of inputs are judged as they end.
    """
    name = steps[place][0]
    goal = named(truth, name, name)
    if goal is not None and truth.program.tensors[goal.wrt].kind != "value":
        return False
    return any(own != name and may_mention(claim, name) for own, claim, _ in steps[place + 1 :])


def may_mention(claim: Any, name: str) -> bool:
    """Whether a name may stand in a claim: its letters do, and a star where it has one."""
    if not isinstance(claim, str):
        return False
    has_star = _STAR.search(name) is None or _STAR.search(claim) is not None
    return has_star and all(part in claim for part in re.findall(r"[^\W_]+", _STAR.sub("", name)))
