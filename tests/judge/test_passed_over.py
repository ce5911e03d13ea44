"""A factor of 3 in the last step of a right derivation is never passed over, whatever it is a step to."""

from __future__ import annotations

import pytest

import symbackprop as sb
from tests.judge.in_one_line import DERIVATIONS
from tests.judge.in_one_line_further import DERIVATIONS as FURTHER_DERIVATIONS
from tests.judge.written_claims import WRITTEN
from tests.judge.written_further import WRITTEN as FURTHER

LINES = [(network, line) for network, lines in [*DERIVATIONS, *FURTHER_DERIVATIONS] for line in lines]
CLAIMS = [
    (network, claim)
    for network, claims in [*WRITTEN.values(), *FURTHER.values()]
    for _, claim, verdict in claims
    if verdict == "right" and "\\" in claim and "=" in claim
]


def tripled(line: str) -> str:
    left, right = line.rpartition("=")[0], line.rpartition("=")[2]
    return rf"{left}= 3\left({right.rstrip(' .,')}\right)"


@pytest.mark.slow
@pytest.mark.parametrize(("network", "line"), LINES, ids=[line for _, line in LINES])
def test_no_step_of_a_line_is_passed_over(network: str, line: str) -> None:
    """Best values, second derivatives and equations behind a comma were taken for definitions of what stood before them."""
    assert sb.verify(network.strip(), line).ok
    assert not sb.verify(network.strip(), tripled(line)).ok


@pytest.mark.slow
@pytest.mark.parametrize(("network", "claim"), CLAIMS, ids=[claim for _, claim in CLAIMS])
def test_no_claim_is_passed_over(network: str, claim: str) -> None:
    assert not sb.verify(network.strip(), tripled(claim)).ok
