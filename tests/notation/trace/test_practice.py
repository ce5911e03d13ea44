"""Forward passes of courses, notebooks and papers are derived unchanged, and their gradients are the differences of the function."""

from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.judge.proofs.proved import UNPROVED, proved_box
from tests.notation.trace import practice
from tests.notation.trace.practice import PRACTICE
from tests.notation.trace.test_trace import slopes


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PRACTICE)
def test_a_loss_is_derived_unchanged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(practice, "rng", np.random.default_rng(4))
    function, args, settings = PRACTICE[name]()
    network = sb.trace(function, *args, **settings)
    assert slopes(network, function, args) < 1e-6
    assert sb.check(network).ok
    assert UNPROVED not in proved_box(sb.derive(network)).missing.values()


def test_a_table_of_a_closure_may_be_longer_than_the_example_tells() -> None:
    """The positions of the example stay below 8, those of the table below 10: the size is that of the table."""
    table, other = np.arange(1, 11) / 10, np.ones(5)

    def loss(w: Any, t: Any, x: Any) -> Any:
        return np.sum((np.take(table, t) * x * w + other[: len(x)]) ** 2)

    network = sb.trace(loss, np.array(0.3), np.array([1, 7, 3]), np.array([0.5, -1.0, 2.0]), wrt="w")
    assert network.program.tensors["t"].bound == network.program.tensors["table"].shape[0]
    assert sb.check(network).ok
