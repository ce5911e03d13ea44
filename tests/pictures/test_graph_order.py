"""Orders within ranks: every node once, few crossings."""

from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.pictures.graph_order import ordered


@st.composite
def ranked(draw):
    """The rank of each node and its neighbours in the rank before."""
    widths = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    rank, above, before = [], [], []
    for at, width in enumerate(widths):
        row = range(len(rank), len(rank) + width)
        for _ in row:
            rank.append(at)
            above.append(draw(st.lists(st.sampled_from(before), unique=True)) if before else [])
        before = list(row)
    return rank, above


def _crossings(rows, above):
    place = {node: at for row in rows for at, node in enumerate(row)}
    wires = [(place[parent], place[node], rank) for rank, row in enumerate(rows) for node in row for parent in above[node]]
    return sum((a - c) * (b - d) < 0 and i == k for at, (a, b, i) in enumerate(wires) for c, d, k in wires[:at])


@settings(deadline=None, max_examples=60)
@given(ranked())
def test_every_node_stands_in_its_rank_once_and_no_exchange_of_two_neighbours_removes_a_crossing(graph):
    rank, above = graph
    rows = ordered(rank, above)
    assert [sorted(row) for row in rows] == [[node for node, its in enumerate(rank) if its == at] for at in range(max(rank) + 1)]
    crossings = _crossings(rows, above)
    swaps = [(row, left) for row in rows for left in range(len(row) - 1)]
    for row, left in swaps if crossings < 3 else []:
        row[left], row[left + 1] = row[left + 1], row[left]
        assert _crossings(rows, above) >= crossings
        row[left], row[left + 1] = row[left + 1], row[left]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_two_ranks_of_parallel_wires_are_untangled(extra, random):
    count = len(extra) + 1
    partners = list(range(count))
    random.shuffle(partners)
    above = [[] for _ in range(count)] + [[partner] for partner in partners]
    rows = ordered([0] * count + [1] * count, above)
    assert _crossings(rows, above) == 0


def test_operands_keep_the_order_of_the_formula():
    assert ordered([0, 0, 0, 1], [[], [], [], [2, 0, 1]]) == [[2, 0, 1], [3]]
