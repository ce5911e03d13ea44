r"""What a text of LaTeX holds: declarations, each on its line, and formulas.

A declaration may stand behind a %, so that TeX passes it by: % W_1: parameter[h, n], % \hat A: symmetric[n]
"""

from __future__ import annotations

import re

from symbackprop.notation.vocabulary import DOMAINS, KINDS, MEANT

_NAME = r"[^\W\d]\w*"
_DECLARATION = re.compile(
    rf"[ \t]*%*[ \t]*({_NAME}(?:[ \t]*,[ \t]*{_NAME})*[ \t]*:[ \t]*[A-Za-z]\w*[ \t]*(?:[\[({{][^\\]*)?(?:&[^\\]*)?)$"
)
_CONSTANT = re.compile(r"[ \t]*%*[ \t]*([^\W\d]\w+[ \t]*=[ \t]*[-+]?[\d.]+(?:[eE][-+]?\d+)?)[ \t]*$")  # eps = 1e-5
_START = re.compile(r"^[ \t]*([^\W\d_])_\d+[ \t]*=", re.MULTILINE)
_DISPLAYS = r"(?:equation|align|gather|multline|eqnarray|displaymath|math|flalign|alignat)\*?\}"
_MATHS = re.compile(rf"(\$\$.*?\$\$|\$.*?\$|\\\[.*?\\\]|\\\(.*?\\\)|\\begin\{{{_DISPLAYS}.*?\\end\{{{_DISPLAYS})", re.DOTALL)
_MARKS = re.compile(r"\\(?:label|tag|cite\w*|ref|eqref)\*?\{[^{}]*\}")
_DOCUMENT = r"\begin{document}"
_FORMULA = re.compile(r"[\\=^_{}]")
_KINDS = "|".join([*KINDS, *DOMAINS, *MEANT, "function"])
_OF_LATEX = re.compile(rf"([ \t]*%*[ \t]*)(\$?[^:=%]*[\\^{{][^:=%]*?)([ \t]*:[ \t]*(?:{_KINDS})\b[^\\]*)$")
_COMMENT = re.compile(r"[ \t]*#")
_JOINED = re.compile(r"[\s,]*(?:and|or|both)\s*|[\s,]*(?:및|와|과|또는)\s*")  # $x$ and $y \in \mathbb{R}$: of both
_MACRO = re.compile(r"\\\S|[,;.]\s*\\|\$|[∈∑∏]")  # or a sign of paper that no line of Python has


def is_latex(text: str) -> bool:
    """Whether a text has a macro, a sign typed as on paper, or formulas in $...$, outside its comments and declarations."""
    return _MACRO.search(parted(text)[1]) is not None


def parted(text: str) -> tuple[str, str]:
    """The declarations and the formulas of a text, each with the characters of the other blank, so that places stay."""
    declarations, formulas = [], []
    starts = {own for own in _START.findall(text) if re.search(rf"(?<![\w\\]){own}(?:_\{{?[^\W\d]|\^\{{?[(\[])", text)}
    for line in map(plainly, text.replace("\r\n", "\n").split("\n")):
        found = _DECLARATION.match(line) or _CONSTANT.match(line)
        if found and (start := _START.match(line)) and start[1] in starts:
            found = None  # h_0 = 0, of h_t: the first step, of the shape of h_t
        blank = " " * len(line)
        declarations.append(blank[: found.start(1)] + found[1] if found else "")
        formulas.append(blank if found or _COMMENT.match(line) else line)
    return "\n".join(line.lstrip() for line in declarations), _without_prose("\n".join(formulas))


def _without_prose(text: str) -> str:
    """A text in which words between formulas in $...$ and displays are blank, and part these; of a document, all else is words."""
    text = _MARKS.sub(lambda found: _blank(found[0]), text)
    start = text.find(_DOCUMENT)
    if start >= 0:
        start += len(_DOCUMENT)
        text = _blank(text[:start]) + text[start:]
    pieces = _MATHS.split(text)  # formulas stand at odd places
    for k in range(0, len(pieces), 2):
        has_words = re.search(r"[^\W\d_]", pieces[k])
        if start >= 0 or (len(pieces) > 1 and has_words and not _FORMULA.search(pieces[k])):
            mark = "," if _JOINED.fullmatch(pieces[k]) else ";"
            pieces[k] = mark + _blank(pieces[k][1:]) if pieces[k][:1] not in ("", "\n") else _blank(pieces[k])
    return "".join(pieces)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def plainly(line: str) -> str:
    r"""A declaration whose name is LaTeX, \hat W^{(1)}: parameter[h, d], with the name of the language, at the same place."""
    found = _OF_LATEX.match(line)
    if found is None:
        return line
    from symbackprop.notation.latex.naming import name_in  # reads claims, which most texts are none of

    names = [name_in(one) for one in re.split(r",(?![^{]*\})", found[2])]
    return f"{found[1]}{', '.join(map(str, names)).ljust(len(found[2]))}{found[3]}" if all(names) else line
