"""Conditions that sentences set before what is displayed, for $j \neq y$, if $z > 0$, and what is said of the other case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from symbackprop.judge.texts.arrays import reworded
from symbackprop.judge.texts.beside import side_by_side
from symbackprop.judge.texts.sentences import DISPLAYS, NAME, STOPS, WITHIN

Step = tuple[str, ...]

_SO = (  # then we have:
    r"(?:[\s,:.]+(?:[Tt]hen|we|one|it|this|so|thus|hence|the gradient|the derivative|the loss|"
    r"the cost|have|has|gets?|gives?|obtains?|is)(?![A-Za-z]))*"
    r"[\s,:]*$"
)
_TEXT = r"\\(?:text|mbox|mathrm)\s*\{\s*"
BEFORE = re.compile(  # For $j \neq y$: and If $t = 1$, then $E = -\log y$ and
    rf"\b(?:[Ff]or|[Ii]f|[Ww]hen(?:ever)?|[Ww]here|[Cc]ase|[Ss]uppose|[Aa]ssum(?:e|ing))\s+(?:that\s+)?(?:(?!we\b)\w+\s+){{0,2}}\$([^$]*)\$"
    r"(?:\s+and\s+\$(?P<other>[^$]*[<>=\\][^$]*)\$)?(?:\s+(?!and\b)\w+)?"
    rf"(?P<beside>[\s,:]+(?:then|we have)?\s*\$[^$]*\$[\s,:]+(?:and|so)\b)?{_SO}"
)
BEFORE_IN_BRACKETS = re.compile(  # When the hinge is active ($u > 0$), we have
    r"\b(?:[Ii]f|[Ww]hen(?:ever)?|[Ww]here|[Ff]or)\s+[^$.:;()]*\((?:\s*(?:i\.e\.|that is|so|meaning)\s*,?)?"
    rf"\s*\$([^$]*[<>\\][^$]*)\$\s*\){_SO}"
)
BEFORE_IN_KOREAN = re.compile(  # $z > 0$이면,
    r"\$([^$]*)\$\s*(?:이면|이라면|라면|일\s*때(?:는|에는)?|인\s*경우(?:에는|에)?)[\s,:]*$"
)
IN_WORDS = re.compile(  # If the hinge is active,
    r"\b((?:[Ii]f|[Ww]hen(?:ever)?|[Uu]nless|[Ii]n (?:the )?case(?: that)?)\s+(?!(?:we|you|one|I|this|that|these)\b)"
    rf"[^$.:;\\{{}}]*?[a-z]){_SO}"
)
OTHERWISE = re.compile(
    rf"\b(?:[Oo]therwise|[Ee]lse|[Ee]lsewhere){_SO}|(?:그렇지\s*않으면|그\s*외(?:에는|의\s*경우(?:에는)?))[\s,:]*$"
)
_SAID = re.compile(r"\\text\{ (?:if|for) \} ")
AFTER = re.compile(  # whenever $z > 0$, and 0 otherwise; not "if $z > 0$, then", which is said of the next
    r"[\s,.]*\b(?:if|when(?:ever)?|where|for(?:\s+(?:all|every|any|each))?|provided(?:\s+that)?|as\s+long\s+as)\s+\$([^$]*)\$(?:\s+and\s+\$(?P<other>[^$]*[<>=\\][^$]*)\$)?"
    r"(?:\s+or\s+(?:if\s+|when\s+)?\$(?P<or>[^$]*[<>=\\][^$]*)\$)?"
    r"(?![\s,]*(?:\$\$|\\\[|\\begin|:|(?:then|we|one|it|is|are|means|denotes|indicates|marks|stands|represents|equals|holds)\b))"
    r"(?!,?\s+(?:and|or)\s+(?:is\s+)?\$(?!0\$)[^$]*\$\s+(?:otherwise|else))"  # another value, which is not read
    r"(?P<zero>,?\s+(?:and|or)\s+(?:is\s+)?(?:\$0\$|0|zero)\s+(?:otherwise|else(?:where)?))?"
)
_INDICATOR = re.compile(r"\s*(?:1|\\math\w+\s*\{?\s*1\s*\}?|\\mathds\s*\{?1\}?)\s*[\[({_]")
_TOGETHER = re.compile(r",|\\(?:land|wedge)(?![a-z])|\\(?:text|mbox)\s*\{\s*and\s*\}")
_TOGETHER_IN_TEXT = re.compile(r"\\(?:text|mbox)\s*\{\s*and\s*\}")
AND = re.compile(  # behind these, a condition holds of what follows as well
    r"[\s,.;]*(?:(?:and|also|likewise|similarly|as well as|so|thus|hence|therefore|then)[\s,]*)*", re.IGNORECASE
)
OTHERWISE_BEHIND = re.compile(rf"(?:,|\\q?quad\b|\\[ ,;:]|\s)*{_TEXT}(?:and\s+)?(?:otherwise|else|elsewhere)[\s.,]*\}}[\s.,]*$")
BEHIND = re.compile(rf"{_TEXT}(?:if|when|for|where)\s*\}}(?P<condition>(?:(?!\\(?:text|mbox|q?quad)\b)[^;])*)$")
BETWEEN = re.compile(r"\s*([a-z])\s*(?:\\neq?(?![a-z])|\\[lg]eq?(?![a-z])|[<>=])\s*([a-z])\s*")  # j \neq y, of indices
_CLASS = r"[a-z]\s*_\s*(?:[a-z]|\{\s*[a-z]\s*\})|[a-z]\s*\^\s*\{\s*\(\s*[a-z]\s*\)\s*\}"
CLASSES = re.compile(  # j = y_i, of an index and the class of a sample
    rf"\s*(?:(?P<index>[a-z])\s*(?:=|\\neq?(?![a-z]))\s*(?:{_CLASS})|(?:{_CLASS})\s*(?:=|\\neq?(?![a-z]))\s*(?P<other>[a-z]))\s*"
)
LABEL = re.compile(r"\s*\\?[A-Za-z]+(?:\s*_\s*(?:\w|\{[^{}]*\}))?\s*=\s*-?\d+\s*")  # y_i = 1
_OPENED = re.compile(r"\b([Ii]f|[Ww]hen(?:ever)?|[Ff]or)\s+(?:\$[^$]*\$\s+(?:and|or)\s+)?$")  # before a condition
INEQUALITY = re.compile(r"[<>]|\\[lg](?:eq?|t)(?![a-z])")
COMPARED = re.compile(r"\\neq?(?![a-z])|\\leq?(?![a-z])|\\geq?(?![a-z])|(?<![<>=!])[<>=](?!=)")
OPPOSITE = {
    "<": r"\geq ", ">": r"\leq ", "=": r"\neq ", r"\ne": "=", r"\neq": "=", r"\le": ">", r"\leq": ">", r"\ge": "<", r"\geq": "<",
}  # fmt: skip


def with_conditions(text: str) -> str:
    """A text in which a display says itself where it holds: "For $j \\neq y$:" and "Otherwise:" before it stand behind it.

    A condition on indices alone is one where these stand below what is on the left side.
    """
    out, end, several = list[str](), 0, labels_of_cases(text)
    before = ""  # what was said before the last display, where it is a condition
    for found in DISPLAYS.finditer(text):
        between = text[end : found.start()]
        k = next(k for k in (1, 2, 4) if found[k])
        goes_on = before and AND.fullmatch(between) and not re.search(r"\n\s*\n", between)
        said, condition = _said(before if goes_on else between, found[k].rstrip(), several)
        if goes_on and not _is_of_same(condition, found[k]):
            said, condition = None, ""
        if not goes_on:
            before = between if said else ""
        if said is not None and not goes_on:
            beside = " ".join((said.groupdict().get("beside") or "").split())  # $E = -\log y$, of the same case
            between = between[: said.start()] + _blank(between[said.start() :]) + beside
        after = AFTER.match(text, found.end()) if (said is None or _SAID.match(condition)) and _is_bare(found[k]) else None
        end = found.end()
        if after is not None and _holds_of(after, found[k], behind=True):
            condition, end = _behind(r" \land ".join([*filter(None, [_SAID.sub("", condition)]), _together(after)])), after.end()
        else:
            after = None
        out += [between, text[found.start() : found.start(k)], found[k]]
        if condition:
            claims = [one.rstrip(" .,;") for one in side_by_side(found[k].strip())]
            lines = [f"{one} {condition}" for one in claims]
            if after is not None and after["or"]:
                lines += [f"{one} {_behind(after['or'].strip())}" for one in claims]
            if after is not None and after["zero"]:
                lines += [rf"{one.partition('=')[0]} = 0 \text{{ otherwise}}" for one in claims]
            said_lines = r" \\ ".join(lines)
            out[-1] = "\n" * _breaks_before(found[k]) + said_lines
            out[-1] += "\n" * max(0, found[k].count("\n") - out[-1].count("\n"))
        out += [text[found.end(k) : found.end()], _blank(text[found.end() : end])]
    return "".join([*out, text[end:]])


def is_condition(text: str, found: re.Match[str]) -> bool:
    """Whether a formula within a sentence says where another of it holds: If $y = 1$, the gradient is $\\nabla L = ...$"""
    begin = max(text.rfind(stop, 0, found.start()) for stop in STOPS)
    others = text[begin + 1 : found.start()] + re.split(r"[.;]\s", text[found.end() :])[0]
    opened = _OPENED.search(text[: found.start()])
    is_one = (
        BETWEEN.fullmatch(found[1])
        or CLASSES.fullmatch(found[1])
        or (LABEL.fullmatch(found[1]) and opened and opened[1].lower() != "for")
    )  # For n = 5
    return bool(opened and is_one and re.search(r"\$[^$]*=[^$]*\$", others))


def labels_of_cases(text: str) -> frozenset[str]:
    """The names to which a text gives several of -1, 0 and 1, for $t = 1$ and for $t = 0$: each is a case."""
    found = [one[1].replace(" ", "").partition("=") for one in WITHIN.finditer(text) if LABEL.fullmatch(one[1])]
    given = {name: {number for own, _, number in found if own == name} for name, _, _ in found}
    return frozenset(name for name, numbers in given.items() if len(numbers) > 1 and numbers <= {"-1", "0", "1"})


def _said(between: str, body: str, several: frozenset[str]) -> tuple[re.Match[str] | None, str]:
    """What a sentence says before a display of where it holds, and that as what stands behind it."""
    if not _is_bare(body):
        return None, ""
    found = BEFORE.search(between) or BEFORE_IN_BRACKETS.search(between) or BEFORE_IN_KOREAN.search(between)
    if found and (INEQUALITY.search(found[1]) or all(one.count("=") == 1 for one in side_by_side(body))):
        return (found, _behind(_together(found))) if _holds_of(found, body, several=several) else (None, "")
    if found := IN_WORDS.search(between):
        words = " ".join(found[1].split())
        return found, rf"\text{{ {words[0].lower()}{words[1:]}}}"
    return (found, r"\text{ otherwise}") if (found := OTHERWISE.search(between)) else (None, "")


def _is_bare(body: str) -> bool:
    """Whether a display is one line that says nothing in words."""
    return "=" in body and "\\\\" not in body and r"\text" not in body


def _several(found: re.Match[str]) -> list[str]:
    """The conditions that a sentence says together."""
    parts = [*_TOGETHER.split(found[1]), found.groupdict().get("other") or ""]
    return [part.strip() for part in parts if part.strip()]


def _together(found: re.Match[str]) -> str:
    return r" \land ".join(_several(found))


def _holds_of(found: re.Match[str], body: str, behind: bool = False, several: frozenset[str] = frozenset()) -> bool:
    """Whether a sentence says where a claim holds: by comparisons, or by indices that stand below what is on its left.

    behind   whether it stands behind the claim, where it may say what holds of all samples: 0 < p_i < 1.
    several  names to which the text gives several numbers.
    """
    below = "".join(re.findall(r"_\s*(?:\w|\{[^{}]*\})", body.partition("=")[0]))
    opening = found[0].strip(" \n,.").lower()

    def holds(one: str) -> bool:
        of = BETWEEN.fullmatch(one)
        if of is not None:
            return of[1] in below or of[2] in below
        if (of_class := CLASSES.fullmatch(one)) is not None:
            return (of_class["index"] or of_class["other"]) in below
        is_case = one.replace(" ", "").partition("=")[0] in several
        is_label = LABEL.fullmatch(one) and ("_" in one or is_case or not opening.startswith(("for", "where")))  # For n = 5
        own = "".join(re.findall(r"_\s*(?:[a-z](?![a-z])|\{\s*[a-z]\s*\})", one))
        is_own = not behind or (
            all(c in below for c in re.findall("[a-z]", own)) and not (is_label and opening.startswith("where"))
        )
        return bool(is_own and (is_label or (INEQUALITY.search(one) and not _INDICATOR.match(one))))

    return all(map(holds, _several(found)))


def _is_of_same(condition: str, body: str) -> bool:
    """Whether what is said before one display may hold of the next: of entries, if that is of entries by the same index."""
    own = {*re.findall(r"_\s*\{?\s*([a-z])(?![A-Za-z])", condition)}
    return not own or bool(own & {*re.findall(r"_\s*\{?\s*[a-z]*([a-z])(?![A-Za-z])", body.partition("=")[0])})


def _breaks_before(body: str) -> int:
    return body[: len(body) - len(body.lstrip())].count("\n")


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _behind(condition: str) -> str:
    """A condition as it stands behind a claim; behind "for", y_i = 1 would say what y_i is, and of several one would be read."""
    is_if = LABEL.fullmatch(condition) or CLASSES.fullmatch(condition) or "land" in condition
    return rf"\text{{ {'if' if is_if else 'for'} }} {condition}"


def with_cases(steps: Sequence[Step]) -> Iterator[Step]:
    r"""Steps of which those of one left side in several cases say each its own, \text{otherwise} the opposite of the last.

    Cases of a name are those of one step: what it stands for is told once.
    """
    steps = [(name, _as_one(claim), *kind) for name, claim, *kind in steps]
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


def _as_one(claim: str) -> str:
    r"""A claim whose conditions behind it, \text{if } y = 1, z > 0, are said to hold together."""
    found = BEHIND.search(_TOGETHER_IN_TEXT.sub(r"\\land ", claim))
    several = [part.strip() for part in _TOGETHER.split(found["condition"])] if found else []
    if found is None or len(several) < 2 or not all(COMPARED.search(part) and not re.search(r"\\l?dots", part) for part in several):
        return claim
    whole = _TOGETHER_IN_TEXT.sub(r"\\land ", claim)
    return reworded(claim, f"{whole[: found.start('condition')]} " + r" \land ".join(several))


def _case(claim: str) -> tuple[str, str]:
    """The left side of a claim, and the one condition behind it."""
    found = BEHIND.search(claim)
    return re.sub(r"\s", "", claim.partition("=")[0]), found["condition"].strip(" .,") if found else ""


def _opposite(condition: str) -> str:
    """The condition that holds where one does not; "" where that is no comparison."""
    several = COMPARED.findall(condition)
    return COMPARED.sub(lambda one: OPPOSITE[one[0]], condition) if len(several) == 1 else ""
