r"""Cases within a line, x \text{ if } z > 0, 0 \text{ otherwise}, as those of an environment."""

from __future__ import annotations

from symbackprop.notation.claims.pieces import behind_group, words_of
from symbackprop.notation.claims.tokens import Token

CASES, _JOINED = ("if", "when", "otherwise", "else"), ("and", "or", "but")
_ENDS_CASE = (",", ";", r"\\", r"\quad", r"\qquad")
_AFTER = frozenset([",", ";", r"\\", "="])
_INEQUALITIES = frozenset(["<", ">", r"\leq", r"\geq"])
_COMPARED = _INEQUALITIES | {"=", r"\neq"}


def inline_cases(several: list[Token]) -> list[Token]:
    r"""x \text{ if } z > 0, \; y \text{ if } z = 0, \; 0 \text{ otherwise} as cases; anything else as it is."""
    words = list(words_of(several))
    place = next((k for k, _, word in words if word in ("if", "when") and k and several[k - 1].text not in _AFTER), None)
    if place is None:
        return several
    start = max((k + 1 for k, t in enumerate(several[:place]) if t.text in ("=", "&")), default=0)
    marks = {k: (end, word) for k, end, word in words if k >= place and (word in CASES or word in _JOINED)}
    rows, begin = list[list[Token]](), start
    for k, (end, word) in marks.items():
        if word not in ("if", "when"):
            continue
        stops = (j for j in range(end, len(several)) if several[j].text in _ENDS_CASE or j in marks)
        stop = next(stops, len(several))
        if not any(t.text in _COMPARED for t in several[end:stop]) or k < begin:
            return several
        rows.append([*several[begin:k], Token("&", several[place].at), *several[end:stop]])
        while stop < len(several) and (several[stop].text in _ENDS_CASE or marks.get(stop, (0, ""))[1] in _JOINED):
            stop = marks[stop][0] if stop in marks else stop + 1
        begin = stop
    is_chain = [t.text for t in several[:place]].count("=") > 1
    if len(rows) == 1 and is_chain and any(t.text in _INEQUALITIES for t in rows[0]) and begin == len(several):
        return several  # a condition of each of its sides
    rest = several[begin:]
    ends = [k for k, _, word in words_of(rest) if word in ("otherwise", "else")]
    if rest and not ends:
        return several
    if ends:
        behind = rest[behind_group(rest, ends[0]) :]
        if bool(rest[: ends[0]]) == bool(behind):  # a value before the word, or behind it
            return several
        rows.append(rest[: ends[0]] or behind)
    at = several[place].at
    cells = [token for k, row in enumerate(rows) for token in ([Token(r"\\", at)] if k else []) + row]
    return [*several[:start], Token(r"\begin{cases}", at), *cells, Token(r"\end{cases}", at)]
