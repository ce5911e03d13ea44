"""What is derived: a forward program, what of it is differentiated by what, the gradient equations, and what must be said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp

from symbackprop.core.chain_rule import chain_rule, gradient_name
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.functions import REDUCTIONS, TableFunction, Where, kinks
from symbackprop.core.program import Equation, Program, Reduce, Ref, Sum, check, shape_text
from symbackprop.core.strides import unread
from symbackprop.language.lower.fuse import is_product
from symbackprop.notation import as_network


class DerivationError(SymbackpropError):
    """What was asked has no derivative of that kind; the message says why, and what to ask instead."""


@dataclass(frozen=True)
class Derived:
    """A forward program with its gradient equations.

    forward   the network as written.
    program   the same followed by the gradient equations; its outputs are the gradients, in the order of `wrt`.
    of        the name of the differentiated tensor (the loss).
    wrt       the names of the tensors that it is differentiated by.
    remarks   what a reader must know beside the equations, one paragraph each.
    """

    forward: Program
    program: Program
    of: str
    wrt: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def backward(self) -> tuple[Equation, ...]:
        """The gradient equations, in the order of the sweep."""
        return self.program.equations[len(self.forward.equations) :]

    def gradient(self, name: str) -> str:
        """The name of the tensor that holds d of / d name."""
        return gradient_name(self.of, name)


def differentiate(program: Program, of: str, wrt: Iterable[str] | None = None, jacobian: bool = False) -> Derived:
    """d `of` / d w for every w of `wrt`, by the chain rule, with the remarks that honesty asks for.

    program    a forward program, or one that holds gradients already (for second derivatives).
    of         the name of a scalar; of any tensor where `jacobian` is set.
    wrt        names of inputs or values; None: every parameter, or every input that is not an integer or a constant.
    jacobian   allow `of` to have axes: the derivative then has the shape of `of` followed by that of w.

    Raises DerivationError for a name that is not there, a loss that is not a scalar, or nothing to differentiate by.
    """
    _require(program, of, "to differentiate")
    if program.shape(of) and not jacobian:
        raise DerivationError(
            f"{of} has the shape {shape_text(program.shape(of))}, a loss is a scalar. Write L = sum({of}); or name {of} as what is "
            f'differentiated (of="{of}", on the command line --loss {of}) for its Jacobian.'
        )
    if wrt is None:
        wrt = [t.name for t in program.parameters] or [t.name for t in program.inputs if t.kind not in ("integers", "constant")]
    names = tuple(dict.fromkeys(wrt))
    if not names:
        raise DerivationError("the network has no parameter and no input to differentiate by; declare one: W: parameter[h, d]")
    for name in names:
        _require(program, name, "to differentiate by")
        if program.tensors[name].kind == "integers":
            raise DerivationError(f"{name} holds integers: it has no derivative. Differentiate by the tensor that it indexes.")
        if program.tensors[name].kind == "labels" and any(t.role for t in program.tensors.values()):
            raise DerivationError(
                f"{name} are labels, which sum to one, and the gradients of this program use that; declare {name} as data to "
                f"differentiate them by it once more."
            )
    derived = check(chain_rule(program, of, names))
    return Derived(program, derived, of, names, tuple(_remarks(program, derived, of, names)))


def as_derived(net: Any, wrt: Iterable[str] | str | None = None, of: str | None = None) -> Derived:
    """What is derived of `net`: the one way in for the check, the compiler and the report.

    net   a Derived, which is used as it is unless `wrt` is given; a network; or what `as_network` reads as one.
    wrt   names, or one string with commas; None: every parameter.
    of    what is differentiated; None: the loss. A tensor with axes that is named here gives the Jacobian.

    Raises SymbackpropError where there is no such name or nothing scalar to differentiate.
    """
    names = [n.strip() for n in wrt.split(",") if n.strip()] if isinstance(wrt, str) else wrt
    if names is not None:
        names = _names(names)
    if isinstance(net, Derived):
        return net if names is None else differentiate(net.forward, net.of, names, jacobian=True)
    network = as_network(net)
    known = network.aliases
    names = None if names is None else [known.get(n, n) for n in names]
    target = known.get(of, of) if of is not None else network.loss
    return differentiate(network.program, target, names, jacobian=of is not None)


def _names(names: object) -> list[str]:
    given = list(names) if isinstance(names, Iterable) else [names]
    found = [name for name in given if isinstance(name, str)]
    if len(found) < len(given):
        raise DerivationError(f'wrt={names!r}: give names, such as wrt=["W_1", "x"] or wrt="W_1, x"')
    return found


def _require(program: Program, name: str, purpose: str) -> None:
    if name not in program.tensors:
        from difflib import get_close_matches

        near = get_close_matches(name, list(program.tensors), 1)
        known = ", ".join(n for n, t in program.tensors.items() if t.named)
        raise DerivationError(
            f"there is no {name} {purpose}" + (f"; did you mean {near[0]}?" if near else f"; the network has {known}.")
        )


def _remarks(program: Program, derived: Program, of: str, wrt: tuple[str, ...]) -> Iterable[str]:
    yield from _zeros(program, derived, of, wrt)
    yield from _copies(program, derived, of)
    yield from _collapses(program)
    yield from unread(program)
    chosen: dict[str, None] = {}
    for equation in program.equations:
        if isinstance(equation.op, Reduce) and REDUCTIONS[equation.op.kind].kink:
            chosen[REDUCTIONS[equation.op.kind].kink] = None
        elif isinstance(equation.op, Sum):
            chosen |= dict.fromkeys(kinks(equation.op.body))
    if chosen:
        yield f"Where a function has no slope, a subgradient is chosen: {'; '.join(chosen)}."


def _zeros(program: Program, derived: Program, of: str, wrt: tuple[str, ...]) -> Iterable[str]:
    by_name = derived.equation_of()
    flat = _flat_functions(program, of)
    for name in wrt:
        stopped = " and ".join(flat.get(name, ()))
        if not _is_zero(by_name[gradient_name(of, name)]):
            if stopped:
                yield f"No gradient comes to {name} through {stopped}, which is flat; what is shown comes by the other paths."
        elif stopped:
            yield (
                f"{of} reaches {name} only through {stopped}, which is flat: the gradient is zero wherever it exists, so gradient "
                f"descent never moves {name}. To train it, replace {stopped} by a function with a slope, such as sigmoid."
            )
        elif any(name == e.target.name and _is_bypassed(e) for e in program.equations):
            yield (
                f"{of} is computed without {name}: the logarithm of a softmax or of a sigmoid is computed from its argument, which "
                f"loses no digits. No gradient passes through {name}; ask for that of the argument."
            )
        else:
            yield f"{of} does not depend on {name}: its gradient is zero."


def _is_bypassed(equation: Equation) -> bool:
    """Whether a value is one whose logarithm is written without it."""
    body = equation.op.body if isinstance(equation.op, Sum) else None
    return isinstance(body, sp.exp) or (isinstance(body, TableFunction) and body.row.name == "sigmoid")


def _is_zero(equation: Equation) -> bool:
    return isinstance(equation.op, Sum) and equation.op.body == 0


def _flat_functions(program: Program, of: str) -> dict[str, dict[str, None]]:
    """For each tensor, the flat functions between it and `of`, whose slope is zero almost everywhere."""
    above = {of}
    found: dict[str, dict[str, None]] = {}
    for equation in reversed(program.equations):
        if equation.target.name not in above:
            continue
        passed = found.get(equation.target.name, {})
        for k, operand in enumerate(equation.operands):
            above.add(operand.name)
            stopping = _stopping(equation.op.body, equation.op.slots[k]) if isinstance(equation.op, Sum) else ()
            if stopping or passed:
                found.setdefault(operand.name, {}).update(dict.fromkeys(stopping) | passed)
    return found


@cache
def _stopping(body: sp.Expr, s: sp.Symbol) -> tuple[str, ...]:
    """The flat functions through which alone a body reads a slot."""
    if not body.has(TableFunction, Where) or sp.diff(body, s) != 0:
        return ()
    names = sorted(f.row.name for f in body.atoms(TableFunction) if f.row.flat)
    return tuple(names) or ("a comparison",)


def _copies(program: Program, derived: Program, of: str) -> Iterable[str]:
    shared = [e.step.wrt.name for e in derived.equations if e.step and e.step.rule == "copy" and e.step.wrt is not None]
    shared = [name for name in shared if name in program.tensors and program.tensors[name].named]
    if shared:
        names = ", ".join(shared[:6]) + (", ..." if len(shared) > 6 else "")
        yield (
            f"{names} {'is' if len(shared) == 1 else 'are'} used more than once. The gradients of the uses add: a small change "
            f"moves {of} along every path at once, and to first order the changes sum. They are not averaged."
        )


def _collapses(program: Program) -> Iterable[str]:
    """Two linear layers with nothing between them are one linear layer."""
    affine: dict[str, tuple[str, str]] = {}
    for equation in program.equations:
        name, op = equation.target.name, equation.op
        if not isinstance(op, Sum):
            continue
        weights = [r for r in equation.operands if program.tensors[r.name].kind == "parameter" and len(r.index) > 1]
        others = [r for r in equation.operands if r not in weights]
        if is_product(op) and len(weights) == 1 and len(others) == 1:
            before = affine.get(others[0].name)
            if before is not None:
                first, second = before[0], weights[0].name
                side = before[1] if before[1] == _side(weights[0], op) else ""
                factors = {"left": f" {second} {first}", "right": f" {first} {second}"}.get(side, "")
                yield (
                    f"{second} follows {first} with no activation between them: together they are one linear layer, whose matrix "
                    f"is the product{factors or ' of the two'}. The second layer adds no expressive power; put an activation "
                    f"between them."
                )
            affine[name] = weights[0].name, _side(weights[0], op)
        elif not op.over and op.body.is_Add and all(t in op.slots for t in op.body.args):  # a bias is added
            linear = [r for r in equation.operands if r.name in affine]
            biases = [r for r in equation.operands if program.tensors[r.name].kind == "parameter"]
            if len(linear) == 1 and len(linear) + len(biases) == len(equation.operands):
                affine[name] = affine[linear[0].name]


def _side(weight: Ref, op: Sum) -> str:
    """Where a matrix stands in a product: "left" in W x, "right" in x W, "" elsewhere."""
    summed = [letter for letter, _ in op.over]
    if len(weight.index) != 2 or len(summed) != 1 or summed[0] not in weight.index:
        return ""
    return "left" if weight.index[1] == summed[0] else "right"
