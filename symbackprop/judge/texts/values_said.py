r"""Values that sentences give at a point: "At $(1, 1)$: $D = 27 > 0$ and $f_{xx} = 6$", "$f(1, 1) = -1$"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symbackprop.judge.texts.numbers import PLAIN
from symbackprop.judge.texts.sentences import DENIED, DISPLAYS, STOPS, WITHIN

_POINT = r"\(\s*(?P<point>[-+\d./\s\\a-z{}]*\d[-+\d.,/\s\\a-z{}]*)\s*\)"
_AT = re.compile(rf"\b[Aa]t\s+(?:the\s+)?(?:critical\s+|stationary\s+|saddle\s+)?(?:point\s+)?\$\s*{_POINT}\s*\$")
_AT_IN_KOREAN = re.compile(rf"\$\s*{_POINT}\s*\$\s*에서")
_D = r"(?:\\partial|\\mathrm\s*\{\s*d\s*\}|d)\s*"
_NAME = (
    r"(?P<name>(?P<base>\\det\s*H|[A-Za-z])(?:'+|_\s*(?:[a-z]|\{\s*[a-z]{1,2}\s*\}))?"
    rf"|\\nabla\s*(?P<of>[A-Za-z])|\\[dt]?frac\s*\{{\s*{_D}(?P<above>[A-Za-z])\s*\}}\s*\{{\s*{_D}[A-Za-z]\s*\}})"
)
_VALUE = re.compile(rf"\s*{_NAME}\s*(?:{_POINT.replace('point', 'own')})?\s*=(?P<value>[^=<>]*)(?:[<>]\s*0\s*[.,;]?\s*)?")
_ROWS = re.compile(r"\\(?:begin|end)\s*\{[a-z]*matrix\}|\\\\|\\[lr]angle\b|\\left|\\right")
_BEHIND = re.compile(rf"\s*at\s+(?:the\s+)?(?:point\s+)?\$\s*{_POINT}\s*\$")
_SECOND = re.compile(  # of a Hessian, or of its determinant
    r"hessian|discriminant|determinant|second|_\s*\{\s*[a-z]{2}\s*\}|saddle|critical|minimum|maximum|극|[bp]matrix|D\s*=\s*-?[\d.]+\s*[<>]",
    re.IGNORECASE,
)
_OTHER = re.compile(r"(?<![A-Za-z\\])[DH]\s*(?:\([^()]*\)\s*)?=\s*[^=$]*[A-Za-z]")  # D = f_{xy}^2 - f_{xx} f_{yy}
_DIFFERENTIATED = re.compile(  # \nabla f, \partial^2 f, f', f_{xy}
    r"(?:\\nabla(?:\s*\^\s*\{?2\}?|\s*_\s*\w)?|\\partial(?:\s*\^\s*\{?2\}?)?)\s*([A-Za-z])(?![a-z])"
    r"|(?<![A-Za-z\\])([A-Za-z])(?:'+|_\s*(?:[a-z]|\{\s*[a-z]{2}\s*\}))\s*(?=[=(])"
)
_OF_SECOND = ("D", "H", r"\det H")


def with_values(text: str) -> str:
    """A text in which the number that a sentence gives at a point is a claim of its own, f_{xx}(1, 1) = 6.

    That is one of what the text differentiates, its Hessian or the determinant of that.
    """
    own = {letter for found in _DIFFERENTIATED.finditer(text) for letter in found.groups() if letter}
    own |= {*_OF_SECOND} if _SECOND.search(text) and not _other_meaning(text) else set()
    out, end = list[str](), 0
    for begin, until, claim in _values(text, own):
        out += [text[end:begin], f"\\[{claim}\\]" + "\n" * (text.count("\n", begin, until) - claim.count("\n"))]
        end = until
    return "".join([*out, text[end:]])


def _other_meaning(text: str) -> bool:
    """Whether D or H is called something by a formula within a line, which no step says."""
    return any(_OTHER.match(found[1].strip()) for found in WITHIN.finditer(DISPLAYS.sub(" ", text)))


def _values(text: str, own: set[str]) -> Iterator[tuple[int, int, str]]:
    """Where formulas are that give a value at a point, and what they claim."""
    hidden = DISPLAYS.sub(lambda found: " " * len(found[0]), text)
    formulas = [(found, found[1]) for found in WITHIN.finditer(hidden)]
    formulas += [(found, next(found[k] for k in (1, 2, 4) if found[k])) for found in DISPLAYS.finditer(text)]
    for found, formula in sorted(formulas, key=lambda one: one[0].start()):
        said = _VALUE.fullmatch(formula)
        value = said["value"].strip(" .,;\n") if said else ""
        of = next((one for one in (said["base"], said["of"], said["above"]) if one), "") if said else ""
        if said is None or " ".join(of.split()) not in own or not PLAIN.match(_ROWS.sub(" ", value)):
            continue
        begin = max((at + len(stop) for stop in (*STOPS, "$$") if (at := text.rfind(stop, 0, found.start())) >= 0), default=0)
        sentence = text[begin : found.start()]
        at = [*_AT.finditer(sentence), *_AT_IN_KOREAN.finditer(sentence)]
        behind = _BEHIND.match(text, found.end())
        is_one = (bool(at) and not WITHIN.search(sentence[at[-1].end() :])) or len(at) == 1  # the last of several, right before it
        is_one = is_one and "respectively" not in text[begin : found.end() + 200] and not re.search(r"and\s+\$\s*\(", sentence)
        point = said["own"] or (behind["point"] if behind else at[-1]["point"] if at and is_one else None)
        is_display = found.re is DISPLAYS
        if point is None or DENIED.search(WITHIN.sub(" ", sentence)) or (is_display and said["own"]):
            continue
        yield found.start(), found.end(), f"{said['name']}({point}) = {value}"
