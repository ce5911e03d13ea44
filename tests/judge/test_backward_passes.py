"""Whole backward passes in NumPy, held against what they compute: right ones are right, and of slips exactly those that change a number are wrong.

What a code computes is found by running it; the judge reads it and runs nothing.
"""

import random

import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.judge.verdicts.verdict import Verification
from tests.judge.backward_passes import PASSES
from tests.judge.mutants import mutants, oracle, truths

QUICK = ("logit", "l_z", "vec_outer")
SLIPS = {True: 2, False: 1}  # of each pass


def verified(network: str, code: str) -> Verification | None:
    """The verdict on a code; None where it is refused."""
    try:
        return sb.verify(network, code)
    except SymbackpropError:
        return None


def false(network: str, code: str) -> list[str]:
    """What is false of the verdict on a code: by a gradient's name, what was said of it."""
    true, found = oracle(network, code), verified(network, code)
    if found is None:
        return []
    if true is None:
        return ["passes, and does not run"] if found.ok else []
    last = {one.asked.wrt: one for one in found.claims if one.asked is not None}
    by_name = {one.name: one for one in found.claims}
    several = [
        f"{name}: {one.verdict}"
        for name, right in true.items()
        if (one := last.get(name)) is not None
        and ((one.right and not right and by_name[one.name] is one and not _of_samples(one.notes)) or (one.wrong and right))
    ]
    parameters = [t.name for t in truths(network)[0].forward.parameters]
    return several or (["passes"] if found.ok and not all(true.get(name, True) for name in parameters) else [])


def _of_samples(notes: tuple[str, ...]) -> bool:
    """Whether a gradient was taken for those of each sample's own loss, whose mean is taken by what follows."""
    return any("sample" in note for note in notes)


@pytest.mark.parametrize("name", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in PASSES])
def test_a_backward_pass_is_right_and_its_slips_are_wrong_where_they_change_a_number(name: str) -> None:
    network, code = PASSES[name]
    true, found = oracle(network, code), sb.verify(network, code)
    assert true, "it does not run"
    assert all(true[t.name] for t in truths(network)[0].forward.parameters if t.name in true)
    assert found.ok, str(found)
    tried = mutants(code)
    for slip in random.Random(name).sample(tried, min(SLIPS[name in QUICK], len(tried))):
        assert not false(network, slip), slip
