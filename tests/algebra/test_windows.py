"""Windows: a convolution's gradients are a correlation and a full convolution, whatever its strides; each line is proved."""

from itertools import product as cartesian

import pytest

import symbackprop as sb

LAYER = """
X: parameter[N, C, H, W]
K: parameter[O, C, 3, 2]
G: data[N, O, {}, {}]
L = sum(G * conv2d(X, K, {}))
"""
LINE = r"\frac{\partial L}{\partial "


def lines(text: str) -> list[str]:
    box = sb.derive(text).box()
    assert not box.missing
    return [line.latex() for line in box.lines]


def test_a_convolution_goes_back_as_a_correlation_and_a_full_convolution() -> None:
    assert lines(LAYER.format("H - 2", "W - 1", "padding=0")) == [
        LINE + r"X_{nc}} = \sum_{o} G_{no} * K_{oc}",
        LINE + r"K_{oc}} = \sum_{n} X_{nc} \star G_{no}",
    ]


def test_one_channel_is_no_axis() -> None:
    text = "X: data[N, 1, 8, 8]\nK: parameter[3, 1, 3, 3]\nb: parameter[3]\nL = sum(max_pool2d(relu(conv2d(X, K, b)), 2)**2)"
    *_, bias, kernel = lines(text)
    assert kernel.startswith(LINE + r"K_{i}} = \sum_{n} X_{n} \star ")
    assert bias.startswith(LINE + r"b_{i}} = \sum_{n} \operatorname{sum}\left(")


def test_windows_of_many_entries_are_proved() -> None:
    """All pairs of a position of an image and one of a window are more than a walk through the equations holds."""
    text = "X: data[4, 1, 28, 28]\nK: parameter[8, 1, 5, 5]\nG: data[4, 8, 24, 24]\nL = sum(G * conv2d(X, K))"
    assert lines(text) == [LINE + r"K_{j}} = \sum_{i} X_{i} \star G_{ij}"]


@pytest.mark.parametrize(("stride", "padding", "dilation"), [*cartesian((1, 2), (0, 1), (1, 2))])
def test_steps_and_borders_are_said(stride: int, padding: int, dilation: int) -> None:
    text = "X: parameter[N, C, T]\nK: parameter[O, C, 3]\nY = conv1d(X, K, stride={}, padding={}, dilation={})\nL = sum(Y**2)"
    *_, wide, kernel = lines(text.format(stride, padding, dilation))
    assert (r"\operatorname{spread}_{2}\left(Y" in wide) is (stride == 2)
    assert (r"\operatorname{spread}_{2}\left(K" in wide) is (dilation == 2)
    assert (r"\operatorname{crop}_{1}" in wide) is (padding == 1)
    assert (r"\operatorname{pad}_{1}\left(X" in kernel) is (padding == 1)
    assert (r"\operatorname{stride}_{2}" in kernel) is (dilation == 2)


def test_steps_that_differ_are_said_for_each_axis() -> None:
    text = "X: data[N, C, H, W]\nK: parameter[O, C, 3, 3]\nL = sum(conv2d(X, K, stride=(2, 1), padding=(0, 1))**2)"
    assert r"\operatorname{pad}_{0\times1}\left(X_{nc}\right) \star \operatorname{spread}_{2\times1}\left(" in lines(text)[-1]


def test_groups_of_channels_are_subscripts() -> None:
    text = "X: data[N, 4, T]\nW: parameter[6, 2, 3]\nL = sum(conv1d(X, W, groups=2)**2)"
    assert lines(text)[-1].startswith(LINE + r"W_{pil}} = 2 \left(\sum_{n} X_{npl} \star ")


def test_windows_within_windows() -> None:
    text = "x: data[T]\nw: parameter[3]\nv: parameter[3]\na = tanh(correlate(x, w))\nL = sum(correlate(a, v)**2)"
    assert r"* v" in "".join(lines(text))


def test_means_of_windows_that_overlap_are_a_convolution_with_ones() -> None:
    text = "A: parameter[N, C, H, W]\nY = avg_pool2d(A, 3, stride=2)\nL = sum(Y**2)"
    assert lines(text) == [
        LINE + r"A_{nc}} = \frac{2}{9}\,\operatorname{spread}_{2}\left(Y_{nc}\right) * \mathbf{1}_{3}\,\mathbf{1}_{3}^{\top}"
    ]
