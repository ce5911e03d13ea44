r"""The class of a sample as an index, p_c - 1, \delta_{kc}, for k \neq c, where the network has it one-hot, y: z_c is y^\top z."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.sides.goals import tensor_named
from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.texts.conditions import BEHIND
from symbackprop.judge.texts.sentences import CLASS
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.bracketed import sides

Step = tuple[str, Any, str]

_SAID = re.compile(rf"\\{CLASS} = (?P<letter>[A-Za-z])")
ONE = r"(?<![\w\\])(?:\\math\w+\s*(?:\{\s*[1I]\s*\}|[1I])|\\mathds\s*\{?1\}?|\\(?:text|operatorname)\s*\{[1I]\}|[1I])"
_EQUAL = r"(?:(?P<a>[a-z])\s*=\s*{c}|{c}\s*=\s*(?P<b>[a-z]))(?![A-Za-z_^])"
_SEVERAL = re.compile(r"\\(?:sum|prod|max|min)\s*(?:\\limits\s*)?_\s*\{?\s*([a-z])(?![A-Za-z])")
_BY = (
    r"(?:(?:\}\s*\{|/)\s*(?:\\partial|d|\\mathrm\s*\{\s*d\s*\})\s*|\\nabla\s*_\s*\{?\s*)"
    r"\\?[A-Za-z]+\s*_\s*(?:{c}(?![A-Za-z])|\{[a-z,\s]*{c}[a-z,\s]*\})"
)
_SUBSCRIPT = re.compile(r"_\s*(?:[a-z](?![A-Za-z])|\{[a-z,:\s]+\})")  # of indices alone
_INDICES = "kjilmnqrs"


def of_true_class(truth: Truth, steps: Sequence[Step]) -> tuple[list[Step], str, dict[str, str]]:
    """The steps, with the class of the one sample as what is one-hot; the name of that; and changed claims as they were.

    A letter is that class where a sentence says so, where it is that of the one-hot tensor, and where an index is compared with it
    that the claim has neither on its left nor in a sum.
    """
    own = [t for t in truth.program.inputs if t.kind == "labels"]
    said = {found["letter"] for _, claim, _ in steps if isinstance(claim, str) and (found := _SAID.fullmatch(claim))}
    kept = [step for step in steps if not (isinstance(step[1], str) and _SAID.fullmatch(step[1]))]
    if len(own) != 1 or len(own[0].shape) != 1:
        return kept, "", {}
    label = latex(parse_name(own[0].name).formula())
    free = said | {own[0].name} if len(own[0].name) == 1 else said
    free |= {c for _, claim, _ in kept if isinstance(claim, str) for c in _compared(truth, claim)}
    out, before = list[Step](), dict[str, str]()
    for name, claim, what in kept:
        changed = claim
        for c in sorted(free) if isinstance(claim, str) and "\\" in claim else ():
            changed = _one_hot(_by_columns(truth, changed, c, own[0].shape[0]), c, label)
        if changed != claim:
            changed = reworded(claim, changed)
            before[changed] = claim
        out.append((name, changed, what))
    return out, own[0].name if before else "", before


def _compared(truth: Truth, claim: str) -> Iterator[str]:
    """The letters with which a claim compares an index, and which it says nothing else of."""
    left = claim.partition("=")[0]
    taken = {*_SEVERAL.findall(claim), *truth.named, *map(str, truth.program.sizes()), *re.findall(r"[a-z]", _below(left))}
    for found in re.finditer(
        r"\\delta\s*_\s*\{\s*([a-z])\s*,?\s*([a-z])\s*\}|(?<![\w\\])([a-z])\s*(?:=|\\neq?)\s*([a-z])(?![A-Za-z_^])", claim
    ):
        pair = {one for one in found.groups() if one}
        others = pair - taken
        if len(pair) == 2 and len(others) == 1 and pair - others <= {*re.findall(r"[a-z]", _below(left))}:
            yield from others


def _below(left: str) -> str:
    """The indices that stand below names."""
    return "".join(re.findall(r"_\s*(?:\w|\{[^{}]*\})", left))


def _one_hot(claim: str, c: str, label: str) -> str:
    left, equals, right = claim.partition("=")
    right = _with_cases(_with_indicators(right, c, label), c, label)
    if re.search(_BY.replace("{c}", c), left):  # by z_c alone: where the label of that class is 1
        index = next(k for k in _INDICES if k not in re.findall(r"[a-z]", _below(claim)) and k != c)
        turned = _SUBSCRIPT.sub(lambda found: re.sub(rf"(?<![A-Za-z\\]){c}(?![A-Z])", index, found[0]), f"{left}{equals}{right}")
        where = f"{label}_{{{index}}} = 1"
        return f"{turned} \\land {where}" if BEHIND.search(turned) else f"{turned.rstrip(' .,')} \\text{{ if }} {where}"
    if re.search(rf"_\s*\{{?\s*[a-z,\s]*{c}(?![A-Za-z])", left):  # of every class
        return claim
    return left + equals + _summed(right, c, label)


def _with_indicators(text: str, c: str, label: str) -> str:
    """Deltas and indicators of the class as entries of the label."""

    def entry(found: re.Match[str]) -> str:
        return f"{label}_{{{found['a'] or found['b']}}}"

    equal = _EQUAL.replace("{c}", c)
    text = re.sub(rf"\\delta\s*_\s*\{{\s*(?:(?P<a>[a-z])\s*,?\s*{c}|{c}\s*,?\s*(?P<b>[a-z]))\s*\}}", entry, text)
    bracketed = rf"(?:{ONE}\s*_?\s*)?(?:\\left\s*)?(?:\[|\\\{{|\{{|\()\s*{equal}\s*(?:\\right\s*)?(?:\]|\\\}}|\}}|\))"
    return re.sub(rf"(?<!sum_)(?<!sum_\s){bracketed}", entry, text)


def _with_cases(text: str, c: str, label: str) -> str:
    """Conditions on the class as those on entries of the label; a sum over other classes as one that leaves it out."""
    text = re.sub(rf"\\sum\s*_\s*\{{\s*([a-z])\s*\\neq?\s*{c}\s*\}}", rf"\\sum_{{\g<1>}} (1 - {label}_{{\g<1>}})", text)
    text = re.sub(rf"\\text\{{ for \}} (?=[a-z]\s*(?:=|\\neq?)\s*{c}(?![A-Za-z_^]))", r"\\text{ if } ", text)
    text = re.sub(rf"(?<![\w\\])([a-z])\s*=\s*{c}(?![A-Za-z_^])", rf"{label}_{{\g<1>}} = 1", text)
    return re.sub(rf"(?<![\w\\])([a-z])\s*\\neq?\s*{c}(?![A-Za-z_^])", rf"{label}_{{\g<1>}} = 0", text)


def _by_columns(truth: Truth, claim: str, c: str, extent: Any) -> str:
    """W_c of a matrix with a column for each class as W_{:,c}."""

    def column(found: re.Match[str]) -> str:
        name = tensor_named(truth, found["name"])
        shape = truth.program.shape(name) if name else ()
        is_column = len(shape) == 2 and shape[1] == extent and shape[0] != extent
        return f"{found['name']}_{{:,{c}}}" if is_column else found[0]

    return re.sub(rf"(?P<name>\\?[A-Za-z]+)\s*_\s*(?:{c}(?![A-Za-z])|\{{\s*{c}\s*\}})", column, claim)


def _summed(right: str, c: str, label: str) -> str:
    """Sides in which the class is an index, as what they are times the label, summed over all classes: p_c is \\sum_m y_m p_m."""
    condition = BEHIND.search(right)
    end = condition.start() if condition else len(right)
    index = next(k for k in "mjilnqrsk" if k != c and not re.search(rf"(?<![A-Za-z\\]){k}(?![A-Za-z])", right))
    own = rf"(?<![A-Za-z\\]){c}(?![A-Za-z])"
    given = sides(f"q = {right[:end]}")[1:]
    turned = [_SUBSCRIPT.sub(lambda found: re.sub(own, index, found[0]), side) for side in given]
    is_own = [new != old and c not in _SEVERAL.findall(old) for new, old in zip(turned, given, strict=True)]
    if not any(is_own):
        return right
    summed = [rf"\sum_{{{index}}} {label}_{{{index}}} \left({new.strip(' .,')}\right)" for new in turned]
    return " = ".join(new if is_new else old for new, old, is_new in zip(summed, given, is_own, strict=True)) + right[end:]
