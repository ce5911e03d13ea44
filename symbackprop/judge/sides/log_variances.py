r"""\log\sigma^2 where the network has it as a value of its own, logvar: \partial L/\partial\log\sigma^2 is by that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from symbackprop.formulas.latex import latex
from symbackprop.formulas.names import parse_name
from symbackprop.judge.weighing.truth import Truth

Step = tuple[str, Any, str]

_NAMES = {  # what networks call the logarithms of \sigma^2 and of \sigma, by the power
    2: ("logvar", "log_var", "lv", "logsigma2", "log_sigma2", "logs2", "log_s2"),
    1: ("logsigma", "log_sigma", "logstd", "log_std"),
}
_BELOW = r"(?P<below>\s*_\s*(?:\w|\{\s*\w+\s*\}))?"
_SQUARE = rf"\\sigma(?![A-Za-z]){_BELOW}\s*\^\s*(?:2|\{{\s*2\s*\}})(?P<behind>\s*_\s*(?:\w|\{{\s*\w+\s*\}}))?"
_PLAIN = rf"\\sigma(?![A-Za-z]){_BELOW}(?!\s*[\^(_])(?P<behind>)"
_SAYS = re.compile(r"\s*\\sigma(?![A-Za-z])[^=(]*=")
_LOG = r"\\(?:log|ln)\s*(?:\\left)?\(?\s*"


def with_log_variances(truth: Truth, steps: Sequence[Step]) -> list[Step]:
    r"""The steps, in which \log\sigma^2 is the value that the network has of it; \sigma^2 that no step says is its exponential."""
    found = next(((power, n) for power, names in _NAMES.items() for n in names if n in truth.program.tensors), None)
    if found is None or any(name.startswith(("sigma", "std")) for name in truth.program.tensors):
        return [*steps]
    power, name = found
    own, letter = latex(parse_name(name).formula()), _SQUARE if power == 2 else _PLAIN
    plain = re.sub(r"\W|_", "", name)
    said = [claim for _, claim, _ in steps if isinstance(claim, str) and _SAYS.match(claim)]
    is_other = any(plain not in re.sub(r"\W|_", "", claim) for claim in said)  # \sigma^2 = 1
    return [step if step[1] in said else _step(step, own, letter, is_other) for step in steps]


def _step(step: Step, own: str, letter: str, is_other: bool) -> Step:
    name, claim, what = step
    if not isinstance(claim, str) or r"\sigma" not in claim:
        return step

    def called(found: re.Match[str]) -> str:
        return f"{own}{found['below'] or found['behind'] or ''}"

    changed = re.sub(rf"{_LOG}{letter}(?:\s*(?:\\right)?\))?", called, claim)
    plain = rf"(?P<by>\\partial\s*)?{letter}"  # by \sigma^2 nothing is: it stays
    changed = changed if is_other else re.sub(plain, lambda one: one[0] if one["by"] else f" e^{{{called(one)}}}", changed)
    return step if changed == claim else (changed.partition("=")[0].strip() if "=" in changed else name, changed, what)
