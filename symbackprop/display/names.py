"""How the tensors of a program are written in formulas: dL/dW_1 is a fraction of two partials.

Two tensors of one program never print alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from symbackprop.core.program import Equation, Gradient, Program, Signature, shape_text
from symbackprop.formulas import build as f
from symbackprop.formulas.names import Letter, Name, parse_name
from symbackprop.formulas.tree import Fence, Node, Script

_GENERATED = re.compile(r"(inverse|ties|without|others)\((.*)\)$")


class Names:
    """The names of one program in formulas.

    program   the program.
    written   the equation that writes each value.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.written: dict[str, Equation] = program.equation_of()
        self._names: dict[str, Name] = {}
        taken: set[Node] = set()
        for tensor in program.tensors.values():
            if tensor.role is None:
                name = _generated(tensor.name) or parse_name(tensor.name)
                if name.formula() in taken:
                    name = Name(f.word(tensor.name))
                taken.add(name.formula())
                self._names[tensor.name] = name

    def signature(self, name: str) -> Signature:
        return self.program.tensors[name]

    def tensor(self, name: str) -> Node:
        r"""The whole tensor: W_{1}, \hat{y}, \frac{\partial L}{\partial W_{1}}."""
        return self.entry(name, ())

    def entry(self, name: str, letters: Sequence[Letter]) -> Node:
        r"""One entry: W_{1,ij}, \frac{\partial q_{k}}{\partial W_{ij}}; without any letters: the whole tensor."""
        role = self.signature(name).role
        return self._names[name].formula(letters) if role is None else self.derivative(role, letters)

    def derivative(self, role: Gradient, letters: Sequence[Letter], local: bool = False) -> Node:
        r"""d of / d wrt as a fraction; a derivative of a derivative is one of second order, \frac{\partial^{2} L}{\partial x^{2}}.

        local   whether it is the derivative of one equation alone, which is never written as one of second order.
        """
        below: list[Node] = []
        of, wrt, left = role.of, role.wrt, list(letters)
        while True:
            rank = self.signature(of).rank
            below.append(self._slashed(wrt, left[rank:]))
            left = left[:rank]
            inner = self.signature(of).role
            if local or inner is None or inner.via is not None or self.signature(role.wrt).role is not None:
                break
            of, wrt = inner.of, inner.wrt
        order = len(below)
        if len(set(below)) == 1 < order and not any(letters) and not self.signature(role.wrt).shape:
            under = f.partial(f.scripted(below[0], sup=f.number(order)))
        else:
            under = f.joined(f.THIN, [f.partial(part) for part in below])
        fraction = f.over(f.partial(self._slashed(of, left), order), under)
        return Script(Fence("", fraction, "|"), self._via(role.via, role.nth)) if role.via else fraction

    def labelled(self, labels: Mapping[str, Name]) -> Names:
        """The same names, with other ones for some tensors."""
        return _Labelled(self.program, labels)

    def _via(self, via: str, nth: int) -> Node:
        tensor = self._slashed(via, ())
        return f.beside(tensor, f.THIN, f.symbol("("), f.number(nth), f.symbol(")")) if nth else tensor

    def _slashed(self, name: str, letters: Sequence[Letter]) -> Node:
        """A tensor inside a fraction: a derivative in one line with a slash, in brackets."""
        shown = self.in_line(name, letters)
        return shown if self.signature(name).role is None else Fence("(", shown, ")")

    def in_line(self, name: str, letters: Sequence[Letter] = ()) -> Node:
        """A tensor in running text: a derivative with a slash."""
        role = self.signature(name).role
        if role is None:
            return self.entry(name, letters)
        rank = self.signature(role.of).rank
        top, below = f.partial(self._slashed(role.of, letters[:rank])), f.partial(self._slashed(role.wrt, letters[rank:]))
        via = [Script(f.symbol("|"), self._via(role.via, role.nth))] if role.via else []
        return f.beside(top, f.symbol("/"), below, *via)

    def shape(self, name: str) -> str:
        """The shape in words: (h, d)."""
        return shape_text(self.signature(name).shape)


class _Labelled(Names):
    def __init__(self, program: Program, labels: Mapping[str, Name]) -> None:
        super().__init__(program)
        self.labels = labels

    def entry(self, name: str, letters: Sequence[Letter]) -> Node:
        return self.labels[name].formula(letters) if name in self.labels else super().entry(name, letters)


def _generated(name: str) -> Name | None:
    match = _GENERATED.match(name)
    if not match:
        return None
    inner = parse_name(match.group(2)).formula()
    if match.group(1) == "inverse":
        return Name(f.power(inner, f.number(-1)), wrap=True)
    return Name(f.word(match.group(1)), (inner,))
