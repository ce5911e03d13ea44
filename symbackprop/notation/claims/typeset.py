r"""The claim as it was understood, in LaTeX with one meaning: brackets where shapes decided, \odot for entry by entry."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import assert_never

import sympy as sp

from symbackprop.core.program import Gradient
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.nodes import DOWN, FAMILY, MATRIX, RIGHT, Node
from symbackprop.notation.claims.tokens import ACCENTS, GREEK

LETTER, ATOM, POWER, TIMES, SUM = 4, 3, 2, 1, 0  # how tightly a formula holds together
_FUNCTIONS = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh"}
_SIGNS = {"<": "<", "<=": r"\leq", ">": ">", ">=": r"\geq", "==": "=", "!=": r"\neq"}


def name_latex(name: str) -> str:
    r"""A tensor's name: W_{1}, \hat{y}, \mathrm{loss}."""
    head, _, tail = name.partition("_")
    digits = re.fullmatch(r"(.*?[A-Za-z])(\d+)", head)
    sub = tail.replace("_", ",")
    if digits:
        head, sub = digits[1], ",".join(filter(None, (digits[2], sub)))
    base = _base(head)
    if not sub:
        return base
    return f"{base}_{{{sub}}}" if sub.isdigit() or len(sub) <= 2 else rf"{base}_{{\text{{{sub}}}}}"


def _base(head: str) -> str:
    greek = {"lam": "lambda", "lamda": "lambda", "eps": "epsilon"}.get(head, head)
    if len(head) == 1:
        return head
    if greek in GREEK:
        return "\\" + greek
    for accent in ACCENTS:
        if head.endswith(accent) and len(head) > len(accent):
            return rf"\{accent}{{{_base(head.removesuffix(accent))}}}"
    return rf"\mathrm{{{head}}}"


class Typeset:
    """Nodes as LaTeX.

    spelling   the LaTeX of a tensor's name.
    roles      the gradients among the leaves.
    size       the LaTeX of a size of the probe.
    rank       how many axes a tensor has.
    """

    def __init__(
        self, spelling: Callable[[str], str], roles: dict[str, Gradient], size: Callable[[int], str], rank: Callable[[str], int]
    ) -> None:
        self.spelling, self.roles, self.size, self.rank = spelling, roles, size, rank

    def latex(self, node: Node) -> str:
        return self.text(node)[0]

    def held(self, node: Node, level: int) -> str:
        """The node, in brackets where it holds together less than `level`."""
        text, own = self.text(node)
        return text if own >= level else rf"\left({text}\right)"

    def text(self, node: Node) -> tuple[str, int]:
        op = node.op
        match op:
            case nd.Leaf(name=name):
                return self.leaf(name), ATOM if name in self.roles else LETTER
            case nd.Const(value=value):
                latex = sp.latex(value)
                return latex, ATOM if (value.is_Integer and value >= 0) or value.is_Symbol else (
                    TIMES if not value.is_negative else SUM
                )
            case nd.Arithmetic(sign=sign):
                return self.arithmetic(node, sign)
            case nd.Applied(name=name, slope=slope):
                return self.applied(node, name, slope), LETTER
            case nd.Compared(sign=sign):
                return (
                    rf"\mathbf{{1}}\left[{self.held(node.args[0], SUM)} {_SIGNS[sign]} {self.held(node.args[1], SUM)}\right]",
                    ATOM,
                )
            case nd.Chosen():
                c, a, b = node.args
                rows = rf"{self.latex(a)} & \text{{if }} {self.condition(c)} \\ {self.latex(b)} & \text{{otherwise}}"
                return rf"\begin{{cases}} {rows} \end{{cases}}", ATOM
            case nd.Matmul():
                return self.matmul(node), TIMES
            case nd.Renamed(pairs=pairs):
                return self.renamed(node, dict(pairs))
            case nd.Summed(axis=axis):
                return self.summed(node.args[0], axis)
            case nd.Reduced(kind=kind):
                return rf"\operatorname{{{kind}}}\left({self.latex(node.args[0])}\right)", ATOM
            case nd.Softmax():
                return rf"\operatorname{{softmax}}\left({self.latex(node.args[0])}\right)", ATOM
            case nd.MatrixOf(kind="inverse"):
                return f"{self.held(node.args[0], LETTER)}^{{-1}}", POWER
            case nd.MatrixOf(kind=kind):
                return rf"\operatorname{{{kind}}}\left({self.latex(node.args[0])}\right)", ATOM
            case nd.Diag():
                return rf"\operatorname{{diag}}\left({self.latex(node.args[0])}\right)", ATOM
            case nd.Ones() | nd.Eye() | nd.Positions():
                return self.made_of_sizes(op), LETTER
            case nd.Picked(letters=letters, shift=shift):
                return self.picked(node, letters, shift)
            case nd.Stacked():
                return self.stacked(node), ATOM
            case _:
                assert_never(op)

    def made_of_sizes(self, op: nd.Ones | nd.Eye | nd.Positions) -> str:
        """Ones, the identity, Kronecker's delta, an index as a number."""
        match op:
            case nd.Ones(axis=axis, extent=extent):
                return rf"\mathbf{{1}}_{{{self.size(extent)}}}" if axis in MATRIX else "1"
            case nd.Eye(axes=axes, extents=extents):
                a, b = axes
                return f"I_{{{self.size(extents[0])}}}" if a in MATRIX else rf"\delta_{{{a}{b}}}"
            case nd.Positions(axis=axis):
                return axis

    def flat(self, node: Node) -> str | None:
        """An entry of a tensor, all of whose axes are indices: x_{c,p+a-1}; None where one is not."""
        chain: list[Node] = []
        while isinstance(node.op, nd.Renamed | nd.Picked):
            chain.append(node)
            node = node.args[0]
        if not isinstance(node.op, nd.Leaf):
            return None
        places, axes = list(node.axes), list(node.axes)
        for one in reversed(chain):
            if isinstance(one.op, nd.Renamed):
                table = dict(one.op.pairs)
                if any(a in table and places[k] != a for k, a in enumerate(axes)):
                    return None
                places = [table.get(p, p) for p in places]
                axes = list(places)
            elif isinstance(one.op, nd.Picked) and one.op.axis in axes:
                k = axes.index(one.op.axis)
                places[k] = _place(one.op.letters, one.op.shift + 1 - sum(sign for sign, _, _ in one.op.letters))
                axes[k] = ""
        if any(p in MATRIX or (len(p) > 1 and p[0] in "bx" and p[1:].isdigit()) for p in places):
            return None
        return self.entry(node, places)

    def numbered(self, x: Node, letter: str, shift: int) -> str | None:
        """h_{t-1} for a stack of the tensors h_0, h_1, ...; None for any other stack."""
        if not isinstance(x.op, nd.Stacked) or x.op.axis != FAMILY:
            return None
        names = [
            a.op.name if isinstance(a.op, nd.Leaf) else ""
            for a in (b.args[0] if isinstance(b.op, nd.Renamed) else b for b in x.args)
        ]
        roles = [self.roles.get(n) for n in names]
        member = re.fullmatch(r"(.*?)_?(\d+)", roles[0].wrt if roles[0] else names[0])
        if member is None:
            return None
        first = int(member[2]) + shift - 1  # an index that numbers tensors is printed from 1
        stem = f"{name_latex(member[1])}_{{{letter}{f'{first:+d}' if first else ''}}}"
        return rf"\frac{{\partial {self.spelling(roles[0].of)}}}{{\partial {stem}}}" if roles[0] else stem

    def picked(self, node: Node, letters: tuple[tuple[int, str, int], ...], shift: int) -> tuple[str, int]:
        x = node.args[0]
        assert isinstance(node.op, nd.Picked)
        member = self.numbered(x, letters[0][1], shift) if len(letters) == 1 else None
        if member is not None:
            return member, ATOM
        flat = self.flat(node)
        if flat is not None:
            return flat, LETTER
        counted = shift + 1 - sum(sign for sign, _, _ in letters)  # counted from 1
        place = _place(letters, counted)
        if node.op.axis == RIGHT:
            return rf"\left({self.held(x, LETTER)}^\top\right)_{{{place}}}", POWER
        return self.entry(x, [place]), LETTER

    def leaf(self, name: str) -> str:
        role = self.roles.get(name)
        if role is None:
            return self.spelling(name)
        return rf"\frac{{\partial {self.spelling(role.of)}}}{{\partial {self.spelling(role.wrt)}}}"

    def arithmetic(self, node: Node, sign: str) -> tuple[str, int]:
        a = node.args[0]
        b = node.args[-1]
        if sign == "neg":
            return f"-{self.held(a, TIMES)}", SUM
        if sign in "+-":
            return f"{self.held(a, SUM)} {sign} {self.held(b, SUM if sign == '+' and self.text(b)[0][0] != '-' else TIMES)}", SUM
        if sign == "/":
            return rf"\frac{{{self.latex(a)}}}{{{self.latex(b)}}}", ATOM
        if sign == "**":
            if isinstance(b.op, nd.Const) and b.op.value == sp.Rational(1, 2):
                return rf"\sqrt{{{self.latex(a)}}}", ATOM
            mark = r"\odot " if a.matrix == MATRIX and isinstance(b.op, nd.Const) else ""
            return f"{self.held(a, LETTER)}^{{{mark}{self.latex(b)}}}", POWER
        sign = r" \odot " if a.matrix and b.matrix else r"\,"
        return f"{self.held(a, POWER)}{sign}{self.held(b, POWER)}", TIMES

    def applied(self, node: Node, name: str, slope: bool) -> str:
        inside = ", ".join(self.latex(a) for a in node.args)
        if name == "abs":
            return rf"\left|{inside}\right|"
        if name in ("maximum", "minimum"):
            return rf"\{name[:3]}\left({inside}\right)"
        latex = "\\" + name if name in _FUNCTIONS else rf"\operatorname{{{name.replace('_', '')}}}"
        return rf"{latex}{chr(39) * slope}\left({inside}\right)"

    def condition(self, node: Node) -> str:
        if isinstance(node.op, nd.Compared):
            return f"{self.latex(node.args[0])} {_SIGNS[node.op.sign]} {self.latex(node.args[1])}"
        return rf"{self.latex(node)} \neq 0"

    def matmul(self, node: Node) -> str:
        a, b = node.args
        return rf"{self.held(a, POWER)}\,{self.held(b, POWER)}"

    def summed(self, x: Node, axis: str) -> tuple[str, int]:
        if axis in MATRIX:  # the sum over a column is a product with ones
            ones = rf"\mathbf{{1}}_{{{self.size(x.extent(axis))}}}"
            if axis == RIGHT:
                return rf"{self.held(x, POWER)}\,{ones}", TIMES
            inner = self.held(x, POWER)
            if x.matrix == MATRIX:
                return rf"{ones}^\top\,{inner}", TIMES
            return rf"{ones}^\top\,{inner}", TIMES
        limits = f"{axis}=1}}^{{{x.extent(axis)}" if _numbers(x, axis) else axis
        return rf"\sum_{{{limits}}} {self.held(x, TIMES)}", SUM

    def renamed(self, node: Node, table: dict[str, str]) -> tuple[str, int]:
        """Axes of a matrix that became letters are indices, axes that changed sides are a transpose."""
        x = node.args[0]
        flat = self.flat(node)
        if flat is not None:
            return flat, LETTER
        own = list(x.axes) if isinstance(x.op, nd.Leaf) else [a for a in x.axes if a in MATRIX or len(a) > 1]
        names = [table.get(a, a) for a in own]
        if len(names) == 2 and names[0] == names[1] and names[0] in MATRIX:
            return rf"\operatorname{{diag}}\left({self.latex(x)}\right)", LETTER
        letters = [a for a in names if a not in MATRIX and len(a) == 1]
        left = [a for a in names if a in MATRIX or len(a) > 1]
        whole = [a for a in left if a in MATRIX]
        member = self.numbered(x, table[FAMILY], 0) if FAMILY in table else None
        if member is not None:
            return member, ATOM
        if not letters:
            if names == own or (isinstance(x.op, nd.Leaf) and whole in ([], [DOWN], [DOWN, RIGHT])):
                return self.text(x)
            return rf"{self.held(x, LETTER)}^\top", POWER
        if names and names[0] in MATRIX:  # a column: the row of the transpose
            return rf"\left({self.held(x, LETTER)}^\top\right)_{{{','.join(letters)}}}" + (
                r"^\top" if whole == [RIGHT] else ""
            ), POWER
        return self.entry(x, letters) + (r"^\top" if whole == [RIGHT] else ""), POWER if whole == [RIGHT] else LETTER

    def entry(self, x: Node, letters: list[str]) -> str:
        """x with indices; where its name has a subscript already, they follow it."""
        below = ("" if all(len(c) == 1 and c.isalpha() for c in letters) else ",").join(letters)
        if not letters:
            return self.held(x, LETTER)
        role = self.roles.get(x.op.name) if isinstance(x.op, nd.Leaf) else None
        if role is not None and len(letters) == self.rank(role.of) + self.rank(role.wrt):
            top, under = letters[: self.rank(role.of)], letters[self.rank(role.of) :]
            return rf"\frac{{\partial {self.named(role.of, top)}}}{{\partial {self.named(role.wrt, under)}}}"
        if isinstance(x.op, nd.Leaf) and role is None:
            return self.named(x.op.name, letters)
        return f"{self.held(x, LETTER)}_{{{below}}}"

    def named(self, name: str, letters: list[str]) -> str:
        """A tensor's name with indices after its own subscript."""
        below = ("" if all(len(c) == 1 and c.isalpha() for c in letters) else ",").join(letters)
        text = self.spelling(name)
        if not below:
            return text
        return f"{text[:-1]},{below}}}" if text.endswith("}") and "_{" in text else f"{text}_{{{below}}}"

    def stacked(self, node: Node) -> str:
        parts = [self.latex(a) for a in node.args]
        return r"\begin{bmatrix} " + (r" & " if node.axes[0] == RIGHT else r" \\ ").join(parts) + r" \end{bmatrix}"


def _numbers(x: Node, axis: str) -> bool:
    """Whether an index numbers tensors somewhere below."""
    own = isinstance(x.op, nd.Renamed | nd.Picked) and isinstance(x.args[0].op, nd.Stacked) and axis in x.axes
    return own or any(_numbers(a, axis) for a in x.args if axis in a.axes)


def _place(letters: tuple[tuple[int, str, int], ...], shift: int) -> str:
    text = "".join(("+" if sign > 0 else "-") + letter for sign, letter, _ in letters)
    text += f"{shift:+d}" if shift or not letters else ""
    return text.removeprefix("+")
