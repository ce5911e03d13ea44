r"""Gradients by several numbers as one vector, \nabla f = (f_x, f_y), Hessians as one matrix, and f_{xy}: entry by entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, groupby, permutations
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.best_names import best_of
from symbackprop.judge.sides.goals import spelled, tensor_named, tensor_of
from symbackprop.judge.sides.spread import spread
from symbackprop.judge.texts.brackets import is_balanced
from symbackprop.judge.texts.defined import own_steps
from symbackprop.judge.texts.numbers import PLAIN, is_of_numbers
from symbackprop.judge.texts.sentences import ASIDE
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.bracketed import between_commas, last_side, sides
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.limits import words
from symbackprop.notation.claims.side import Side, is_best, side_of
from symbackprop.notation.claims.tokens import bare, plain, tokens

Step = tuple[str, Any, str]

_SECOND = re.compile(r"_\s*\{\s*[a-z]{2}\s*\}|\\partial\s*\^\s*\{?2|\\det")  # f_{xx}
_ROWS = re.compile(  # u_k = U_{k,:}, which says what rows are called
    r"[^=]*=\s*\\?[A-Za-z]+\s*_\s*\{[^{}]*:[^{}]*\}\s*[.,;]?\s*(?:$|[,;\\])"
)
_TURNED = r"(?:\s*\^\s*\{?\s*(?:T|\\top|\\intercal)\s*\}?)?"
_MATRIX = re.compile(  # with a factor before it, which adds nothing
    r"(?P<factor>[^=&]*?)\s*(?:\\cdot\s*)?(?P<open>(?:\\left)?\(\s*)?\\begin\{[pbvB]?matrix\}(?P<rows>.*?)\\end\{[pbvB]?matrix\}\s*(?(open)(?:\\right)?\))",
    re.DOTALL,
)
_WITHIN, _ADDS = re.compile(r"\{[^{}]*\}|\([^()]*\)"), re.compile(r"[-+]")
_VECTOR = re.compile(
    rf"(?P<factor>-?\s*(?:\d+|\\[dt]?frac\s*(?:\d\s*\d|\{{\d+\}}\s*\{{\d+\}}))?)\s*(?:\\left)?\s*(?:\(|\[|\\langle)(?P<entries>.*?)"
    rf"(?:\\right)?\s*(?:\)|\]|\\rangle){_TURNED}\s*$",
    re.DOTALL,
)


def by_entries(truth: Truth, steps: Sequence[Step], at_point: bool = False) -> list[Step]:
    """The steps, with one for each entry of what is claimed by all parameters at once, where each of these is a number.

    at_point   whether the steps are about derivatives at a point, where a determinant is a number.
    """
    parameters = _numbers(truth)
    out: list[Step] = []
    for name, claim, what in steps:
        found = list(_entries(truth, parameters, claim, at_point)) if isinstance(claim, str) and parameters else []
        out += [(left, f"{left} = {entry}", what) for left, entry in found] or [(name, claim, what)]
    return out


def _numbers(truth: Truth) -> list[str]:
    """The parameters, where each of them is a number, as is the loss."""
    parameters = truth.program.parameters
    return [] if any(one.shape for one in parameters) or truth.program.shape(truth.of) else [one.name for one in parameters]


def side_by_side(truth: Truth, step: Step) -> list[Step]:
    """f_x = ..., f_{xy} = ... and x = 1, y = 2 of parameters as a step each: no line says what a parameter stands for."""
    _, claim, what = step
    parameters = [one.name for one in truth.program.parameters]
    if not isinstance(claim, str) or "\n" in claim:
        return [step]
    parts = own_steps(claim, lambda part: _is_own(truth, parameters, part))
    several = [(part.partition("=")[0].strip(), part, what) for part in parts]
    return [step] if len(parts) == 1 else [own for one in several for own in spread(truth, one)]


def with_determinants(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, where D is the determinant of the Hessian, as books call it: behind all second derivatives by two numbers.

    At a point, D(1, 1) = 27, it is that as well where nothing else is called D.
    """
    parameters = _numbers(truth)
    if len(parameters) != 2 or "D" in truth.named or truth.of == "D":
        return list(steps)
    sides = [side_of(claim) if isinstance(claim, str) else None for _, claim, _ in steps]
    told = {frozenset(by) for side in sides if side is not None and len(by := _below(truth, side)) == 2}
    every = {frozenset([one, other]) for one in parameters for other in parameters}
    own = [side for side in sides if side is not None and side.base == "D"]
    is_told, other = every <= told, [side for side in own if not _is_at_numbers(side)]
    if not is_told and any(len(_SECOND.findall(side.rest)) < 2 for side in other):
        return list(steps)
    return [
        (step[0], rf"\det H{_where(side)} {side.rest}", step[2]) if side in own and (is_told or side not in other) else step
        for step, side in zip(steps, sides, strict=True)
    ]


def _is_at_numbers(side: Side) -> bool:
    return bool(side.at) and all(PLAIN.match(one) for one in side.at or ())


def as_claims(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    """The steps, where what a sentence says of a derivative of the loss, f_x = 2x, is a claim and no definition."""

    def is_claim(step: Step) -> bool:
        side = side_of(step[1]) if step[2] == ASIDE and isinstance(step[1], str) else None
        return side is not None and bool(by := _below(truth, side)) and None not in by

    return [(name, claim, "" if is_claim((name, claim, what)) else what) for name, claim, what in steps]


def _where(side: Side) -> str:
    return "" if side.at is None else f"({', '.join(side.at)})"


def _is_own(truth: Truth, parameters: Sequence[str], part: str) -> bool:
    """Whether a text says a derivative, f_x = ..., a parameter or an entry of the Hessian, which is never a definition."""
    side = side_of(part)
    if side is None or side.of is None or _ROWS.match(part):
        return False
    if side.kind == "determinant" or _below(truth, side) or (side.times and _is_loss(truth, side)):
        return True
    word = side.of
    if side.name is not None and (best := best_of(truth, word)) is not None:
        return best not in _read(truth, side.rest)  # \hat u = u/\|u\| is none
    if side.kind != "value" or word.accent:
        return False
    whole = spelled(truth, word.base + plain(word.sub) + plain(word.sup))
    if whole in truth.named and is_of_numbers(side.rest[1:].strip(" .,;")):  # q = 3, f = -12
        return True
    of = spelled(truth, word.base) if not word.sup else None
    row = spelled(truth, word.base.upper()) if len(word.base) == 1 and word.sub and not word.sup else None  # c_k, a row of C
    is_entry = "H" not in truth.named and bool(_entry(side))
    return is_entry or bool({whole, of, row, tensor_of(truth, word)} & {*parameters})


def _read(truth: Truth, rest: str) -> set[str | None]:
    """The tensors that the sides behind a left side name; none that is not read."""
    try:
        several = [syntax(tuple(tokens(side))) for side in sides(rest)[1:] if side]
    except Fault:
        return set()
    return {tensor_of(truth, replace(word, sup=())) for node in several for word, _ in words(node) if not is_best(word)}


def _is_loss(truth: Truth, side: Side) -> bool:
    return side.of is not None and spelled(truth, side.of.base) == truth.of


def _below(truth: Truth, side: Side) -> list[str | None]:
    """The tensors by which f_{xy}, f_x(x, y) is the derivative of the loss; nothing for any other left side."""
    word = side.of
    if side.kind != "value" or word is None or word.sup or word.accent or not _is_loss(truth, side):
        return []
    letters = [token.text for token in bare(word.sub) if token.text != ","]
    if not all(one.lstrip("\\").isalpha() for one in letters):
        return []
    whole = spelled(truth, plain(word.sub)) if len(letters) > 1 else None
    return [whole] if whole else [tensor_named(truth, one) for one in letters]


def _entry(side: Side) -> tuple[int, ...]:
    """The row and the column of H_{12}; () for any other left side."""
    digits = [c for token in bare(side.of.sub) if token.text != "," for c in token.text] if side.of is not None else []
    is_entry = side.name is not None and side.name.base == "H" and not side.name.sup and len(digits) == 2
    return tuple(map(int, digits)) if is_entry and all(map(str.isdigit, digits)) else ()


def _is_hessian(truth: Truth, side: Side) -> bool:
    r"""Whether a left side is \nabla^2 f or H, H_f of the loss."""
    word = side.of
    if side.kind != "value" or word is None or word.sup or word.base[:1] != "H" or "H" in truth.named:
        return side.kind == "gradient" and side.order == 2
    of = word.base[1:] or plain(word.sub)
    return not of or spelled(truth, of) == truth.of


def _entries(truth: Truth, parameters: Sequence[str], claim: str, at_point: bool) -> Iterator[tuple[str, str]]:
    """The left side and what it is of each entry; nothing where a claim says no such vector."""
    side = side_of(claim)
    if side is None:
        return
    of, own = latex(parse_name(truth.of).formula()), [latex(parse_name(one).formula()) for one in parameters]
    right, there = side.rest[1:], _at_best(side)
    if side.kind == "determinant" and side.base == "H" and "H" not in truth.named:
        is_number = is_of_numbers(re.split("[<>]", right)[0])
        if 2 <= len(parameters) <= 3 and not there and (at_point or not is_number):
            yield r"\det H", f"{determinant(truth)} = {right}"
        return
    if several := _below(truth, side):
        if all(one in parameters for one in several):
            by = _under([own[parameters.index(one)] for one in reversed(several) if one])
            order = f"^{len(several)}" if len(several) > 1 else ""
            yield rf"\frac{{\partial{order} {of}}}{{{by}}}{there}", right
        return
    if (places := _entry(side)) and "H" not in truth.named:
        again = side_of(right)  # H_{12} = H_{21} =
        if all(1 <= k <= len(own) for k in places):
            right = again.rest[1:] if again is not None and _entry(again) else right
            yield rf"\frac{{\partial^2 {of}}}{{{_under([own[k - 1] for k in places])}}}", right
        return
    is_hessian = _is_hessian(truth, side)
    is_gradient = side.kind == "gradient" and not side.by and (side.of is None or _is_loss(truth, side))
    if len(parameters) < 2 or not (is_gradient or (is_hessian and side.kind == "value")):
        return
    try:
        rows = _rows(last_side(claim))
    except Fault:
        return
    if not is_hessian:
        before = [one for side in sides(claim)[1:-1] if (one := _vector(_rows(side), side, len(own)))]
        last = _vector(rows, "0" if _is_zero(claim) else "", len(own))
        if last:
            chains = (" = ".join(entries) for entries in zip(*before, last, strict=True))
            yield from ((rf"\frac{{\partial {of}}}{{\partial {by}}}{there}", chain) for by, chain in zip(own, chains, strict=True))
    elif len(rows) == len(own) and all(len(row) == len(own) for row in rows):
        for one, row in zip(own, rows, strict=True):
            for other, entry in zip(own, row, strict=True):
                yield rf"\frac{{\partial^2 {of}}}{{{_under([one, other])}}}{there}", entry


def _vector(rows: list[list[str]], side: str, count: int) -> list[str]:
    """The entries of a vector, of which 0 has as many as there are to be; none where a side says no such vector."""
    if rows == [[]]:
        return ["0"] * count if side.strip(" .,;") == "0" else []
    entries = [entry for row in rows for entry in row]
    return entries if len(entries) == count and 1 in (len(rows), len(rows[0])) else []


def _at_best(side: Side) -> str:
    r"""The bar behind a derivative at best values, of f_{xx}(x^*, y^*) and H(x^*, y^*)."""
    return rf"|_{{{', '.join(side.at or ())}}}" if any(map(is_best, side.points)) else ""


def _under(by: Sequence[str]) -> str:
    r"""What stands below in a derivative by one number after the other: \partial x^2 \partial y."""
    together = ((one, len(list(same))) for one, same in groupby(by))
    return " ".join(rf"\partial {one}" + (f"^{count}" if count > 1 else "") for one, count in together)


def determinant(truth: Truth) -> str:
    """The determinant of the Hessian of the loss by two or three numbers, by its entries."""
    own = latex(parse_name(truth.of).formula())
    each = [latex(parse_name(one).formula()) for one in _numbers(truth)]
    terms = []
    for order in permutations(range(len(each))):
        falls = sum(order[i] > order[j] for i, j in combinations(range(len(each)), 2))
        entries = [rf"\frac{{\partial^2 {own}}}{{\partial {each[i]} \partial {each[j]}}}" for i, j in enumerate(order)]
        terms.append(("-" if falls % 2 else "+") + " ".join(entries))
    return " ".join(terms).removeprefix("+")


def _is_zero(claim: str) -> bool:
    return re.fullmatch(r"(?:\\(?:mathbf|vec|boldsymbol)\s*)?\{?\s*0\s*\}?", claim.rpartition("=")[2].strip()) is not None


def _rows(side: str) -> list[list[str]]:
    """The entries of a matrix or a vector, each times the factor before it. Raises Fault where its brackets cannot be read."""
    matrix = _MATRIX.fullmatch(re.sub(rf"{_TURNED}\s*$", "", side.strip()))
    if matrix is not None and is_balanced(matrix["factor"]) and not _ADDS.search(_WITHIN.sub("", matrix["factor"]).lstrip("-+ ")):
        rows = [row for row in re.split(r"\\\\(?:\[[^\]]*\])?", matrix["rows"]) if row.strip()]
        return [[_times(matrix["factor"], entry) for entry in row.split("&")] for row in rows]
    vector = _VECTOR.fullmatch(side.strip())
    parts = between_commas(tuple(tokens(vector["entries"]))) if vector is not None else []
    return [[_times(vector["factor"] if vector else "", " ".join(token.text for token in part)) for part in parts]]


def _times(factor: str, entry: str) -> str:
    return rf"{factor.strip()} \left({entry.strip()}\right)" if factor.strip() else entry.strip()
