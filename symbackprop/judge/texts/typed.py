r"""Mathematics typed without LaTeX, dL/dw = 2(a - y) a(1 - a) x, as LaTeX: one line after the other, signs and words alone."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from symbackprop.judge.texts.at_points import BEFORE, BEHIND, BESIDE, VALUE, at_point, value_at
from symbackprop.judge.texts.sentences import DENIED, DISPLAYS, WITHIN
from symbackprop.notation.claims.grammar import NAMED

_CODE = re.compile(  # what only code has
    r"\bnp\.|\.T\b|@|\*\*|\baxis=|\bkeepdims|\.(?:sum|mean|dot|copy|reshape|shape)\b|[A-Za-z_]\w*\[|^\s*(?:def|for|return|import|from|class|if|with)\b|[-+*/]="
    r"|\blambda\b.*:|#|\b(?:outer|dot|matmul|einsum|multiply)\s*\(",
    re.MULTILINE,
)
_DERIVATIVE = re.compile(
    r"(?<![\w\\])(?:(d2|d\^2)(\w*)\s*/\s*d\(?(\w+)\)?\^?2|"
    r"d[_ ]?([A-Za-z]\w*)\s*/\s*(?:d[_ ]?([A-Za-z]\w*)|d\(([A-Za-z]\w*)\))|d\s*/\s*d([A-Za-z]\w*))"
)
_BEGINS = re.compile(
    r"(?:(?:grad|nabla)(?:_\w+)?\s+[A-Za-z]\w*(?:\([^()]*\))?|d2? ?\w+\s*/\s*d ?\(?\w+\)?\^?2?|d\^2\w*\s*/\s*d\w+\^2"
    r"|\b[A-Za-z]\w*'?(?:\^\w+|\^\([^)]*\)|\([^()]*\))?)\s*=(?!=)"
)
_HEADING = re.compile(r"^\s*#+\s.*$", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[\w)\]'])[.!?:]\s+(?=[A-Z][a-z]*\b[\s,]|d\w+\s*/\s*d\w)")  # where one ends: "dy = x. Then"
_BESIDE = re.compile(  # what parts two formulas of a sentence
    rf"(?:,\s*(?:and\s+|so\s+|hence\s+|thus\s+)?|\s+(?:and|so|hence|thus)\s+)(?=(?:then\s+)?(?:{_BEGINS.pattern}))"
)
_SLOPE = re.compile(r"^\s*([A-Za-z]\w*)'\(([A-Za-z]\w*)\)\s*=")  # f'(s) = of a value f
_BECAUSE = "by|since|because|using|from"
_SAYS = re.compile(  # what a sentence says behind a formula
    rf"\s*(?:,?\s+(?:{_BECAUSE}|which|so that|due to|as)\s+[A-Za-z(].*"
    rf"|\((?:{_BECAUSE}|chain rule|the)\b.*\)|\s\((?:[a-z]{{2,}}\s+)+[a-z]{{3,}}\))\s*$"
)
_INDEXED = re.compile(r"^\s*d\w*?/d[A-Za-z]\d?_([ijklmnc]{1,3})\s*=")
_SUMMED = re.compile(r"\b(sum|mean)\s*\(((?:[^()]|\([^()]*\))*?),\s*([12])\s*\)")
_MARK = re.compile(r"^\s*(?:[-*•]\s+|\(?(?:\d+|[a-z]|i{2,3}|iv|vi{1,3})[.)]\s+)")  # of a list: -, 1., (a), ii)
_MARKED = re.compile(rf"(?m){_MARK.pattern}(?=[\w/\\^{{}}' ]+=(?!=))")
GRADIENT = (  # names of gradients alone: no dim, no data
    r"(?:d[A-Z]\w*|d[a-z](?:_?\d+|_\w+)?(?!\w)|d(?:yhat|loss|out|pred|logits|scores|probs|hidden)\w*|grad_\w+)"
)
_TYPED_LINE = re.compile(  # dL/dw = ..., dw = ..., grad_w C = ..., C'(w) = ...
    rf"{_MARK.pattern}?\s*(?:[A-Z][a-z]*[,:]?\s+){{0,2}}"
    rf"(?P<said>(?:{_DERIVATIVE.pattern}|{GRADIENT}|(?:grad|nabla)(?:_\w+)?\s+[A-Za-z]\w*|[A-Za-z]\w*'\([A-Za-z]\w*\))\s*=(?!=)[^\\]*)$"
)
_RAW_LINE = re.compile(  # LaTeX without dollars
    rf"{_MARK.pattern}?\s*\\(?:nabla(?![a-z])|[dt]?frac\s*\{{\s*(?:\\partial|d\s*[A-Za-z])|partial(?![a-z]))[^$=]*=[^$]*$"
)
_IN_SENTENCE = re.compile(  # Then dL/dw = ..., in code: `dw = ...`
    rf"(?:(?<![\w$\\/`])(?={_DERIVATIVE.pattern})|(?<=[:>→⇒*])\s*|`)(?P<said>(?:{_DERIVATIVE.pattern}|{GRADIENT})\s*:?=(?!=)[^$`\\]*?)"
    r"(?:`|(?=[.;]?\s*$|\.\s+[A-Z]|[.,;]?\s*\$))"
)
_LINKS = frozenset(["where", "with", "if", "otherwise", "for", "all", "and", "else", "when", "elsewhere"])
_FUNCTIONS = frozenset([
    "sigmoid", "tanh", "relu", "ReLU", "exp", "log", "ln", "softmax", "softplus", "sign", "diag", "tr", "trace", "sin", "cos",
    "tan", "sinh", "cosh", "sech", "max", "min", "abs", "det", "vec", "arctan", "logsumexp", "clip", "erf", "sqrt", "norm", "mean",
])  # fmt: skip
_MACROS = frozenset(["tanh", "exp", "log", "ln", "sin", "cos", "tan", "sinh", "cosh", "max", "min", "det", "arctan"])
_OCTAVE = re.compile(r"\.\*|\./|\.\^|[\w)]'\s*\*|\*\s*\w+'(?!\s*\()")
_SIGNS = {"->": r"\to ", "=>": r"\Rightarrow ", "<=": r"\leq ", ">=": r"\geq ", "!=": r"\neq ", "~": "", ".": r"\cdot "}
_TOKEN = re.compile(
    r"\d+\.\d+(?:[eE]-?\d+)?|\d+|\.[*/^]|[^\W\d_]+\d*(?:_(?:\{[^{}]*\}|\d+|[A-Za-z][A-Za-z0-9]*))*|\*\*|[<>!]=|->|=>|\s+|.",
    re.DOTALL,
)

_NO_CODE = re.compile(r"\^\s*T\b|\b(?:sum|prod)_[a-z]\s*(?:\(|[A-Za-z])")  # X^T (p - y), sum_i (p_i - y_i), which Python calls


_OUTER = re.compile(r"\bouter\s*\(((?:[^(),]|\([^()]*\))+),((?:[^(),]|\([^()]*\))+)\)")


def as_macros(text: str) -> str:
    r"""A text with \cos y for cos y; what has brackets, cos(y), is read as it is."""
    return re.sub(rf"(?<![\\A-Za-z])({'|'.join(sorted(_MACROS))})(?=\s+[^\W\d_](?![A-Za-z]))", r"\\\1", text)


def without_marks(text: str) -> str:
    """A text whose lines "- dL/dw = ..." and "(a) dL/dw = ..." begin with what they say."""
    return _MARKED.sub("", text)


def with_typed(text: str) -> str:
    """A text with formulas between dollars in which a line without them, dL/dw = (y - t) x or \\nabla L = ..., is displayed."""
    if not (WITHIN.search(text) or DISPLAYS.search(text)):
        return text
    hidden = DISPLAYS.sub(lambda found: re.sub(r"[^\n]", "$", found[0]), text)
    pairs = [(line, own.replace("∂", "d")) for line, own in zip(text.split("\n"), hidden.split("\n"), strict=True)]
    return "\n".join(
        _line_displayed(line) if _TYPED_LINE.match(own) or _RAW_LINE.match(own) else _with_sentences(line, own)
        for line, own in pairs
    )


def _with_sentences(line: str, own: str) -> str:
    """A line in which what a sentence states without dollars, Then dL/dw = (y - t) x, is displayed.

    own   the line without its displays.
    """
    own = WITHIN.sub(lambda found: "$" * len(found[0]), own)
    out, end = list[str](), 0
    for found in _IN_SENTENCE.finditer(own):
        sentence = own[max(own.rfind(stop, 0, found.start()) for stop in (". ", "; ", "$")) + 1 : found.end()]
        if not DENIED.search(sentence):
            said = line[found.start("said") : found.end("said")].replace("∂", "d").replace(":=", "=")
            out += [line[end : found.start()], *(f"\\[{one}\\]" for several in lines_of(said) for one in several)]
            end = found.end()
    return "".join([*out, line[end:]])


def _line_displayed(line: str) -> str:
    if _RAW_LINE.match(line):
        return f"\\[{_MARK.sub('', line).strip(' .,;')}\\]"
    found = _TYPED_LINE.match(line.replace("∂", "d"))
    line = found["said"].replace("$", "") if found else line  # dL/db = $z - y$
    return "".join(f"\\[{said}\\]" for several in lines_of(line) for said in several)


def is_typed(text: str) -> bool:
    """Whether a text is mathematics as it is typed, and no code: 2(a - y) x, sigma'(z), sum_k, x^T."""
    text = _HEADING.sub("", text)
    lines = text.splitlines()
    if _CODE.search(text) and not _OCTAVE.search(text):
        return not any(map(_is_line_of_code, lines)) and any(len([*_parts(line)]) > 1 for line in lines)
    if _NO_CODE.search(text):
        return True
    return any(map(_is_typed, lines)) and not (_is_code(_DERIVATIVE.sub("D", text)) and not any(map(_INDEXED.match, lines)))


def _is_line_of_code(line: str) -> bool:
    """Whether Python takes a line that says something for a statement."""
    return bool(line.strip()) and _is_code(_DERIVATIVE.sub("D", line.strip()))


def _is_typed(line: str) -> bool:
    code = _DERIVATIVE.sub("D", line).strip()
    if "=" not in code:
        return False
    if (own := _INDEXED.match(line)) and re.search(rf"_\w*[{own[1]}]\b", line[own.end() :]) and not _calls(line):
        return True  # entries, dL/dz_j = p_j - y_j
    return not _is_code(code)


def _is_code(text: str) -> bool:
    """Whether Python takes a text for statements that call nothing but names: 2(a - y) is no call."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    return all(isinstance(n.func, ast.Name | ast.Attribute | ast.Lambda) for n in calls)


def _calls(line: str) -> bool:
    """Whether a line calls a function that only code has: outer(d, x)."""
    return any(word not in _FUNCTIONS and len(word) > 1 for word in re.findall(r"([A-Za-z]\w*)\(", _DERIVATIVE.sub("D", line)))


def lines_of(text: str) -> Iterator[list[str]]:
    """The formulas of each line of a text, in LaTeX; what follows with an equals sign goes on with the one before."""
    octave = bool(_OCTAVE.search(text)) and "^T" not in text
    for line in _HEADING.sub("", text).split("\n"):
        before = BEFORE.match(line)
        line = line[before.end() if before else 0 :].rstrip(" .,;")
        end = behind.start() if (behind := BEHIND.search(line)) else len(line)  # at x = 1, y = 1 are no claims beside it
        several = [said for part in line[:end].split(";") for said in _parts(part)]
        point = before["point"] if before else ""
        points = [behind["point"] if behind and VALUE.fullmatch(said) else point for said in several]
        several[-1] += line[end:]
        found = [one for said, at in zip(several, points, strict=True) for one in _claims(said, at)]
        yield [_latex(_SUMMED.sub(_along, one) if octave else one, octave) for one in found]


def _claims(said: str, point: str) -> list[str]:
    """What a part of a line claims, at the point that it says, or else at that before the line."""
    said = said.strip().rstrip(".,;")
    behind = BEHIND.search(said) or BESIDE.search(said)
    if behind is None or _SAYS.search(said[: behind.start()]):  # f' = 2x - 2, which is 0 at x = 1
        one = _formula(said)
        return [at_point(one, point) if point else one] if one else []
    one = _formula(said[: behind.start()] + said[behind.end() :])
    return value_at(one, behind["point"]) if one else []


def _parts(line: str) -> Iterator[str]:
    """The sentences of a line, and what stands beside each other in them with an equals sign each."""
    for sentence in _SENTENCE.split(line):
        begin = 0
        for found in _BESIDE.finditer(sentence):
            before = sentence[begin : found.start()]
            if before.count("(") == before.count(")") and ("=" in before or not re.search(r"\d|[-+*/^]", before)):
                yield before
                begin = found.end()
        yield sentence[begin:]


def _formula(line: str) -> str:
    """What a line says in signs, without the words of the sentence around it."""
    line = _MARK.sub("", line).strip().rstrip(".,;")
    begins = _BEGINS.search(line)
    if begins is not None and re.search(r"[A-Za-z]{2}", line[: begins.start()]) and "=" not in line[: begins.start()]:
        line = line[begins.start() :]
    slope = _SLOPE.match(line)
    if slope and slope[1] not in _FUNCTIONS and slope[1] not in ("sigma", "phi", "g"):
        line = f"d{slope[1]}/d{slope[2]} ={line[slope.end() :]}"
    return _SAYS.sub("", line)


def _along(found: re.Match[str]) -> str:
    """sum(D, 2), along the rows."""
    return f"{'row' if found[3] == '2' else 'col'}{found[1]}({found[2]})"


def _latex(line: str, octave: bool) -> str:
    found: list[str] = []
    line = _OUTER.sub(r"(\1) (\2)^T", re.sub(r"\bnp\.", "", line)).replace("@", " ")  # in a sentence
    line = _DERIVATIVE.sub(_quotient, re.sub(r"(?<=[\w)])\.T\b", "^T", line))
    several: list[str] = _TOKEN.findall(line)
    k = 0
    while k < len(several):
        token, rest = several[k], "".join(several[k + 1 :])
        if token == "\0":  # a quotient, which is LaTeX already
            end = several.index("\1", k)
            found.append("".join(several[k + 1 : end]))
            k = end
        elif token[0].isalpha():
            found.append(_word(token, rest))
        elif token in (".*", "*", "./", "/", ".^", "**", "^", "'"):
            found.append(_sign(token, octave))
            if token in ("^", ".^", "**") and rest.lstrip()[:1] in ("(", "-"):
                k, power = _power(several, k + 1)
                found[-1] = f"^{{{power}}}"
        else:
            found.append(_SIGNS.get(token, token))
        k += 1
    return "".join(found)


def _sign(token: str, octave: bool) -> str:
    r"""A sign; in Octave a star is a product of matrices, and a prime a transpose."""
    match token:
        case ".*":
            return r"\odot "
        case "./" | "/":
            return "/"
        case "*":
            return r"\, " if octave else "*"
        case "'":
            return r"^\top " if octave else "'"
    return "^"


def _power(several: list[str], k: int) -> tuple[int, str]:
    """What stands above behind ^, (l+1) or -1/2, and where it ends."""
    while several[k].isspace():
        k += 1
    if several[k] == "-":
        return k + 1, f"-{several[k + 1]}" if k + 1 < len(several) else "-"
    depth, begin = 0, k
    while k < len(several):
        depth += (several[k] == "(") - (several[k] == ")")
        if not depth:
            break
        k += 1
    inner = "".join(several[begin + 1 : k])
    return k, f"({inner})" if re.fullmatch(r"\s*(?:\d|[lLtik]|[lLtki]\s*[-+]\s*1)\s*", inner) else _latex(inner, octave=False)


def _word(token: str, rest: str) -> str:
    base, *scripts = token.split("_")
    low = "".join(f"_{{{one.strip('{}')}}}" for one in scripts[:1])
    low += "".join(f",{one}" for one in scripts[1:])
    calls = re.match(r"'*\s*\(", rest) is not None
    stem = re.fullmatch(r"([^\W\d]+?)(\d+)", base)
    name, number = (stem[1], stem[2]) if stem else (base, "")
    if base in ("sum", "prod") and (scripts or rest.lstrip()[:1] != "("):
        return rf"\{base}{low}" if rest.startswith("_") else rf"\{base}{low} "
    from symbackprop.notation.claims.tokens import GREEK  # reads NumPy, which a page may lack

    if base == "lr" and not scripts:
        return r"\eta "
    if name in GREEK:
        return rf"\{name}{f'_{{{number}}}' if number else ''}{low} "
    if base in ("grad", "nabla") and re.match(r"\s+[A-Za-z]" if scripts else r"\s+[A-Za-z]\w*\s*(?:\([^()]*\)\s*)?=", rest):
        return rf"\nabla{low} "
    if base in _MACROS and (calls or not low):
        return rf"\{base}{low} "
    if base in _FUNCTIONS and (calls or re.match(r"\^\d", rest)):
        return f"{base}" if base in NAMED and rest.lstrip().startswith("(") and not low else rf"\operatorname{{{base}}}{low}"
    if base in _LINKS and not scripts:
        return rf"\text{{ {base} }}"
    if base == "T" and not scripts and not rest:
        return "T"
    return f"{base}{low}"


def _quotient(found: re.Match[str]) -> str:
    r"""dL/dw as \frac{\partial L}{\partial w}."""
    if found[1]:
        above, below = rf"\partial^2 {_name(found[2])}", rf"\partial {_name(found[3])}^2"
    elif found[7]:
        above, below = r"\partial", rf"\partial {_name(found[7])}"
    else:
        above, below = rf"\partial {_name(found[4])}", rf"\partial {_name(found[5] or found[6])}"
    return f"\0\\frac{{{above}}}{{{below}}}\1"


def _name(name: str) -> str:
    return _word(name, "").strip()
