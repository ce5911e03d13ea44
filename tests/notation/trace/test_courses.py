"""Losses in the styles of courses: traced unchanged, right against differences, and at other sizes."""

from __future__ import annotations

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape
from symbackprop.notation.trace import Subject
from tests.notation.trace import newcomers, wild, wild_more  # noqa: F401 - their forms are courses as well
from tests.notation.trace.courses import COUNTED, COURSES
from tests.notation.trace.test_trace import slopes

QUICK = (
    "bigrams_by_one_hot",
    "modules_that_remember",
    "deep_model_by_layer_numbers",
    "pairs_in_a_list",
    "parameters_unpacked",
    "views_below_each_other",
    "entropy_of_labels_that_are_seen",
    "convolution_by_as_strided",
)


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in COURSES])
def test_a_style_is_traced_unchanged_and_holds_at_other_sizes(name: str) -> None:
    rng = np.random.default_rng(len(name))
    function, *args = COURSES[name](rng, 0)
    network = sb.trace(function, *args)
    assert slopes(network, function, tuple(args)) < 1e-6
    if name in COUNTED:
        return
    other, *larger = COURSES[name](rng, 1)
    subject = Subject(other, tuple(larger))
    written = {leaf.written: leaf.array for leaf in subject.leaves.values()}
    point = {name: written[path] for name, path in network.paths.items() if path in written}
    point |= {t.name: network.example[t.name] for t in network.program.inputs if t.name not in point}
    assert set(point) <= set(network.example)
    found = tape.forward(network.program, point)[network.loss]
    assert found == pytest.approx(subject.value({n: leaf.array for n, leaf in subject.leaves.items()}), rel=1e-9)


def test_there_are_a_hundred() -> None:
    assert len(COURSES) >= 100
