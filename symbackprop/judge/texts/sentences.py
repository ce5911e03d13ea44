"""What the sentences around displayed formulas say: where $S = ...$, $Y$ is the one-hot encoding of $y$."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from symbackprop.judge.texts.brackets import is_balanced
from symbackprop.judge.texts.numbers import PLAIN
from symbackprop.judge.texts.sums_said import SUMS, with_sums
from symbackprop.notation.claims.outside import without_zeros
from symbackprop.notation.claims.tokens import without_braces

_ENVIRONMENTS = "equation|align|gather|multline|aligned|gathered|split|eqnarray|flalign"
DISPLAYS = re.compile(rf"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\begin\{{({_ENVIRONMENTS})\*?\}}(.+?)\\end\{{\3\*?\}}", re.DOTALL)
INLINE = re.compile(r"(?<![\\$])\$((?:[^$\n=]|\n(?!\s*\n))*=(?:[^$\n]|\n(?!\s*\n))*)\$")  # no paragraph ends in it
WITHIN = re.compile(r"(?<![\\$])\$(?!\$)((?:[^$\n]|\n(?!\s*\n))+)\$(?!\$)")  # any formula within a line
BRACKETED = re.compile(r"(?<!\\)\\\((.+?)(?<!\\)\\\)", re.DOTALL)
CLAIMED = re.compile(  # a derivative, an equals sign, \delta = \partial L/\partial z = ...: a claim wherever it stands
    r"\s*(?:\\?[A-Za-z]+(?:_\w|_\{\w+\})?\s*:?=\s*(?=[^=]*=))?(?:\\displaystyle\s*)?(?:\\[dt]?frac\s*\{\s*(?:\\partial|d\s*(?:\\?[A-Za-z]|\})|\\mathrm\s*\{d\})|\\partial\b[^=]*/\s*\\partial\b|\\nabla(?![a-z])|"
    r"d\w+/d\w+\s*=|d\s*[A-Z]\w*\s*=|d\s+\\?[A-Za-z]+(?:_\w|_\{\w+\})?\s*=|\\?[A-Za-z]+(?:'+|\^\s*\{?(?:\s*\\prime)+\s*\}?)\s*\(\s*(?:\\[A-Za-z]+|[A-Za-z])\s*\)\s*=)"
)
_BEST = re.compile(  # W^* = ..., \\hat\\beta = ..., of a sentence that says where a loss is least
    r"\s*(?:\\?[A-Za-z]+(?:_\w|_\{\w+\})?\s*\^\s*(?:\*|\\star\b|\\ast\b|\{\s*(?:\*|\\star|\\ast)\s*\})"
    r"|\\hat\s*\{?\s*\\(?:beta|theta|mu|sigma|lambda|alpha|gamma|tau|pi|Sigma|Omega|Theta)\s*\}?)\s*=(?!=)(?!\s*\\arg)"
)
_AT_NUMBERS = re.compile(r"\s*\\?[A-Za-z]+'*\s*\(\s*-?\d[-\d.,\s/]*\)\s*=(?!=)")  # H(1, 1) = ...
DENIED = re.compile(
    r"\b(?:not|wrong|false|incorrect|mistaken?|mistakenly|if|suppose|assume|might|were|would|example|instance|recall|denote|write)\b|아니(?:다|고|라|며)",
    re.IGNORECASE,
)
DERIVATIVE = re.compile(r"\\partial|\\nabla|\bd\w+\s*/\s*d\w+")
_WRITTEN = r"\{(?:[^{}]|\{[^{}]*\})*\}"
_OF_RULES = re.compile(  # derivatives, and what a chain rule has between them
    rf"\\[dt]?frac\s*{_WRITTEN}\s*{_WRITTEN}|\\partial\s*\\?\w+(?:_\w|_{_WRITTEN})?(?:\s*/\s*\\partial\s*\\?\w+(?:_\w|_{_WRITTEN})?)?"
    rf"|\\nabla(?:_\w|_{_WRITTEN})?\s*\\?[A-Za-z]+|\bd\w+\s*/\s*d\w+|\\sum(?:_\w|_{_WRITTEN})?(?:\^\w|\^{_WRITTEN})?"
    r"|\^\s*\{?\s*\\?(?:T|top)\s*\}?|\\(?:cdot|odot|times|circ|left|right|quad|,|;|!)"
)
_ROW_OF_TABLE = re.compile(r"(?m)^[ \t]*\|(.+)\|[ \t]*$")
_CELLS = re.compile(r"(?:\$[^$\n]*\$|[^|$\n])+")  # bars in formulas part none
_OF_GRADIENTS = re.compile(r"gradient|derivative|기울기|미분", re.IGNORECASE)
_FORMULA = re.compile(r"\s*\$([^$=\n]+)\$\s*")
_SQUARE = re.compile(r"\s*(\\?[A-Za-z]+)\s*\^\s*(?:2|\{\s*2\s*\})\s*[.,;]?\s*")
STOPS = (". ", ".\n", "\n\n", "; ", "..")
ASIDE = "aside"  # a step that a sentence has: where $S = ...$
MOVED = "moved"  # what may be an update in a sentence, $w = w - \eta g$
AMONG = "among"  # what says where a loss is stationary: $x \\in \\{0, 2\\}$, the critical points $(0, 0)$ and $(1, 1)$
GIVEN = "given"  # numbers that a sentence gives: with $x_1 = 0.5$ and $t = (1, 0)^T$
EXAMPLE = "example"  # numbers of a worked example in a sentence, For $x = -2$ and $y = 5$, where no formula is displayed
_EXAMPLE = re.compile(  # what stands in a sentence before its numbers
    r"\b(?:for|at|with|when|if|tak(?:e|ing)|let|given|suppose|say|set|plug\w*|substitut\w*|evaluat\w*|consider|check|using|example)\b|e\.g\.",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\s*(?:for|if|when)\b[^\w]*", re.IGNORECASE)  # of one number a condition
_FOUND = re.compile(  # and what says that they were found
    r"\b(?:zero|vanish\w*|stationary|critical|minim\w*|maxim\w*|optim\w*|solutions?|gives?|yields?|so|thus|hence|therefore|impl\w+|get|obtain|find|"
    r"roots?|where|since|because|is|are|equals?|have)\b",
    re.IGNORECASE,
)
ARROW = re.compile(r"\\(?:leftarrow|gets|triangleq|coloneqq)\b(?=.*=)|:=")  # g \leftarrow \nabla_a J = ...
NAME = re.compile(  # r_{ik}, \hat y, \mathbf{p}^{(l)}
    r"\s*(?:\\(?:hat|bar|tilde|mathbf|mathrm|mathcal|boldsymbol|bm)\s*\{?\s*)?(\\?[A-Za-z]+)\s*\}?(?:\s*[_^](?:\w|\{[^{}]*\}))*\s*:?$"
)
FUNCTION = re.compile(  # \phi(t), \phi'(t)
    r"\s*(\\?[A-Za-z]+)(?:'|\^\s*\{?\s*\\prime\s*\}?)*\s*\(\s*((?:\\[A-Za-z]+|[A-Za-z])(?:\s*,\s*(?:\\[A-Za-z]+|[A-Za-z]))*)\s*\)\s*:?$"
)
_BELOW = r"(?:\s*_\s*(?:\w|\\[A-Za-z]+|\{[^{}]*\}))?"
_PRIMES = r"(?:'|\^\s*\{?(?:\s*\\prime)+\s*\}?)*"
_APPLIED = re.compile(FUNCTION.pattern.replace(r"(\\?[A-Za-z]+)", rf"(\\?[A-Za-z]+){_BELOW}", 1))  # h_w(x) as well
IF = re.compile(  # $Y_{ij} = 1$ if $y_i = j$ and 0 otherwise
    r"\$([^$=]+?)=\s*1\s*\$,?\s+(?:if|when|iff)\s+\$([^$]+)\$(?:,?\s*(?:and|or|else|,)?\s*(?:is\s+)?(?:\$0\$|0|zero)\s*(?:otherwise|else)?)?"
)
ONE_HOT = re.compile(  # $Y$ is the one-hot encoding of $y$
    r"\$([^$=]+?)\$\s+(?:is|denotes|are|be)\s+(?:the\s+|an?\s+)?one[- ]hot(?:\s+\w+){0,3}?\s+(?:of|for)\s+"
    r"(?:the\s+)?(?:\w+\s+)?\$([^$=]+?)\$"
)
CLASS = "trueclass"  # \\trueclass = c, of what a sentence says to be the class of a sample
_TRUE = r"(?:(?:true|correct|target|right|actual|observed|ground[- ]truth)\s+(?:class|label|category)(?:\s+(?:index|label))?)"
_TRUE_CLASS = re.compile(  # Let $c$ be the true class, the correct class $c$
    rf"\$\s*(?P<name>[a-z])\s*\$\s*(?:is|be|denotes?|are|for|,)?\s*(?:the\s+)?(?:index\s+of\s+(?:the\s+)?)?{_TRUE}"
    rf"|{_TRUE}\s*,?\s+(?:is\s+|be\s+)?\$\s*(?P<behind>[a-z])\s*\$"
)
SYMMETRIC = re.compile(  # $A$ is symmetric, for symmetric $A$, $A$가 대칭이면
    r"\$(?P<name>[^$=<>]+?)\$\s+(?:is|are|be|being)\s+(?:an?\s+)?(?:real\s+)?symmetric\b(?:\s+matrix\b)?"
    r"|(?<![-\w])symmetric\s+(?:positive[- ](?:semi-?)?definite\s+)?(?:matrix\s+)?\$(?P<behind>[^$=<>]+?)\$"
    r"|\$(?P<own>[^$=<>]+?)\$\s*(?:가|이|는|은)\s+대칭(?:\s*행렬)?(?=\s*[이인일])(?!\s*이\s*아니)"
)
_OF_A_MATRIX = re.compile(r"\s*(\\?[A-Za-z]+(?:_\w|_\{\w+\})?)\s*(?:\\in\b.*)?", re.DOTALL)
SUPPOSED = "supposedsymmetric"  # \\supposedsymmetric = A, a condition of what follows alone
_SUPPOSED = re.compile(r"\s*(?:[Ii]f|[Ww]hen(?:ever)?|[Ff]or|[Ii]n\s+case)\s*(?:the\s+matrix\s*)?(?:an?\s+)?")
_NOT_SAID = re.compile(r"\b(?:not|\w+n't|unless|whether|without|never|only|were|no)\b", re.IGNORECASE)
SLICE = re.compile(  # $x_j$ is the $j$-th column of $X$
    r"\$([^$=]+?)\$\s+(?:is|denotes|are|be)\s+the\s+\$?([a-z])(?:\$?\s*-?\s*(?:th|st|nd)|\s*\^\s*\{?\s*(?:\\(?:text|mathrm)\s*\{)?th\}*\$)"
    r"\s+(column|row)(?:\s+vector)?\s+of\s+(?:the\s+(?:\w+\s+)?matrix\s+)?\$([^$=]+?)\$"
)
AT_SLICE = re.compile(r"_\{(?::,[a-z]|[a-z],:)\}\s*$")
NEXT = re.compile(r"(?:,|;|\\q?quad\b|\\[ ,;:])(?:\s|\\[ ,;:])*(?=\\?[A-Za-z][^=,;()]*=)")  # x_1 = 1, x_2 = 2
LINE = re.compile(r"(?m)^[ \t]*[A-Za-z]\w*[ \t]*=[^=\n].*$")  # one of numbers alone, without dollars
MEMBERS = re.compile(
    r"(?P<names>[^=]*?)\\in\s*\\(?:left\s*\\)?\{(?P<values>[^=]*?)\\(?:right\s*\\)?\}\s*[.,;]?\s*"
)  # x \in \{0, 2\}
_POINTS = r"(?:critical|stationary|equilibrium|saddle|turning|extremal)\s+points?"
_EXTREMA = r"(?:minim(?:um|a|izers?|isers?)|maxim(?:um|a|izers?|isers?)|optim(?:um|a)|extrem(?:um|a)|saddle(?:\s+points?)?)"
_IS = r"(?:\s+(?:thus|therefore|then|hence|clearly|again))?\s*(?:is|are|lies?|occurs?|is attained|is reached|are attained)?\s*"
STATIONARY = re.compile(  # what stands right before a point that is claimed
    rf"(?:\b(?:{_POINTS}|{_EXTREMA})(?:\s+of\s+\$[^$]*\$)?{_IS}(?:only\s+)?(?:at|in)?\s*:?\s*"
    r"|\b(?:vanish(?:es)?|(?:is|are) (?:zero|\$0\$|0)|stationary|minimi[sz]ed|maximi[sz]ed)\s+(?:only\s+|exactly\s+)?"
    r"(?:at|when|where|for|in)\s+"
    r"|(?:임계점|정류점|극값|극점|최솟값|최댓값|최소점|최대점|안장점)(?:은|는)\s*"
    r"|\bto\s+(?:zero|\$?0\$?)[^.;]*?(?:gives|yields|we (?:get|find|obtain|have)|leads to|implies|results in|means|:)\s*)$",
    re.IGNORECASE,
)
LISTED = re.compile(r"\s*(?:,|;|and|or|,\s*and|,\s*or|and\s+at|or\s+at|and a \w+ at|with)\s*(?:at\s+)?")  # between two points
OF_OTHERS = re.compile(  # where a sentence claims no point, or one of something else
    r"\b(?:no|never|nor|neither|start\w*|initial\w*|begin\w*|guess\w*|search\w*|interval|subject to|constrain\w*|step size|"
    r"second derivative|inflection|look(?:ing)? for|try|tries|about|near|around|approximately)\b|\bon\s+\$\[|''"
)
OF_WHICH = re.compile(r"(?:\$|\\\])[\s,]*which\b[^$.;]*$")
SECOND = re.compile(r"''|\^\s*\{?2|hessian|_\s*\{\s*[a-z]{2}\s*\}")
NAMES = re.compile(r"\s*\([^()=]*,[^()=]*\)\s*")  # (x, y)
_ROW = r"(?:\\left)?\((?=[^()=]*\d)[-+\d.,/\s\\a-z{}]*\)"
POINT = re.compile(rf"\s*{_ROW}(?:\s*(?:,|;)\s*{_ROW})*\s*")  # (0, 0), (1, 1)
SUMMED_OVER = re.compile(r"\\in\s*(?:\\math\w+\s*\{?\s*)?(\\?[A-Za-z]+)\s*\}")  # \sum_{i \in V}
SCRIPTS = re.compile(r"[_^]\s*(?:\{[^{}]*\}|\\[A-Za-z]+|\w)")


def in_dollars(text: str) -> str:
    r"""A text whose formulas within lines stand between dollars: \(...\) is $...$; a row of a table, | $a$ | $b$ |, is $a = b$."""
    headings = [_CELLS.findall(row[1]) for row in _ROW_OF_TABLE.finditer(text)]
    column = next((k for row in headings for k, cell in enumerate(row) if k and "$" not in cell and _OF_GRADIENTS.search(cell)), 0)
    text = _ROW_OF_TABLE.sub(lambda row: _row_said(row, column), text)
    return BRACKETED.sub(lambda found: f"${found[1].strip()}$", text)


def _row_said(row: re.Match[str], column: int) -> str:
    """A row of a table as what it says.

    column   the one of gradients, | parameter | shape | gradient |; 0 where no heading says which.
    """
    cells = [_FORMULA.fullmatch(cell) for cell in _CELLS.findall(row[1])]
    name, said = (cells[0], cells[column or 1]) if len(cells) > (column or 1) else (None, None)
    if name is None or said is None or (len(cells) > 2 and not column):
        return row[0]
    if DERIVATIVE.search(name[1]):
        return f"${name[1]} = {said[1]}$"
    return f"$d {name[1].strip()} = {said[1]}$" if column and NAME.fullmatch(name[1]) else row[0]


def in_formulas(text: str) -> str:
    """A text in which what is said in words is a formula: Y_{ij} = 1 if y_i = j, x_j is the j-th column of X."""
    text = without_braces(with_sums(SYMMETRIC.sub(_symmetric, SLICE.sub(_slice, _TRUE_CLASS.sub(_true_class, text)))))
    return ONE_HOT.sub(_said(r"${} = \operatorname{{onehot}}({})$"), IF.sub(_said(r"${} = \mathbf{{1}}[{}]$"), text))


def claims_displayed(text: str) -> str:
    """A text in which each derivative that a sentence states, "so $\\nabla_W L = ...$", is displayed, as a claim of its own.

    What a sentence denies, supposes or only names stays in it.
    """
    out, end = [], 0
    for found in [*DISPLAYS.finditer(text), None]:
        between = text[end : len(text) if found is None else found.start()]
        out.append(INLINE.sub(lambda one, said=between: _displayed(one, said), between))
        if found is not None:
            out.append(found[0])
            end = found.end()
    return "".join(out)


def _is_rule(side: str) -> bool:
    """Whether a side is made of derivatives alone: a mere chain rule, or another name."""
    return bool(DERIVATIVE.search(side)) and not re.search(r"[A-Za-z\d]", _OF_RULES.sub("", side))


def _displayed(found: re.Match[str], said: str) -> str:
    if found[1].startswith((f"\\{CLASS} =", f"\\{SUPPOSED} =", f"\\{SUMS} =")):
        return f"\\[{found[1]}\\]"
    begin = max(said.rfind(stop, 0, found.start()) for stop in (". ", ".\n", "\n\n", "; "))
    ends = [at for stop in (". ", ".\n", "\n\n", "; ") if (at := said.find(stop, found.end())) >= 0]
    sentence = said[begin + 1 : found.start()] + said[found.end() : min(ends, default=len(said))]
    is_claim = any(one.match(found[1]) for one in (CLAIMED, _BEST, _AT_NUMBERS)) and not _is_rule(found[1].rpartition("=")[2])
    return f"\\[{found[1]}\\]" if is_claim and not DENIED.search(sentence) else found[0]


def defined_beside(claim: str, later: str) -> Iterator[tuple[str, str, str]]:
    """What a claim defines behind a comma, "..., W = diag(w)", of which later displays speak."""
    parts = re.split(r",|;|\\q?quad\b|\\text\{(?!\s*(?:if|when|for)\s*\})[^}]*\}", without_zeros(claim)[0])
    used = _words(_read(later)) if len(parts) > 1 and "=" in parts[-1] else set()
    for part in parts[1:]:
        side, equals, right = part.partition("=")
        name = NAME.match(side)
        if name and equals and right.strip() and name[1] in used and is_balanced(part):
            yield side.strip(" :"), part.strip(" ."), ASIDE


def asides(text: str) -> list[tuple[int, tuple[str, str, str]]]:
    """What the sentences between displays say of names that these use and do not give themselves: where each stands, and a step."""
    used, whole = _read(text), "$$".join(_bodies(text))
    sets = {found[1] for body in _bodies(text) for found in SUMMED_OVER.finditer(body)}
    lines = [line.replace("&", "").partition("=") for line in re.split(r"\\\\|\$\$|\\\[", used)]
    given = {name[1] for side, _, right in lines if (name := NAME.match(side)) and name[1] not in _words(right)}  # no update
    between = DISPLAYS.sub(lambda found: " " * len(found[0]), text)
    out: list[tuple[int, tuple[str, str, str]]] = []
    for found in INLINE.finditer(between):
        side, _, right = found[1].partition("=")
        name = NAME.match(side) or _applied_otherwise(side, whole)
        own = {name[1], *([name[1].lower()] if len(name[1]) == 1 else [])} if name else set[str]()  # the z_{ik} of Z
        is_new = bool(own & ((_words(used) | sets) - given))
        root = _SQUARE.fullmatch(right)  # \sigma of s = \sigma^2
        is_new = is_new or (root is not None and root[1].lstrip("\\") in _words(used) - given)
        if name and is_new and not re.match(r"\s*-?[\d.]+\s*(?:$|\\|,)", right):
            at = -1 if AT_SLICE.search(right) else found.start()  # x_j may be another where nobody has said it yet
            out.append((at, (side.strip(" :"), ARROW.sub("=", found[1]).strip(), ASIDE)))
    return out


def moves(text: str) -> list[tuple[int, tuple[str, str, str]]]:
    """What sentences say of a name by itself, as an update does, and of f(x) again: where each stands, and a step."""
    whole, between = "$$".join(_bodies(text)), DISPLAYS.sub(lambda found: " " * len(found[0]), text)
    out: list[tuple[int, tuple[str, str, str]]] = []
    for found in INLINE.finditer(between):
        side, _, right = found[1].partition("=")
        is_again = FUNCTION.match(side) and not _applied_otherwise(side, whole) and "'" not in side
        word = re.findall(r"\\?[A-Za-z]+", re.sub(r"\\(?:math\w+|bm|boldsymbol|vec|hat|tilde|text)\b", "", side))
        own = rf"{re.escape(word[0])}(?![A-Za-z]{'' if '_' in side else '|_'})" if word else None  # the h of h_prev is another
        is_update = own and (re.search(rf"{own}[^=]*[-+]", right) or side.lstrip().startswith(r"\Delta"))
        if (is_update or is_again) and not CLAIMED.match(found[1]):
            out.append((found.start(), (side.strip(" :"), found[1].strip(), MOVED)))
    return out


def points_said(text: str) -> list[tuple[int, tuple[str, str, str]]]:
    """What sentences between displays say of where a loss is stationary: where each stands, and a step.

    A point stands right behind the words that claim it, "the critical points are $(0, 0)$", or behind another, "and $(1, 1)$".
    """
    between = DISPLAYS.sub(lambda found: "." * len(found[0]), text)
    out: list[tuple[int, tuple[str, str, str]]] = []
    last = -1  # where the point before ends
    for found in WITHIN.finditer(between):
        begin = max(between.rfind(stop, 0, found.start()) for stop in STOPS)
        ends = [at for stop in STOPS if (at := between.find(stop, found.end())) >= 0]
        sentence = WITHIN.sub(" ", between[begin + 1 : min(ends, default=len(between))])
        if is_of_second(text, found.start()):
            continue
        goes_on = last > begin and LISTED.fullmatch(between[last : found.start()])
        if (
            not (goes_on or STATIONARY.search(between[begin + 1 : found.start()]))
            or DENIED.search(sentence)
            or OF_OTHERS.search(sentence)
        ):
            continue
        name, _, value = found[1].partition("=")
        is_listed = MEMBERS.fullmatch(found[1]) or (value.strip() and (NAME.match(name) or NAMES.fullmatch(name)))
        if POINT.fullmatch(found[1]):
            out.append((found.start(), ("", f"= {found[1]}", AMONG)))
        elif is_listed:
            out.append((found.start(), (name.strip(), found[1].strip(), AMONG)))
        last = found.end() if is_listed or POINT.fullmatch(found[1]) else last
    return out


def is_example(text: str, found: re.Match[str]) -> bool:
    """Whether a formula of a sentence gives numbers that the sentence begins with, For $x = -2$, $y = 5$."""
    begin = max((at + len(stop) for stop in STOPS if (at := text.rfind(stop, 0, found.start())) >= 0), default=0)
    before = WITHIN.sub(" ", text[begin : found.start()])
    numbers = [*WITHIN.findall(text[begin : found.start()]), found[1]]
    behind = re.match(r"[\s,]*(?:and\b|with\b)?\s*\$([^$]*)\$", text[found.end() :])
    several = sum(len(NEXT.split(one)) for one in numbers) + bool(behind and _is_of_numbers(behind[1]))
    is_said = _EXAMPLE.search(before) and not _FOUND.search(before) and (several > 1 or not _CONDITION.fullmatch(before))
    return bool(is_said) and all(map(_is_of_numbers, numbers))


def _is_of_numbers(said: str) -> bool:
    return all("=" in part and PLAIN.match(part.rpartition("=")[2].strip(" .,;")) for part in NEXT.split(said))


def is_where_zero(text: str, found: re.Match[str]) -> bool:
    """Whether a formula says where the one right before it in its sentence is zero: $y - t$, which is zero at $y = t$."""
    begin = max(text.rfind(stop, 0, found.start()) for stop in STOPS)
    before = text[begin + 1 : found.start()]
    return STATIONARY.search(before) is not None and re.search(r"\bwhich\b[^$]*$", before) is not None


def is_of_second(text: str, at: int) -> bool:
    """Whether a formula is where a second derivative is something: f''(x) = 6x - 12, which is zero at x = 2."""
    which = OF_WHICH.search(text[max(0, at - 200) : at])
    said = text[: max(0, at - 200) + which.start()].rpartition("=")[0] if which else ""
    return SECOND.search(said[-40:]) is not None


def _applied_otherwise(side: str, used: str) -> re.Match[str] | None:
    """The function that a side defines, \\phi(t), where formulas apply it to something else; None for f(x) of \\nabla f(x)."""
    function = _APPLIED.match(side)
    if function is None:
        return None
    word = re.escape(function[1]) if function[1].startswith("\\") else rf"(?<![A-Za-z\\]){function[1]}"
    applied = re.findall(rf"{word}{_BELOW}{_PRIMES}\s*(?:\\left\s*)?\(([^()]*)", used)
    plain = re.sub(r"\s", "", function[2])
    return function if any(re.sub(r"\s", "", one) != plain for one in applied) else None


def numbers_given(text: str) -> list[tuple[int, tuple[str, str, str]]]:
    """The numbers that sentences between displays give, one name and its number in each formula: where it stands, and a step."""
    between = DISPLAYS.sub(lambda found: " " * len(found[0]), text)
    plain = INLINE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), between)
    several = [
        *((found.start(), found[1]) for found in INLINE.finditer(between)),
        *((found.start(), found[0]) for found in LINE.finditer(plain)),
    ]
    return [(at, (said.partition("=")[0].strip(), said.strip(), GIVEN)) for at, said in sorted(several) if _is_of_numbers(said)]


def _slice(found: re.Match[str]) -> str:
    at = f":,{found[2]}" if found[3] == "column" else f"{found[2]},:"
    return f"${found[1]} = {found[4]}_{{{at}}}$" + "\n" * found[0].count("\n")


def _true_class(found: re.Match[str]) -> str:
    return rf"$\{CLASS} = {found['name'] or found['behind']}$" + "\n" * found[0].count("\n")


def _symmetric(found: re.Match[str]) -> str:
    name = _OF_A_MATRIX.fullmatch(found["name"] or found["behind"] or found["own"])
    before = re.split(r"[.;]\s|\n\n|\$\$|\\\]", found.string[: found.start()])[-1]
    if name is None or _NOT_SAID.search(WITHIN.sub(" ", before)):
        return found[0]
    said = rf"\{SUPPOSED} = {name[1]}" if _SUPPOSED.fullmatch(before) else rf"{name[1]} = {name[1]}^\top"
    return f"${said}$" + "\n" * found[0].count("\n")


def _said(pattern: str) -> Callable[[re.Match[str]], str]:
    """What is said in words as a formula, in as many lines."""
    return lambda found: pattern.format(found[1], found[2]) + "\n" * found[0].count("\n")


def _read(text: str) -> str:
    """The display formulas of a text that have an equals sign, without scripts and without words; e to what, with that."""
    claims = "$$".join(body for body in _bodies(text) if "=" in body)
    claims = re.sub(r"(?<![A-Za-z\\])e\s*\^\s*\{", "e {", claims)  # what an exponential is of is no script
    claims = re.sub(r"\\nabla\s*(?:\^\s*\d\s*)?_", r"\\nabla ", claims)  # neither is by what a gradient is
    return SCRIPTS.sub("", re.sub(r"\\(?:begin|end|label|text|tag)\{[^}]*\}", " ", claims))


def _bodies(text: str) -> Iterator[str]:
    """What stands in each display of a text."""
    return (found[1] or found[2] or found[4] for found in DISPLAYS.finditer(text))


def _words(formulas: str) -> set[str]:
    """The letters, commands and words in formulas."""
    return {*re.findall(r"\\[A-Za-z]+|[A-Za-z]", formulas), *re.findall(r"[A-Za-z]+", formulas)}
