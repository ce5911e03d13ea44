r"""What is not fully resolved is not understood; letters that stand nowhere are guessed and said; nothing else is ever raised."""

import random

import numpy as np
import pytest
import sympy as sp

from symbackprop.notation.claims import NotUnderstood, read_claim
from symbackprop.notation.claims.attempt import FROM_ZERO
from symbackprop.notation.claims.guess import Guess
from tests.notation.claims.sample_networks import context, gradient, point, understood, worth
from tests.notation.claims.test_readings import MEANINGS
from tests.notation.claims.test_right_claims import RIGHT

REFUSED = [
    ("two", "W_1", "", "no claim"),
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} = ", "nothing stands behind ="),
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} = (\hat y - y", "is expected here"),
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} = \hat y - y)", "has no meaning here"),
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} = W_2 \hat y x", "no bracketing"),
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} = \hat y + x", "cannot be added"),
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} = \prod x", "does not say over what"),
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} = \int x", "is not read"),
    ("two", "W_1", r"\frac{\partial L}{\partial W_1} > 0", "no claim"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \mathbb{E}[z_1]", "an expectation does not say over what"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \mathbb{E}_{x \sim p}[z_1]", "is not read"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \sum_q \delta_{qi}", "range of the index"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = z_{1,i}\hat y_k", "on one side only"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = z_{1,ijk}", "stands nowhere"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \tanh", "no argument"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_{1,i}} = z_{1,ki+1}", "a product of indices is not read"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = z_1^{\ldots}", "is not read"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \sigma''(z_1)", "second derivative"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \sigma^{-1}(z_1)", "inverse function"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \cdot z_1", "nothing on its left"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = z_1 \odot", "factor is missing"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = z_1 / 0", "division by zero"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = z_1^{1000}", "beyond 100"),
    ("two", "b_1", "9" * 5000 + " z_1", "a number of 5000 digits; at most 50 are read."),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \nabla^7 L", "order 7"),
    ("two", "b_1", r"\begin{tabular}x\end{tabular}", "is not read here"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = \begin{bmatrix}1\\2&3\end{bmatrix}", "different lengths"),
    ("two", "b_1", r"\frac{\partial L}{\partial b_1} = z_1, \quad \text{where} z", "no equality"),
    ("batch", "H", r"\frac{\partial L}{\partial H} = \frac{\partial L}{\partial \hat Y}\frac{\partial \hat Y}{\partial H}", "no agreed layout"),
    ("two", "W_1", "np.outer(dz_1, x", "syntax"),
    ("two", "W_1", "import os", "not in the language"),
    ("two", "W_1", "np.outer(q, x)", "stands nowhere"),
    ("two", "W_1", "open('x')", "not a function of the language"),
    ("two", "W_1", "for i in x: pass", "no line gives a gradient a value"),
    ("two", "W_1", 17, "no claim"),
    ("two", "W_1", None, "no claim"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "wrt", "claim", "words"), REFUSED, ids=[str(r[2])[-40:] for r in REFUSED])
def test_what_is_not_resolved_is_not_understood(name: str, wrt: str, claim: object, words: str) -> None:
    with pytest.raises(NotUnderstood) as told:
        understood(name, wrt, claim)
    assert words in str(told.value)


def test_a_refusal_says_the_place() -> None:
    with pytest.raises(NotUnderstood) as told:
        understood("two", "b_1", "\\frac{\\partial L}{\\partial b_1} = z_1 \\odot\n  \\unknown{x}")
    assert told.value.line == 2
    assert told.value.column == 3
    assert told.value.mend


@pytest.mark.slow
@pytest.mark.parametrize(
    "claim",
    [
        "((((" * 200,
        r"\frac" * 500,
        "x^" * 300 + "2",
        r"{" * 5000,
        pytest.param("\\sum_i " * 300 + "x_i", marks=pytest.mark.slow),
        "x" * 25_000,
        "\0",
        "\\",
        "^",
        "_",
        "'" * 9,
    ],
)
def test_hostile_text_is_refused(claim: str) -> None:
    with pytest.raises(NotUnderstood):
        understood("two", "b_1", claim)


@pytest.mark.parametrize("count", [60, pytest.param(5000, marks=pytest.mark.slow)])
def test_mutated_claims_raise_nothing_else(count: int) -> None:
    rng = random.Random(7)
    texts = [(n, w, c) for n, w, c in RIGHT] + [
        (n, left.split("_{ij")[0].removesuffix("_i"), right) for n, left, right, _ in MEANINGS
    ]
    pieces = [
        "{",
        "}",
        "(",
        ")",
        "_",
        "^",
        "\\",
        "=",
        ",",
        "&",
        "\\\\",
        "\\frac",
        "\\sum_{i=0}^{3}",
        "|",
        "\\|",
        "1",
        "x",
        "'",
        "-",
        "\\odot",
        "\\top",
        "[",
        "]",
        "ŷ",
        "²",
    ]
    for _ in range(count):
        name, wrt, text = rng.choice(texts)
        for _ in range(rng.randint(1, 3)):
            k = rng.randrange(len(text) + 1)
            match rng.randrange(3):
                case 0:
                    text = text[:k] + rng.choice(pieces) + text[k:]
                case 1:
                    text = text[:k] + text[k + rng.randint(1, 4) :]
                case _:
                    j = rng.randrange(len(text) + 1)
                    text = text[:k] + text[j : j + 6] + text[k:]
        try:
            found = read_claim(text, context(name, wrt))
        except NotUnderstood:
            continue
        assert found.readings


# ---- letters that stand nowhere


def test_a_letter_that_stands_nowhere_is_taken_as_each_value_and_its_gradient() -> None:
    found = understood("two", "b_1", r"\frac{\partial L}{\partial b_1} = W_2^\top e\odot a_1\odot(1-a_1)")
    assert found.unknown == ("e",)
    assert {r.guesses["e"] for r in found.readings if r.guesses["e"].gradient} == {Guess("yhat", True)}
    assert {r.guesses["e"].tensor for r in found.readings} == {"yhat", "y", "b_2"}
    right = next(r for r in found.readings if r.guesses["e"].gradient)
    np.testing.assert_allclose(worth("two", right), gradient("two", "b_1"), rtol=1e-9)


@pytest.mark.parametrize(
    ("letter", "claim"),
    [("delta_2", r"W_2^\top\delta_2"), ("G", r"W_2^\top G"), ("g", r"\sum_k W_{2,ki} g_k"), ("delta^(2)", r"W_2^\top\delta^{(2)}")],
)
def test_such_letters_in_many_spellings(letter: str, claim: str) -> None:
    left = r"\frac{\partial L}{\partial a_{1,i}}" if "g_k" in claim else r"\frac{\partial L}{\partial a_1}"
    found = understood("two", "a_1", f"{left} = {claim}")
    assert found.unknown == (letter,)
    assert any(np.allclose(worth("two", r), gradient("two", "a_1")) for r in found.readings)


def test_a_letter_that_fits_nothing_is_refused() -> None:
    with pytest.raises(NotUnderstood, match="stands nowhere"):
        understood("lookup", "E", r"\frac{\partial L}{\partial E} = Q^\top")


# ---- the left-hand side


@pytest.mark.parametrize(
    ("claim", "kind", "wrt", "letters", "transposed"),
    [
        (r"\frac{\partial L}{\partial W_2} = \hat y a_1^\top", "gradient", "W_2", (), False),
        (r"\nabla_{W_2} L = \hat y a_1^\top", "gradient", "W_2", (), False),
        (r"dW_2 = \hat y a_1^\top", "gradient", "W_2", (), False),
        (r"dW^{[2]} = \hat y a_1^\top", "gradient", "W_2", (), False),
        (r"L' = \hat y a_1^\top", "gradient", "W_2", (), False),
        (r"\left(\frac{\partial L}{\partial W_2}\right)^\top = a_1\hat y^\top", "gradient", "W_2", (), True),
        (r"\frac{\partial L}{\partial W_{2,ki}} = \hat y_k a_{1,i}", "gradient", "W_2", ("k", "i"), False),
        (r"\left(\frac{\partial L}{\partial W_2}\right)_{ki} = \hat y_k a_{1,i}", "gradient", "W_2", ("k", "i"), False),
        (r"\hat y a_1^\top", "none", None, (), False),
        (r"D = \hat y a_1^\top", "abbreviation", None, (), False),
    ],
)
def test_the_left_hand_side_is_read(claim: str, kind: str, wrt: str | None, letters: tuple[str, ...], transposed: bool) -> None:
    left = understood("two", "W_2", claim).left
    assert (left.kind, left.wrt, left.letters, left.transposed) == (kind, wrt, letters, transposed)
    assert not left.contradicts


@pytest.mark.parametrize(
    "claim",
    [
        r"\frac{\partial L}{\partial W_1} = \hat y a_1^\top",
        r"dW_1 = \hat y a_1^\top",
        r"\frac{\partial \hat y}{\partial W_2} = \hat y a_1^\top",
    ],
)
def test_a_left_hand_side_against_the_key_is_said(claim: str) -> None:
    assert understood("two", "W_2", claim).left.contradicts


# ---- steps of a derivation


def test_a_step_names_what_later_steps_use() -> None:
    first = understood("two", None, r"\delta_2 = \hat y - y")
    assert first.left.kind == "abbreviation"
    assert first.left.name == "delta_2"
    shape = first.readings[0].shape
    second = understood("two", "W_2", r"\frac{\partial L}{\partial W_2} = \delta_2 a_1^\top", defined={"delta_2": shape})
    assert not second.unknown
    earlier = {"delta_2": worth("two", first.readings[0])}
    np.testing.assert_allclose(worth("two", second.readings[0], earlier), gradient("two", "W_2"), rtol=1e-9)


def test_a_jacobian_is_claimed_by_its_letters_or_as_a_matrix() -> None:
    values = point("two")[0]
    slope = values["a_1"] * (1 - values["a_1"])
    for claim in (
        r"\frac{\partial a_{1,i}}{\partial z_{1,j}} = \delta_{ij} a_{1,i}(1-a_{1,i})",
        r"\frac{\partial a_1}{\partial z_1} = \operatorname{diag}(a_1\odot(1-a_1))",
    ):
        found = understood("two", "z_1", claim, of="a_1")
        assert found.left.kind == "jacobian"
        np.testing.assert_allclose(worth("two", found.readings[0]), np.diag(slope), rtol=1e-9)


# ---- conventions that are said


def test_the_number_of_rows_is_said() -> None:
    found = understood("ridge", "w", r"\nabla_w L = \frac1N X^\top r")
    assert "N is read as the number of rows, n" in map(str, found.readings[0].notes)


def test_indices_from_one_and_from_zero_are_both_read() -> None:
    found = understood("square", "s", r"\frac{\partial L}{\partial s} = x_1")
    values = point("square")[0]
    assert [float(worth("square", r)) for r in found.readings] == [values["x"][0], values["x"][1]]
    assert FROM_ZERO in found.readings[1].notes


def test_a_person_says_what_letters_are() -> None:
    found = understood("ridge", "w", r"\nabla_{\mathbf w} L = \frac{1}{m}\mathbf{A}^\top(\mathbf A\mathbf w-\mathbf t)+\alpha\mathbf w",
                       symbols={r"\mathbf A": "X", r"\mathbf{t}": "y", r"\alpha": "lam", "m": "n"})  # fmt: skip
    np.testing.assert_allclose(worth("ridge", found.readings[0]), gradient("ridge", "w"), rtol=1e-9)


def test_a_person_names_rows_of_a_matrix() -> None:
    found = understood("ridge", "w", r"\nabla_w L = \frac1n\sum_i r_i\phi_i + \lambda w", symbols={r"\phi_n": "X[n]"})
    np.testing.assert_allclose(worth("ridge", found.readings[0]), gradient("ridge", "w"), rtol=1e-9)


def test_the_wrong_shape_is_handed_on() -> None:
    found = understood("two", "W_2", r"\frac{\partial L}{\partial W_2} = a_1(\hat y-y)^\top")
    assert not found.readings[0].fits
    assert [str(n) for n in found.readings[0].shape] == ["h", "k"]


def test_a_claim_of_sympy() -> None:
    a, t, z = sp.symbols("a t z")
    found = understood("gate", "z", 2 * (a - t) * (1 - sp.tanh(z) ** 2))
    np.testing.assert_allclose(worth("gate", found.readings[0]), gradient("gate", "z"), rtol=1e-9)
    n = sp.symbols("n d", integer=True, positive=True)
    X, r = sp.MatrixSymbol("X", *n), sp.MatrixSymbol("r", n[0], 1)
    found = understood("ridge", "w", X.T * r)
    assert found.readings[0].fits
    with pytest.raises(NotUnderstood, match="q is no tensor"):
        understood("gate", "z", sp.Symbol("q"))
