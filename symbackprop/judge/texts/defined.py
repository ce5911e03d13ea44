r"""What stands behind a claim in its line: definitions of what it uses stay with it, anything else is a step of its own.

\nabla L = X^\top e, e = p - y, \hat w = \ldots says what e is, and claims a best value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from symbackprop.judge.texts.brackets import is_balanced
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.side import word_of
from symbackprop.notation.claims.tokens import tokens

_LETTER = (
    r"(?:\\(?:wide)?(?:hat|bar|tilde)\s*(?:\{\s*\\?[A-Za-z]+\s*\}|\\?[A-Za-z]+)"
    r"|\\(?:mathbf|boldsymbol|mathcal)\s*\{\s*\\?[A-Za-z]+\s*\}|\\?[A-Za-z]+)"
)
_BEHIND = re.compile(  # , e_i = and , f_x(x, y) = and , \det H =
    r"\s*(?:(?<!\\)[,;]|\\q?quad\b)(?:[,;~\s]|\\q?quad\b|\\[ ,;:])*"
    rf"(?=(?P<name>(?:\\det\s*)?{_LETTER}'*(?:\s*[_^]\s*(?:\{{[^{{}}]*\}}|\\?[A-Za-z]+|[\d*]))*)\s*(?:\([^()=]*\)\s*)?=(?!=))"
)
_INDEX = re.compile(r"\s*_\s*(?:[a-z]|\{\s*[a-z](?:\s*,?\s*[a-z])*\s*\})\s*$")  # of e_i; MAP of w_{MAP} is none
_NEXT = re.compile(r"\s*(?:(?<!\\)[,;]|\\q?quad\b)(?:[,;~\s]|\\q?quad\b|\\[ ,;:])*(?=(?P<left>[^=,;]+)=(?!=))")  # , \sum x_i y_i =
_TUPLE = re.compile(  # , (x^*, y^*) =
    r"\s*(?<!\\)[,;](?:[,;~\s]|\\q?quad\b|\\[ ,;:])*"
    r"(?=(?P<left>\((?:[^()=]*(?:\^\s*\{?\s*(?:\*|\\star|\\ast)|\\(?:wide)?hat))[^()=]*\)\s*)=(?!=))"
)
_COUNTED = re.compile(r"=\s*(?:[-+]?\s*\d+\s*(?:$|[,;]|\\(?:[,;: ]|[lc]?dots|q?quad|text))|\\[lc]?dots)")  # i = 1, ..., n


def own_steps(line: str, is_own: Callable[[str], bool]) -> list[str]:
    """The steps of a line: its first claim with what that uses, and what it does not use, each with what that uses.

    is_own   whether a text that begins with a name and its equals sign is never a definition of what stands before it.
    """
    segments, names, own = _segments(line, is_own)
    heads, reached = list[int](), set[int]()
    groups: dict[int, set[int]] = {}
    for k in range(len(segments)):
        if k in reached:
            continue
        taken = {j for j in range(len(segments)) if own[j]} | {*heads}
        groups[k] = _closure(k, segments, names, taken, reached)
        reached |= groups[k]
        heads.append(k)
    return [", ".join(segments[j] for j in sorted(group, key=lambda j: (j != head, j))) for head, group in groups.items()]


def _segments(line: str, is_own: Callable[[str], bool]) -> tuple[list[str], list[str], list[bool]]:
    """The claims and definitions of a line, the name of each, and whether it is a step in any case."""
    segments, names, own, begin = list[str](), [""], [True], 0
    named = {found.end(): found for found in _BEHIND.finditer(line)}
    nexts = [found for pattern in (_NEXT, _TUPLE) for found in pattern.finditer(line)]
    nexts = [found for found in nexts if "quad" in found[0] or found.re is _TUPLE or word_of(found["left"]) is None]
    others = {found.end(): found for found in nexts if is_balanced(found["left"]) and "\\text" not in found["left"]}
    for found in sorted((others | named).values(), key=lambda one: one.end()):
        before, behind = line[begin : found.start()], line[found.end() :]
        by_itself = found.re is not _BEHIND or is_own(behind)
        if "=" in before and is_balanced(before) and (by_itself or not _COUNTED.match(behind, behind.index("="))):
            segments.append(before.strip())
            names.append(found["name"] if found.re is _BEHIND else "")
            own.append(by_itself)
            begin = found.end()
    return [*segments, line[begin:].strip()], names, own


def _closure(first: int, segments: Sequence[str], names: Sequence[str], taken: set[int], reached: set[int]) -> set[int]:
    """A segment, and those that say what it is made of: later ones, and those that say it of one before."""
    own, waiting = {first}, [first]
    while waiting:
        text = segments[waiting.pop()].partition("=")[2]
        for k in range(1, len(segments)):
            if names[k] and k not in own | taken and (k > first or k in reached) and _uses(text, names[k]):
                own.add(k)
                waiting.append(k)
    return own


def _uses(text: str, name: str) -> bool:
    """Whether a text has a name, at any index where the name has one; what cannot be read may have it."""
    try:
        whole, own = _plain(text), _plain(_INDEX.sub("", name))
    except Fault:
        return True
    return any(whole[k : k + len(own)] == own for k in range(len(whole) - len(own) + 1))


def _plain(text: str) -> list[str]:
    return [token.text for token in tokens(text) if token.text not in ("{", "}")]
