"""The drawn graph of a network: nodes, values and gradients, at a given point and at random ones."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.presenter import LARGEST

EXAMPLES = Path(__file__).parent.parent / "examples"
SVG = "{http://www.w3.org/2000/svg}"


def words(svg: str) -> list[str]:
    """What the picture says of its nodes and wires to those who do not see it."""
    root = ElementTree.fromstring(svg)
    return [title.text or "" for title in root.iter(f"{SVG}title")]


def said(svg: str, name: str) -> str:
    """The words of the node whose formula begins with `name`."""
    (found,) = [title for title in words(svg) if re.match(rf"{re.escape(name)}(?!\w)", title)]
    return found


def test_the_product_of_a_sum_as_lecturers_draw_it():
    svg = sb.draw(EXAMPLES / "gates.net", at=json.loads((EXAMPLES / "gates.json").read_text()))
    for name, value, gradient in (
        ("x", "-2", "-4"),
        ("y", "5", "-4"),
        ("z", "-4", "3"),
        ("q", "3", "-4"),
        ("f", "-12", "1"),
    ):
        assert said(svg, name).endswith(f", value {value}, gradient {gradient}")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.net")), ids=lambda path: path.stem)
def test_every_named_tensor_of_an_example_is_drawn_with_its_value(path: Path):
    network = sb.read(path)
    nodes = [title for title in words(sb.draw(network, of=network.loss)) if ", value " in title]
    assert len(nodes) >= sum(t.named for t in network.program.tensors.values())
    scalar = not network.program.shape(network.loss)
    assert all((", gradient " in node) == scalar for node in nodes if ", parameter, " in node or ", loss, " in node)


def test_the_gradients_of_some_tensors_only():
    whole, part = sb.draw(EXAMPLES / "gates.net"), sb.draw(EXAMPLES / "gates.net", wrt="x")
    assert [node.count(", gradient ") for node in words(whole)] == [0, 1, 1, 1, 1, 1]
    assert [node.count(", gradient ") for node in words(part)] == [0, 1, 0, 0, 0, 0]


def test_a_derivation_is_drawn_as_its_network():
    assert sb.draw(sb.derive(EXAMPLES / "two_layer.net"), seed=4) == sb.draw(EXAMPLES / "two_layer.net", seed=4)


def test_a_seed_repeats_the_point():
    network = sb.read(EXAMPLES / "two_layer.net")
    assert sb.draw(network, seed=1) == sb.draw(network, seed=1)
    assert sb.draw(network, seed=1) != sb.draw(network, seed=2)
    assert sb.draw(network, sizes={"h": 2}) != sb.draw(network, sizes={"h": 3})


def test_elementary_gates_are_nodes_of_their_own():
    fine = words(sb.draw(sb.read(EXAMPLES / "sigmoid_gates.net", gates="elementary")))
    coarse = words(sb.draw(sb.read(EXAMPLES / "sigmoid_gates.net", gates="whole")))
    assert len(fine) > len(coarse)


NAMELESS = {
    "matrices": "X: data[n, d]\nW: parameter[d, k]\nV: parameter[k]\nL = sum((X @ W @ V - X @ W @ V**2)**2)",
    "steps": "K: parameter[m, m]\nr[0] = ones(m)\nfor t in 1..T:\n    r[t] = 1/(K @ r[t-1])\nL = sum((diag(r[T]) @ K)**2)",
}


@pytest.mark.parametrize("text", NAMELESS.values(), ids=NAMELESS)
def test_what_nobody_named_is_called_by_its_formula(text: str):
    """Also where it is read, as a report's equations have it; a wire tells of it by a name."""
    nodes = [title for title in words(sb.draw(text)) if ", value " in title]
    assert not any(re.search("u[_₀-₉]", node.split(",")[0]) for node in nodes)
    assert any("=" not in node.split(", ")[0] for node in nodes if ", operation, " in node)
    assert any(re.search("u[_₀-₉]", title) for title in words(sb.draw(text, edges="local")))


def test_a_vector_is_drawn_without_gradients_of_its_own():
    nodes = words(sb.draw(EXAMPLES / "linear_map.net", of="q"))
    assert len(nodes) == 4
    assert not any(", gradient " in node for node in nodes)
    with pytest.raises(SymbackpropError, match=r"q has the shape \(m,\), a loss is a scalar. Write L = sum\(q\)"):
        sb.draw(EXAMPLES / "linear_map.net")


def test_a_graph_that_is_too_large_is_refused():
    lines = ["x_0: parameter", *(f"x_{k + 1} = sin(x_{k})" for k in range(LARGEST + 1))]
    with pytest.raises(SymbackpropError, match=f"a picture of more than {LARGEST} helps nobody. Draw a smaller part of it."):
        sb.draw("\n".join(lines))


def test_a_name_that_is_not_there_is_refused():
    with pytest.raises(SymbackpropError, match="there is no w whose gradient could be shown; the network has x, y, z, q, f"):
        sb.draw(EXAMPLES / "gates.net", wrt="w")


def test_no_entry_is_a_negative_zero():
    svg = sb.draw("x: parameter[2]\nL = sum(-relu(x))", at={"x": [-1.0, 2.0]})
    assert not re.search(r"[-−]0(?![.\d])", " ".join(words(svg)))
