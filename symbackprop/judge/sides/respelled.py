r"""Left sides in spellings of their own as those that are read: f''(x), Df(x), \nabla f(x_k) of a point on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.goals import spelled, tensor_named, tensor_of
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.bracketed import instead
from symbackprop.notation.claims.side import Side, is_best, latex_of, side_of, word_of
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.tokens import plain, tokens

Step = tuple[str, Any, str]

_BETWEEN = re.compile(r"(?<=[A-Za-z}])\s*(?:\\left)?\([^()|]*?(?:\\\||\\parallel\b|\|\|)[^()|]*?(?:\\right)?\)")  # D_{KL}(p \| q)
_SCRIPTS = re.compile(r"[_^]\s*(?:\w|\{[^{}]*\})")
_AT = re.compile(  # \nabla_w L(w^{(t)}) wherever it stands
    r"(?P<whole>\\nabla(?:\s*_\s*(?:\w|\\[A-Za-z]+|\{[^{}]*\}))?\s*(?P<of>\\?[A-Za-z]+))\s*\((?P<names>(?:[^()]|\([^()]*\))*)\)"
)
_LAPLACIAN = re.compile(r"\s*(?:\\Delta|\\nabla\s*\\cdot\s*\\nabla)\s*(?P<of>\\?[A-Za-z]+)\s*(?==)")
_SIGMA = re.compile("Σ(?=\\s*[_ᵢⱼₖₗₘₙₚᵣₛₜ])")
_EQUALS = re.compile(r"(?<![<>!:=\\])=(?!=)")


def respelled(truth: Truth, steps: Sequence[Step], symbols: Mapping[str, str]) -> list[Step]:
    """The steps with left sides that are read.

    symbols   what the steps call otherwise.
    """
    plain_steps = [_without_name(truth, step, steps) for step in steps]
    found = [_respelled(truth, claim, symbols) if isinstance(claim, str) else claim for claim in plain_steps]
    return [step if step[1] == claim else (_called(step, claim), claim, step[2]) for step, claim in zip(steps, found, strict=True)]


def _without_name(truth: Truth, step: Step, steps: Sequence[Step]) -> Any:
    r"""A claim of a derivative that has a name which no other step uses: U(\beta) = \nabla l = ..., I = -\nabla^2 l = ..."""
    claim = step[1]
    side = side_of(claim) if isinstance(claim, str) and len(_EQUALS.findall(claim)) > 1 else None
    if side is None or side.kind != "value" or side.of is None or tensor_of(truth, side.of) is not None:
        return claim
    behind = side.rest.lstrip("= ")
    derived = side_of(behind)
    if derived is None or derived.kind == "value" or not derived.times or (side.at is None and derived.sign == 1):
        return claim
    word = re.compile(rf"(?<![A-Za-z]){re.escape(side.of.base)}(?![A-Za-z])")
    return claim if any(other is not step and isinstance(other[1], str) and word.search(other[1]) for other in steps) else behind


def _called(step: Step, claim: str) -> str:
    """What a step is called: where its left side was a square or an inverse, the name of which it was one."""
    is_other = (_square(step[1]) and not _square(claim)) or (_inverse(step[1]) and not _inverse(claim))
    return claim.partition("=")[0].strip() if is_other else step[0]


def _respelled(truth: Truth, claim: str, symbols: Mapping[str, str]) -> str:
    claim = _by_other(
        truth, _with_rows(truth, _BETWEEN.sub("", _laplacian(truth, _summed(truth, _of_word(truth, claim))))), symbols
    )
    claim = _turned(truth, _root(truth, claim, symbols), symbols)
    side = side_of(claim)
    if side is not None and (left := _slope(truth, side)):
        return f"{left} {side.rest}"
    if side is not None and (point := _point(truth, side)):
        claim = instead(claim, *point)
    left, sign, right = claim.partition("=")  # on the left it says by what: \nabla L(w)
    return left + sign + _AT.sub(lambda found: found["whole"] if _is_applied(truth, found) else found[0], right)


def _summed(truth: Truth, claim: str) -> str:
    """A claim in which a capital sigma with an index is a sum, where the network has none."""
    return claim if spelled(truth, "Sigma") else _SIGMA.sub("∑", claim)


def _of_word(truth: Truth, claim: str) -> str:
    r"""A claim in which the derivative of a loss that is called by a word, \frac{dAC}{dq}, has a \partial before it."""
    word = truth.of
    if len(word) < 2 or not word.isalpha() or f"d{word}" not in re.sub(r"[\s,\\{}]|mathrm|text", "", claim):
        return claim
    d = r"(?:d|\\mathrm\s*\{\s*d\s*\})(?:\s|\\,)*"
    of = rf"{d}(?:{word}|\\(?:text|mathrm)\s*\{{{word}\}})"
    by = r"(\\?[A-Za-z]+(?:_\w|_\{\w+\})?)"
    said = rf"\\frac{{\\partial {word}}}{{\\partial \g<1>}}"
    claim = re.sub(rf"\\[dt]?frac\s*\{{\s*{of}\s*\}}\s*\{{\s*{d}{by}\s*\}}", said, claim)
    return re.sub(rf"(?<![A-Za-z\\]){of}\s*/\s*{d}{by}", said, claim)


def _laplacian(truth: Truth, claim: str) -> str:
    r"""A claim of the Laplacian \Delta f by numbers as one of the sum of second derivatives."""
    found, own = _LAPLACIAN.match(claim), truth.program.parameters
    if found is None or spelled(truth, "Delta") or tensor_named(truth, found["of"]) != truth.of or any(t.shape for t in own):
        return claim
    by = (latex(parse_name(t.name).formula()) for t in own)
    return " + ".join(rf"\frac{{\partial^2 {found['of']}}}{{\partial {one}^2}}" for one in by) + f" {claim[found.end() :]}"


def _slope(truth: Truth, side: Side) -> str:
    """A derivative of the loss by a parameter, f''(x) and Df(x), as a fraction; "" for any other left side."""
    by = _parameter(truth, side) if side.kind in ("slope", "row") or (side.kind == "value" and side.times > 1) else None
    if by is None:
        return ""
    of, wrt, n = *(latex(parse_name(one).formula()) for one in (truth.of, by)), side.times
    if n == 2 and truth.program.shape(by):
        return rf"\nabla^2 {of}"
    power, top = f"^{n}" if n > 1 else "", r"^\top" if side.kind == "row" else ""
    return rf"\frac{{\partial{power} {of}}}{{\partial {wrt}{top or power}}}"


def _point(truth: Truth, side: Side) -> tuple[str, str] | None:
    r"""The point on the way at which a gradient is, x_k of \nabla f(x_k), and its name; None where it is at none."""
    word = word_of(side.at[0]) if side.kind == "gradient" and not side.by and side.at is not None and len(side.at) == 1 else None
    if word is None or not (word.sub or word.sup) or is_best(word) or tensor_of(truth, word) is not None:
        return None
    own = latex_of(replace(word, sub=(), sup=()))
    return (side.at[0], own) if side.at is not None and _parameter(truth, replace(side, at=(own,))) else None


def _by_other(truth: Truth, claim: str, symbols: Mapping[str, str]) -> str:
    r"""A derivative by s^2 or \log s, where the network has s alone, as the one by s, which is 2 s or 1/s times as large."""
    side = side_of(claim)
    if side is None or side.kind != "derivative" or side.of is None or side.at or side.order != 1 or len(side.by) != 1:
        return claim
    word, power, of = replace(side.by[0], sup=()), plain(side.by[0].sup), latex_of(side.of)
    by = _tensor(truth, word, symbols)
    if by is None or not (side.is_log or power.isdigit()) or len(truth.program.shape(by)) != len(plain(word.sub)):
        return claim
    if not side.is_log and (int(power) < 2 or spelled(truth, word.base + power)):  # w^1 is no power
        return claim
    base, times = latex_of(word), int(power or 1)
    scale = rf"\frac{{{times}}}{{{base}}}" if side.is_log else f"{times} {base}" + (f"^{{{times - 1}}}" if times > 2 else "")
    sides = [side.strip(" .,;\n") for side in _EQUALS.split(side.rest)[1:]]
    own = " ".join("= 0" if side == "0" else rf"= {scale} \left({side}\right)" for side in sides)
    return rf"\frac{{\partial {of}}}{{\partial {base}}} {own}"


def _root(truth: Truth, claim: str, symbols: Mapping[str, str]) -> str:
    r"""The best value of a square, \hat\sigma^2 = v, where the network has \sigma alone, as that of its root."""
    word = _square(claim)
    by = _tensor(truth, replace(word, accent="", sub=(), sup=()), symbols) if word is not None else None
    side = side_of(claim)
    if side is None or word is None or by is None or truth.program.tensors[by].kind != "parameter" or truth.program.shape(by):
        return claim
    is_iterate = any(
        a.text.lstrip("\\") == word.base and b.text == "^" for a, b in pairwise(tokens(side.rest))
    )  # w^2 = w^1 - \eta g
    if is_iterate or any(spelled(truth, f"{word.base}{mark}2") for mark in ("", "^", "_")):
        return claim
    sides = [side.strip(" .,;\n") for side in _EQUALS.split(side.rest)[1:]]
    return f"{latex_of(replace(word, sub=(), sup=()))} " + " ".join(rf"= \sqrt{{{side}}}" for side in sides)


def _turned(truth: Truth, claim: str, symbols: Mapping[str, str]) -> str:
    r"""The inverse of a best value, \hat\Omega^{-1} = S, as that value."""
    side, word = side_of(claim), _inverse(claim)
    if side is None or word is None:
        return claim
    by = _tensor(truth, replace(word, accent="", sup=()), symbols) or tensor_of(truth, replace(word, accent="", sup=()))
    if by is None or truth.program.tensors[by].kind != "parameter":
        return claim
    sides = [one.strip(" .,;\n") for one in _EQUALS.split(side.rest)[1:]]
    return f"{latex_of(replace(word, sup=()))} " + " ".join(rf"= \left({one}\right)^{{-1}}" for one in sides)


def _square(claim: str) -> Word | None:
    r"""The square that a left side is, \hat\sigma^2; None where it is none."""
    side = side_of(claim)
    word = side.name if side is not None else None
    return word if word is not None and plain(word.sup) == "2" and (not word.sub or is_best(replace(word, accent=""))) else None


def _inverse(claim: str) -> Word | None:
    r"""The inverse of a best value that a left side is, \hat\Omega^{-1}; None where it is none."""
    side = side_of(claim)
    word = side.name if side is not None else None
    return word if word is not None and plain(word.sup) == "-1" and is_best(replace(word, sup=())) else None


def _tensor(truth: Truth, word: Word, symbols: Mapping[str, str]) -> str | None:
    called = {name.lstrip("\\"): tensor for name, tensor in symbols.items()}.get(word.base)
    return spelled(truth, called) if called else tensor_of(truth, replace(word, sub=()))


def _with_rows(truth: Truth, claim: str) -> str:
    """A claim in which u_k is a row of U beside a vector u, where u_k^T stands: an entry is not transposed."""
    shapes = {name: len(truth.program.shape(name)) for name in truth.named}
    for name in (n for n in shapes if len(n) == 1 and shapes[n] == 1 and shapes.get(n.upper()) == 2):
        indexed = rf"(?<![A-Za-z\\]){name}(?=\s*_\s*(?:[a-z](?![a-z])|\{{\s*[a-z]\s*\}}))"
        is_said = re.search(indexed + r"\s*_\s*(?:[a-z]|\{\s*[a-z]\s*\})\s*=(?!=)", claim)  # u_k = U_{k,:}
        if not is_said and re.search(indexed + r"\s*_\s*\{?\s*[a-z]\s*\}?\s*\^\s*\{?\s*(?:T|\\top(?![a-z])|\\intercal)", claim):
            claim = re.sub(indexed, name.upper(), claim)
    return claim


def _is_applied(truth: Truth, found: re.Match[str]) -> bool:
    """Whether in brackets behind a gradient of the loss stands what that is a function of."""
    whole = _SCRIPTS.sub("", found["names"])
    known = [tensor_named(truth, one) for one in re.split("[,;]", whole)]
    is_given = all(one is not None and truth.program.tensors[one].kind != "value" for one in known)
    return is_given and not re.search("[-+*/]", whole) and spelled(truth, found["of"].lstrip("\\")) == truth.of


def _parameter(truth: Truth, side: Side) -> str | None:
    """The parameter by which a left side differentiates the loss; None where it is not the loss, or says none."""
    if side.of is None or tensor_of(truth, replace(side.of, sup=())) != truth.of or "D" in truth.program.tensors:
        return None
    parameters = [tensor.name for tensor in truth.program.parameters]
    if side.at is None:
        return parameters[0] if len(parameters) == 1 else None
    word = word_of(side.at[0]) if len(side.at) == 1 else None
    by = tensor_of(truth, word) if word is not None else None
    return by if by in parameters else None
