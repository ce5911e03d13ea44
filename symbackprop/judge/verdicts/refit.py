r"""What makes a claim whose shapes do not fit the gradient: a transpose, two factors in the other order, a sum, an outer product.

Edits are made in the text as a person wrote it, so that what is proposed can be written down as it stands. One at a time, two where
the first led on to another fault: each text is read and held against the truth like any claim.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import NamedTuple

from symbackprop.formulas.told import Piece, told
from symbackprop.judge.mistakes.edit import Finding
from symbackprop.judge.texts.prose import written
from symbackprop.judge.weighing.conventions import Convention
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.tokens import ACCENTS, FONTS, GREEK, Token, tokens

DEEPEST = 2  # edits at once
MOST = 120  # texts that are read
AXES = ("axis=0", "axis=1")

TRANSPOSE, ORDERED, GROUPED = "transpose missing", "order or layout", "grouping"
SUMMED, PRODUCT = "summed over the wrong axes", "entrywise for matrix product"
ORDER = [TRANSPOSE, ORDERED, GROUPED, SUMMED, PRODUCT]

Tried = Callable[[str], "bool | Convention | str | None"]


class Edit(NamedTuple):
    """One change of a text: what stands from `start` to `end`, what belongs there, and which mistake that was."""

    start: int
    end: int
    new: str
    name: str

    def made(self, text: str) -> str:
        return text[: self.start] + self.new + text[self.end :]


class Changed(NamedTuple):
    """A text after edits: what the first of them put in the place of what, and which mistake that was."""

    text: str
    old: str
    edit: Edit
    several: bool = False


def refitted(text: str, tried: Tried) -> Finding | None:
    """The fewest edits that make a claim right, as a mistake, or right up to a convention; None where there are none.

    tried   holds a text against the truth: whether it is right, by which convention it differs, or the fault where its shapes do
            not fit; None: it says nothing else.
    """
    start = tried(text)
    waiting: list[Changed] = []
    seen, near = {text}, None
    for depth in range(DEEPEST):
        further = []
        for before in waiting if depth else [None]:
            own = text if before is None else before.text
            for edit in edits(own):
                now = edit.made(own)
                if now in seen or len(seen) > MOST:
                    continue
                seen.add(now)
                made = Changed(now, own[edit.start : edit.end], edit) if before is None else before._replace(text=now, several=True)
                found = tried(now)
                if found is True:
                    return _finding(made)
                if isinstance(found, Convention):
                    near = near or _finding(made, found)
                elif isinstance(found, str) and found != start:
                    further.append(made)
        if near is not None:
            return near
        waiting = further
    return None


def _finding(made: Changed, but: Convention | None = None) -> Finding:
    family = "sums" if made.edit.name == SUMMED else "order"
    shown = _shown(made.text) if made.several else told("{} in the place of {}", _shown(made.edit.new), _shown(made.old))
    said = told("{} makes it right", shown) if but is None else told("{} fits; then {}", shown, but.says)
    return Finding(made.edit.name, said, "", family)


def _shown(text: str) -> Piece:
    return written(text) if "\\" in text or "^" in text else text


def edits(text: str) -> Iterator[Edit]:
    """Every edit of a claim, the likeliest mistakes first."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        yield from _in_latex(text)
        return
    if text.isascii():
        yield from sorted(_in_python(text, tree), key=lambda edit: ORDER.index(edit.name))


# ---- Python


def _in_python(text: str, tree: ast.Module) -> Iterator[Edit]:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def span(node: ast.expr) -> tuple[int, int]:
        end = starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)
        return starts[node.lineno - 1] + node.col_offset, end

    def said(node: ast.expr) -> str:
        start, end = span(node)
        return text[start:end]

    for node in ast.walk(tree):
        if not isinstance(node, ast.expr):
            continue
        start, end = span(node)
        if product := _product(node):
            one, other = product
            for part in product:
                yield Edit(*span(part), _transposed(said(part), part), TRANSPOSE)
            if isinstance(node, ast.BinOp):
                yield Edit(start, end, f"{_factor(said(other), other)} @ {_factor(said(one), one)}", ORDERED)
            yield Edit(start, end, f"outer({said(one)}, {said(other)})", PRODUCT)
            yield Edit(start, end, f"outer({said(other)}, {said(one)})", PRODUCT)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
            a, b = (_factor(said(part), part) for part in (node.left, node.right))
            for new in _regrouped(node, said):
                yield Edit(start, end, new, GROUPED)
            at, bt = (_transposed(said(part), part) for part in (node.left, node.right))
            for new in (f"{at} @ {b}", f"{a} @ {bt}", f"{a} @ {b}", f"outer({said(node.left)}, {said(node.right)})"):
                yield Edit(start, end, new, PRODUCT)
            for new in (f"{a}[:, None] * {b}", f"{a} * {b}[:, None]"):
                yield Edit(start, end, new, ORDERED)
        elif isinstance(node, ast.Call):
            yield from _axes(text, node, span)
    for statement in tree.body[-1:]:
        if isinstance(statement, ast.Expr | ast.Assign):
            start, end = span(statement.value)
            for axis in AXES:
                yield Edit(start, end, f"sum({said(statement.value)}, {axis})", SUMMED)


def _regrouped(node: ast.BinOp, said: Callable[[ast.expr], str]) -> Iterator[str]:
    """A @ B @ C * M with the last product entry by entry made earlier: A @ B @ (C * M), A @ (B @ C * M)."""
    chain: list[ast.expr] = []
    left = node.left
    while isinstance(left, ast.BinOp) and isinstance(left.op, ast.MatMult):
        chain.insert(0, left.right)
        left = left.left
    chain.insert(0, left)
    parts = [_factor(said(part), part) for part in chain]
    for k in range(1, len(parts)):
        inside = f"{' @ '.join(parts[k:])} * {_factor(said(node.right), node.right)}"
        yield f"{' @ '.join(parts[:k])} @ ({inside})"


def _product(node: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    """The operands of a matrix product: a @ b, np.dot(a, b), a.dot(b)."""
    match node:
        case ast.BinOp(left, ast.MatMult(), right):
            return left, right
        case ast.Call(ast.Attribute(ast.Name("np" | "numpy"), "dot" | "matmul"), [left, right]):
            return left, right
        case ast.Call(ast.Name("dot" | "matmul"), [left, right]) | ast.Call(ast.Attribute(left, "dot"), [right]):
            return left, right
    return None


def _axes(text: str, node: ast.Call, span: Callable[[ast.expr], tuple[int, int]]) -> Iterator[Edit]:
    """A sum or a mean along another axis."""
    named = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    if named not in ("sum", "mean"):
        return
    start, end = span(node)
    axis = next((keyword.value for keyword in node.keywords if keyword.arg == "axis"), None)
    if axis is not None:
        a, b = span(axis)
        for other in ("0", "1"):
            if text[a:b] != other:
                yield Edit(start, end, text[start:a] + other + text[b:end], SUMMED)
    elif not node.keywords:
        opening = text[start : end - 1].rstrip()
        for new in AXES:
            yield Edit(start, end, f"{opening}{'' if opening.endswith('(') else ', '}{new})", SUMMED)


def _transposed(said: str, node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return said.removesuffix(".T").rstrip()
    return f"{_factor(said, node)}.T"


def _factor(said: str, node: ast.expr) -> str:
    """A part as a factor: in brackets unless it holds together by itself."""
    return said if isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.Constant) else f"({said})"


# ---- LaTeX

_TRANSPOSED = re.compile(r"\s*\^\s*(?:\{\s*(?:\\top|T|\\mathsf\s*\{?T\}?|\\mathrm\s*\{?T\}?|\\intercal)\s*\}|\\top|T)")
_PAIR = re.compile(r"_\{\s*([a-z])(\s*,?\s*)([a-z])\s*\}")  # two indices
_SCRIPTS = ("_", "^")


def _in_latex(text: str) -> Iterator[Edit]:
    """A factor transposed, or no longer, two indices and two neighbours in the other order."""
    try:
        spans = list(_factors(tokens(text), text))
    except Fault:
        return
    right = max((m.start() for m in re.finditer("=", text)), default=-1)
    spans = [(a, b) for a, b in spans if a > right]
    for start, end in spans:
        found = next((one for one in _TRANSPOSED.finditer(text, start, end) if one.end() == end), None)
        if found:
            yield Edit(start, end, text[start : found.start()], TRANSPOSE)
        elif "^" not in text[start:end].rpartition(")")[2]:
            yield Edit(start, end, rf"{text[start:end]}^\top", TRANSPOSE)
        else:  # W^{(2)}, whose superscript is a layer
            yield Edit(start, end, rf"({text[start:end]})^\top", TRANSPOSE)
        for pair in _PAIR.finditer(text, start, end):
            yield Edit(pair.start(), pair.end(), f"_{{{pair[3]}{pair[2]}{pair[1]}}}", ORDERED)
    for (a, b), (c, d) in combinations(sorted(spans), 2):
        if b <= c and not text[b:c].strip():
            yield Edit(a, d, f"{text[c:d]} {text[a:b]}", ORDERED)


def _factors(found: list[Token], text: str) -> Iterator[tuple[int, int]]:
    """Where each letter and each bracket stands with its scripts, from left to right."""
    ends = [token.at for token in found[1:]] + [len(text)]

    def argument(k: int) -> int:
        """The place behind the argument that begins at k."""
        if k < len(found) and found[k].text == "{":
            depth = 0
            while k < len(found):
                depth += (found[k].text == "{") - (found[k].text == "}")
                k += 1
                if depth == 0:
                    return k
        if k < len(found) and found[k].text[1:] in {*ACCENTS, *FONTS}:
            return argument(k + 1)
        return k + 1

    def scripted(k: int) -> int:
        while k < len(found) and (found[k].text in _SCRIPTS or found[k].text == "'"):
            k = argument(k + 1) if found[k].text in _SCRIPTS else k + 1
        return min(k, len(found))

    opened: list[int] = []
    begin = 0  # scripts are no factors
    for k, token in enumerate(found):
        if k < begin:
            continue
        if token.text == "(":
            opened.append(k)
        if token.text == ")" and opened:
            begin = scripted(k + 1)
            yield found[opened.pop()].at, _end(text, ends, begin)
        letter = (len(token.text) == 1 and token.text.isalpha()) or token.text[1:] in GREEK
        if letter or token.text[1:] in {*ACCENTS, *FONTS}:
            begin = scripted(k + 1 if letter else argument(k + 1))
            yield token.at, _end(text, ends, begin)


def _end(text: str, ends: list[int], last: int) -> int:
    """The character behind the token before `last`, without the space that follows it."""
    stop = ends[last - 1]
    return len(text[:stop].rstrip())
