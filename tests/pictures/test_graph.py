"""The picture of a computational graph."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.formulas.read_latex import parse
from symbackprop.pictures import boxes
from symbackprop.pictures.canvas import PAPER, svg
from symbackprop.pictures.graph import DrawingError, Edge, Node, arranged
from symbackprop.pictures.picture import Page

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"


def box(name, label, kind="value", shape="", *rest):
    return Node(name, parse(label), kind, parse(shape) if shape else None, *rest)


def edge(source, target, label=None):
    return Edge(source, target, None if label is None else parse(label))


# The sigmoid neuron in elementary gates at w = (2, -3, -3), x = (-1, -2).
NEURON = [
    box("w0", "w_{0}", "parameter", "", "2.00", "-0.20"),
    box("x0", "x_{0}", "data", "", "-1.00", "0.39"),
    box("w1", "w_{1}", "parameter", "", "-3.00", "-0.39"),
    box("x1", "x_{1}", "data", "", "-2.00", "-0.59"),
    box("w2", "w_{2}", "parameter", "", "-3.00", "0.20"),
    box("p", "p = w_{0}x_{0}", "value", "", "-2.00", "0.20"),
    box("q", "q = w_{1}x_{1}", "value", "", "6.00", "0.20"),
    box("s", "s = p + q", "value", "", "4.00", "0.20"),
    box("t", "t = s + w_{2}", "value", "", "1.00", "0.20"),
    box("n", "n = -t", "value", "", "-1.00", "-0.20"),
    box("e", r"e = \exp(n)", "value", "", "0.37", "-0.53"),
    box("d", "d = 1 + e", "value", "", "1.37", "-0.53"),
    box("f", r"f = \frac{1}{d}", "loss", "", "0.73", "1.00"),
]
NEURON_WIRES = [edge(*pair) for pair in [("w0", "p"), ("x0", "p"), ("w1", "q"), ("x1", "q"), ("p", "s"), ("q", "s")]]
NEURON_WIRES += [edge(*pair) for pair in [("s", "t"), ("w2", "t"), ("t", "n"), ("n", "e"), ("e", "d"), ("d", "f")]]


def draw_graph(*arguments, **options):
    return svg(arranged(*arguments, **options))


def network(layers):
    """A chain of dense layers with biases."""
    nodes, edges, last = [box("x", "x", "data", "(B, d)", "mean 0.1, |max| 2.1")], [], "x"
    for k in range(1, layers + 1):
        nodes += [
            box(f"W{k}", f"W_{{{k}}}", "parameter", r"h \times d", "mean 0.01, |max| 0.9", "mean 0.00, |max| 0.2"),
            box(f"b{k}", f"b_{{{k}}}", "parameter", "(h,)", "mean 0.02, |max| 0.8", "mean 0.00, |max| 0.1"),
            box(f"m{k}", f"m_{{{k}}} = W_{{{k}}}{last[0]}", "value", "(B, h)", "mean 0.3, |max| 1.1"),
            box(f"z{k}", f"z_{{{k}}} = m_{{{k}}} + b_{{{k}}}", "value", "(B, h)", "mean 0.4, |max| 1.2"),
            box(f"a{k}", rf"a_{{{k}}} = \tanh(z_{{{k}}})", "value", "(B, h)", "mean 0.5, |max| 1.0"),
        ]
        edges += [edge(last, f"m{k}"), edge(f"W{k}", f"m{k}"), edge(f"m{k}", f"z{k}")]
        edges += [edge(f"b{k}", f"z{k}"), edge(f"z{k}", f"a{k}")]
        last = f"a{k}"
    nodes.append(box("L", rf"L = \sum_{{b,k}} {last[0]}_{{{layers},bk}}^{{2}}", "loss", "", "2.31", "1.00"))
    return nodes, [*edges, edge(last, "L")]


def parsed(svg):
    root = ElementTree.fromstring(svg)
    view = [float(entry) for entry in root.get("viewBox", "").split()]
    assert view == [0.0, 0.0, float(root.get("width", 0)), float(root.get("height", 0))]
    return root


def groups(root):
    """The group of each node, by the first word of its title."""
    found = {}
    for group in root.iter(f"{SVG}g"):
        title = group.find(f"{SVG}title")
        if title is not None:
            found[(title.text or "").split(",")[0].split(" = ")[0]] = group
    return found


def height_of(element):
    return float(re.findall(r"[-\d.]+", element.get("transform", ""))[1])


def colours(group):
    return {child.get("fill"): child for child in group.findall(f"{SVG}g")}


def test_each_node_says_what_it_is_in_words():
    titles = [title.text for title in parsed(draw_graph(NEURON, NEURON_WIRES)).iter(f"{SVG}title")]
    assert titles[0] == "Computational graph"
    assert "w₀, parameter, value 2.00, gradient -0.20" in titles
    assert "s = p + q, operation, value 4.00, gradient 0.20" in titles
    assert len(titles) == 1 + len(NEURON)


def test_the_picture_has_a_name_and_a_description_for_those_who_do_not_see_it():
    root = parsed(draw_graph(NEURON, NEURON_WIRES, "A sigmoid neuron"))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "A sigmoid neuron"
    description = root.findtext(f"{SVG}desc") or ""
    assert description.startswith("A computational graph of 13 nodes and 12 wires.")
    assert "f = 1/d, loss, value 0.73, gradient 1.00" in description


def test_values_are_above_the_wire_and_gradients_below_it():
    for name, group in groups(parsed(draw_graph(NEURON, NEURON_WIRES, direction="LR"))).items():
        wire = group.find(f"{SVG}path")
        assert wire is not None, name
        level = float(re.findall(r"[-\d.]+", wire.get("d", ""))[1])
        assert height_of(colours(group)[boxes.GREEN]) < level < height_of(colours(group)[boxes.RED]) - 5.0


def place_of(element):
    return tuple(map(float, re.findall(r"[-\d.]+", element.get("transform", ""))[:2]))


def test_values_are_beside_gradients_within_a_box_on_a_roomy_page():
    for group in groups(parsed(draw_graph(NEURON, NEURON_WIRES, direction="TB"))).values():
        formula, value, gradient = (place_of(colours(group)[colour]) for colour in (boxes.INK, boxes.GREEN, boxes.RED))
        assert formula[1] < value[1] == gradient[1]
        assert value[0] < gradient[0]


def test_values_are_above_gradients_within_a_box_on_a_narrow_page():
    nodes = [Node(node.id, parse("x"), node.kind, None, node.value, node.gradient) for node in NEURON]
    for group in groups(parsed(draw_graph(nodes, NEURON_WIRES, direction="TB", page=Page(300.0)))).values():
        rect = group.find(f"{SVG}rect")
        assert rect is not None
        top, tall = float(rect.get("y", 0)), float(rect.get("height", 0))
        formula, value, gradient = (height_of(colours(group)[colour]) for colour in (boxes.INK, boxes.GREEN, boxes.RED))
        assert top < formula < value < gradient < top + tall


def test_each_edge_has_its_arrow():
    root = parsed(draw_graph(NEURON, NEURON_WIRES, direction="TB"))
    assert len(list(root.iter(f"{SVG}polygon"))) == len(NEURON_WIRES)
    sideways = parsed(draw_graph(NEURON, NEURON_WIRES, direction="LR"))
    assert len(list(sideways.iter(f"{SVG}polygon"))) == len(NEURON_WIRES) + 1  # and one that leaves the loss


def test_a_local_derivative_stands_on_its_wire():
    plain = parsed(draw_graph(NEURON, NEURON_WIRES, direction="TB"))
    wires = [*NEURON_WIRES[:-1], edge("d", "f", r"-\frac{1}{d^{2}}")]
    labelled = parsed(draw_graph(NEURON, wires, direction="TB"))
    assert len(list(labelled.iter(f"{SVG}polygon"))) == len(NEURON_WIRES)
    assert float(labelled.get("height", 0)) > float(plain.get("height", 0)) + 20.0
    greys = [group for group in labelled.iter(f"{SVG}g") if group.get("fill") == boxes.GREY]
    assert len(greys) == 1


def test_matrices_are_drawn_as_rows():
    node = box("W", "W", "parameter", r"2 \times 2", "0.1 0.5\n-0.3 0.8", "0.088 0.176\n0.104 0.208")
    group = groups(parsed(draw_graph([node], [])))["W"]
    assert len(colours(group)[boxes.GREEN].findall(f"{SVG}rect")) == 6
    assert "value 0.1 0.5; -0.3 0.8" in (group.findtext(f"{SVG}title") or "")


def test_kinds_look_different_and_are_named_in_the_legend_where_they_occur():
    looks = {(look.fill, look.line, look.corner, look.dashes, look.double) for look in boxes.LOOKS.values()}
    assert len(looks) == len(boxes.LOOKS)
    alone = parsed(draw_graph([box("x", "x", "data")], []))
    both = parsed(draw_graph([box("x", "x", "data"), box("c", "c", "constant")], []))
    filled = [sum(rect.get("fill") == boxes.LOOKS["data"].fill for rect in root.iter(f"{SVG}rect")) for root in (alone, both)]
    dashed = [sum(rect.get("stroke-dasharray") == "4 3" for rect in root.iter(f"{SVG}rect")) for root in (alone, both)]
    assert filled == [2, 2]
    assert dashed == [0, 2]


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", [boxes.GREEN, boxes.RED, boxes.INK, boxes.GREY])
def test_letters_have_the_contrast_that_wcag_asks_for(colour):
    assert all(contrast(colour, paper) >= 4.5 for paper in (PAPER, *(look.fill for look in boxes.LOOKS.values())))


def test_green_and_red_differ_without_colour_vision_too():
    assert contrast(boxes.GREEN, boxes.RED) > 1.5


def test_the_picture_brings_its_own_paper():
    root = parsed(draw_graph(*network(1)))
    paper = root.find(f"{SVG}rect")
    assert paper is not None
    assert paper.get("fill") == PAPER
    assert float(paper.get("width", 0)) == pytest.approx(float(root.get("width", 0)) - 1)


def test_short_networks_run_across_and_long_ones_down():
    short, long = parsed(draw_graph(NEURON, NEURON_WIRES)), parsed(draw_graph(*network(4)))
    assert float(short.get("width", 0)) > float(short.get("height", 0))
    assert float(long.get("width", 0)) < 900.0 < float(long.get("height", 0))


@pytest.mark.slow
def test_three_hundred_nodes_are_all_drawn():
    nodes, edges = network(60)
    root = parsed(draw_graph(nodes, edges))
    assert len(groups(root)) == len(nodes) == 302
    assert len(list(root.iter(f"{SVG}polygon"))) == len(edges)
    assert float(root.get("width", 0)) < 900.0


def test_outlines_are_written_once_and_all_of_them_are_there():
    root = parsed(draw_graph(*network(4)))
    names = [path.get("id") for path in root.iter(f"{SVG}path") if path.get("id")]
    uses = {use.get(HREF, "")[1:] for use in root.iter(f"{SVG}use")}
    assert len(names) == len(set(names))
    assert set(names) == uses


def test_pictures_in_one_page_do_not_share_names():
    def names(svg):
        return set(re.findall(r'id="([^"]+)"', svg))

    assert not names(draw_graph(NEURON, NEURON_WIRES)) & names(draw_graph(NEURON, NEURON_WIRES, "Another title"))


def test_pictures_that_differ_in_their_prefix_share_no_names():
    shown = arranged(NEURON, NEURON_WIRES, "A neuron")
    one, two = (svg(shown, prefix) for prefix in ("first-", "second-"))
    names = [set(re.findall(r'id="([^"]+)"', text)) for text in (one, two)]
    assert not names[0] & names[1]
    assert set(re.findall(r'href="#([^"]+)"', one)) <= names[0]


@pytest.mark.slow
def test_the_same_graph_gives_the_same_bytes_in_any_process_and_thread():
    svg = draw_graph(*network(3), "Three layers")
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: draw_graph(*network(3), "Three layers"), range(8))) == {svg}
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_graph import network, draw_graph;"
        "sys.stdout.buffer.write(draw_graph(*network(3), 'Three layers').encode())"
    )
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", script, os.path.dirname(__file__)]
        other = subprocess.run(command, capture_output=True, check=True, env=environment)
        assert other.stdout.decode() == svg
        assert not other.stderr


def test_words_from_outside_stay_words():
    root = parsed(draw_graph([box("a", "a < b", "value", "", "1 < 2")], [], "<script>alert(1)</script> & \x00\x1b"))
    assert root.get("aria-label") == "<script>alert(1)</script> & "
    assert "value 1 < 2" in (groups(root)["a < b"].findtext(f"{SVG}title") or "")
    assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize(
    ("nodes", "edges", "words"),
    [
        ([], [], "a picture has 1 to 1000 nodes, not 0"),
        ([box(str(at), "x") for at in range(1001)], [], "not 1001: draw a part, or a smaller network"),
        ([box("a", "x"), box("a", "y")], [], "node 'a' is given 2 times: an id belongs to one node"),
        ([box("a", "x", "tensor")], [], "node 'a': kind 'tensor' is unknown: write one of parameter, data"),
        ([box("a", "x")], [edge("a", "b")], "edge a -> b: there is no node 'b': add it, or mend the name"),
        ([box("a", "x")], [edge("a", "a")], "the edges go round, a -> a: a value cannot depend on itself"),
        ([box("a", "x"), box("b", "y")], [edge("a", "b", "")], "edge a -> b: formula '' has nothing to draw"),
    ],
)
def test_what_is_no_graph_is_refused_with_its_reason(nodes, edges, words):
    with pytest.raises(DrawingError) as error:
        draw_graph(nodes, edges)
    assert words in str(error.value)


def test_an_unknown_direction_is_refused():
    with pytest.raises(DrawingError, match="direction 'RL' is unknown: write one of LR, TB, auto"):
        draw_graph(NEURON, NEURON_WIRES, direction="RL")  # type: ignore[arg-type]


LABELS = st.sampled_from(["x", r"\hat{y}_{k}", r"z = W_{1}x + b", r"\frac{\partial L}{\partial z}", r"L = \sum_{i} a_{i}"])
SUMMARIES = st.none() | st.sampled_from(["-0.39", "mean 0.12, |max| 1.3", "0.1 0.5\n-0.3 0.8", ""])
NODES = st.builds(
    box, st.just(""), LABELS, st.sampled_from(list(boxes.LOOKS)), st.sampled_from(["", r"h \times d"]), SUMMARIES, SUMMARIES
)


@settings(deadline=None, max_examples=40)
@given(st.lists(NODES, min_size=1, max_size=8), st.data())
def test_any_graph_is_drawn_within_its_frame(nodes, data):
    nodes = [Node(str(at), node.label, node.kind, node.shape, node.value, node.gradient) for at, node in enumerate(nodes)]
    pairs = [(a, b) for b in range(len(nodes)) for a in range(b)]
    chosen = data.draw(st.lists(st.sampled_from(pairs), max_size=10)) if pairs else []
    edges = [edge(str(a), str(b), data.draw(st.none() | st.just("2x"))) for a, b in chosen]
    root = parsed(
        draw_graph(nodes, edges, data.draw(st.sampled_from(["", "A title"])), data.draw(st.sampled_from(["LR", "TB", "auto"])))
    )
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for rect in root.iter(f"{SVG}rect"):
        if rect.get("stroke"):
            x, y = float(rect.get("x", 0)), float(rect.get("y", 0))
            assert 0 < x < x + float(rect.get("width", 0)) < width
            assert 0 < y < y + float(rect.get("height", 0)) < height
    assert len([1 for group in root.iter(f"{SVG}g") if group.find(f"{SVG}title") is not None]) == len(nodes)
