"""What a line of the backward pass is known as, found in its equations: the delta rule, prediction minus target, a Hessian."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from dataclasses import replace
from itertools import pairwise, permutations, takewhile
from typing import Any

import sympy as sp

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.functions import TableFunction
from symbackprop.core.program import Carry, Equation, Matrix, Sum
from symbackprop.display.box import only_line
from symbackprop.display.names import Names
from symbackprop.display.softmax import softmaxes
from symbackprop.documents.document import Span
from symbackprop.documents.layers import Line
from symbackprop.formulas import build as f
from symbackprop.formulas.names import letter
from symbackprop.formulas.told import Told, told
from symbackprop.formulas.tree import Binds, Fence, Node, Row, items_of, kind_of, split, walk

Reason = tuple[Hashable, Told]
"""A sentence with its key: what has the same key is said once on a page."""

CANCELLED = "cancelled"
"""The key of what is left of a softmax or a sigmoid."""

_ROWSUM = f.function("rowsum")
_SOFTMAX, _SIGMOID = Told("The softmax"), Told("The sigmoid")


def recognised(derivation: Derivation, names: Names, line: Line) -> Iterator[Reason]:
    """What a line is known as."""
    yield from _delta_rule(names, line)
    yield from _same_sign(names, line)
    yield from _turned(names, line)
    yield from _symmetric(derivation, names, line)
    yield from _written_out(names, line)
    yield from _cancelled(derivation, names, line)
    yield from _summed_rows(names, line)
    yield from _reparametrised(names, line)
    yield from _hessian(derivation, names, line)


def _delta_rule(names: Names, line: Line) -> Iterator[Reason]:
    """The error times the slope of the activation."""
    for equation in line.path:
        step = equation.step
        if step is None or step.through is None or step.pattern != "map":
            continue
        through = step.through.name
        function = _applied(names.written.get(through))
        above = next((e for e in line.path if e.step and e.step.wrt and e.step.wrt.name == through), None)
        target = None if above is None or function is None or not function.row.activation else _taken_from(above, through)
        if target is not None and names.signature(target).kind in ("data", "labels"):
            error = f.add([names.tensor(through), f.negative(names.tensor(target))])
            yield "delta", told("This is the delta rule: the error {} times the slope of the activation.", error)


def _same_sign(names: Names, line: Line) -> Iterator[Reason]:
    """[z > 0] is written [a > 0] where a = ReLU(z) has a name and z has none."""
    right = split(line.formula)[1]
    rows = [part for part in walk(right) if isinstance(part, Row)] if right is not None else []
    for step in (e.step for e in line.path):
        if step is None or step.through is None or step.wrt is None:
            continue
        y, function = step.through, _applied(names.written.get(step.through.name))
        if function is None or function.row.name != "relu":
            continue
        shown = [names.entry(y.name, [letter(c) for c in y.index[:k]]) for k in range(len(y.index) + 1)]
        tests = [items_of(f.indicator(f.relation(own, f.symbol(">"), f.ZERO))) for own in shown]
        if any(_times(items_of(row), test) for row in rows for test in tests):
            yield "sign", told("{} is positive exactly where {} is.", names.tensor(y.name), names.tensor(step.wrt.name))


def _turned(names: Names, line: Line) -> Iterator[Reason]:
    """1 - σ(-x) is written σ(x), where the author took the sigmoid of -x and nobody named that."""
    right = split(line.formula)[1]
    if right is None or f.symbol("sigma") not in walk(right):
        return
    for step in (e.step for e in line.path if e.step is not None and e.step.through is not None and e.step.wrt is not None):
        function, of = _applied(names.written.get(step.through.name)), names.written.get(step.wrt.name)  # type: ignore[union-attr]
        if function is None or function.row.name != "sigmoid" or of is None or names.signature(of.target.name).named:
            continue
        if isinstance(of.op, Sum) and of.op.body.could_extract_minus_sign() and not of.op.body.is_Add:
            x = f.letter("x")
            left = f.add([f.ONE, f.negative(f.call(f.symbol("sigma"), [f.negative(x)]))])
            yield "turned", told("That {} was used.", f.equation(left, f.call(f.symbol("sigma"), [x])))


def _symmetric(derivation: Derivation, names: Names, line: Line) -> Iterator[Reason]:
    """A x goes back by the transpose of A, which is A where that is symmetric; not where the line would hold A of any matrix."""
    right, role = split(line.formula)[1], names.signature(line.name).role
    shown = list(walk(right)) if right is not None else []
    if role is None or any(isinstance(e.op, Matrix) for e in derivation.forward.equations):  # which may ask for what is symmetric
        return
    for step in (e.step for e in line.path if e.step is not None):
        if step.through is None or step.wrt is None:
            continue
        for name, index_ in step.local_operands:
            own = names.tensor(name)
            turned = f.power(own, f.TOP)
            above, below = ([c for c in index_ if c in ref.index] for ref in (step.through, step.wrt))
            goes_back = names.signature(name).is_symmetric and [*index_] == above + below and len(above) == len(below) == 1
            if goes_back and own in shown and turned not in shown and name in derivation.forward.tensors:
                of_any = _declared(derivation, name, role.wrt, domain=None)
                if of_any is not None and turned in walk(of_any):
                    yield ("symmetric", name), told("That {} was used.", f.equation(turned, own))


def _summed_rows(names: Names, line: Line) -> Iterator[Reason]:
    """rowsum(D ⊙ O) for rowsum(A ⊙ D V^T), the sum that goes back through a softmax A, where the author has O = A V."""
    read = {r.name for e in line.path for r in e.operands}
    own = {p for (_, total), p in softmaxes(names).named.items() if total in read and p}
    calls = [(head, fence) for row in walk(line.formula) for head, fence in pairwise(items_of(row)) if head == _ROWSUM]
    for written in names.written.values():
        factors = _matrix_product(names, written) if len(written.target.index) > 1 else ()
        if not own.intersection(factors[:1]):
            continue
        for k in range(len(written.target.index) - 1):
            below = [letter(c) for c in written.target.index[:k]]
            o, a, *v = (names.entry(n, below[: names.signature(n).rank - 2]) for n in (written.target.name, *factors))
            for head, fence in calls:
                items = items_of(fence.body) if isinstance(fence, Fence) else ()
                if items[-2:] == (f.ODOT, o) and len(items) > 2:
                    d = Row(items[:-2]) if len(items) > 3 else items[0]
                    back = f.juxtapose([f.within(d, Binds.PRODUCT), *(f.power(x, f.TOP) for x in reversed(v))])
                    sums = f.equation(f.call(head, [f.hadamard([a, back])]), f.call(head, [f.hadamard([d, o])]))
                    yield "rows", told("{}, since {}.", sums, f.equation(o, f.juxtapose([a, *v])))
                    return


def _matrix_product(names: Names, written: Equation) -> tuple[str, ...]:
    """A, V, ... of O[n t i] = sum_l A[n t l] V[n l i], with those of a product that nobody named in its place; else none."""
    op, (*lead, column) = written.op, written.target.index
    if not isinstance(op, Sum) or len(op.over) != len(op.slots) - 1 or op.body != sp.Mul(*op.slots):
        return ()
    left, found, row = list(written.operands), list[str](), lead.pop()
    while left:
        factor = next((r for r in left if r.index[:-1] in ((*lead, row), (row,))), None)
        if factor is None:
            return ()
        left.remove(factor)
        row, inner = factor.index[-1], names.written.get(factor.name)
        if inner is None or len(inner.target.index) < 2 or names.signature(factor.name).has_name:
            found.append(factor.name)
        else:
            found += _matrix_product(names, inner) or (factor.name,)
    return tuple(found) if row == column else ()


def _written_out(names: Names, line: Line) -> Iterator[Reason]:
    """The sigmoid that a gradient holds where the author wrote exponentials: e^x/(1 + e^x), or 1 - σ(x) of -x."""
    right = split(line.formula)[1]
    ops = [written.op for written in names.written.values() if isinstance(written.op, Sum)]
    if right is None or f.symbol("sigma") not in walk(right) or any(_functions(op) & {"sigmoid", "softplus"} for op in ops):
        return
    slopes = (e.step.local.body for e in line.path if e.step is not None and isinstance(e.step.local, Sum))
    found = [part for body in slopes for part in body.atoms(sp.exp)]
    if found and any(op.body.has(sp.log) for op in ops):
        is_turned = all(part.args[0].could_extract_minus_sign() for part in found)
        x = f.letter("x")
        exponential = f.power(f.letter("e"), f.negative(x) if is_turned else x)
        sigmoid = f.call(f.symbol("sigma"), [x])
        value = f.add([f.ONE, f.negative(sigmoid)]) if is_turned else sigmoid
        yield "turned", told("That {} was used.", f.equation(f.over(exponential, f.add([f.ONE, exponential])), value))


def _cancelled(derivation: Derivation, names: Names, line: Line) -> Iterator[Reason]:
    """Prediction minus target: what is left where a softmax or a sigmoid meets the logarithm of a cross-entropy."""
    if derivation.mode != "gradient":  # of no loss
        return
    read = {r.name for e in line.path for r in e.operands}
    in_rows = not any(isinstance(e.op, Carry) for e in derivation.forward.equations)  # at its step of a loop it is an entry of it
    for of, p, what in (*_softmaxes(names, line), *_sigmoids(names, line)):
        shape = names.signature(of).shape
        for y in (t for t in derivation.forward.inputs if t.name in read - {of}):
            own = names.tensor(y.name)
            if what == _SOFTMAX and y.kind == "integers" and y.shape == shape[:-1]:
                own = f.call(f.function("onehot"), [own]) if y.shape else f.scripted(f.letter("e"), sub=own)
            elif y.kind not in ("labels", "data") or y.shape != shape:
                continue
            difference = f.add([p, f.negative(own)])
            if _is_left(line.formula, p, difference):
                yield (
                    CANCELLED,
                    told("{} and the logarithm cancel: {} is left, the prediction minus the target.", what, difference),
                )
                if y.kind == "labels" and what == _SOFTMAX:
                    yield (
                        "labels",
                        told("That each row of {} sums to one was used.", own)
                        if in_rows and len(y.shape) > 1
                        else told("That the entries of {} sum to one was used.", own),
                    )
            elif (
                y.kind == "data" and what == _SOFTMAX and _is_left(_declared(derivation, y.name, of, kind="labels"), p, difference)
            ):
                declared = Span(f"{y.name}: labels[{', '.join(map(str, y.shape))}]", style="code")
                yield (
                    "declared",
                    told("If each row of {} sums to one, declare {}: then {} is left.", own, declared, difference)
                    if in_rows and len(y.shape) > 1
                    else told("If the entries of {} sum to one, declare {}: then {} is left.", own, declared, difference),
                )


def _reparametrised(names: Names, line: Line) -> Iterator[Reason]:
    """m + exp(s/2) e, a sample of a Gaussian, where e is data."""
    for z in dict.fromkeys(e.step.through.name for e in line.path if e.step and e.step.through):
        found = _sample(names, names.written.get(z))
        if found is not None:
            m, s, e = map(names.tensor, found)
            said = told(
                "{} is drawn beforehand, so that {} is a function of {} and {}: by this reparametrisation the gradient goes back "
                "through a sample.", e, names.tensor(z), m, s,
            )  # fmt: skip
            yield "reparametrised", said


def _sample(names: Names, written: Equation | None) -> tuple[str, str, str] | None:
    """m, s and e of m + exp(s/2) e, where exp(s/2) may have a name."""
    if written is None or not isinstance(written.op, Sum) or written.op.over or len(written.operands) != 3:
        return None
    read = dict(zip(written.op.slots, written.operands, strict=True))
    for m, s, e in permutations(read):
        is_drawn = names.signature(read[e].name).kind == "data" and all(r.index == written.target.index for r in read.values())
        if is_drawn and sp.expand(written.op.body - m - sp.exp(s / 2) * e) == 0:
            return read[m].name, read[s].name, read[e].name
        log = _halved_log(names, read[s].name)
        if is_drawn and log and sp.expand(written.op.body - m - s * e) == 0:
            return read[m].name, log, read[e].name
    return None


def _halved_log(names: Names, name: str) -> str:
    """s of a value exp(s/2); "" of another one."""
    op = written.op if (written := names.written.get(name)) is not None else None
    is_it = written is not None and isinstance(op, Sum) and op.slots and not op.over and op.body == sp.exp(op.slots[0] / 2)
    return written.operands[0].name if written is not None and is_it else ""


def _softmaxes(names: Names, line: Line) -> Iterator[tuple[str, Node, Told]]:
    """What a softmax is of, and the softmax as it is called and as it is written, for each whose logsumexp a line reads."""
    read = {r.name for e in line.path for r in e.operands}
    for (of, total), own in softmaxes(names).named.items():
        if total in read:
            yield from ((of, names.tensor(name), _SOFTMAX) for name in [own] if name)
            yield of, f.call(f.function("softmax"), [names.tensor(of)]), _SOFTMAX
    for of, own in _divided(names, read):
        yield of, own, _SOFTMAX


def _divided(names: Names, read: Collection[str]) -> Iterator[tuple[str, Node]]:
    """The same of each softmax that the author wrote as exponentials over their sum, whose sum is read."""
    for total, written in names.written.items():
        op = written.op
        if total not in read or not isinstance(op, Sum) or len(op.slots) != 1 or len(op.over) != 1:
            continue
        (ref,) = written.operands
        powers = names.written.get(ref.name)
        exp = sp.exp(op.slots[0])
        if op.body == op.slots[0] and powers is not None and isinstance(powers.op, Sum) and powers.op.body == exp:
            of = powers.operands[0].name
        elif op.body == exp:
            of = ref.name
        else:
            continue
        if ref.index[-1:] == (op.over[0][0],):
            yield of, f.call(f.function("softmax"), [names.tensor(of)])
            for n, e in names.written.items():
                ends = {r.name for r in e.operands} == {ref.name, total}
                if ends and isinstance(e.op, Sum) and e.op.body == e.op.slots[0] / e.op.slots[1] and names.signature(n).has_name:
                    yield of, names.tensor(n)


def _sigmoids(names: Names, line: Line) -> Iterator[tuple[str, Node, Told]]:
    """The same of each sigmoid that a line goes back through, also where a softplus holds it with its logarithm."""
    for step in (e.step for e in line.path):
        if step is None or step.through is None or step.wrt is None:
            continue
        written, of = names.written.get(step.through.name), step.wrt.name
        function = _applied(written)
        if function is not None and function.row.name == "sigmoid" and _has_logarithm(names, line, step.through.name):
            yield of, names.tensor(step.through.name), _SIGMOID
        elif written is not None and isinstance(written.op, Sum) and "softplus" in _functions(written.op):
            yield of, f.call(f.symbol("sigma"), [names.tensor(of)]), _SIGMOID


def _hessian(derivation: Derivation, names: Names, line: Line) -> Iterator[Reason]:
    """X^T diag(p (1 - p)) X, with the slope of a sigmoid between: it is never negative, so that the loss is convex."""
    first, role = derivation.first, names.signature(line.name).role
    if first is None or role is None or role.wrt not in first.wrt or names.signature(first.of).shape:
        return
    sigmoids = {names.tensor(name) for name, written in names.written.items() if _is_sigmoid(written)}
    items = _without_spaces(line.formula)
    if len(items) < 4:
        return
    turned, head, argument, last = items[-4:]
    weights = _slope_of_sigmoid(argument, sigmoids) if head == f.function("diag") else None
    if weights is not None and items_of(f.power(last, f.TOP)) == (turned,):
        yield (
            "hessian",
            told("This is the Hessian of the logistic loss: its weights {} are slopes of the sigmoid, which are never "
                 "negative, so that {} is convex.", weights, names.tensor(first.of)),
        )  # fmt: skip


def _is_sigmoid(written: Equation) -> bool:
    function = _applied(written)
    return function is not None and function.row.name == "sigmoid"


def _without_spaces(formula: Node) -> tuple[Node, ...]:
    return tuple(item for item in items_of(formula) if kind_of(item) != "space")


def _slope_of_sigmoid(argument: Node, sigmoids: Collection[Node]) -> Node | None:
    """p (1 - p) in the brackets of a call, where p is one of some sigmoids, or written as one."""
    if not isinstance(argument, Fence):
        return None
    p = Row(tuple(takewhile(lambda item: item != f.ODOT, items_of(argument.body))))
    own = p.items[0] if len(p.items) == 1 else p
    is_one = own in sigmoids or items_of(own)[0] == f.symbol("sigma")
    slope = f.hadamard([own, f.bracket(f.add([f.ONE, f.negative(own)]))])
    return argument.body if is_one and items_of(argument.body) == items_of(slope) else None


def _has_logarithm(names: Names, line: Line, name: str) -> bool:
    """Whether a line goes back to a value through a logarithm."""
    above = (e.step.through for e in line.path if e.step and e.step.through and e.step.wrt and e.step.wrt.name == name)
    ops = [names.written[ref.name].op for ref in above if ref.name in names.written]
    return any(isinstance(op, Sum) and op.body.has(sp.log) for op in ops)


def _functions(op: Sum) -> set[str]:
    return {part.row.name for part in op.body.atoms(TableFunction)}


def _applied(written: Equation | None) -> TableFunction | None:
    """The function that an equation applies to a value, where it does nothing else."""
    body = written.op.body if written is not None and isinstance(written.op, Sum) else None
    return body if isinstance(body, TableFunction) else None


def _declared(derivation: Derivation, name: str, wrt: str, **otherwise: Any) -> Node | None:
    """The line of a gradient where a tensor is declared otherwise, as kind="labels"."""
    forward = derivation.forward
    tensors = {**forward.tensors, name: replace(forward.tensors[name], **otherwise)}
    return only_line(differentiate(replace(forward, tensors=tensors), derivation.of, [wrt]))


def _taken_from(equation: Equation, name: str) -> str | None:
    """y where an equation is c (`name` - y), with c free of both; None where it is none."""
    if not isinstance(equation.op, Sum) or len(equation.operands) != 2 or equation.op.over:
        return None
    body, slots = sp.expand(equation.op.body), equation.op.slots
    pairs = tuple(zip(slots, equation.operands, strict=True))
    for (own, ref), (other, taken) in (pairs, pairs[::-1]):
        c = body.coeff(own)
        if ref.name == name and c and not c.free_symbols & set(slots) and sp.expand(body - c * (own - other)) == 0:
            return taken.name
    return None


def _is_left(formula: Node | None, p: Node, difference: Node) -> bool:
    """Whether the right side of an equation is a difference, or holds it in brackets, and p nowhere else."""
    right = None if formula is None else split(formula)[1]
    if right is None:
        return False
    rows = [part for part in walk(right) if isinstance(part, Row)]
    is_said = difference in rows or items_of(right)[-len(items_of(difference)) :] == items_of(difference)
    return is_said and sum(_times(items_of(row), items_of(p)) for row in rows) == 1


def _times(items: tuple[Node, ...], part: tuple[Node, ...]) -> int:
    """How often some items stand in others."""
    return sum(items[k : k + len(part)] == part for k in range(len(items)))
