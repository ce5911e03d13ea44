"""Declarations: kind[sizes] & domain, as in `W_1: parameter[h, d]`, from parsed text to an input tensor."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import sympy as sp
from sympy import Expr

from symbackprop.core.choices import nearest
from symbackprop.core.errors import shown
from symbackprop.core.program import Signature, same_size, shape_text
from symbackprop.language.tensors import Tensor
from symbackprop.notation.errors import NotationError, NotRead, Source
from symbackprop.notation.grammar import parsed
from symbackprop.notation.vocabulary import DOMAINS, KINDS, MATRICES, MEANT, PACKAGES, SHAPES, UNSAID

HIGHEST = 8  # exponent of a size
EXAMPLE = "Write x: data[n], W: parameter[h, d], t: integers[n, v] or y: labels[n, c]."


@dataclass(frozen=True)
class Kind:
    """What a declaration says: the kind, the domain, and the sizes (None where none were given)."""

    kind: str | None = None
    domain: str | None = None
    sizes: tuple[Expr, ...] | None = None


def declared(
    name: str,
    annotation: ast.expr,
    source: Source,
    size_named: Callable[[ast.Name], Expr],
    measured: Callable[[ast.expr], Expr | None] = lambda node: None,
) -> Tensor:
    """The input tensor that `name: annotation` declares.

    size_named   what a name among the sizes stands for; raises NotationError where it cannot be a size.
    measured     what another expression stands for there, such as h[0]; None where it is no size.
    Raises NotationError where the annotation is no declaration.
    """
    kind = Reading(source, size_named, measured).kind(annotation)
    return input_tensor(name, kind, lambda fault, mend: NotationError(fault, mend, source.place(annotation)))


def input_tensor(name: str, kind: Kind, fault: Callable[[str, str], NotationError]) -> Tensor:
    """The input tensor of a kind; a size that might be 0 becomes a condition of the program."""
    sizes, bound = kind.sizes or (), None
    what = kind.kind or "data"
    if what == "integers":
        if kind.domain:
            raise fault(f"{name}: integers have no domain.", "Leave it out.")
        if not sizes:
            raise fault(
                f"{name}: integers need the size that they stay below.",
                f"Write {name}: integers[n, v] for n numbers below v, {name}: integers[v] for one.",
            )
        *shape, bound = sizes
        sizes = tuple(shape)
    if what == "labels" and not sizes:
        raise fault(f"{name}: labels sum to one along their last axis, so they need an axis.", f"Write {name}: labels[n, c].")
    conditions = []
    for extent in (*sizes, *([bound] if bound is not None else [])):
        is_none, condition = _room(extent)
        if is_none:
            raise fault(f"{name}: {shown(extent)} is no size.", "A size is at least 1.")
        if condition is not None:
            conditions.append(condition)
    if kind.domain in MATRICES:
        sizes = sizes * 2 if len(sizes) == 1 else sizes
        if len(sizes) < 2 or not same_size(*sizes[-2:]):
            mend = f"Write {name}: {kind.domain}[n], which is (n, n)."
            raise fault(f"{name}: a matrix that is {kind.domain} is square, not {shape_text(sizes)}.", mend)
    signature = Signature(name, sizes, what, domain=kind.domain, bound=bound)
    return Tensor(sizes, signature=signature, conditions=tuple(conditions))


@lru_cache(maxsize=1024)  # a network of many layers has few sizes
def _room(extent: Expr) -> tuple[bool, Expr | None]:
    """Whether a size is none, and what must not be negative for it to be one; None where it always is."""
    room = extent - 1
    return bool(room.is_negative), None if room.is_nonnegative else sp.expand(room)


def is_kind(annotation: ast.expr) -> bool:
    """Whether an annotation says what kind of tensor a name is, as parameter[n] does and np.ndarray does not."""
    words = re.findall(r"\w+", ast.unparse(annotation))
    return bool({*words} & {*KINDS, *DOMAINS})


class Reading:
    """The reading of one declaration."""

    def __init__(
        self,
        source: Source,
        size_named: Callable[[ast.Name], Expr],
        measured: Callable[[ast.expr], Expr | None] = lambda node: None,
    ) -> None:
        self.source, self.size_named, self.measured = source, size_named, measured

    def fault(self, node: ast.AST, fault: str, mend: str = EXAMPLE, write: str = "") -> NotationError:
        return NotationError(fault, mend, self.source.place(node), write)

    def kind(self, node: ast.expr) -> Kind:
        """kind, kind[sizes], domain, or several of these joined by &."""
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
            return self.joined(node, self.kind(node.left), self.kind(node.right))
        if isinstance(node, ast.Subscript):
            kind = self.kind(node.value)
            if kind.sizes is not None:
                raise self.fault(node, "the sizes stand in one pair of brackets.", "Write parameter[h, d].")
            return replace(kind, sizes=self.sizes(node.slice))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in PACKAGES:
            word = node.attr
        elif isinstance(node, ast.Name):
            word = node.id
        else:
            raise self.no_kind(node)
        if word in KINDS:
            return Kind(word)
        if word in DOMAINS:
            return Kind(domain=word)
        if word.lower() in SHAPES:
            raise self.fault(node, f"{word} does not say whether it is learnt.", UNSAID.format(SHAPES[word.lower()]), "data")
        near = MEANT.get(word.lower()) or nearest(word, (*KINDS, *DOMAINS))
        mend = f"Did you mean {near}?" if near else f"The kinds are {', '.join(KINDS)}; the domains {', '.join(DOMAINS)}."
        raise self.fault(node, f"{word} is no kind of tensor.", mend, near or "")

    def no_kind(self, node: ast.expr) -> NotationError:
        """What is said of a declaration that is no word: sizes in round brackets, R^n, a shape alone."""
        text = self.source.segment(node)
        match node:
            case ast.Call(ast.Name(word), [*sizes], []) if sizes and word in (*KINDS, *DOMAINS):
                meant = f"{word}[{self.written(sizes)}]"
                return self.fault(node, "sizes stand in square brackets.", f"Write {meant}.", meant)
            case ast.BinOp(ast.Name("R"), ast.BitXor() | ast.Pow(), sizes) | (ast.Tuple() | ast.List() as sizes):
                several = sizes.elts if isinstance(sizes, ast.Tuple | ast.List) else [sizes]
                shape = f"[{self.written(several)}]" if several else ""
                return self.fault(node, f"{text} does not say whether it is learnt.", UNSAID.format(shape), f"data{shape}")
            case ast.BinOp(ast.Subscript() | ast.Name() as own, ast.FloorDiv()):  # data[n] // the inputs
                return self.fault(node, "a remark begins with #.", f"Write {self.source.segment(own)}  # and the remark.")
        return self.fault(node, f"{text} is no declaration.")

    def written(self, sizes: list[ast.expr]) -> str:
        return ", ".join(self.source.segment(size) for size in sizes)

    def joined(self, node: ast.expr, a: Kind, b: Kind) -> Kind:
        for one, other in ((a.kind, b.kind), (a.domain, b.domain), (a.sizes, b.sizes if a.sizes != b.sizes else None)):
            if one is not None and other is not None:
                raise self.fault(
                    node, f"{self.source.segment(node)} says the same thing twice.", "Write s: parameter[n] & positive."
                )
        sizes = a.sizes if a.sizes is not None else b.sizes
        return Kind(a.kind or b.kind, a.domain or b.domain, sizes)

    def sizes(self, node: ast.expr) -> tuple[Expr, ...]:
        """The sizes between the brackets."""
        several = node.elts if isinstance(node, ast.Tuple) else [node]
        return tuple(self.size(one) for one in several)

    def size(self, node: ast.expr) -> Expr:
        """A size: a whole number, a symbol, or an expression of these with + - * // **."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return sp.Integer(node.value)
        if isinstance(node, ast.Name):
            if node.id in (*KINDS, *DOMAINS):  # positive[parameter]
                raise self.fault(node, f"{node.id} is no size.", "Write s: parameter[n] & positive.")
            return self.size_named(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self.size(node.operand)
        if isinstance(node, ast.BinOp):
            return self.combined(node)
        if (measure := self.measured(node)) is not None:
            return measure
        mend = "A size is a whole number, a name, or an expression of these: h - k + 1."
        if isinstance(node, ast.Slice):
            mend = "Sizes are separated by commas: parameter[h, d]."
        raise self.fault(node, f"{self.source.segment(node) or ':'} is no size.", mend)

    def combined(self, node: ast.BinOp) -> Expr:
        a, b = self.size(node.left), self.size(node.right)
        match node.op:
            case ast.Add():
                return a + b
            case ast.Sub():
                return a - b
            case ast.Mult():
                return a * b
            case ast.FloorDiv():
                if b.is_positive:
                    return sp.floor(a / b)
                raise self.fault(node, f"{b} might be 0.", "Divide by a size that is positive.")
            case ast.Pow():
                if b.is_Integer and 1 <= b <= HIGHEST:
                    return a**b
                raise self.fault(node, f"the exponent of a size is a whole number from 1 to {HIGHEST}.", "")
            case ast.Div():
                raise self.fault(
                    node,
                    "a size is a whole number.",
                    f"Write {self.source.segment(node.left)} // {self.source.segment(node.right)}.",
                )
            case _:
                fault = f"{self.source.segment(node)} is no size."
                raise NotRead(fault, "Sizes are made with + - * //.", self.source.place(node))


def unquoted(annotation: ast.expr, source: Source) -> ast.expr:
    """The annotation with quoted parts read: "data[n]" is data[n], parameter["h, d"] and parameter["h d"] are parameter[h, d]."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return inside(annotation, annotation.value, source)
    if isinstance(annotation, ast.BinOp):
        left, right = unquoted(annotation.left, source), unquoted(annotation.right, source)
        return ast.copy_location(ast.BinOp(left, annotation.op, right), annotation)
    if isinstance(annotation, ast.Subscript):
        parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        sizes: list[ast.expr] = []
        for part in parts:
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                text = part.value.strip()
                spaced = "," not in text and not any(c in text for c in "+-*/()")
                inner = inside(part, ",".join(text.split()) if spaced else text, source) if text else ast.Tuple([], ast.Load())
                sizes += inner.elts if isinstance(inner, ast.Tuple) else [inner]
            else:
                sizes.append(part)
        joined = sizes[0] if len(sizes) == 1 else ast.copy_location(ast.Tuple(sizes, ast.Load()), annotation.slice)
        return ast.copy_location(ast.Subscript(annotation.value, joined, ast.Load()), annotation)
    return annotation


def inside(node: ast.expr | ast.arg, text: str, source: Source) -> ast.expr:
    """The expression that a quoted text holds; it stands where the text stands."""
    try:
        tree, _ = parsed(text.strip(), source.file)
    except NotationError as error:
        raise NotationError(error.fault, error.mend, source.place(node)) from None
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        raise NotationError(f"{text!r} is no declaration.", 'Write x: "data[n]".', source.place(node))
    for inner in ast.walk(tree.body[0].value):
        if isinstance(inner, ast.expr):
            ast.copy_location(inner, node)
    return tree.body[0].value
