r"""What a left side says is the same in all its spellings."""

from __future__ import annotations

from itertools import product

import pytest

from symbackprop.notation.claims.side import Side, is_best, latex_of, now, side_of, whole_side, word_of
from symbackprop.notation.claims.tokens import plain

LETTERS = {"f": ["f", r"\mathrm{f}", "{f}"], "ell": [r"\ell", r"\mathcal{\ell}", "ℓ"], "loss": ["loss", r"\mathrm{loss}"]}
BY = {"x": ["x", r"\mathbf{x}", r"\boldsymbol x"], "beta": [r"\beta", "β", r"{\beta}"]}
WHERE = {None: [""], ("x^*", r"\hat \beta"): [r"(x^*, \hat\beta)", r"\left( x^* ,\hat\beta \right)"], ("1", "-2"): ["(1, -2)"]}
DERIVATIVES = {
    ("slope", 1): ["{of}'", r"{of}^\prime", r"{of}^{{\prime}}"],
    ("slope", 2): ["{of}''", r"{of}^{{\prime\prime}}", "{of}^{{''}}"],
    ("gradient", 1): [r"\nabla {of}", r"∇ {of}"],
    ("gradient", 2): [r"\nabla^2 {of}", r"\nabla^{{2}} {of}", r"\nabla\nabla {of}"],
    ("row", 1): [r"\mathrm{{D}} {of}", "D {of}"],
    ("derivative", 1): [r"\frac{{\partial {of}}}{{\partial {by}}}", r"\dfrac{{d {of}}}{{d {by}}}", r"\frac{{\partial}}{{\partial {by}}} {of}"],
    ("derivative", 2): [r"\frac{{\partial^2 {of}}}{{\partial {by}\partial {by}}}", r"\frac{{d^2 {of}}}{{d {by} d {by}}}"],
}  # fmt: skip


def bare(word) -> tuple[str, str, str, str]:
    return word.base, word.accent, plain(word.sub), plain(word.sup)


@pytest.mark.parametrize(("kind", "order"), DERIVATIVES)
def test_a_derivative_is_one_in_all_spellings(kind: str, order: int) -> None:
    for (of, ofs), (by, bys), (at, ats) in product(LETTERS.items(), BY.items(), WHERE.items()):
        for spelled, a, b, where in product(DERIVATIVES[kind, order], ofs, bys, ats):
            text = spelled.format(of=a, by=b) + where
            for left, sign in ((text, 1), (f"-{text}", -1), (f"({text})", 1)):
                found = side_of(f"{left} = 3 = x")
                assert found is not None, left
                assert found.of is not None, left
                assert (found.kind, found.order, found.of.base, found.at, found.sign) == (kind, order, of, at, sign), left
                assert {one.base for one in found.by} == ({by} if kind == "derivative" else set()), left
                assert found.rest == "= 3 = x"


@pytest.mark.parametrize(
    ("spellings", "said"),
    [
        ([r"\hat\beta_1", r"\hat{\beta}_{1}", r"\widehat{\beta_1}", "β̂_1", "hat beta_1"], ("beta", "hat", "1", "")),
        ([r"w^*", r"w^{\star}", r"w^\ast", r"\mathbf{w}^*"], ("w", "", "", "*")),
        ([r"\theta_{MAP}", r"\theta_{\text{MAP}}", r"\theta_{\mathrm{MAP}}", "theta_MAP"], ("theta", "", "MAP", "")),
        (["H_{12}", "H_{1 2}", "H _{12}"], ("H", "", "12", "")),
        ([r"w_1^{new}", r"w^{\text{new}}_1", r"w_{1}^{\mathrm{new}}"], ("w", "", "1", "new")),
    ],
)
def test_a_name_is_one_in_all_spellings(spellings: list[str], said: tuple[str, str, str, str]) -> None:
    for text in spellings:
        word = word_of(text)
        assert word is not None
        base, accent, sub, sup = bare(word)
        assert (base, accent, sub, sup.replace("star", "*")) == said, text
        again = word_of(latex_of(word))
        assert again is not None
        assert bare(again) == bare(word)


@pytest.mark.parametrize("text", [r"\sum_i x_i(y)", r"X^\top X\hat\beta", "x + y", r"f(x) - f(x^*)", "3", "", "Ax b"])
def test_a_formula_is_no_name(text: str) -> None:
    assert word_of(text) is None


def test_what_stands_above_and_below_tells_best_and_next() -> None:
    best = [r"\hat\beta", "w^*", "w_1^*", r"\sigma^2_{ML}", "beta_hat", "w_{1,MAP}"]
    assert all(is_best(word) for text in best if (word := word_of(text)))
    assert not any(is_best(word) for text in ("w", "w_1", "w^2", r"\bar x", "w_{max}") if (word := word_of(text)))
    for text, own in [("w^{new}", "w"), ("w_{k+1}", "w"), ("w^{(t+1)}", "w"), ("w_1^{new}", "w_1"), ("w^+", "w")]:
        word = word_of(text)
        assert word is not None
        assert now(word) == word_of(own) or bare(now(word)) == bare(word_of(own))
    assert now(word_of("w_1")) is None  # type: ignore[arg-type]


def test_determinants_bars_and_names_in_brackets() -> None:
    for text in (r"\det H", r"\det(H)", r"\det\left(H\right)"):
        found = whole_side(text)
        assert found is not None
        assert (found.kind, found.base) == ("determinant", "H")
    found = side_of(r"\left.\frac{d^2V}{dr^2}\right|_{r = r^*} = 1")
    assert isinstance(found, Side)
    assert (found.kind, found.order, found.barred, [one.base for one in found.points]) == ("derivative", 2, True, ["r"])
    assert side_of("(x^*, y^*) = (1, 1)") == Side("several", None, stem="(x^*,y^*)", rest="= (1, 1)")
    assert side_of("x") is None
