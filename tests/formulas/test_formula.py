"""What formulas may hold: every row of the whitelist in every format, and nothing else."""

import re
import string
from html import unescape
from xml.etree import ElementTree

import latex2mathml.converter
import pytest
import ziamath
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.documents.formats.latex import ascii_latex as tex
from symbackprop.formulas import build as f
from symbackprop.formulas.latex import escape_words, latex
from symbackprop.formulas.mathml import mathml
from symbackprop.formulas.names import parse_name
from symbackprop.formulas.plain import plain
from symbackprop.formulas.read_latex import FormulaError, parse
from symbackprop.formulas.tree import Marked, Node, Row, binds, items_of, rebuilt, split
from tests.documents.sample import FORMULAS, WHITELIST


@pytest.mark.parametrize("text", [*WHITELIST, *FORMULAS])
def test_every_format_knows_the_whole_whitelist(text: str) -> None:
    node = parse(text)
    assert "\\" not in plain(node).replace("∖", "")
    assert "\\" not in mathml(node)
    assert tex(node).isascii()
    # what both of these do not know, they show by its name with the backslash
    for spelt in (text, latex(node)):
        known = unescape(latex2mathml.converter.convert(spelt))
        assert "\\" not in known.replace("∖", "")
        assert ziamath.Latex(spelt).svg().startswith("<svg")


@pytest.mark.parametrize("text", [*WHITELIST, *FORMULAS])
def test_what_is_written_reads_back_as_the_same_tree(text: str) -> None:
    node = parse(text)
    assert parse(latex(node)) == node
    assert latex(parse(latex(node))) == latex(node)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (
            r"\frac{\partial L}{\partial W_1} = \left[W_2^\top\,2(\hat y - y)\odot a\odot(1-a)\right]x^\top",
            "∂L/∂W₁ = [W₂ᵀ 2(ŷ − y) ⊙ a ⊙ (1 − a)] xᵀ",
        ),
        (r"\frac{\partial q_k}{\partial W_{ij}} = \mathbf{1}[k=i]\, x_j", "∂qₖ/∂Wᵢⱼ = 1[k = i] xⱼ"),
        (r"\frac{1}{1 + e^{-x}}", "1/(1 + e⁻ˣ)"),
        (r"\frac{a + b}{2 c} d", "((a + b)/(2 c)) d"),
        (r"\frac{a}{\frac{b}{c}}", "a/(b/c)"),
        (r"\frac{1}{\operatorname{sum}\left(p\right)}", "1/sum(p)"),
        (r"\frac{1}{\operatorname{sum}\left(p\right) q}", "1/(sum(p) q)"),
        (r"\frac{\partial L}{\partial z} \cdot \frac{\partial z}{\partial x}", "∂L/∂z · ∂z/∂x"),
        (r"-\log \sum_{k=1}^{n} \exp(o_k)", "−log Σ_(k=1)^n exp(oₖ)"),
        (r"\left.\frac{\partial f}{\partial q}\right|_{q=3} = -4", "∂f/∂q|_(q=3) = −4"),
        (r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}", "{1, if x > 0; 0, otherwise}"),
        (r"-\frac{1}{2} (a)", "−(1/2)(a)"),
        (r"\frac{1}{\sqrt{k}}\,Q_n K", "(1/√k) Qₙ K"),
        (r"\frac{a}{b},\quad c", "a/b,   c"),
        (r"\frac{\log x}{y} + \frac{\exp(x)}{y}", "(log x)/y + exp(x)/y"),
        (r"x_{b,o+k}", "x_(b,o+k)"),
        (r"W^{[1]}", "W^[1]"),
        (r"\max_{j \ne k} (s_j - s_k)", "max_(j≠k) (sⱼ − sₖ)"),
        (r"\left\lVert W x \right\rVert^{2}", "‖W x‖²"),
        (r"(A + B)^\top C", "(A + B)ᵀ C"),
        (r"f'(x)", "f′(x)"),
        (r"\tanh{\left(x \right)}", "tanh(x)"),
        (r"W \in \mathbb{R}^{h \times d}", "W ∈ ℝ^(h×d)"),
        (r"\sqrt{x + 1} + \sqrt[3]{x}", "√(x + 1) + ∛x"),
        (r"\hat{y}_k + \hat{\mathrm{out}}", "ŷₖ + hat(out)"),
    ],
)
def test_plain_text_reads_like_mathematics(latex: str, text: str) -> None:
    assert plain(parse(latex)) == text


@pytest.mark.parametrize(
    ("latex", "words"),
    [
        (r"\fraction{a}{b}", r"character 1: the macro \\fraction is not one .* did you mean \\frac\?"),
        (r"\input{x}", "macro"),
        (r"\def\x{y}", "macro"),
        (r"\mathds{1}", r"macro \\mathds"),
        ("{a", "not closed"),
        ("a}", "closes nothing"),
        (r"\left( a", r"\\left lacks its \\right"),
        (r"a \right)", "closes nothing"),
        (r"\left x \right)", "delimiter"),
        (r"\begin{align} a \end{align}", "environment is not one of matrix"),
        (r"\begin{cases} a", r"lacks its \\end"),
        (r"\begin{cases} a \end{matrix}", "another"),
        ("x_", "argument"),
        ("x^12", r"write \^\{12\}"),
        ("x_i_j", "two subscripts"),
        ("x^i^j", "two superscripts"),
        (r"\text{a_b}", "escape_words"),
        (r"\text{a", "not closed"),
        (r"\text a", "opening brace"),
        ("a $ b", r"character 3: '\$' has no meaning"),
        ("a % b", "no meaning"),
        ("a \x1b b", "no meaning"),
        ("{" * 100 + "x" + "}" * 100, "nested more than 60 deep"),
        (r"\sqrt[3{x}", "closed"),
        (r"\frac{a}", "lacks its argument"),
        ("a & b", "closes nothing"),
        ("\\", "macro"),
    ],
)
def test_what_is_outside_is_refused_with_its_place(latex: str, words: str) -> None:
    with pytest.raises(FormulaError, match=words) as caught:
        parse(latex)
    assert re.match(r"formula '.*', character \d+: ", str(caught.value))


@given(st.text(alphabet=string.printable + "\\{}_^&αŷ∂中", max_size=40))
def test_any_text_is_a_formula_or_an_error_of_ours(text: str) -> None:
    try:
        node = parse(text)
    except FormulaError:
        return
    plain(node)
    assert tex(node).isascii()
    left, right = split(node)
    assert (*items_of(left), *(items_of(right) if right else ())) == node.items
    ElementTree.fromstring(mathml(node))
    assert latex(parse(latex(node))) == latex(node)


@pytest.mark.slow
@given(st.text(max_size=20))
def test_escaped_words_stand_in_a_formula(text: str) -> None:
    if text.isprintable():
        for macro in ("text", "mathrm", "operatorname"):
            parse(f"\\{macro}{{{escape_words(text)}}}")


def test_markup_in_a_formula_stays_text() -> None:
    node = parse(r"\text{<script>alert(1)</script>} < \mathrm{a\&b}")
    assert "<script" not in mathml(node)
    assert "&lt;script&gt;" in mathml(node)


@pytest.mark.parametrize(
    ("latex", "left", "right"),
    [
        ("z = W x", "z", "= W x"),
        ("x", "x", ""),
        (r"\mathbf{1}[k=i] x_j", r"\mathbf{1}[k=i] x_j", ""),
        (r"\sum_{i=1} x = y = z", r"\sum_{i=1} x", "= y = z"),
        ("= b", "= b", ""),
        (r"a \approx b", "a", r"\approx b"),
        (r"\left[a = b\right] = c", r"\left[a = b\right]", "= c"),
    ],
)
def test_rows_are_aligned_at_their_first_relation(latex: str, left: str, right: str) -> None:
    assert split(parse(latex)) == (parse(left), parse(right) if right else None)


def test_respelling_leaves_words_alone() -> None:
    assert latex(parse(r"a \, b < \text{a < b}"), {r"\,": " ", "<": r"\lt"}) == r"a b \lt \text{a < b}"


def unmarked(node: Node) -> Node:
    return unmarked(node.body) if isinstance(node, Marked) else rebuilt(node, unmarked)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_mark_is_seen_in_every_format_and_changes_nothing_else(text: str) -> None:
    items = parse(text).items
    for place, item in enumerate(items):
        marked = Row((*items[:place], Marked(item, "bad"), *items[place + 1 :]))
        assert unmarked(marked) == parse(text)
        assert binds(marked.items[place]) == binds(item)
        assert latex(marked).count(r"\boxed{") == 1
        assert plain(marked).count("⟦") == 1
        shown = ElementTree.fromstring(mathml(marked))
        assert "".join(shown.itertext()) == "".join(ElementTree.fromstring(mathml(parse(text))).itertext())
        assert len(shown.findall(".//mrow[@class='bad']")) == 1


def test_a_step_stands_in_one_pair_of_brackets() -> None:
    assert [plain(parse(s)) for s in (r"\delta^{(K)}", r"z^{(L + 1)}", r"z^{(C)}", r"z^{(n)}")] == [
        "δ⁽ᴷ⁾",
        "z⁽ᴸ⁺¹⁾",
        "z^(C)",
        "z⁽ⁿ⁾",
    ]


def test_a_word_below_a_name_stays_a_word_in_text() -> None:
    assert plain(parse_name("data_loss").formula()) == "data_loss"
    assert plain(parse_name("W_1").formula([f.letter("i")])) == "W_(1,i)"


def test_a_mark_above_a_mark_stands_above_it_in_text() -> None:
    assert plain(parse(r"\dot{\hat{y}}")) == "ŷ\u0307"
