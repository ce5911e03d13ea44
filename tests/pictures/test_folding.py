"""A graph that is wider than its page, or taller, is folded into parts below one another."""

from typing import Any

import pytest

import symbackprop as sb
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.told import told
from symbackprop.pictures.boxes import RED, Node
from symbackprop.pictures.canvas import svg
from symbackprop.pictures.graph import MARGIN, Edge, arranged
from symbackprop.pictures.picture import PAPERS, Group, Item, Mark, Page, Picture, on_paper
from symbackprop.presenter import picture_of
from tests.pictures.test_graph import NEURON, NEURON_WIRES, network


def groups(items: tuple[Item, ...]) -> list[Group]:
    """The boxes of some items, the legend's left out."""
    found = [item for item in items if isinstance(item, Group)]
    return [group for group in found if group.title] + [box for group in found for box in groups(group.items)]


def marks(items: tuple[Item, ...]) -> list[Mark]:
    """All that is written."""
    found = [item for item in items if isinstance(item, Mark)]
    return found + [mark for item in items if isinstance(item, Group) for mark in marks(item.items)]


def boxes(picture: Picture) -> list[list[str]]:
    """The words of the boxes in each part."""
    return [[group.title for group in groups(sheet.items)] for sheet in picture.sheets]


@pytest.mark.parametrize("wide", [360.0, 390.0, 480.0, 700.0])
def test_each_part_fits_the_page(wide: float) -> None:
    picture = arranged(*network(6), page=Page(wide))
    assert (len(picture.sheets) > 1) == (wide < 400)
    assert picture.width <= wide
    assert f'width="{picture.width:.2f}'.rstrip("0").rstrip(".") in svg(picture)


def test_a_part_is_no_taller_than_a_page_of_paper() -> None:
    picture = arranged(*network(12), page=Page(740.0, 600.0))
    assert all(sheet.height <= 600.0 for sheet in picture.sheets)
    assert [piece.sheets for piece in picture.pieces()] == [(sheet,) for sheet in picture.sheets]


def test_parts_stand_in_columns_on_paper_where_that_takes_fewer_sheets() -> None:
    nodes, edges = network(12)
    page = Page(900.0, 900.0)
    picture = arranged(nodes, edges, page=page)
    below = arranged(nodes, edges, page=page._replace(tall=None))
    assert picture.width <= page.wide
    assert picture.height < 0.75 * below.height
    assert all(sheet.height <= 900.0 for sheet in picture.sheets)
    said = [words for part in boxes(picture) for words in part if not words.endswith("from another part")]
    assert sorted(said) == sorted(node.in_words(str) for node in nodes)


@pytest.mark.parametrize("layers", [2, 6, pytest.param(12, marks=pytest.mark.slow)])
def test_what_takes_several_sheets_of_paper_stands_in_bands_that_leave_no_page_half_empty(layers: int) -> None:
    nodes, edges = network(layers)
    picture = on_paper(lambda page: arranged(nodes, edges, page=page))
    heights = [picture.points * sheet.height for sheet in picture.sheets]
    assert picture.points * picture.width <= 444.0
    whole = on_paper(lambda page: arranged(nodes, edges, page=page._replace(band=None)))
    assert sum(heights) <= 0.8 * 654.0 * len(whole.sheets) or len(heights) == 1
    assert len(heights) == 1 or all(height <= 327.0 for height in heights)
    said = [words for part in boxes(picture) for words in part if not words.endswith("from another part")]
    assert sorted(said) == sorted(node.in_words(str) for node in nodes)


@pytest.mark.parametrize("layers", [2, 6, pytest.param(12, marks=pytest.mark.slow)])
def test_what_needs_many_pages_is_drawn_smaller(layers: int) -> None:
    pages = [page._replace(band=None) for page in PAPERS]  # a slide is a page of its own
    picture = on_paper(lambda page: arranged(*network(layers), page=page), pages=pages)
    assert len(picture.sheets) <= 2
    sizes = [arranged(*network(layers), page=page) for page in pages]
    fewest = min(len(size.sheets) for size in sizes)
    largest = next(size for size in sizes if len(size.sheets) == fewest)
    assert (len(picture.sheets), picture.points) == (fewest, largest.points)


def test_a_part_ends_where_the_fewest_values_go_on() -> None:
    """Blocks of three values that their next layer adds: no part ends within one, where two values would go on."""
    nodes, edges = [Node("h 0", parse("h_0"), "data")], []
    for k in range(1, 9):
        before, left, right, after = f"h {k - 1}", f"p {k}", f"q {k}", f"h {k}"
        nodes += [Node(name, parse(name.replace(" ", "_")), "value") for name in (left, right, after)]
        edges += [Edge(before, left), Edge(before, right), Edge(left, after), Edge(right, after)]
    picture = arranged(nodes, edges, page=Page(400.0, 420.0))
    ends = [[words.split(",")[0] for words in part if "from another part" not in words][-1] for part in boxes(picture)]
    assert len(ends) > 1
    assert all(end.startswith("h") for end in ends)


def test_every_node_stands_once_and_what_is_read_again_stands_as_its_name() -> None:
    nodes, edges = network(6)
    found = boxes(arranged(nodes, edges, page=Page(390.0)))
    said = [words for part in found for words in part]
    own = [words for words in said if not words.endswith("from another part")]
    assert sorted(own) == sorted(node.in_words(str) for node in nodes)
    again = [words for part in found[1:] for words in part if words.endswith("from another part")]
    assert again
    assert not [words for words in found[0] if words.endswith("from another part")]


def test_a_value_is_known_before_it_is_read_again() -> None:
    known: set[str] = set()
    for part in boxes(arranged(*network(6), page=Page(390.0))):
        names = {words.split(",")[0].split(" = ")[0] for words in part if not words.endswith("from another part")}
        again = {words.split(",")[0].split(" = ")[0] for words in part if words.endswith("from another part")}
        assert again <= known
        known |= names


def test_what_fits_is_one_part() -> None:
    assert len(arranged(NEURON, NEURON_WIRES).sheets) == 1
    assert len(arranged(NEURON, NEURON_WIRES, page=Page(480.0)).sheets) == 1


def test_the_legend_names_what_stands_on_the_wires() -> None:
    picture = arranged(NEURON, NEURON_WIRES, page=Page(480.0), legend=[(parse(r"\delta"), told("the gradient from above"))])

    assert "the gradient from above" in [mark.writing.says for mark in marks(picture.sheets[-1].items)]
    assert picture.width >= 2 * MARGIN


@pytest.mark.parametrize(
    ("asked", "red", "end"),
    [
        ({}, "gradient of the loss", "loss"),
        ({"of": "y"}, "", "what is differentiated"),
        ({"of": "y", "upstream": "dy"}, "gradient", "what is differentiated"),
        ({"wrt": "W", "vector": "V"}, "change", "what is differentiated"),
    ],
)
def test_the_legend_says_what_stands_in_red(asked: dict[str, Any], red: str, end: str) -> None:
    net = "x: data[d]\nt: data[k]\nW: parameter[k, d]\ny = tanh(W @ x)\nL = sum((y - t)**2)"
    picture = picture_of(sb.derive(net, **asked))
    drawn = marks(picture.sheets[-1].items)
    said = {str(mark.writing.says) for mark in drawn}
    known = {"gradient of the loss", "gradient", "change", "loss", "what is differentiated"}
    assert known & said == {red, end} - {""}
    assert any(mark.colour == RED for mark in drawn) == bool(red)
    assert ("gradient" in picture.words) == (red in ("gradient of the loss", "gradient"))


@pytest.mark.parametrize("layers", [2, 3, 4, 6])
@pytest.mark.parametrize("wide", [480.0, 940.0])
def test_no_part_ends_within_a_layer(layers: int, wide: float) -> None:
    """A layer that fits stands whole, and the last part is no loss alone."""
    text = f"X: data[N, h_0]\nY: labels[N, h_{layers}]\n"
    text += "".join(f"W_{k}: parameter[h_{k - 1}, h_{k}]\nb_{k}: parameter[h_{k}]\n" for k in range(1, layers + 1))
    for k in range(1, layers + 1):
        text += f"Z_{k} = {f'A_{k - 1}' if k > 1 else 'X'} @ W_{k} + b_{k}\n" + (f"A_{k} = tanh(Z_{k})\n" if k < layers else "")
    picture = picture_of(sb.derive(f"{text}P = softmax(Z_{layers})\nL = -sum(Y*log(P))/N"), page=Page(wide))
    made = [[words.split(" = ")[0] for words in part if " = " in words and "another part" not in words] for part in boxes(picture)]
    assert len(made) > 1
    assert all(part[0].startswith("Z") for part in made)
