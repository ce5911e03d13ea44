from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.pictures.curve import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, draw_curve

LOSSES = st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 6)), min_size=1, max_size=40)
SVG = "{http://www.w3.org/2000/svg}"


def lines(svg: str) -> list[list[tuple[float, float]]]:
    root = ElementTree.fromstring(svg)
    return [[tuple(map(float, p.split(","))) for p in line.get("points").split()] for line in root.iter(f"{SVG}polyline")]


@given(LOSSES, LOSSES)
def test_every_loss_lies_in_the_plot_and_a_larger_one_higher(training: list[float], held_out: list[float]) -> None:
    drawn = lines(draw_curve(training, held_out, "a < b & c", "L"))
    both = [line for line in (training, held_out) if len(line) > 1]
    assert [len(line) for line in drawn] == [len(line) for line in both]
    places = [(value, y) for line, points in zip(both, drawn, strict=True) for value, (_, y) in zip(line, points, strict=True)]
    for line in drawn:
        for x, y in line:
            assert LEFT - 0.1 <= x <= WIDTH - RIGHT + 0.1
            assert TOP - 0.1 <= y <= HEIGHT - BOTTOM + 0.1
    places.sort()
    assert all(a >= b - 0.11 for (_, a), (_, b) in pairwise(places))


@pytest.mark.parametrize(
    ("losses", "logarithmic"), [([5.0, 1.0], False), ([50.0, 1.0], True), ([50.0, -1.0], False), ([50.0, 0.0], False)]
)
def test_a_long_fall_is_drawn_on_a_logarithmic_axis(losses: list[float], logarithmic: bool) -> None:
    assert ("L (logarithmic)" in draw_curve(losses, name="L")) is logarithmic


def test_the_picture_says_what_it_shows() -> None:
    svg = draw_curve([2.0, 1.0], [2.5, 1.5], "digits <x>", "L")
    root = ElementTree.fromstring(svg)
    assert root.find(f"{SVG}title").text == "digits <x>: L against epoch"
    assert root.find(f"{SVG}desc").text == "training from 2 to 1, held out from 2.5 to 1.5"
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert {"training, at last 1", "held out, at last 1.5", "epoch", "L"} <= set(texts)
    assert "prefers-color-scheme:dark" in svg


def test_a_single_epoch_is_a_point() -> None:
    assert draw_curve([0.5]).count("<circle") == 1


def test_a_title_with_characters_that_xml_forbids_is_drawn_without_them() -> None:
    assert ElementTree.fromstring(draw_curve([2.0, 1.0], title="a\x00b\x1b")).find(f"{SVG}title").text.startswith("ab:")
