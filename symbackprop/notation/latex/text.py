r"""What a text of LaTeX holds: declarations, each on its line, and formulas.

A declaration may stand behind a %, so that TeX passes it by: % W_1: parameter[h, n]
"""

from __future__ import annotations

import re

_DECLARATION = re.compile(r"[ \t]*%*[ \t]*([^\W\d]\w*[ \t]*:[ \t]*[A-Za-z][^\\]*)$")
_COMMENT = re.compile(r"[ \t]*#")
_MACRO = re.compile(r"\\.|\$")


def is_latex(text: str) -> bool:
    """Whether a text has a macro, or formulas in $...$, outside its comments and declarations."""
    return _MACRO.search(parted(text)[1]) is not None


def parted(text: str) -> tuple[str, str]:
    """The declarations and the formulas of a text, each with the characters of the other blank, so that places stay."""
    declarations, formulas = [], []
    for line in text.replace("\r\n", "\n").split("\n"):
        found = _DECLARATION.match(line)
        blank = " " * len(line)
        declarations.append(blank[: found.start(1)] + found[1] if found else "")
        formulas.append(blank if found or _COMMENT.match(line) else line)
    return "\n".join(line.lstrip() for line in declarations), "\n".join(formulas)
