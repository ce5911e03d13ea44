"""Positions: whatever the graph, boxes lie apart and wires join what they should."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.pictures.graph_layout import Wire, place

SIZES = st.tuples(st.floats(20.0, 300.0), st.floats(20.0, 120.0))


@st.composite
def graphs(draw):
    sizes = draw(st.lists(SIZES, min_size=1, max_size=12))
    wires = []
    if len(sizes) > 1:
        for source, target in draw(st.lists(st.tuples(*[st.integers(0, len(sizes) - 1)] * 2), max_size=20)):
            if source != target:
                label = draw(st.none() | st.just((40.0, 20.0)))
                ends = [f"n {min(source, target)}", f"n {max(source, target)}"]
                carried = draw(st.booleans())
                wires.append(Wire(*(ends[::-1] if carried else ends), label, carried))
    return {f"n {at}": size for at, size in enumerate(sizes)}, wires


def _samples(curve):
    """Points along a Bezier spline, and along the arrow where one ends it."""
    spline = curve[: len(curve) - (len(curve) - 1) % 3]
    for at in range(0, len(spline) - 1, 3):
        for t in [step / 24 for step in range(25)]:
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(sum(w * p[axis] for w, p in zip(weights, spline[at : at + 4], strict=True)) for axis in (0, 1))
    yield from curve[len(spline) :]


def _inside(point, centre, size, by):
    return all(abs(point[axis] - centre[axis]) < size[axis] / 2 - by for axis in (0, 1))


def _gap(point, centre, size):
    """How far the point is from the rectangle's outline, inside or outside."""
    dx, dy = abs(point[0] - centre[0]) - size[0] / 2, abs(point[1] - centre[1]) - size[1] / 2
    return abs(max(dx, dy))


@settings(deadline=None, max_examples=60)
@given(graphs(), st.booleans())
def test_boxes_lie_apart_and_wires_join_them_and_run_through_none(graph, sideways):
    boxes, wires = graph
    layout = place(boxes, wires, sideways)
    _lie_apart(boxes, wires, layout, sideways)
    _run_through_none(boxes, layout)
    across = 1 if sideways else 0
    tips = [(wire.target, round(curves[-1][-1][across], 3)) for wire, curves in zip(wires, layout.curves, strict=True)]
    assert len(set(tips)) == len(tips)  # they enter a box apart from each other


def _lie_apart(boxes, wires, layout, sideways):
    rectangles = [(*layout.centres[name], *size) for name, size in boxes.items()]
    rectangles += [(*centre, 40.0, 20.0) for centre in layout.labels if centre]
    for x, y, width, height in rectangles:
        assert x - width / 2 >= -0.1
        assert x + width / 2 <= layout.width + 0.1
        assert y - height / 2 >= -0.1
        assert y + height / 2 <= layout.height + 0.1
    for at, (x, y, width, height) in enumerate(rectangles):
        for other_x, other_y, other_width, other_height in rectangles[:at]:
            apart = abs(x - other_x) >= (width + other_width) / 2 or abs(y - other_y) >= (height + other_height) / 2
            assert apart
    for wire, curves, label in zip(wires, layout.curves, layout.labels, strict=True):
        assert (label is not None) == (wire.label is not None) == (len(curves) == 2)
        start, tip = curves[0][0], curves[-1][-1]
        (x, y), (width, height) = layout.centres[wire.source], boxes[wire.source]
        side = (x + width / 2, y) if sideways else (x, y + height / 2)
        assert max(abs(start[0] - side[0]), abs(start[1] - side[1])) < 0.1
        assert _gap(tip, layout.centres[wire.target], boxes[wire.target]) < 0.1
        assert all(len(curve) % 3 == (2 if curve is curves[-1] else 1) for curve in curves)


def _run_through_none(boxes, layout):
    """No wire runs through a box or a foreign label."""
    for wire, curves in enumerate(layout.curves):
        for point in (point for curve in curves for point in _samples(curve)):
            assert not any(_inside(point, layout.centres[name], size, by=0.1) for name, size in boxes.items())
            labels = [centre for at, centre in enumerate(layout.labels) if centre and at != wire]
            assert not any(_inside(point, centre, (40.0, 20.0), by=0.1) for centre in labels)


def test_a_chain_runs_straight_in_the_direction_asked_for():
    boxes = {f"{kind}{at}": (100.0, 40.0) for kind in "wa" for at in range(30)}
    wires = [Wire(f"a{at}", f"a{at + 1}") for at in range(29)] + [Wire(f"w{at}", f"a{at}") for at in range(30)]
    down, across = place(boxes, wires, sideways=False), place(boxes, wires, sideways=True)
    assert len({round(down.centres[f"a{at}"][0]) for at in range(30)}) == 1
    assert len({round(across.centres[f"a{at}"][1]) for at in range(30)}) == 1
    assert down.width < 400.0
    assert across.height < 250.0


def test_what_is_carried_goes_back_around_the_loop_and_ends_where_the_next_step_reads_it():
    boxes, wires = dict.fromkeys("pzL", (60.0, 40.0)), [Wire("p", "z"), Wire("z", "L")]
    layout = place(boxes, [*wires, Wire("z", "p", (20.0, 10.0), carried=True)], sideways=False)
    centres = layout.centres
    assert centres["p"][1] < centres["z"][1] < centres["L"][1]
    down, up = layout.curves[2]
    assert max(y for _, y in down) > centres["z"][1] + 20.0
    assert min(y for _, y in up) < centres["p"][1] - 20.0
    assert all(x > centres["z"][0] + 30.0 for x, _ in (down[-1], up[0]))


def test_a_carried_value_that_closes_no_circle_is_read_like_any_other():
    layout = place(dict.fromkeys("zpL", (60.0, 40.0)), [Wire("z", "p", None, carried=True), Wire("p", "L")], sideways=False)
    assert layout.centres["z"][1] < layout.centres["p"][1] < layout.centres["L"][1]


def test_two_wires_between_the_same_boxes_are_two_curves():
    layout = place({"h": (60.0, 30.0), "u": (60.0, 30.0)}, [Wire("h", "u"), Wire("h", "u")], sideways=True)
    assert layout.curves[0] != layout.curves[1]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=20), st.booleans())
def test_the_wires_of_a_tree_do_not_cross(parents, sideways):
    """Each box is read by an earlier one; in a picture without crossings, siblings and their branches keep apart."""
    wires = [Wire(str(at + 1), str(parent % (at + 1))) for at, parent in enumerate(parents)]
    layout = place({str(at): (60.0, 40.0) for at in range(len(parents) + 1)}, wires, sideways)
    along = 0 if sideways else 1
    ends = [[layout.centres[name] for name in wire[:2]] for wire in wires]
    for at, (source, target) in enumerate(ends):
        for other_source, other_target in ends[:at]:
            if source[along] == other_source[along]:
                before = source[1 - along] - other_source[1 - along]
                assert before * (target[1 - along] - other_target[1 - along]) >= 0


def test_a_wire_past_a_box_is_straight_where_the_widths_let_it():
    boxes = {"x": (30.0, 30.0), "h": (80.0, 40.0), "f": (120.0, 60.0), "g": (120.0, 60.0), "r": (80.0, 40.0)}
    wires = [Wire("h", "f"), Wire("f", "g"), Wire("g", "r"), Wire("x", "h"), Wire("h", "r")]
    for sideways in (False, True):
        across = {round(point[1 if sideways else 0], 3) for point in place(boxes, wires, sideways).curves[-1][0]}
        assert len(across) == 1


def test_a_value_that_many_read_far_below_runs_as_one_wire_until_it_parts():
    steps = [f"h{at}" for at in range(9)]
    wires = [Wire("W", step) for step in steps] + [Wire(*pair) for pair in pairwise(steps)]
    layout = place({"W": (80.0, 40.0)} | dict.fromkeys(steps, (80.0, 40.0)), wires, sideways=False)
    assert layout.width < 200.0


def test_parts_without_wires_between_them_stand_side_by_side():
    layout = place(dict.fromkeys("abcd", (60.0, 30.0)), [Wire("a", "b"), Wire("c", "d")], sideways=False)
    assert layout.centres["a"][1] == layout.centres["c"][1] < layout.centres["b"][1] == layout.centres["d"][1]


@settings(deadline=None, max_examples=50)
@given(graphs(), graphs())
def test_parts_that_no_wire_joins_leave_no_rank_empty(one, two):
    boxes, wires = one
    others = {f"other {name}": size for name, size in two[0].items()}
    wires = [*wires, *(Wire(f"other {w.source}", f"other {w.target}", w.label, w.carried) for w in two[1])]
    assert set(place(boxes | others, wires, sideways=False).centres) == {*boxes, *others}


def test_a_box_alone_beside_a_long_chain():
    boxes = {f"n {k}": (20.0, 20.0) for k in range(7)}
    label = (40.0, 20.0)
    wires = [Wire("n 0", "n 2", None), Wire("n 2", "n 5", label), Wire("n 3", "n 4", None), Wire("n 0", "n 4", None),
             Wire("n 1", "n 3", label), Wire("n 1", "n 5", None), Wire("n 1", "n 5", None)]  # fmt: skip
    assert set(place(boxes, wires, sideways=False).centres) == set(boxes)
