r"""Steps that define a function of a person's own, \psi(u) = ...: the steps that apply it are judged with it written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth
from symbackprop.notation.claims.own_functions import without_functions

Step = tuple[str, Any, str]


def without_own_functions(
    truth: Truth, steps: Sequence[Step], judged: Callable[[list[Step]], tuple[Judged, ...]]
) -> tuple[Judged, ...]:  # fmt: skip
    """The verdicts on the steps, those that define a function among them.

    A slope such as \\sigma'(z) = ... is judged by itself, and a value of the network is what the network says of it.
    """
    places = [k for k, (_, claim, _) in enumerate(steps) if isinstance(claim, str) and "\n" not in claim]
    given = [steps[k][1] for k in places]
    written = dict(zip(places, without_functions(given, lambda name: _may(truth, name), lone=True), strict=True))
    defined = [k for k in places if not written[k].strip() and steps[k][1].strip()]
    if not defined:
        return judged(list(steps))
    left = [k for k in range(len(steps)) if k not in defined]
    found = dict(zip(left, judged([(steps[k][0], written.get(k, steps[k][1]), steps[k][2]) for k in left]), strict=True))
    found |= {k: Judged(steps[k][0], None, "abbreviation", given=steps[k][1]) for k in defined}
    return tuple(found[k] for k in range(len(steps)))


def _may(truth: Truth, name: str) -> bool:
    return not (name.endswith("'") or name in truth.program.tensors or name in "LJCE")
