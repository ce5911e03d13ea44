r"""What sentences say that a formula is: "the gradient is $$2X^\top(Xw - y)$$", "the Hessian is $$H = 2X^\top X$$"."""

from __future__ import annotations

import re

from symbackprop.judge.texts.numbers import PLAIN
from symbackprop.judge.texts.sentences import CLAIMED, DENIED, DERIVATIVE, DISPLAYS, FUNCTION, NAME, STOPS, WITHIN

MARK = "announced"  # \announced{gradient}{w}, for a derivative of the loss by w; which that is, the judge of the network knows
_KINDS = {
    "score": "gradient", "derivative": "gradient", "second derivative": "hessian", "기울기": "gradient", "그래디언트": "gradient",
    "도함수": "gradient", "이계도함수": "hessian", "헤시안": "hessian", "헤세행렬": "hessian",
}  # fmt: skip
_LOSS = r"(?:the |this |our )?(?:total |whole )?(?:loss|cost|objective|log-?\s?likelihood)(?: function)?"
_SAID = re.compile(
    r"(?<![-\w])(?P<kind>gradient|score(?= function| of the log)|derivative|second derivative|hessian)"
    r"(?: vector| matrix| function)?"
    rf"(?:\s+of\s+(?:\$(?P<of>[^$]*)\$|(?P<loss>{_LOSS})(?:\s+\$(?P<called>[^$]*)\$)?))?"
    r",?(?:\s+(?:with respect to|wrt|by|in)\s+(?:the (?:\w+ ){1,2})?\$(?P<wrt>[^$]*)\$)?"
    r"(?:\s*(?:,|:|is|are|becomes|equals|reads|as|then|thus|therefore|hence|simply|now|given by|equal to)(?![A-Za-z]))+\s*$",
    re.IGNORECASE,
)
_SAID_IN_KOREAN = re.compile(  # 손실의 $w$에 대한 기울기는
    r"(?:\$(?P<of>[^$]*)\$의\s+|손실(?:\s*함수)?의\s+)?(?:\$(?P<wrt>[^$]*)\$에\s+(?:대한|관한)\s+)?(?:손실(?:\s*함수)?의\s+)?"
    r"(?P<kind>기울기|그래디언트|도함수|이계도함수|헤시안|헤세\s*행렬)\s*(?:벡터|행렬)?\s*[은는:]\s*(?:다음과 같다\s*[.:]?)?\s*$"
)
_BEHIND = re.compile(r"[\s,.]*(?:for|with respect to|wrt|in)\s+(?:the (?:\w+ ){1,2})?\$(?P<wrt>[^$=]*)\$")
_GOES_ON = re.compile(r"-\w|\s*(?:times|multiplied|minus|plus|applied|summed|per|on)\b")  # in words
_BEFORE = re.compile(  # what may stand between the last formula, or the beginning, and these words
    r"(?:[\s,:]*(?:then|thus|so|that|hence|therefore|finally|and|also|now|the|total|full|overall|second|partial|we|get|find|have|"
    r"obtain|conclude|(?:by|using) the \w+ rule|differentiating|similarly|likewise|which|this|it|gives|yields|means|follows|say|"
    r"손실(?:\s*함수)?의|이고|이며|또한|따라서|그러면|그러므로|이면|이다)(?![A-Za-z]))*[\s,:]*",
    re.IGNORECASE,
)
_STARTS = re.compile(r"\\(?:succ|prec|leq?|geq?|neq?|propto|sim|approx|in)\w*(?![a-z])|[<>]")
_LETTERS = re.compile(r"(?:\\?[A-Za-z]+'*|\\times|\s|[_^]\s*\w)+")  # g, d \times d, which name something
_CASE = re.compile(
    r"\b(?:[Ii]f|[Aa]t|[Ss]ince|[Ff]or|[Aa]s|[Bb]ecause|[Ww]ith|[Ww]hen)\s+\$[^$]*(?:[<>=]|\\(?:[lg]eq?|neq?|in)\b)[^$]*\$(?:\s*이면)?|\$[^$]*\^\\top\$\s*이면"
)
_SOMEWHERE = re.compile(  # at a point, of a case or of a sample alone
    r"\b(?:at|when(?:ever)?|unless|otherwise|else|(?:in|of) (?:this|that|the \w+|one|some|each) cases?|near|around|locally|"
    r"initially|approximately|roughly|samples?|observations?|per|single|each|every)\b|에서|일 때|경우|샘플|표본",
    re.IGNORECASE,
)
_WRT = re.compile(r"\bw\.\s?r\.\s?t\.", re.IGNORECASE)
_MATRIX = re.compile(r"\\begin\{([a-z]*matrix)\}.*?\\end\{\1\}", re.DOTALL)
_OWNER = re.compile(r"\b(?:its|whose|their|this|each|inner|outer|local|upstream|chain|numerical)\s*$", re.IGNORECASE)


def with_announced(text: str) -> str:
    """A text in which a formula that a sentence says to be a derivative of the loss says that itself, as a claim of its own.

    Those are displayed that have a name, $g = X^\\top r$, or none; what is a number alone, or is denied, stays in its sentence.
    """
    out, end = list[str](), 0
    plain = _WRT.sub(lambda found: "wrt".ljust(len(found[0])), text).replace("같다.", "같다:")  # no sentence ends there
    within = list(WITHIN.finditer(DISPLAYS.sub(lambda found: " " * len(found[0]), text)))
    for found in sorted([*DISPLAYS.finditer(text), *within], key=lambda one: one.start()):
        k = 1 if found.re is WITHIN else next(k for k in (1, 2, 4) if found[k])
        if claim := _claim(plain, found.start(), found.end(), found[k].strip()):
            out += [text[end : found.start()], f"\\[{claim}\\]" + "\n" * (found[0].count("\n") - claim.count("\n"))]
            end = found.end()
    return "".join([*out, text[end:]])


def _claim(text: str, start: int, end: int, formula: str) -> str:
    """A formula as the claim that the sentence before it makes of it; "" where that makes none."""
    begin = max((at + len(stop) for stop in (*STOPS, "$$", "\\]", "}\n") if (at := text.rfind(stop, 0, start)) >= 0), default=0)
    said = _SAID.search(text, begin, start) or _SAID_IN_KOREAN.search(text, begin, start)
    if said is None or _GOES_ON.match(text, end) or _STARTS.match(formula) or not _says_nothing(formula):
        return ""
    before = _CASE.sub(" ", text[begin : said.start()])
    lead, own = before.rpartition("$")[2], said.groupdict()
    stops = [at for stop in (*STOPS, "$$", "\\[") if (at := text.find(stop, end)) >= 0]
    whole = WITHIN.sub(" ", f"{before} {text[end : min(stops, default=len(text))]}")
    if not _BEFORE.fullmatch(lead) or _OWNER.search(lead) or _SOMEWHERE.search(WITHIN.sub(" ", before)) or DENIED.search(whole):
        return ""
    behind = _BEHIND.match(text, end)
    kind = said["kind"].lower().replace("헤세 행렬", "헤세행렬")
    wrt, of = said["wrt"] or (behind["wrt"] if behind else ""), said["of"] or own.get("called") or ""
    if "partial" in lead.lower() and not wrt:
        return ""
    sure = "of" if of or own.get("loss") or "손실" in said[0] else "by" if wrt else ""
    mark = rf"\{MARK}{{{_KINDS.get(kind, kind)}}}{{{wrt.strip()}}}{{{of.strip()}}}{{{sure}}}"
    name, equals, value = formula.partition("=")
    return f"{name.strip()} = {mark} = {value.strip()}" if equals else f"{mark} = {formula}"


def _says_nothing(formula: str) -> bool:
    """Whether a formula has a name of a person's own or none, and is no number and no derivative."""
    name, equals, value = formula.partition("=")
    first = re.split(r"[,;]|\\q?quad", value)[0]
    is_named = not equals or ((NAME.match(name) or FUNCTION.match(name)) and "=" not in first)
    is_several = "\\\\" in _MATRIX.sub("", formula) or "\\begin" in name * bool(equals)
    is_plain = PLAIN.match((first if equals else formula).strip(" .,;")) or (not equals and _LETTERS.fullmatch(formula))
    return bool(is_named) and not (is_several or is_plain or CLAIMED.match(formula) or DERIVATIVE.search(formula))
