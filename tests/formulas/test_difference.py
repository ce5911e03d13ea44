"""Where two formulas differ: the order of terms and the form of brackets never count, what is left over is marked."""

import pytest

from symbackprop.formulas.difference import difference
from symbackprop.formulas.plain import plain
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.tree import Marked, walk

# claimed, true, and both as text with what differs in ⟦ ⟧
DIFFERENT = [
    (r"\left(W_2^\top e \odot a\right) x^\top", r"\left[W_2^\top e\odot a\odot (1 - a)\right] x^\top",
     "(W₂ᵀ e ⊙ a) xᵀ", "[W₂ᵀ e ⊙ a ⊙ ⟦(1 − a)⟧] xᵀ"),
    (r"\frac1n X^\top (\sigma(z) + y)", r"\frac1n X^\top (\sigma(z) - y)", "(1/n) Xᵀ(σ(z) ⟦+y⟧)", "(1/n) Xᵀ(σ(z) ⟦−y⟧)"),
    (r"W_1 x", r"W_1^\top x", "⟦W₁⟧ x", "⟦W₁ᵀ⟧ x"),
    (r"a + b", r"b + c + a", "a + b", "b ⟦+c⟧ + a"),
    (r"\sum_i a_i b_i", r"\sum_i a_i c_i", "Σ_i aᵢ ⟦bᵢ⟧", "Σ_i aᵢ ⟦cᵢ⟧"),
    (r"\frac{2}{n} x", r"\frac{1}{n} x", "(⟦2⟧/n) x", "(⟦1⟧/n) x"),
    (r"W_1^\top W_2^\top e", r"W_1^\top \left[W_2^\top e \odot a\right]", "W₁ᵀ W₂ᵀ e", "W₁ᵀ[W₂ᵀ e ⊙ ⟦a⟧]"),
    (r"2 A x", r"(A + A^\top) x", "⟦2⟧ A x", "(A ⟦+Aᵀ⟧) x"),
]  # fmt: skip


@pytest.mark.parametrize(("claimed", "true", "left", "right"), DIFFERENT, ids=[r[0] for r in DIFFERENT])
def test_what_differs_is_marked_in_both(claimed, true, left, right):
    own, other = difference(parse(claimed), parse(true))
    assert (plain(own), plain(other)) == (left, right)


EQUAL = [
    (r"a \odot b", r"b \odot a"), (r"x - y", r"- y + x"), (r"W^\top \left(2 e\right)", r"2 W^\top e"), (r"(A B) C", r"A (B C)"),
    (r"\operatorname{sigmoid}\left(z\right)", r"\sigma(z)"), (r"\left[a\right] b", r"\left(a\right) b"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), EQUAL, ids=[r[0] for r in EQUAL])
def test_what_is_equal_is_not_marked(one, other):
    for formula in difference(parse(one), parse(other)):
        assert not any(isinstance(part, Marked) for part in walk(formula))


def test_formulas_with_nothing_in_common_are_not_marked():
    assert [plain(formula) for formula in difference(parse("q"), parse(r"\frac{a}{b}"))] == ["q", "a/b"]


def test_a_name_stands_for_what_it_was_defined_as():
    names = {parse(r"\delta").items[0]: parse("y - t")}
    own, other = difference(parse(r"W^\top \delta \odot a"), parse(r"W^\top (y - t) \odot b"), names)
    assert (plain(own), plain(other)) == ("Wᵀ δ ⊙ ⟦a⟧", "Wᵀ(y − t) ⊙ ⟦b⟧")
