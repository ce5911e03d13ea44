"""Derivatives inside a network: what a value needs is lowered and differentiated, and its gradients are made tensors again.

A value is differentiated in the equations that it will be printed in, so that what was written as one line has one slope.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sympy import Expr

from symbackprop.core.apart import apart
from symbackprop.core.chain_rule import on_path
from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.derivatives.forward_mode import ONES
from symbackprop.core.differentiate import differentiate
from symbackprop.core.letters import fresh
from symbackprop.core.passes.simplify import simplify
from symbackprop.core.program import Equation, Op, Program, Signature, Sum, rewritten, slot
from symbackprop.language.lower.again import read_again
from symbackprop.language.lower.fuse import fuse, squeeze
from symbackprop.language.lower.nodes import Nodes, asked_for, nodes_of, ordered
from symbackprop.language.lower.tracing import written
from symbackprop.language.tensors import Index, Inner, LanguageError, Tensor, label

MOST_NAMED = 6  # values that one error message lists


def derivatives(
    what: str, of: Tensor, wrt: Sequence[Tensor], upstream: Tensor | None = None, vector: Tensor | None = None
) -> tuple[Tensor, ...]:
    """d of / d x for every x of `wrt`, as values of the network that is being written.

    what      the function that a person called, for error messages.
    upstream  what comes to `of` from above, of its shape; vector: the direction in which the one x moves.
    Raises LanguageError where `of` does not depend on an x, or its derivative is 0 whatever the numbers are.
    """
    before = _Before(what, of, wrt)
    given = upstream if upstream is not None else vector
    placed = "" if given is None else before.given(given)
    by = [before.name(x) for x in wrt]
    try:
        found = differentiate(
            before.program, before.name(of), by, True, placed if upstream is not None else "", placed if vector is not None else ""
        )
    except DerivationError as error:
        raise LanguageError(f"{what}: {error}") from None
    for x in wrt:
        equation = found.program.equation_of()[found.gradient(before.name(x))]
        if isinstance(equation.op, Sum) and equation.op.body == 0:
            raise LanguageError(
                f"{what}: the derivative of {label(of)} by {label(x)} is 0 wherever it has a value: what lies between them is "
                f"flat, or held by stop_gradient. Take a function that bends, such as tanh or softplus, or write "
                f"zeros_like({label(x)})"
            )
    if vector is not None:
        return before.spliced(found, Inner(of, wrt[0], vector=vector))
    summed = _summed(of) if upstream is None else None
    if summed is not None:
        return before.spliced(found, Inner(summed, of, ONES))
    return before.spliced(found, Inner(of, of, "" if upstream is None else upstream))


def are_apart(what: str, of: Tensor, wrt: Tensor, lead: int) -> bool:
    """Whether every entry of `of` depends on the sample of `wrt` alone that it belongs to; samples are their first `lead` axes."""
    before = _Before(what, of, [wrt])
    return apart(before.program, before.name(of), before.name(wrt), lead)


def _summed(of: Tensor) -> Tensor | None:
    """The tensor whose entries an unnamed value adds up, all of them; None where it does something else."""
    if of.name is not None or not isinstance(of.op, Sum) or of.op.body != slot(0) or of.shape:
        return None
    ((summed, index),) = of.operands
    return summed if len(set(index)) == len(index) else None


def _require_depends(what: str, of: Tensor, wrt: Sequence[Tensor], order: Sequence[Tensor]) -> None:
    """Raise LanguageError for what `of` was not computed from."""
    known = {id(t) for t in order}
    for x in wrt:
        if id(x) not in known and not read_again(of, x, order):
            raise _independent(what, of, x, order)


def _independent(what: str, of: Tensor, x: Tensor, order: Sequence[Tensor]) -> LanguageError:
    """What is said where a derivative would be 0 because nothing leads from x to `of`."""
    read = next((t for t, _ in x.operands if any(t is other for other in order)), None)
    if read is not None:
        mend = f"{label(x)} was made of {label(read)} beside it: "
        mend += f"differentiate by {label(read)}, or compute {label(of)} from {label(x)}"
    else:
        names = [t.name for t in order if t.name is not None and t is not of]
        listed = ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")
        mend = f"it is computed from {listed}" if names else "it is a number"
    return LanguageError(f"{what}: {label(of)} does not depend on {label(x)}; {mend}")


class _Before:
    """What a value needs, as a program; each of its tensors by name."""

    def __init__(self, what: str, of: Tensor, wrt: Sequence[Tensor]) -> None:
        self.what, self.of = what, of
        _require_depends(what, of, wrt, ordered([of]))
        order = ordered([of])
        kept = {id(of), *map(id, wrt)} | asked_for(order)
        nodes: Nodes = squeeze(nodes_of(order), kept)
        if any(t.shape for t in order):
            nodes = fuse(nodes, kept)
        inputs = [t for t in order if t.is_input]
        self.program = written(nodes, inputs, [of])
        self.tensors: dict[str, Tensor] = {t.signature.name: t for t in inputs if t.signature}
        self.axes: dict[str, tuple[int, ...]] = {}  # of a tensor that lost axes of size 1: those that stay
        for node, equation in zip(nodes.values(), self.program.equations, strict=True):
            name, tensor = equation.target.name, node.tensor
            self.tensors[name] = tensor
            if len(node.index) < len(tensor.index):
                self.axes[name] = tuple(map(tensor.index.index, node.index))
        self.names = {id(tensor): name for name, tensor in self.tensors.items()}
        for x in wrt:
            if self.name(of) not in on_path(self.program, self.name(of), {self.name(x)}):
                raise _independent(what, of, x, order)

    def name(self, tensor: Tensor) -> str:
        return self.names[id(tensor)]

    def given(self, tensor: Tensor) -> str:
        """A name for a vector that the derivative is multiplied by: an input here, whatever it is in the network."""
        name = next(n for n in fresh(len(self.program.tensors) + len(self.program.sizes()) + 1, (), "v") if self.is_free(n))
        self.tensors[name] = tensor
        signature = Signature(name, tensor.shape, "data")
        self.program = Program({**self.program.tensors, name: signature}, self.program.equations, self.program.outputs)
        return name

    def is_free(self, name: str) -> bool:
        return name not in self.program.tensors and name not in map(str, self.program.sizes())

    def spliced(self, found: Derivation, inner: Inner) -> tuple[Tensor, ...]:
        """The equations of a sweep as tensors; those of its outputs. What an earlier sweep wrote for the same value is used again.

        inner   what they are derivatives of, or by where they are changes along a vector; the other end is put in for each.
        """
        program = simplify(found.program, found.forward.tensors)
        backward = program.equations[len(found.forward.equations) :]
        ahead = {name: Tensor(program.shape(name)) for name in _read_ahead(backward)}  # values that a step of a loop reads
        self.tensors |= ahead
        for equation in backward:
            name, role = equation.target.name, program.tensors[equation.target.name].role
            new = self.tensor(equation, program.shape(name))
            if name in ahead:
                ahead[name].op, ahead[name].operands, ahead[name].index = new.op, new.operands, new.index
                new = ahead[name]
            if role is not None and role.via is None:
                new.inner = inner._replace(of=self.tensors[role.of]) if found.vector else inner._replace(wrt=self.tensors[role.wrt])
            self.tensors[name] = new if name in ahead else _known(inner.of, new)
        results = tuple(self.tensors[name] for name in found.program.outputs)
        for tensor in results:
            assert tensor.inner is not None
            tensor.inner = tensor.inner._replace(asked=True)
        return results

    def tensor(self, equation: Equation, shape: tuple[Expr, ...]) -> Tensor:
        """An equation of this program as an operation on tensors, with the axes of size 1 that they have."""
        taken = {*equation.target.index, *[c for c, _ in equation.op.over], *[c for r in equation.operands for c in r.index]}
        op: Op = equation.op
        operands: list[tuple[Tensor, Index]] = []
        for ref in equation.operands:
            tensor, stay = self.tensors[ref.name], self.axes.get(ref.name, range(len(ref.index)))
            letters = dict(zip(stay, ref.index, strict=True))
            for k in range(tensor.ndim):
                if k not in letters:
                    (letters[k],) = fresh(1, taken)
                    taken.add(letters[k])
                    op = rewritten(op, (*op.over, (letters[k], tensor.shape[k])), lambda body: body)
            operands.append((tensor, tuple(letters[k] for k in range(tensor.ndim))))
        return Tensor(shape, op, tuple(operands), equation.target.index)


def _read_ahead(equations: Iterable[Equation]) -> set[str]:
    """The values that an equation reads before they are written."""
    written: set[str] = set()
    read: set[str] = set()
    for equation in equations:
        read |= {r.name for r in equation.operands} - written
        written.add(equation.target.name)
    return read & written


def _known(root: Tensor, new: Tensor) -> Tensor:
    """The tensor that an earlier sweep from the same value wrote by the same operation; else the new one, which is kept."""
    for old in root.swept:
        same = old.op == new.op and old.index == new.index and len(old.operands) == len(new.operands)
        if same and all(a is b and i == j for (a, i), (b, j) in zip(old.operands, new.operands, strict=True)):
            return old
    root.swept.append(new)
    return new
