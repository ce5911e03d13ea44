"""Formulas and numbers as outlines."""

import time
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import pytest
import ziamath
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.formulas import ink
from symbackprop.formulas.ink import OUTLINES, DrawingError, TooLarge, _set, formula, in_lines, stack, text, value
from symbackprop.formulas.mathml import mathml
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.symbols import ACCENTS, ALPHABETS, ENVIRONMENTS, SYMBOLS

FORMULAS = [
    r"z = W_{1}x",
    r"\frac{\partial L}{\partial W_{1}} = \left[W_{2}^{\top}\,2(\hat{y}-y)\odot a\odot(1-a)\right]x^{\top}",
    r"\sqrt{\sum_{i} x_{i}^{2}}",
    r"\begin{cases} 1 & x > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"\mathbf{1}[k=i]\,\operatorname{softmax}(o)_{k} - \max_{j} \log z_{j}",
]


@pytest.mark.parametrize("latex", FORMULAS)
def test_the_walk_finds_every_outline_that_ziamath_draws(latex):
    drawn = ElementTree.Element("svg")
    ziamath.zmath.Math(mathml(parse(latex), display=True), size=20.0, font="default").drawon(drawn)
    visible = {symbol.get("id") for symbol in drawn.iter("symbol") if len(symbol)}
    expected = [use for use in drawn.iter("use") if (use.get("href") or "")[1:] in visible]
    found = formula(parse(latex), 20.0)
    assert len(found.glyphs) == len(expected)
    assert len(found.rules) == len(list(drawn.iter("rect")))


@pytest.mark.parametrize("latex", FORMULAS)
@pytest.mark.parametrize("size", [10.0, 17.0])
def test_a_formula_fills_its_extent_and_scales(latex, size):
    small, large = formula(parse(latex), size), formula(parse(latex), 2 * size)
    assert large.width == pytest.approx(2 * small.width, rel=0.05)
    assert large.height == pytest.approx(2 * small.height, rel=0.05)
    assert min(x for _, x, _, _ in small.glyphs) > -size
    assert max(x for _, x, _, _ in small.glyphs) < small.width
    assert all(-small.ascent - size < y < small.descent + size for _, _, y, _ in small.glyphs)


@pytest.mark.parametrize(
    "latex", [*FORMULAS, r"\left(\left(a+\frac{b}{c}\right)^{2}x_{i,j}-{-y}\right)|z|' \to {\frac{u}{v}w}", r"-{{a+{b}}c}"]
)
def test_rows_within_rows_are_set_as_one_and_look_the_same(latex, monkeypatch):
    set_as_one = _set.__wrapped__(parse(latex), 17.0)
    monkeypatch.setattr(ink, "_spliced", lambda tree: tree)
    as_written = _set.__wrapped__(parse(latex), 17.0)
    assert set_as_one.width == pytest.approx(as_written.width)
    assert [g[0] for g in set_as_one.glyphs] == [g[0] for g in as_written.glyphs]
    assert [x for g in set_as_one.glyphs for x in g[1:]] == pytest.approx([x for g in as_written.glyphs for x in g[1:]])


def _latex_of_the_tables():
    yield from (rf"a \{name} b" for name in SYMBOLS)
    yield from (rf"\{name}{{x}}" for name in ACCENTS)
    yield from (rf"\{name}{{A}}" for name in ALPHABETS)
    yield from (rf"\begin{{{name}}} 1 & 2 \\ 3 & 4 \end{{{name}}}" for name in ENVIRONMENTS)


@pytest.mark.parametrize("latex", list(_latex_of_the_tables()))
def test_every_macro_of_the_tables_has_an_outline(latex):
    assert formula(parse(latex), 17.0).width > 0


def test_signs_have_the_space_that_tex_gives_them():
    def step(latex, first=0):
        glyphs = formula(parse(latex), 18.0).glyphs
        return glyphs[first + 1][1] - glyphs[first][1]

    letter = step("aa")
    assert step(r"a \cdot b") - letter == pytest.approx(4.0, abs=0.1)  # 4/18 em
    assert step("a = b") - letter == pytest.approx(5.0, abs=0.1)
    assert step("a, b") - letter == pytest.approx(0.0, abs=0.1)
    assert step(r"a\,b") - letter == pytest.approx(3.0, abs=0.1)
    assert step("-a") == pytest.approx(step("b - a", 1) - 4.0, abs=0.1)  # a sign stands at its number


def test_rules_and_bold_digits_are_drawn_as_such():
    assert len(formula(parse(r"\overline{W}"), 18.0).rules) == 1
    assert formula(parse(r"\mathbf{1}"), 18.0).glyphs != formula(parse("1"), 18.0).glyphs


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        ("", "has nothing to draw: write at least a name"),
        (r"\quad", "has nothing to draw"),
        (r"\text{变量}", "the font lacks '变': write the name in Latin or Greek letters"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_reason(latex, words):
    with pytest.raises(DrawingError) as error:
        formula(parse(latex), 17.0)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "latex", [r"\left(" * 20 + "x" + r"\right)" * 20, r"\frac{1}{1+" * 20 + "x" + "}" * 20, "+".join(["x_{1}"] * 2000)]
)
def test_a_formula_without_measure_takes_no_time(latex):
    start = time.perf_counter()
    with pytest.raises(TooLarge, match="give a part of it a name of its own"):
        formula(parse(latex), 17.0)
    assert in_lines(parse("L = " + latex), 17.0, 600.0) == (parse(r"L = \ldots"),)
    assert time.perf_counter() - start < 10.0  # set in full, the first of them would take an hour


def test_a_wide_formula_is_broken_before_its_signs():
    terms = [rf"\frac{{x_{{{k}}}}}{{1 + e^{{-x_{{{k}}}}}}}" for k in range(12)]
    whole = "L = " + " + ".join(terms)
    broken = [formula(line, 17.0) for line in in_lines(parse(whole), 17.0, 400.0)]
    assert formula(parse(whole), 17.0).width > 400.0
    assert max(line.width for line in broken) <= 440.0
    assert sum(len(line.glyphs) for line in broken) == len(formula(parse(whole), 17.0).glyphs)


def test_a_formula_that_cannot_be_broken_gives_way_to_its_left_side():
    inside = "+".join(f"x_{{{k}}}^{{2}}" for k in range(40))
    assert in_lines(parse(rf"y = \sqrt{{{inside}}}"), 17.0, 400.0) == (parse(r"y = \ldots"),)
    assert in_lines(parse(rf"\sqrt{{{inside}}}"), 17.0, 400.0) == parse(r"\ldots").items


def test_equal_words_take_equal_lines():
    assert len({formula(parse(letter), 17.0, True).height for letter in "axb"}) == 1


def test_numbers_have_minus_signs_and_words_keep_their_hyphens():
    assert text("-0.39", 12.0).glyphs == text("−0.39", 12.0).glyphs
    assert text("3-4-1", 12.0).glyphs != text("3−4−1", 12.0).glyphs


def test_a_line_without_outlines_is_left_to_the_viewer():
    line = text("变量 x", 10.0)
    assert line.words == (("变量 x", 0.0, 0.0, 10.0, line.width),)
    assert not line.glyphs


@given(st.lists(st.lists(st.floats(-1e3, 1e3), min_size=3, max_size=3), min_size=2, max_size=4))
def test_rows_of_numbers_stand_in_columns_within_brackets(rows):
    matrix = value("\n".join(" ".join(f"{entry:.2f}" for entry in row) for row in rows), 12.0)
    assert len(matrix.rules) == 6
    assert all(x >= 0.0 and x + width <= matrix.width + 1e-9 for x, _, width, _ in matrix.rules)
    assert all(0.0 < x < matrix.width for _, x, _, _ in matrix.glyphs)
    assert len({round(y, 6) for _, _, y, _ in matrix.glyphs}) == len(rows)


@pytest.mark.parametrize("summary", ["-0.39", "mean 0.12, |max| 1.3", "0.1 0.2\n0.3", "nothing here\nat all", "1e-05"])
def test_what_is_no_matrix_has_no_brackets(summary):
    assert not value(summary, 12.0).rules


@pytest.mark.parametrize("summary", ["0.2\n0.4", "1 2 3", "-1e-05 inf\nnan 3"])
def test_vectors_and_odd_numbers_have_brackets(summary):
    assert len(value(summary, 12.0).rules) == 6


def test_nothing_takes_no_room():
    assert stack([text("", 12.0), value(" \n", 12.0)], 5.0) == ink.NOTHING


@pytest.mark.slow
def test_threads_measure_alike():
    latex = [rf"\hat{{y}}_{{{k}}} = \sum_{{i}} w_{{i}}\,x_{{{k}}}" for k in range(40)]
    alone = [formula(parse(one), 13.5) for one in latex]
    _set.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda one: formula(parse(one), 13.5), latex)) == alone


@pytest.mark.parametrize("inside", [r"\hat{y}", r"\frac{a}{b}", r"\frac{\frac{a}{b}}{\frac{c}{d}}"])
@pytest.mark.parametrize("sign", [r"\lVert %s\rVert", "|%s|", "(%s)", "[%s]"])
def test_tall_bars_and_brackets_are_drawn(sign, inside):
    left, right = sign.split("%s")
    bare, fenced = formula(parse(inside), 16), formula(parse(rf"\left{left} {inside}\right{right}"), 16)
    assert len(fenced.glyphs) == len(bare.glyphs) + 2
    assert fenced.width > bare.width + 4
    assert fenced.ascent >= bare.ascent * 0.9
    outlines = {OUTLINES[name] for name, *_ in fenced.glyphs} - {OUTLINES[name] for name, *_ in bare.glyphs}
    assert all(outline.startswith("M") for outline in outlines)
