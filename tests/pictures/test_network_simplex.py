"""The levels are valid and no others cost less."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.pictures.network_simplex import Arc, levels


@st.composite
def programmes(draw, most_nodes, longest):
    count = draw(st.integers(1, most_nodes))
    pairs = [(tail, head) for head in range(count) for tail in range(head)]
    ends = draw(st.lists(st.sampled_from(pairs), max_size=3 * count)) if pairs else []
    numbering = draw(st.permutations(range(count)))
    return count, [
        Arc(numbering[tail], numbering[head], draw(st.integers(0, longest)), draw(st.integers(0, 5))) for tail, head in ends
    ]


def _valid(level, arcs):
    return all(level[arc.head] - level[arc.tail] >= arc.length for arc in arcs)


def _cost(level, arcs):
    return sum(arc.weight * (level[arc.head] - level[arc.tail]) for arc in arcs)


@settings(deadline=None, max_examples=150)
@given(programmes(4, 2), st.booleans())
def test_no_other_levels_cost_less(programme, centred):
    count, arcs = programme
    level = levels(count, arcs, centred)
    assert _valid(level, arcs)
    assert min(level) == 0
    longest = sum(sorted((arc.length for arc in arcs), reverse=True)[: count - 1])
    others = (other for other in product(range(longest + 1), repeat=count) if _valid(other, arcs))
    assert _cost(level, arcs) == min(_cost(other, arcs) for other in others)


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(programmes(25, 40))
def test_centring_costs_nothing(programme):
    count, arcs = programme
    level, centred = levels(count, arcs), levels(count, arcs, centred=True)
    assert _valid(centred, arcs)
    assert _cost(centred, arcs) == _cost(level, arcs)


def test_what_may_move_freely_stands_in_the_middle():
    arcs = [Arc(0, 1, 0, 1), Arc(1, 2, 0, 1), Arc(0, 2, 10, 5)]
    assert levels(3, arcs, centred=True) == [0, 5, 10]


def test_nothing_has_no_levels():
    assert levels(0, []) == []
