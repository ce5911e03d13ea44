"""Where claims were written: FILE:line, of verdicts and of what is not understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from symbackprop.formulas.told import Told
from symbackprop.judge.texts.arrays import Placed
from symbackprop.judge.verdicts.verdict import Judged

_PLACE = re.compile(r"<claim>:(\d+)(?::\d+)?$")


def in_places(judged: Sequence[Judged], claims: Iterable[tuple[str, Any]]) -> tuple[Judged, ...]:
    """The verdicts on claims, with the lines of the person's own file where these are known.

    claims   their names and what they say.
    """
    code = {(name, str(claim)): claim for name, claim in claims if isinstance(claim, Placed) and claim.where}
    return tuple(_placed(one, code[one.name, one.given]) if (one.name, one.given) in code else one for one in judged)


def _placed(one: Judged, code: Placed) -> Judged:
    return replace(one, where=code.where, because=_said(one.because, code))


def _said(said: Told, code: Placed) -> Told:
    """A sentence in which lines of the claim are those of the file."""
    return Told(said.pattern, tuple(_part(part, code) for part in said.parts)) if said else said


def _part(part: Any, code: Placed) -> Any:
    if isinstance(part, Told):
        return _said(part, code)
    found = _PLACE.match(part) if isinstance(part, str) else None
    line = int(found[1]) if found else 0
    return f"{code.file}:{code.lines[line - 1]}" if 0 < line <= len(code.lines) else part
