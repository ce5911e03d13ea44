"""Conditions that sentences set before what is displayed, for $j \neq y$, if $z > 0$, and what is said of the other case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.texts.beside import side_by_side
from symbackprop.judge.texts.sentences import DISPLAYS, NAME

Step = tuple[str, ...]

_SO = (  # then we have:
    r"(?:[\s,:]+(?:then|we|one|it|this|so|thus|hence|the gradient|the derivative|have|has|gets?|gives?|obtains?|is)(?![A-Za-z]))*"
    r"[\s,:]*$"
)
_TEXT = r"\\(?:text|mbox|mathrm)\s*\{\s*"
BEFORE = re.compile(  # For $j \neq y$: and If $t = 1$, then $E = -\log y$ and
    rf"\b(?:[Ff]or|[Ii]f|[Ww]hen(?:ever)?|[Ww]here)\s+(?:(?!we\b)\w+\s+){{0,2}}\$([^$]*)\$(?:\s+\w+)?"
    rf"(?P<beside>[\s,:]+(?:then|we have)?\s*\$[^$]*\$[\s,:]+(?:and|so)\b)?{_SO}"
)
BEFORE_IN_KOREAN = re.compile(
    r"\$([^$]*)\$\s*(?:이면|이라면|라면|일\s*때(?:는|에는)?|인\s*경우(?:에는|에)?)[\s,:]*$"
)  # $z > 0$이면,
IN_WORDS = re.compile(  # If the hinge is active,
    r"\b((?:[Ii]f|[Ww]hen(?:ever)?|[Uu]nless|[Ii]n (?:the )?case(?: that)?)\s+(?!(?:we|you|one|I|this|that|these)\b)"
    rf"[^$.:;\\{{}}]*?[a-z]){_SO}"
)
OTHERWISE = re.compile(
    rf"\b(?:[Oo]therwise|[Ee]lse|[Ee]lsewhere){_SO}|(?:그렇지\s*않으면|그\s*외(?:에는|의\s*경우(?:에는)?))[\s,:]*$"
)
AND = re.compile(
    r"[\s,.;]*(?:(?:and|also|likewise|similarly|as well as)[\s,]*)*", re.IGNORECASE
)  # a condition holds of what follows
OTHERWISE_BEHIND = re.compile(rf"(?:,|\\q?quad\b|\\[ ,;:]|\s)*{_TEXT}(?:and\s+)?(?:otherwise|else|elsewhere)[\s.,]*\}}[\s.,]*$")
BEHIND = re.compile(rf"{_TEXT}(?:if|when|for|where)\s*\}}(?P<condition>(?:(?!\\(?:text|mbox|q?quad)\b)[^;])*)$")
BETWEEN = re.compile(r"\s*([a-z])\s*(?:\\neq?(?![a-z])|\\[lg]eq?(?![a-z])|[<>=])\s*([a-z])\s*")  # j \neq y, of indices
LABEL = re.compile(r"\s*\\?[A-Za-z]+(?:\s*_\s*(?:\w|\{[^{}]*\}))?\s*=\s*-?\d+\s*")  # y_i = 1
INEQUALITY = re.compile(r"[<>]|\\[lg](?:eq?|t)(?![a-z])")
COMPARED = re.compile(r"\\neq?(?![a-z])|\\leq?(?![a-z])|\\geq?(?![a-z])|(?<![<>=!])[<>=](?!=)")
OPPOSITE = {
    "<": r"\geq ", ">": r"\leq ", "=": r"\neq ", r"\ne": "=", r"\neq": "=", r"\le": ">", r"\leq": ">", r"\ge": "<", r"\geq": "<",
}  # fmt: skip


def with_conditions(text: str) -> str:
    """A text in which a display says itself where it holds: "For $j \\neq y$:" and "Otherwise:" before it stand behind it.

    A condition on indices alone is one where these stand below what is on the left side.
    """
    out, end = list[str](), 0
    before = ""  # what was said before the last display, where it is a condition
    for found in DISPLAYS.finditer(text):
        between = text[end : found.start()]
        k = next(k for k in (1, 2, 4) if found[k])
        goes_on = before and AND.fullmatch(between)
        said, condition = _said(before if goes_on else between, found[k].rstrip())
        if not goes_on:
            before = between if said else ""
        if said is None:
            out += [between, found[0]]
        else:
            beside = " ".join((said.groupdict().get("beside") or "").split())  # $E = -\\log y$, of the same case
            out.append(between if goes_on else between[: said.start()] + re.sub(r"[^\n]", " ", between[said.start() :]) + beside)
            body = r" \\ ".join(f"{one.rstrip(' .,;')} {condition}" for one in side_by_side(found[k].strip()))
            out.append(text[found.start() : found.start(k)] + body + text[found.end(k) : found.end()])
        end = found.end()
    return "".join([*out, text[end:]])


def _said(between: str, body: str) -> tuple[re.Match[str] | None, str]:
    """What a sentence says before a display of where it holds, and that as what stands behind it."""
    if "=" not in body or "\\\\" in body or r"\text" in body:
        return None, ""
    if all(one.count("=") == 1 for one in side_by_side(body)) and (
        found := BEFORE.search(between) or BEFORE_IN_KOREAN.search(between)
    ):
        of, below = BETWEEN.fullmatch(found[1]), "".join(re.findall(r"_\s*(?:\w|\{[^{}]*\})", body.partition("=")[0]))
        is_label = LABEL.fullmatch(found[1]) and ("_" in found[1] or not found[0].lower().startswith(("for", "where")))  # For n = 5
        is_read = is_label or INEQUALITY.search(found[1]) if of is None else of[1] in below or of[2] in below
        return (found, _behind(found[1].strip())) if is_read else (None, "")
    if found := IN_WORDS.search(between):
        words = " ".join(found[1].split())
        return found, rf"\text{{ {words[0].lower()}{words[1:]}}}"
    return OTHERWISE.search(between), r"\text{ otherwise}"


def _behind(condition: str) -> str:
    """A condition as it stands behind a claim; behind "for", y_i = 1 would say what y_i is."""
    return rf"\text{{ {'if' if LABEL.fullmatch(condition) else 'for'} }} {condition}"


def with_cases(steps: Sequence[Step]) -> Iterator[Step]:
    r"""Steps of which those of one left side in several cases say each its own, \text{otherwise} the opposite of the last.

    Cases of a name are those of one step: what it stands for is told once.
    """
    cases = [_case(claim) for _, claim, *_ in steps]
    several = {left for left, condition in cases if condition and [own for own, _ in cases].count(left) > 1}
    of_cases = [bool(condition or OTHERWISE_BEHIND.search(step[1])) for step, (_, condition) in zip(steps, cases, strict=True)]
    alike = [left for (left, _), is_case in zip(cases, of_cases, strict=True) if is_case]
    last, named = dict[str, str](), dict[str, list[str]]()
    for (name, claim, *kind), (left, condition), is_case in zip(steps, cases, of_cases, strict=True):
        if left in several and is_case:
            condition = condition or _opposite(last.get(left, ""))
            last[left] = condition
            value = OTHERWISE_BEHIND.sub("", BEHIND.sub("", claim))
            if NAME.match(name):
                where = condition or r"\text{otherwise}"
                named.setdefault(left, []).append(f"{value.partition('=')[2].rstrip(' ,')} & {where}")
                if len(named[left]) < alike.count(left):
                    continue
                rows = r" \\ ".join(named[left])
                claim = reworded(claim, rf"{name} = \begin{{cases}}{rows}\end{{cases}}")
            elif condition:
                claim = reworded(claim, f"{value.rstrip(' ,')} {_behind(condition)}")
        yield (name, claim, *kind)


def _case(claim: str) -> tuple[str, str]:
    """The left side of a claim, and the one condition behind it."""
    found = BEHIND.search(claim)
    return re.sub(r"\s", "", claim.partition("=")[0]), found["condition"].strip(" .,") if found else ""


def _opposite(condition: str) -> str:
    """The condition that holds where one does not; "" where that is no comparison."""
    several = COMPARED.findall(condition)
    return COMPARED.sub(lambda one: OPPOSITE[one[0]], condition) if len(several) == 1 else ""
