r"""What a text of LaTeX holds: declarations, each on its line, and formulas.

A declaration may stand behind a %, so that TeX passes it by: % W_1: parameter[h, n], % \hat A: symmetric[n]
"""

from __future__ import annotations

import re

from symbackprop.notation.vocabulary import DOMAINS, KINDS, MEANT

_NAME = r"[^\W\d]\w*"
_DECLARATION = re.compile(rf"[ \t]*%*[ \t]*({_NAME}(?:[ \t]*,[ \t]*{_NAME})*[ \t]*:[ \t]*[A-Za-z][^\\]*)$")
_MATHS = re.compile(r"(\$\$.*?\$\$|\$.*?\$|\\\[.*?\\\]|\\\(.*?\\\)|\\begin\{.*\\end\{\w+\*?\})", re.DOTALL)
_FORMULA = re.compile(r"[\\=^_{}]")
_KINDS = "|".join([*KINDS, *DOMAINS, *MEANT, "function"])
_OF_LATEX = re.compile(rf"([ \t]*%*[ \t]*)(\$?[^:=%]*[\\^{{][^:=%]*?)([ \t]*:[ \t]*(?:{_KINDS})\b[^\\]*)$")
_COMMENT = re.compile(r"[ \t]*#")
_MACRO = re.compile(r"\\.|\$")


def is_latex(text: str) -> bool:
    """Whether a text has a macro, or formulas in $...$, outside its comments and declarations."""
    return _MACRO.search(parted(text)[1]) is not None


def parted(text: str) -> tuple[str, str]:
    """The declarations and the formulas of a text, each with the characters of the other blank, so that places stay."""
    declarations, formulas = [], []
    for line in map(plainly, text.replace("\r\n", "\n").split("\n")):
        found = _DECLARATION.match(line)
        blank = " " * len(line)
        declarations.append(blank[: found.start(1)] + found[1] if found else "")
        formulas.append(blank if found or _COMMENT.match(line) else line)
    return "\n".join(line.lstrip() for line in declarations), _without_prose("\n".join(formulas))


def _without_prose(text: str) -> str:
    """A text in which words between formulas in $...$ are blank, and part these."""
    pieces = _MATHS.split(text)  # formulas stand at odd places
    for k in range(0, len(pieces), 2):
        if len(pieces) > 1 and re.search(r"[^\W\d_]", pieces[k]) and not _FORMULA.search(pieces[k]):
            pieces[k] = ";" + re.sub(r"[^\n]", " ", pieces[k])[1:] if pieces[k][0] != "\n" else re.sub(r"[^\n]", " ", pieces[k])
    return "".join(pieces)


def plainly(line: str) -> str:
    r"""A declaration whose name is LaTeX, \hat W^{(1)}: parameter[h, d], with the name of the language, at the same place."""
    found = _OF_LATEX.match(line)
    if found is None:
        return line
    from symbackprop.notation.latex.naming import name_in  # reads claims, which most texts are none of

    names = [name_in(one) for one in re.split(r",(?![^{]*\})", found[2])]
    return f"{found[1]}{', '.join(map(str, names)).ljust(len(found[2]))}{found[3]}" if all(names) else line
