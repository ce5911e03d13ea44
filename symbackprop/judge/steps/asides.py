"""What sentences between the steps of a derivation say that a name stands for: where $S = ...$"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from symbackprop.formulas.told import told
from symbackprop.judge.sides.scripts import scripts
from symbackprop.judge.steps.general import Families
from symbackprop.judge.steps.known import Known
from symbackprop.judge.steps.restated import value_named
from symbackprop.judge.texts.prose import written
from symbackprop.judge.verdicts.verdict import Judged

_ENTRY = re.compile(r"_\s*(?:[a-z]|\{\s*[a-z]{1,2}\s*\})$")  # of h_i


def aside(known: Known, name: str, claim: Any, tell: Callable[..., Judged]) -> Judged:
    """The step that a sentence has, which convicts nobody; `tell` judges it by what is known.

    Where it cannot be read, the name stands nowhere. What says a layer of the network, h_0 = x, is known from that. Of a value
    of the network it says what that is, which is undecided where the network says something else.
    """
    attempt, of_network = known.copy(), known.copy()
    is_value = any(value_named(known.truth, one) is not None for one in (name, _ENTRY.sub("", name)))
    again = tell(of_network, what="") if is_value else None
    if again is not None and again.wrong:
        because = again.because or told("the network says something else of {}", written(name))
        return Judged(name, None, "undecided", because, given=str(claim))
    if again is not None and again.kind == "abbreviation" and again.remarks:  # as the network has it
        known.take(of_network)
        return again
    judged = tell(attempt, what="abbreviation")
    if judged.open:
        return Judged(name, None, "abbreviation", remarks=(told("passed over: it is not read"),), given=str(claim))
    of_layer = next(scripts(name), None)
    if of_layer is None or of_layer.base not in Families(known.truth).numbers:
        known.take(attempt)
    return judged
