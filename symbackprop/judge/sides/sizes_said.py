"""Steps that say sizes of the network alone, n = 5, d = 3: what follows is judged for these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.judge.sides.at_values import parts_of
from symbackprop.judge.texts.arrays import Code
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]
LARGEST = 12  # of larger ones what follows is judged for every size: arrays would be large
_SAID = re.compile(r"\s*\$?\s*(?P<size>[A-Za-z]\w*)\s*=\s*(?P<count>[1-9]\d{0,8})\s*\$?[\s.,;]*")


def sizes_said(truth: Truth, steps: Sequence[Step]) -> tuple[dict[str, int], list[int]]:
    """The sizes that steps say, and the places of these steps."""
    free = {*map(str, truth.program.sizes())} - {*truth.sizes}
    found, places = dict[str, int](), list[int]()
    for k, (_, claim, what) in enumerate(steps):
        parts = parts_of(claim) if isinstance(claim, str) and not isinstance(claim, Code) and not what else []
        said = [_SAID.fullmatch(part) for part in parts]
        if said and all(one is not None and one["size"] in free for one in said):
            found |= {one["size"]: int(one["count"]) for one in said if one is not None}
            places.append(k)
    return {size: count for size, count in found.items() if count <= LARGEST}, places
