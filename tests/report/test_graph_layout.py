"""Positions: whatever the graph, boxes lie apart and wires join what they should."""

from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.report.graph_layout import Wire, place

SIZES = st.tuples(st.floats(20.0, 300.0), st.floats(20.0, 120.0))


@st.composite
def graphs(draw):
    sizes = draw(st.lists(SIZES, min_size=1, max_size=12))
    wires = []
    if len(sizes) > 1:
        for source, target in draw(st.lists(st.tuples(*[st.integers(0, len(sizes) - 1)] * 2), max_size=20)):
            if source != target:
                label = draw(st.none() | st.just((40.0, 20.0)))
                wires.append(Wire(f"n {min(source, target)}", f"n {max(source, target)}", label))
    return {f"n {at}": size for at, size in enumerate(sizes)}, wires


def _gap(point, centre, size):
    """How far the point is from the rectangle's outline, inside or outside."""
    dx, dy = abs(point[0] - centre[0]) - size[0] / 2, abs(point[1] - centre[1]) - size[1] / 2
    return abs(max(dx, dy))


@settings(deadline=None, max_examples=60)
@given(graphs(), st.booleans())
def test_boxes_lie_apart_and_wires_join_them(graph, sideways):
    boxes, wires = graph
    layout = place(boxes, wires, sideways)
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
        assert max(abs(start[0] - side[0]), abs(start[1] - side[1])) < 1.5
        assert _gap(tip, layout.centres[wire.target], boxes[wire.target]) < 2.0
        assert all(len(curve) % 3 == (2 if curve is curves[-1] else 1) for curve in curves)


def test_a_chain_runs_straight_in_the_direction_asked_for():
    boxes = {f"{kind}{at}": (100.0, 40.0) for kind in "wa" for at in range(30)}
    wires = [Wire(f"a{at}", f"a{at + 1}") for at in range(29)] + [Wire(f"w{at}", f"a{at}") for at in range(30)]
    down, across = place(boxes, wires, sideways=False), place(boxes, wires, sideways=True)
    assert len({round(down.centres[f"a{at}"][0]) for at in range(30)}) == 1
    assert len({round(across.centres[f"a{at}"][1]) for at in range(30)}) == 1
    assert down.width < 400.0
    assert across.height < 250.0


def test_two_wires_between_the_same_boxes_are_two_curves():
    layout = place({"h": (60.0, 30.0), "u": (60.0, 30.0)}, [Wire("h", "u"), Wire("h", "u")], sideways=True)
    assert layout.curves[0] != layout.curves[1]
