r"""Left sides in spellings of their own as those that are read: f''(x), Df(x), \nabla f(x_k) of a point on the way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.goals import spelled, tensor_named
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_OF, _BY = r"(?P<of>\\?[A-Za-z]+)", r"(?P<by>(?:\\(?:mathbf|boldsymbol|bm)\s*\{?\s*)?\\?[A-Za-z]+\s*\}?)"
_AGAIN = re.compile(  # f''(x), f^{(3)}(x)
    rf"\s*{_OF}\s*(?:(?P<marks>'{{2,}})|\^\{{?(?P<primes>'{{2,}}|(?:\\prime\s*){{2,}})\}}?|\^\{{\s*\((?P<order>\d)\)\s*\}})"
    rf"\s*(?:\(\s*{_BY}\s*\))?\s*(?==(?!=))"
)
_ONCE = re.compile(rf"\s*{_OF}\s*(?:'|\^\{{?(?:'|\\prime)\}}?)\s*(?:\(\s*{_BY}\s*\))?\s*(?==(?!=))")
_ROW = re.compile(rf"\s*(?:D|\\mathrm\s*\{{D\}})\s*{_OF}\s*(?:\(\s*{_BY}\s*\))?\s*(?==(?!=))")
_AT_POINT = re.compile(rf"\s*\\nabla(?:\^\{{?2\}}?)?\s*{_OF}\s*\(\s*{_BY}(?P<at>\s*[_^]\s*(?:\w|\{{[^{{}}]*\}}))\s*\)\s*=(?!=)")
_BETWEEN = re.compile(r"(?<=[A-Za-z}])\s*(?:\\left)?\([^()|]*?(?:\\\||\\parallel\b|\|\|)[^()|]*?(?:\\right)?\)")  # D_{KL}(p \| q)
_SCRIPTS = re.compile(r"[_^]\s*(?:\w|\{[^{}]*\})")
_AT = re.compile(  # \nabla_w L(w^{(t)}) wherever it stands
    rf"(?P<whole>\\nabla(?:\s*_\s*(?:\w|\\[A-Za-z]+|\{{[^{{}}]*\}}))?\s*{_OF})\s*\((?P<names>(?:[^()]|\([^()]*\))*)\)"
)


_SCALE = r"\\?[A-Za-z]+(?:_(?:[a-z]|\{[a-z]\}))?(?:\s*\^\s*(?:\d|\{\s*\d\s*\}))?"
_BY_OTHER = re.compile(  # \frac{\partial l}{\partial \sigma^2}, \frac{\partial l}{\partial \log\sigma_j^2}
    r"\s*\\[dt]?frac\s*\{(?P<above>\s*(?:\\partial|d)\s*(?!\^)[^{}^]+)\}\s*\{\s*(?P<d>\\partial|d)\s*"
    rf"(?P<log>(?:\(\s*)?\\(?:log|ln)(?![a-z])\s*)?(?P<bracket>\(\s*)?(?P<by>{_SCALE})\s*(?(bracket)\))\s*\)?\s*\}}\s*(?==(?!=))"
)
_SQUARE = re.compile(  # \hat\sigma^2 =
    r"\s*(?P<hat>\\(?:wide)?hat\s*)?(?P<of>\{\s*\\?[A-Za-z]+\s*\}|\\?[A-Za-z]+)"
    r"\s*\^\s*(?:2|\{\s*2\s*\})(?:\s*_\s*\{?\s*(?:\\(?:text|mathrm)\s*\{\s*)?(?:MLE?|MAP|opt)\s*\}*)?\s*(?==(?!=))"
)
_EQUALS = re.compile(r"(?<![<>!:=\\])=(?!=)")


def respelled(truth: Truth, steps: Sequence[Step], symbols: Mapping[str, str]) -> list[Step]:
    """The steps with left sides that are read.

    symbols   what the steps call otherwise.
    """
    found = [_respelled(truth, claim, symbols) if isinstance(claim, str) else claim for _, claim, _ in steps]
    return [step if step[1] == claim else (_called(step, claim), claim, step[2]) for step, claim in zip(steps, found, strict=True)]


def _called(step: Step, claim: str) -> str:
    """What a step is called: where its left side was a square, the root of that."""
    return claim.partition("=")[0].strip() if _SQUARE.match(step[1]) and not _SQUARE.match(claim) else step[0]


def _respelled(truth: Truth, claim: str, symbols: Mapping[str, str]) -> str:
    claim = _root(truth, _by_other(truth, _with_rows(truth, _BETWEEN.sub("", claim)), symbols), symbols)
    of = latex(parse_name(truth.of).formula())
    for pattern in (_AGAIN, _ONCE, _ROW):
        found = pattern.match(claim)
        by = _parameter(truth, found) if found else None
        if found is None or by is None:
            continue
        wrt = latex(parse_name(by).formula())
        if pattern is _AGAIN:
            n = _order(found)
            whole = n == 2 and truth.program.shape(by)
            left = rf"\nabla^2 {of}" if whole else rf"\frac{{\partial^{n} {of}}}{{\partial {wrt}^{n}}}"
        else:
            row = "" if pattern is _ONCE else r"^\top"
            left = rf"\frac{{\partial {of}}}{{\partial {wrt}{row}}}"
        return f"{left} {claim[found.end() :]}"
    point = _AT_POINT.match(claim)
    if point is not None and _parameter(truth, point) is not None:
        own = point["by"].strip()
        here = re.compile(rf"(?P<own>{re.escape(own)}{re.escape(point['at'])})|\\[A-Za-z]+")  # \max_k is none
        claim = here.sub(lambda found: own if found["own"] else found[0], claim)
    left, sign, right = claim.partition("=")  # on the left it says by what: \nabla L(w)
    return left + sign + _AT.sub(lambda found: found["whole"] if _is_applied(truth, found) else found[0], right)


def _by_other(truth: Truth, claim: str, symbols: Mapping[str, str]) -> str:
    r"""A derivative by s^2 or \log s, where the network has s alone, as the one by s, which is 2 s or 1/s times as large."""
    found = _BY_OTHER.match(claim)
    base, _, power = re.sub(r"[\s{}]", "", found["by"] if found else "").partition("^")
    letter, _, index = base.lstrip("\\").partition("_")
    called = {name.lstrip("\\"): tensor for name, tensor in symbols.items()}.get(letter, letter)
    by = spelled(truth, called) if letter else None
    if found is None or by is None or not (found["log"] or power) or len(truth.program.shape(by)) != len(index):
        return claim
    if not found["log"] and (int(power) < 2 or spelled(truth, letter + power)):  # w^1 is no power
        return claim
    times = int(power or 1)
    scale = rf"\frac{{{times}}}{{{base}}}" if found["log"] else f"{times} {base}" + (f"^{{{times - 1}}}" if times > 2 else "")
    sides = [side.strip(" .,;\n") for side in _EQUALS.split(claim[found.end() :])[1:]]
    own = " ".join("= 0" if side == "0" else rf"= {scale} \left({side}\right)" for side in sides)
    return rf"\frac{{{found['above']}}}{{{found['d']} {base}}} {own}"


def _root(truth: Truth, claim: str, symbols: Mapping[str, str]) -> str:
    r"""The best value of a square, \hat\sigma^2 = v, where the network has \sigma alone, as that of its root."""
    found = _SQUARE.match(claim)
    letter = re.sub(r"[\s{}\\]", "", found["of"]) if found else ""
    called = {name.lstrip("\\"): tensor for name, tensor in symbols.items()}.get(letter, letter)
    by = tensor_named(truth, called) if letter else None
    if found is None or by is None or truth.program.tensors[by].kind != "parameter" or truth.program.shape(by):
        return claim
    is_iterate = re.search(rf"{re.escape(found['of'].strip())}\s*\^", claim[found.end() :]) is not None  # w^2 = w^1 - \eta g
    if is_iterate or any(spelled(truth, f"{letter}{mark}2") for mark in ("", "^", "_")):
        return claim
    sides = [side.strip(" .,;\n") for side in _EQUALS.split(claim[found.end() :])[1:]]
    return f"{found['hat'] or ''}{found['of']} " + " ".join(rf"= \sqrt{{{side}}}" for side in sides)


def _order(found: re.Match[str]) -> int:
    primes = found["marks"] or (found["primes"] or "").replace(r"\prime", "'")
    return int(found["order"]) if found["order"] else primes.count("'")


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


def _parameter(truth: Truth, found: re.Match[str]) -> str | None:
    """The parameter by which a left side differentiates the loss; None where it is not the loss, or says none."""
    if spelled(truth, found["of"].lstrip("\\")) != truth.of or "D" in truth.program.tensors:
        return None
    parameters = [tensor.name for tensor in truth.program.parameters]
    if found["by"] is None:
        return parameters[0] if len(parameters) == 1 else None
    by = tensor_named(truth, found["by"])
    return by if by in parameters else None
