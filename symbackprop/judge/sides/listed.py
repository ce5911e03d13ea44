r"""Values that a line lists, x = 0, \pm 2, x \in \{-2, 2\}, (x, y) = (0, 0) \text{ or } (1, 1), each by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from symbackprop.judge.texts.brackets import is_balanced
from symbackprop.judge.texts.numbers import PLAIN
from symbackprop.judge.texts.sentences import MEMBERS

BETWEEN = re.compile(  # what stands between two values
    r"(?<!\\)[,;]|\\q?quad(?![a-z])|\\(?:text|mbox|mathrm)\s*\{\s*(?:or|and)\s*\}|\\(?:lor|vee)(?![a-z])"
)
OR = re.compile(r"\\(?:text|mbox|mathrm)\s*\{\s*or\s*\}|\\(?:lor|vee)(?![a-z])")  # x = 0 or x^2 = 4
EITHER = re.compile(r"\\(pm|mp)(?![a-z])|±")
SEVERAL = re.compile(r"(?P<base>\s*\\?[A-Za-z]+\s*_)\s*\{\s*(?P<first>\d)\s*,\s*(?P<second>\d)\s*\}\s*")  # x_{2,3}
COLUMN = re.compile(r"\\begin\{pmatrix\}([^&]*?)\\end\{pmatrix\}", re.DOTALL)
TUPLE = re.compile(r"\s*(?:\\left\s*)?\(([^()]*,[^()]*?)(?:\\right\s*)?\)\s*", re.DOTALL)


def points(claim: str, alone: bool = False) -> list[tuple[str, str]]:
    """The values that a line lists, each with the name that it is a value of: (x, y) = (0, 0) says x = 0 and y = 0.

    A name is "" where the line says none, as in a sentence about critical points. Any other line lists none.

    alone   whether one value is a list, too.
    """
    out: list[tuple[str, str]] = []
    for name, value in _listed(claim, alone):
        names, values = TUPLE.fullmatch(name), TUPLE.fullmatch(value)
        if names is None:
            out.append((name, value))
            continue
        owns, entries = names[1].split(","), values[1].split(",") if values else []
        if len(owns) != len(entries):
            return []
        out += [(own.strip(), entry.strip()) for own, entry in zip(owns, entries, strict=True)]
    return out


def _listed(claim: str, alone: bool) -> list[tuple[str, str]]:
    """The values that a line lists, each with the name that it is a value of, or names; none for any other line."""
    claim = COLUMN.sub(lambda found: f"({found[1].replace(chr(92) * 2, ',')})", claim)
    members = MEMBERS.fullmatch(claim)
    said = f"{members['names']} = {members['values']}" if members else claim
    parts = list(_parts(said))
    pairs = list(_values(parts))
    names = [name for name, _ in pairs]
    is_list = alone or members is not None or len({*names}) < len(names) or EITHER.search(claim) or OR.search(claim)
    return pairs if pairs and is_list else []


def _parts(text: str) -> Iterator[str]:
    """What stands between commas and words outside of brackets."""
    begin = 0
    for found in [*BETWEEN.finditer(text), None]:
        part = text[begin : len(text) if found is None else found.start()]
        if found is None or is_balanced(part):
            yield part.strip(" .~")
            begin = begin if found is None else found.end()


def _values(parts: list[str]) -> Iterator[tuple[str, str]]:
    """The values of parts, of which one without a name goes on with the name before it; none where one is no value."""
    out: list[tuple[str, str]] = []
    last = ""
    for part in filter(None, parts):
        name, equals, value = part.rpartition("=")
        if "=" in name or not (equals or PLAIN.match(value) or EITHER.search(value) or TUPLE.fullmatch(value)):
            return
        last = name.strip() if equals else last
        signs = EITHER.findall(value)
        if len(signs) > 1:
            return
        numbered = SEVERAL.fullmatch(last)
        both = [EITHER.sub(sign, value).strip() for sign in ("-+" if signs == ["mp"] else "+-")] if signs else [value.strip()]
        owns = [f"{numbered['base']}{numbered[key]}" for key in ("first", "second")] if numbered else [last] * len(both)
        if len(owns) != len(both):
            return
        out += [(own, one.removeprefix("+").strip()) for own, one in zip(owns, both, strict=True)]
    yield from out
