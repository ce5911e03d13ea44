"""Claims with windows: correlations and full convolutions of what is padded, spread, cut, read and judged right or wrong."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.notation.claims import Context, read_claim
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.nodes import DOWN, RIGHT, Misfit
from symbackprop.notation.claims.windows import framed, slid

RNG = np.random.default_rng(0)
CASES = [
    pytest.param(stride, padding, marks=[] if (stride, padding) in ((1, 0), (2, 1)) else pytest.mark.slow)
    for stride in (1, 2, 3)
    for padding in (0, 1, 2)
]


def network(stride: int, padding: int) -> str:
    convolved = f"conv2d(X[None, None], K[None, None], stride={stride}, padding={padding})[0, 0]"
    return f"X: parameter[H, W]\nK: parameter[3, 2]\nY = {convolved}\nL = 0.5*sum(Y**2)"


def around(name: str, n: int, none: int, inner: str) -> str:
    return inner if n == none else rf"\operatorname{{{name}}}_{{{n}}}({inner})"


@pytest.mark.slow
@pytest.mark.parametrize(("stride", "padding"), CASES)
def test_the_gradients_of_a_convolution_are_read_and_right(stride: int, padding: int) -> None:
    delta = around("spread", stride, 1, "Y")
    kernel, full = rf"{around('pad', padding, 0, 'X')} \star {delta}", delta + r" \ast K"
    judged = sb.verify(network(stride, padding), [("K", kernel), ("X", around("crop", padding, 0, full))]).claims
    assert all(claim.right for claim in judged), judged


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [r"\operatorname{pad}_2(X) \star \operatorname{spread}_2(Y)", r"\operatorname{pad}_1(X) \star Y"])
def test_a_convolution_with_other_borders_or_steps_is_wrong(wrong: str) -> None:
    (claim,) = sb.verify(network(2, 1), [("K", wrong)]).claims
    assert not claim.right
    assert claim.kind != "not understood"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("K", r"\operatorname{pad}_{1}\left(X\right) \star \operatorname{spread}_{2}\left(Y\right)"),
        ("X", r"\operatorname{crop}_{1}\left(\operatorname{spread}_{2}\left(Y\right) * K\right)"),
    ],
)
def test_what_is_understood_is_said_as_it_was_written(name: str, text: str) -> None:
    program = sb.read(network(2, 1)).program
    found = read_claim(text, Context(program, "L", name))
    first = found.readings[0]
    assert first.fits
    again = read_claim(found.latex, Context(program, "L", name)).readings[0]
    assert found.latex == text
    assert again.fits


def test_an_asterisk_between_unequal_shapes_is_a_correlation_and_says_so() -> None:
    text = "X: data[H, W]\nK: parameter[3, 2]\nY = conv2d(X[None, None], K[None, None])[0, 0]\nL = 0.5*sum(Y**2)"
    (claim,) = sb.verify(text, [("K", "X * Y")]).claims
    assert claim.right
    assert "correlation" in str(claim)
    (turned,) = sb.verify(text, [("K", r"Y \star X")]).claims
    assert not turned.right


def matrix(*shape: int) -> nd.Node:
    return nd.leaf("x", (DOWN, RIGHT), RNG.standard_normal(shape) + 0j)


@pytest.mark.parametrize("pad", [0, 2])
@pytest.mark.parametrize("spread", [1, 2])
def test_a_correlation_slides_the_second_over_the_first(pad: int, spread: int) -> None:
    x, y = matrix(6, 5), matrix(2, 3)
    wide, thin = np.pad(x.value, pad), np.zeros((spread + 1, 2 * spread + 1), complex)
    thin[::spread, ::spread] = y.value
    expected = np.array(
        [
            [np.sum(wide[i : i + thin.shape[0], j : j + thin.shape[1]] * thin) for j in range(wide.shape[1] - thin.shape[1] + 1)]
            for i in range(wide.shape[0] - thin.shape[0] + 1)
        ]
    )
    found = slid("correlation", framed("pad", str(pad), x), framed("spread", str(spread), y))
    whole = max(found, key=lambda node: node.value.size)
    np.testing.assert_allclose(whole.value, expected)
    for part in found:
        np.testing.assert_allclose(part.value, expected[: part.value.shape[0], : part.value.shape[1]])
    np.testing.assert_allclose(framed("stride", "2", whole).value, expected[::2, ::2])


@pytest.mark.parametrize("crop", [0, 1])
@pytest.mark.parametrize("spread", [1, 2])
def test_a_convolution_adds_what_each_entry_gives_a_window(crop: int, spread: int) -> None:
    x, y = matrix(3, 4), matrix(2, 3)
    expected = np.zeros((2 * spread + 2, 3 * spread + 3), complex)
    for p, q in np.ndindex(*x.value.shape):
        expected[spread * p : spread * p + 2, spread * q : spread * q + 3] += x.value[p, q] * y.value
    whole = min(slid("convolution", framed("spread", str(spread), x), y), key=lambda node: node.value.size)
    cut = framed("crop", str(crop), whole)
    np.testing.assert_allclose(cut.value, expected[crop : len(expected) - crop, crop : expected.shape[1] - crop])


@pytest.mark.parametrize(("kind", "sub"), [("pad", ""), ("pad", "1,2,3"), ("spread", "0"), ("stride", "0")])
def test_a_frame_without_its_numbers_is_refused(kind: str, sub: str) -> None:
    with pytest.raises(Misfit):
        framed(kind, sub, matrix(3, 3))
