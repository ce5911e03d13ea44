r"""Gradients by several numbers as one vector, \nabla f = (f_x, f_y), Hessians as one matrix, and f_{xy}: entry by entry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, groupby, permutations
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.goals import spelled, tensor_named
from symbackprop.judge.sides.spread import spread
from symbackprop.judge.texts.brackets import is_balanced
from symbackprop.judge.texts.defined import own_steps
from symbackprop.judge.texts.numbers import is_of_numbers
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.bracketed import between_commas, last_side
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.tokens import tokens

Step = tuple[str, Any, str]

_FONT = r"(?:\\(?:mathrm|text|operatorname|mathcal)\s*\{\s*)?"
_LEFT = re.compile(
    rf"\s*(?:\\nabla\s*(?P<twice>\^\s*\{{?\s*2\s*\}}?)?|(?P<hessian>H)_?)\s*\{{?{_FONT}(?P<of>\\?[A-Za-z]*)\s*\}}?"
    r"\s*(?:\([^()]*\))?\s*="
)
_BELOW = re.compile(  # f_{xy}, f_x(x, y)
    r"\s*(?P<of>\\?[A-Za-z]+)_(?:\{(?P<by>(?:\s*(?:\\[A-Za-z]+|[A-Za-z]))+)\s*\}|(?P<one>\\[A-Za-z]+|[A-Za-z]))"
    r"\s*(?:\([^()=]*\)\s*)?=(?!=)"
)
_LETTER = re.compile(r"\\[A-Za-z]+|[A-Za-z]")
_ENTRY = re.compile(
    r"\s*H\s*_\s*\{?\s*(?P<one>\d)\s*,?\s*(?P<other>\d)\s*\}?\s*=(?!=)(?P<same>\s*H\s*_\s*\{?\s*\d\s*,?\s*\d\s*\}?\s*=(?!=))?"
)
_DET = re.compile(r"\s*\\det\s*(?:\\left)?\s*\(?\s*H\s*(?:\([^()]*\)\s*)?(?:\\right)?\s*\)?\s*=(?!=)")
_ROWS = re.compile(  # u_k = U_{k,:}, which says what rows are called
    r"[^=]*=\s*\\?[A-Za-z]+\s*_\s*\{[^{}]*:[^{}]*\}\s*[.,;]?\s*(?:$|[,;\\])"
)
_MARKS = re.compile(r"(?:'+|\^\{\(\d\)\})$")  # of f'' and f^{(4)}
_APPLIED = re.compile(r"\s*\([^()]*\)$")
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


def _is_own(truth: Truth, parameters: Sequence[str], part: str) -> bool:
    """Whether a text says a derivative, f_x = ..., a parameter or an entry of the Hessian, which is never a definition."""
    left = _APPLIED.sub("", part.partition("=")[0].strip()).lstrip("\\")
    of, _, by = left.partition("_")
    if _ROWS.match(part):
        return False
    higher = _BELOW.match(part)
    if (higher is not None and spelled(truth, higher["of"].lstrip("\\")) == truth.of) or part.startswith(r"\det"):
        return True
    if _MARKS.search(left) and spelled(truth, _MARKS.sub("", left)) == truth.of:
        return True
    if spelled(truth, of) == truth.of and tensor_named(truth, by.strip("{} ")) in parameters:
        return True
    row = spelled(truth, of.upper()) if len(of) == 1 and by else None  # c_k, a row of C
    letter = tensor_named(truth, left) if left.isalpha() else None  # lambda, lam
    is_entry = "H" not in truth.named and _ENTRY.match(part) is not None
    if spelled(truth, left) in truth.named and is_of_numbers(part.partition("=")[2].strip(" .,;")):  # q = 3, f = -12
        return True
    return is_entry or bool({spelled(truth, left), spelled(truth, of), row, letter} & {*parameters})


def _entries(truth: Truth, parameters: Sequence[str], claim: str, at_point: bool) -> Iterator[tuple[str, str]]:
    """The left side and what it is of each entry; nothing where a claim says no such vector."""
    of, own = latex(parse_name(truth.of).formula()), [latex(parse_name(one).formula()) for one in parameters]
    determinant = _DET.match(claim) if "H" not in truth.named else None
    is_number = determinant is not None and is_of_numbers(re.split("[<>]", claim[determinant.end() :])[0])
    if determinant is not None and 2 <= len(parameters) <= 3 and (at_point or not is_number):
        yield r"\det H", f"{_determinant(truth.of, parameters)} = {claim[determinant.end() :]}"
        return
    higher = _BELOW.match(claim)
    if higher is not None and spelled(truth, higher["of"].lstrip("\\")) == truth.of:
        several = [tensor_named(truth, letter) for letter in _LETTER.findall(higher["by"] or higher["one"])]
        if all(one in parameters for one in several):
            by = _under([own[parameters.index(one)] for one in reversed(several) if one])
            order = f"^{len(several)}" if len(several) > 1 else ""
            yield rf"\frac{{\partial{order} {of}}}{{{by}}}", claim[higher.end() :]
        return
    entry = _ENTRY.match(claim) if "H" not in truth.named else None
    if entry is not None:
        places = [int(entry["one"]), int(entry["other"])]
        if all(1 <= k <= len(own) for k in places):
            yield rf"\frac{{\partial^2 {of}}}{{{_under([own[k - 1] for k in places])}}}", claim[entry.end() :]
        return
    left = _LEFT.match(claim)
    if left is None or spelled(truth, left["of"].lstrip("\\") or truth.of) != truth.of or len(parameters) < 2:
        return
    try:
        rows = _rows(last_side(claim))
    except Fault:
        return
    if not (left["twice"] or left["hessian"]):
        entries = [entry for row in rows for entry in row] if rows != [[]] else ["0"] * len(own) * _is_zero(claim)
        rows = rows if rows != [[]] else [entries]
        if len(entries) == len(own) and 1 in (len(rows), len(rows[0])):
            yield from ((rf"\frac{{\partial {of}}}{{\partial {by}}}", entry) for by, entry in zip(own, entries, strict=True))
    elif len(rows) == len(own) and all(len(row) == len(own) for row in rows):
        for one, row in zip(own, rows, strict=True):
            for other, entry in zip(own, row, strict=True):
                yield rf"\frac{{\partial^2 {of}}}{{{_under([one, other])}}}", entry


def _under(by: Sequence[str]) -> str:
    r"""What stands below in a derivative by one number after the other: \partial x^2 \partial y."""
    together = ((one, len(list(same))) for one, same in groupby(by))
    return " ".join(rf"\partial {one}" + (f"^{count}" if count > 1 else "") for one, count in together)


def _determinant(of: str, parameters: Sequence[str]) -> str:
    """The determinant of the Hessian of a number by two or three numbers, by its entries."""
    own = latex(parse_name(of).formula())
    each = [latex(parse_name(one).formula()) for one in parameters]
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
