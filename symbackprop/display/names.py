"""How the tensors of a program are written in formulas: dL/dW_1 is a fraction of two partials.

Two tensors of one program never print alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol

import sympy as sp
from sympy import Expr

from symbackprop.core.derivatives.forward_mode import ONES
from symbackprop.core.functions import MATRIX_FUNCTIONS
from symbackprop.core.letters import letters_of
from symbackprop.core.program import Carry, Equation, Gradient, Program, Signature, Sum, shape_text
from symbackprop.core.widths import LayerWidths
from symbackprop.display.body import scalar
from symbackprop.formulas import build as f
from symbackprop.formulas.names import TIME, Letter, Name, at_steps, parse_name
from symbackprop.formulas.tree import Accent, Atom, Binds, Fence, Node, Script, walk

_DIFFERENTIATED = ("g", "G", "q", "r", "gamma", "psi")  # for a gradient that is differentiated once more
_CURVED = (
    "h",
    "H",
    "kappa",
    "chi",
)  # for its change as every entry moves by 1: the diagonal of a Hessian that has no other entries
_SECOND = ("H", "Gamma", "Lambda")  # for a second derivative that is
_INNER = ("delta", "eta", "xi", "zeta", "omega")  # for the gradients that it is made of
_CHANGES, _ABOVE = ("dot", "tilde", "vec"), ("d", "bar", "tilde")  # of a value, and of the gradient by it
_PI = f.symbol("pi")
_GENERATED = re.compile(rf"({'|'.join(MATRIX_FUNCTIONS)}|ties|without|others|transpose|along|ones)\((.*)\)$")


Holds = Callable[[Equation, Any, Sequence[str]], bool]
"""Whether an equation of a program is what a form says, with letters that stand as subscripts."""


def unasked(_equation: Equation, _form: Any, _below: Sequence[str]) -> bool:
    """What is known of forms where there are no numbers."""
    return True


class Label(Protocol):
    """What a tensor is called by: a formula for the whole, and for an entry."""

    def formula(self, letters: Sequence[Letter] = ()) -> Node: ...


def _chain(name: str, roles: Mapping[str, Gradient]) -> list[str]:
    """A derivative, what it is a derivative of, and so on to one of what is none."""
    chain = [name]
    while (of := roles[chain[-1]].of) in roles:
        chain.append(of)
    return chain


class Names:
    """The names of one program in formulas.

    program   the program.
    written   the equation that writes each value.
    blocks    tensors whose parts are called by what each flows into where equations read them, p_{i}, and not by slices.
    holds     what is asked before an equation is shown in matrices.
    """

    blocks: frozenset[str] = frozenset()

    holds: Holds = staticmethod(unasked)

    def __init__(self, program: Program, holds: Holds = unasked) -> None:
        self.program, self.holds = program, holds
        self.written: dict[str, Equation] = program.equation_of()
        self._names: dict[str, Name] = {}
        taken: set[Node] = set()
        for tensor in program.tensors.values():
            if tensor.role is None:
                name = generated(tensor.name, program) or self._partial(tensor) or parse_name(tensor.name)
                formula = name.formula()
                if formula == _PI and any(isinstance(e.op, Sum) and e.op.body.has(sp.pi) for e in program.equations):
                    name, formula = Name(f.BOLD_PI), f.BOLD_PI
                if formula in taken or (tensor.named and self._is_at_step(name)):
                    name = Name(f.word(tensor.name))
                    formula = name.formula()
                taken.add(formula)
                self._names[tensor.name] = name
        self._marks: dict[bool, str] = {}
        self._again: set[str] = set()  # the gradients that are differentiated once more
        self._names |= self._gradients()

    def _is_at_step(self, name: Name) -> bool:
        """Whether a name is that of another tensor at a step of its loop which is read: h_2, where h is read at its second step."""
        return bool(name.subs) and any(parse_name(of).formula(below) == name.formula() for of, below in self._read_at)

    @cached_property
    def _read_at(self) -> list[tuple[str, tuple[Node]]]:
        """The values of loops that are read at the step of a number, as it is counted from 1, and the number."""
        loops = {e.operands[0].name for e in self.program.equations if isinstance(e.op, Carry) and e.op.letter in TIME}
        reads = [(e, eq) for e in self.program.equations if isinstance(e.op, Sum) for eq in e.op.body.atoms(sp.Eq)]
        return [
            (operand.name, (f.number(int(eq.rhs) + 1),))
            for e, eq in reads
            if isinstance(eq.rhs, sp.Integer)
            for operand in e.operands
            if operand.name in loops and str(eq.lhs) in operand.index
        ]

    def _gradients(self) -> dict[str, Name]:
        """Names for the gradients that are part of what is differentiated: g, and deltas for those that it is made of."""
        roles = {n: t.role for n, t in self.program.tensors.items() if t.role is not None}
        plain = {n: role for n, role in roles.items() if not (role.via or role.upstream or role.vector)}
        first = {n: role for n, role in plain.items() if role.of not in roles and role.wrt not in roles}
        chains = [_chain(roles[n].of, roles) for n in self.program.outputs if n in roles and roles[n].of in roles]
        again = {chain[-1] for chain in chains} & first.keys()
        if not again:
            return {}
        self._again = again
        head, inner = self.free(_DIFFERENTIATED), self.free(_INNER)
        second = {n for chain in chains for n in chain[:-1]}
        found: dict[str, Name] = {n: Name(self.free(_SECOND)) for n in second if len(second) == 1}
        for k, (n, role) in enumerate(first.items(), 1):
            by = self._names[role.wrt].formula() if self.signature(role.wrt).named else f.number(k)
            found[n] = Name(head) if again == {n} else Name(head if n in again else inner, (by,))
        return found

    def _partial(self, tensor: Signature) -> Name | None:
        """What a derivative inside the network is called where nobody named it: u with what it is by below, u_{x}."""
        inner = tensor.inner
        if tensor.named or inner is None or inner.vector or inner.upstream not in ("", ONES):
            return None
        of = self._names[inner.of]
        return replace(of, subs=(*of.subs, self._names[inner.wrt].formula()))

    def is_called(self, name: str) -> bool:
        """Whether a tensor has a name that is no fraction: what a person named, and what stands for a derivative of that."""
        role = self.signature(name).role
        if role is None or name in self._names:
            return True
        base = role.of if role.vector else role.wrt if role.upstream else ""
        return base in self._names and (self.signature(base).named or self.signature(base).role is not None)

    def stands_by_name(self, name: str) -> bool:
        """Whether a value may stand by its name where it could be written out."""
        return True

    def free(self, heads: Sequence[str]) -> Node:
        """The first of some letters that no tensor is called by."""
        taken = {part for name in self._names.values() for part in walk(name.formula()) if isinstance(part, Atom)}
        return next((sign for sign in map(_head, heads) if sign not in taken), f.word("grad"))

    def own_name(self, name: str) -> Name | None:
        """The name of a tensor in its parts; None where it is a fraction."""
        return self._names.get(name)

    def name_of(self, name: str) -> Name:
        """The name of a tensor that is no derivative, in its parts."""
        return self._names[name]

    def signature(self, name: str) -> Signature:
        return self.program.tensors[name]

    def tensor(self, name: str) -> Node:
        r"""The whole tensor: W_{1}, \hat{y}, \frac{\partial L}{\partial W_{1}}."""
        return self.entry(name, ())

    def entry(self, name: str, letters: Sequence[Letter]) -> Node:
        r"""One entry: W_{1,ij}, \frac{\partial q_{k}}{\partial W_{ij}}; without any letters: the whole tensor."""
        role = self.signature(name).role
        return self._names[name].formula(letters) if role is None or name in self._names else self.derivative(role, letters)

    def derivative(self, role: Gradient, letters: Sequence[Letter], local: bool = False) -> Node:
        r"""d of / d wrt as a fraction; a derivative of a derivative is one of second order, \frac{\partial^{2} L}{\partial x^{2}}.

        A product with what comes from above is dX, one with a vector \dot{z}, as is the change of a gradient, \dot{g}.
        local   whether it is the derivative of one equation alone, which is never written as one of second order.
        """
        if role.upstream or role.vector:
            return self._multiplied(role, letters)
        below: list[Node] = []
        of, wrt, left = role.of, role.wrt, list(letters)
        while True:
            rank = self.signature(of).rank
            below.append(self._slashed(wrt, left[rank:]))
            left = left[:rank]
            inner = self.signature(of).role
            if local or inner is None or inner.via or inner.upstream or inner.vector or self.signature(role.wrt).role is not None:
                break
            of, wrt = inner.of, inner.wrt
        order = len(below)
        if len(set(below)) == 1 < order and not any(letters) and not self.signature(role.wrt).shape:
            under = f.partial(f.scripted(below[0], sup=f.number(order)))
        else:
            under = f.joined(f.THIN, [f.partial(part) for part in below])
        fraction = f.over(f.partial(self._slashed(of, left), order), under)
        return Script(Fence("", fraction, "|"), self._via(role.via, role.nth)) if role.via else fraction

    def _multiplied(self, role: Gradient, letters: Sequence[Letter]) -> Node:
        about = role.of if role.vector else role.wrt
        name = self._names.get(about)
        if name is None:  # a derivative that has no name
            inner = self.signature(about).role
            assert inner is not None
            name = Name(self.derivative(inner, ()), wrap=True)
        if role.vector == ONES and about in self._again:
            shown = replace(name, base=self.free(_CURVED)).formula(letters)
        else:
            shown = _marked(name, self._mark(bool(role.vector), role)).formula(letters)
        return Script(Fence("", shown, "|"), self._via(role.via, role.nth)) if role.via else shown

    def _mark(self, onward: bool, role: Gradient) -> str:
        """What stands at a name for its change, or for the gradient by it: the first mark that makes no name of another tensor."""
        if onward not in self._marks:
            formulas = {n: name.formula() for n, name in self._names.items()}
            above = formulas.get(role.upstream)  # which is dY by right, where it is called so
            free = (
                mark
                for mark in (_CHANGES if onward else _ABOVE)
                if not any((own := _marked(self._names[n], mark).formula()) in formulas.values() and (n, own) != (role.of, above)
                           for n in formulas)
            )  # fmt: skip
            self._marks[onward] = next(free, "ddot")
        return self._marks[onward]

    def labelled(self, labels: Mapping[str, Label]) -> Names:
        """The same names, with other ones for some tensors."""
        return _Labelled(self, labels)

    def _via(self, via: str, nth: int) -> Node:
        tensor = self._slashed(via, ())
        return f.beside(tensor, f.THIN, f.symbol("("), f.number(nth), f.symbol(")")) if nth else tensor

    def _slashed(self, name: str, letters: Sequence[Letter]) -> Node:
        """A tensor inside a fraction: a derivative in one line with a slash, in brackets."""
        shown, role = f.within(self.in_line(name, letters), Binds.POWER), self.signature(name).role
        plain = role is None or name in self._names or role.upstream or role.vector
        return shown if plain else Fence("(", shown, ")")

    def in_line(self, name: str, letters: Sequence[Letter] = ()) -> Node:
        """A tensor in running text: a derivative with a slash."""
        role = self.signature(name).role
        if role is None or name in self._names or role.upstream or role.vector:
            return self.entry(name, letters)
        return self.quotient(role, letters)

    def quotient(self, role: Gradient, letters: Sequence[Letter] = ()) -> Node:
        """A derivative with a slash, also where it has a name."""
        rank = self.signature(role.of).rank
        top, below = f.partial(self._slashed(role.of, letters[:rank])), f.partial(self._slashed(role.wrt, letters[rank:]))
        via = [Script(f.symbol("|"), self._via(role.via, role.nth))] if role.via else []
        return f.beside(top, f.symbol("/"), below, *via)

    @cached_property
    def widths(self) -> LayerWidths:
        """The sizes of axes that differ from layer to layer."""
        return LayerWidths(self.program)

    @cached_property
    def words(self) -> frozenset[str]:
        """The names of tensors and sizes, which a letter that is new must not be."""
        return frozenset((*letters_of(self.program.tensors), *map(str, self.program.sizes())))

    def dimensions(self, name: str) -> Node:
        """The shape as a formula: h × d; of what has another one at each layer, that at one, h_l × h_{l-1}."""
        return shape_formula(self.widths.shape(name) or self.signature(name).shape)

    def at_layer(self, name: str) -> Node:
        """A tensor as it stands beside its dimensions: W; W^{(l)} where it has another shape at each layer."""
        steps = self.widths.steps(name)
        return at_steps(self.name_of(name), [(a.letter, scalar(a.step)) for a in steps]) if steps else self.tensor(name)

    def shape(self, name: str) -> str:
        """The shape in words: (h, d)."""
        return shape_text(self.signature(name).shape)


def shape_formula(shape: Sequence[Expr]) -> Node:
    """Sizes as a formula: h × d, and h_{l-1} for a layer's width."""
    sizes = [scalar(n) for n in shape]
    return f.joined(f.symbol("times"), [f.within(n, Binds.PRODUCT) for n in sizes] if len(sizes) > 1 else sizes)


class _Labelled(Names):
    def __init__(self, names: Names, labels: Mapping[str, Label]) -> None:
        super().__init__(names.program, names.holds)
        self.labels, self.blocks = labels, names.blocks

    def labelled(self, labels: Mapping[str, Label]) -> Names:
        return _Labelled(self, {**self.labels, **labels})

    def entry(self, name: str, letters: Sequence[Letter]) -> Node:
        return self.labels[name].formula(letters) if name in self.labels else super().entry(name, letters)


def _marked(name: Name, mark: str) -> Name:
    """dX, or a name with an accent."""
    if mark != "d":
        return replace(name, base=Accent(mark, name.base))
    if isinstance(name.base, Atom) and name.base.kind == "letter":
        return replace(name, base=f.word(f"d{name.base.text}"))
    return replace(name, base=f.beside(f.word("d"), name.base, binds=Binds.ATOM))


def _head(name: str) -> Node:
    return f.symbol(name) if len(name) > 1 else f.letter(name)


def generated(name: str, program: Program, labels: Mapping[str, Label] = MappingProxyType({})) -> Name | None:
    """A name for what the chain rule needs: X^{-1}, Q_X; of a value that has no name itself, Q.

    labels   what some tensors are called by.
    """
    match = _GENERATED.match(name)
    if not match:
        return None
    kind, of = match.groups()
    if kind == "others":
        of = _factors(of, program)
    inner = (labels.get(of) or generated(of, program, labels) or parse_name(of)).formula()
    if kind == "inverse":
        return Name(f.power(inner, f.number(-1)), wrap=True)
    if kind == "transpose":
        return Name(f.power(inner, f.TOP), wrap=True)
    letter = "G" if kind == "along" else MATRIX_FUNCTIONS[kind].letter if kind in MATRIX_FUNCTIONS else ""
    if letter:
        return Name(f.letter(letter), (inner,) if of in program.tensors and program.tensors[of].named else ())
    return Name(f.word(kind), (inner,))


def _factors(product: str, program: Program) -> str:
    """What a product without a name is that of, where nothing else is the other factors of the same; else itself."""
    written = program.equation_of()
    products = [t[len("others(") : -1] for t in program.tensors if t.startswith("others(")]
    of = {n: written[n].operands[0].name for n in products if n in written and not program.tensors[n].has_name}
    name = of.get(product, product)
    is_one = [*of.values()].count(name) == 1 and name not in products
    return name if is_one and program.tensors[name].has_name else product
