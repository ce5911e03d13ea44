"""What is known of a network from one call to the next: its gradients, and what mistakes make of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.differentiate import differentiate
from symbackprop.core.network import Network
from symbackprop.core.program import Program
from symbackprop.judge.verdicts.diagnose import Diagnosis
from symbackprop.judge.verdicts.verdict import Judged
from symbackprop.judge.weighing.truth import Truth


class Case(NamedTuple):
    """What is known of a network, kept from one call to the next: its gradients, and what mistakes make of them."""

    truth: Truth
    diagnosis: Diagnosis


KEPT = 4
_cases: list[Case] = []


def case_of(
    network: Network,
    target: str,
    sizes: Mapping[str, int],
    further: Mapping[str, Program] | None = None,
    pinned: Mapping[str, Program] | None = None,
    numbered: Mapping[str, int] | None = None,
    domains: Mapping[str, str] | None = None,
) -> Case:
    """The case of a network and what of it is differentiated, which must be there; the last few are kept.

    further   values that the network does not name.
    pinned    inputs that are given values.
    numbered  from where the entries of tensors are numbered.
    domains   inputs that are by a person's word in one.
    """
    asked_for = network, target, dict(sizes), dict(further or {}), dict(pinned or {}), dict(numbered or {}), dict(domains or {})
    found = next((case for case in _cases if _asked_for(case.truth) == asked_for), None)
    if found is None:
        found = Case(Truth(*asked_for), Diagnosis())
        if target not in found.truth.program.tensors:
            raise DerivationError(f"there is no {target} to differentiate; the network has {', '.join(found.truth.named)}")
        _cases[:] = [*_cases[1 - KEPT :], found]
    return found


def _asked_for(truth: Truth) -> tuple[object, ...]:
    return truth.network, truth.of, truth.sizes, truth.further, truth.pinned, truth.numbered, truth.domains


def title_of(network: Network) -> str:
    """Its title, or its name where it has one of its own."""
    return network.title or ("" if network.name == Network.name else network.name)


def behind(truth: Truth, judged: Iterable[Judged]) -> Derivation | None:
    """The derivation of what was claimed of the truth's own loss, as it is shown; None where nothing of it was."""
    program = truth.network.program
    claimed = {f"d{truth.of}/d{w}": w for w in truth.named if w in program.tensors and truth.has_gradient(w)}
    about = [f"d{one.asked.of}/d{one.asked.wrt}" for one in judged if one.asked is not None]
    wrt = dict.fromkeys(claimed[one] for one in about if one in claimed)
    if not wrt:
        return None
    return replace(differentiate(program, truth.of, list(wrt), jacobian=True), network=truth.network)
