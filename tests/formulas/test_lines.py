"""Formulas in lines: nothing is lost, every line fits where it can, and it breaks where an author breaks it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.formulas.latex import latex
from symbackprop.formulas.lines import INDENT, balanced, lines
from symbackprop.formulas.plain import plain
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Atom, Fence, Node, Row, kind_of, walk
from symbackprop.formulas.widths import width
from tests.documents.sample import FORMULAS, WHITELIST

LONG = (
    r"L = \frac{a + b + c + d + e + f + g + h + i + j + k + l + m}{n}",
    r"\delta = X^\top\left(\alpha\odot\left[\beta + \gamma\,\delta - \epsilon\odot\zeta + \eta\,\theta - \kappa\right] - \lambda\right) W",
    r"g = \sum_{i,j,k} a_{i} b_{j} c_{k}\,\exp\left(-x_{i} y_{j} z_{k}\right) \mathbf{1}[0 \le i + 2 j - k < T]\,\mathbf{1}[k = i]",
    r"s = \left(a + b + c + d + e + f + g\right)^{2} + \left[a\odot b\odot c\odot d\odot e\odot f\right]^{\top} x",
)


def atoms(nodes: tuple[Node, ...]) -> list[str]:
    """The signs of the formula, without spaces, dots between factors, brackets."""
    found = [part.text for node in nodes for part in walk(node) if isinstance(part, Atom) and part.kind != "space"]
    return sorted(text for text in found if text not in "⋅([{}])1,")


@pytest.mark.parametrize("text", [*LONG, *FORMULAS])
@pytest.mark.parametrize("room", [8.0, 12.0, 20.0])
def test_nothing_is_lost_and_no_line_begins_with_what_belongs_to_the_one_above(text: str, room: float) -> None:
    formula = parse(text)
    shown = lines(formula, room)
    assert atoms(shown) == atoms((formula,))
    for line in shown:
        parse(latex(line))  # a formula by itself
    for before, line in pairwise(shown):
        assert kind_of(line.items[0]) in ("relation", "binary") or kind_of(before.items[-1]) == "punctuation"
        assert kind_of(line.items[-1]) != "space"


@pytest.mark.parametrize("text", [*LONG, *FORMULAS])
@pytest.mark.parametrize("room", [8.0, 12.0, 20.0])
def test_brackets_have_their_partners_in_each_line(text: str, room: float) -> None:
    """What reads a line alone, as LibreOffice does, wants both; an invisible one stands for what is on another line."""
    shown = lines(parse(text), room)
    whole = tuple(balanced(line) for line in shown)
    assert atoms(whole) == atoms(shown)
    for line in whole:
        parse(latex(line))
        for row in (part for part in walk(line) if isinstance(part, Row)):
            assert [kind_of(i) for i in row.items].count("open") == [kind_of(i) for i in row.items].count("close")
    halves = [p for line in whole for p in walk(line) if isinstance(p, Fence)]
    assert sum(p.left in "([{" and not p.right for p in halves) == sum(p.right in ")]}" and not p.left for p in halves)


@pytest.mark.parametrize("text", LONG)
@pytest.mark.parametrize("room", [14.0, 20.0])
def test_a_long_formula_fits(text: str, room: float) -> None:
    first, *rest = lines(parse(text), room)
    assert rest
    assert width(first) <= room
    assert all(width(line) <= room - INDENT for line in rest)


def test_what_fits_stays_as_it_is() -> None:
    formula = parse(LONG[1])
    assert lines(formula, width(formula)) == (formula,)


def test_it_breaks_at_a_sign_rather_than_inside_a_product() -> None:
    shown = lines(parse(r"y = a b c d e f + g h i j k l"), 7.0)
    assert list(map(plain, shown)) == ["y = a b c d e f", "+g h i j k l"]


def test_a_bracket_is_opened_where_nothing_else_helps() -> None:
    shown = lines(parse(r"y = \left(a + b + c + d + e + f\right)^{2}"), 10.0)
    assert list(map(plain, shown)) == ["y = (a + b + c + d", "+e + f)²"]


def test_a_wide_numerator_is_written_beside_its_fraction() -> None:
    shown = lines(parse(LONG[0]), 16.0)
    assert plain(shown[0]).startswith("L = (1/n) (a + b")


def test_a_row_of_blocks_is_written_with_commas() -> None:
    shown = lines(parse(r"p = \begin{bmatrix} a\odot b & c\odot d & e\odot f & g\odot h \end{bmatrix}"), 12.0)
    assert list(map(plain, shown)) == ["p = [a ⊙ b, c ⊙ d,", "e ⊙ f, g ⊙ h]"]


def test_what_cannot_be_broken_stays_whole() -> None:
    word = parse(r"\mathrm{averyveryverylongname}")
    assert lines(word, 3.0) == (word,)


def test_every_macro_has_a_width() -> None:
    assert all(width(parse(text)) > 0 for text in WHITELIST)


terms = st.lists(
    st.sampled_from(["a", r"W_{1}", r"\sigma\left(z + b\right)", r"\frac{a + b}{c}", "2", "x^{2}"]), min_size=2, max_size=14
)


@given(terms, st.sampled_from([" + ", " - ", r"\odot ", " ", r"\,"]), st.integers(4, 30))
def test_any_sum_or_product_is_put_together_again(parts: list[str], sign: str, room: int) -> None:
    formula = parse(f"y = {sign.join(parts)}")
    assert atoms(lines(formula, room)) == atoms((formula,))


@pytest.mark.parametrize(
    ("room", "broken"), [(11.0, [r"a = b c,\quad d = e f g,", "h = k"]), (9.0, ["a = b c,", "d = e f g,", "h = k"])]
)
def test_equations_side_by_side_are_broken_between_them(room: float, broken: list[str]) -> None:
    shown = lines(parse(r"a = b c,\quad d = e f g,\quad h = k"), room)
    assert [latex(line) for line in shown] == broken


@pytest.mark.parametrize("room", [14.0, 16.0, 20.0, 26.0, 32.0])
def test_a_row_of_blocks_is_broken_between_two_of_them(room: float) -> None:
    block = r"\delta\odot i\odot g\odot\left(1 - i\right)"
    shown = lines(parse(rf"\begin{{bmatrix}} {' & '.join([block] * 4)} \end{{bmatrix}}"), room)
    assert len(shown) > 1
    assert all(kind_of(line.items[-1]) == "punctuation" for line in shown[:-1])
