"""The words of the layers where something does not fit: the place, the fault, the mend."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import size
from symbackprop.display.remarks import remarks
from symbackprop.language import layers, operations
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import LanguageError, Tensor
from symbackprop.notation import NotationError, read
from tests.random_programs import declare

N, D, H = (size(s) for s in "ndh")


def x(*shape: Any) -> Tensor:
    return declare("x", shape)


def w(*shape: Any) -> Tensor:
    return declare("W", shape)


CASES: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: layers.dense(x(N, D), w(H, D)),
        "dense: axis 1 of x has the size d, axis 0 of W has the size h; they must be equal",
    ),
    (lambda: layers.dense(x(), w(H, D)), r"dense: x is \(\), it needs the axes \(\.\.\., d\)"),
    (lambda: layers.dense(x(N, D), w(D)), r"dense: W is \(d,\), it needs the axes \(d, h\)"),
    (lambda: layers.dense(x(N, D), w(D, H), activation="rule"), 'dense: there is no activation "rule"'),
    (lambda: layers.add_bias(x(N, D), w(D), axis=2), "axis 2 is out of range"),
    (lambda: layers.conv2d(x(1, 3, 4, 4), w(2, 3, 5, 5)), "conv2d: the kernel reaches over 5 entries, the axis has 4"),
    (
        lambda: layers.conv2d(x(1, 3, 4, 4), w(2, 3, 3, 3), padding=1, dilation=3),
        "the kernel reaches over 7 entries, the axis has 4, with its padding 6; use a smaller kernel or more padding",
    ),
    (
        lambda: layers.conv2d(x(1, 3, 4, 4), w(2, 3, 1, 1), groups=2),
        "x has the size 3, which does not split in 2 equal parts; groups=2 must divide",
    ),
    (
        lambda: layers.conv2d(x(1, 4, 4, 4), w(3, 2, 1, 1), groups=2),
        "W has the size 3, which does not split in 2 equal parts",
    ),
    (
        lambda: layers.conv2d(x(1, N, 4, 4), w(2, 1, 1, 1), groups=2),
        "x has the size n, which does not split in 2 equal parts",
    ),
    (
        lambda: layers.conv2d(x(1, 4, 4, 4), w(2, 3, 1, 1)),
        "x has 4 channels, so axis 1 of W must have the size 4, not 3",
    ),
    (
        lambda: layers.conv2d(x(1, 4, 4, 4), w(4, 4, 1, 1), groups=4),
        "x has 4 channels in 4 groups, so axis 1 of W must have the size 1, not 4",
    ),
    (
        lambda: layers.conv2d(x(1, 4, 4, 4), w(4, 4, 1, 1), stride=0),
        "conv2d: stride must be a whole number from 1, not 0",
    ),
    (
        lambda: layers.conv2d(x(1, 4, 4, 4), w(4, 4, 1, 1), stride=(1, 2, 3)),
        "stride has 3 entries, not 2: one for each axis of the image",
    ),
    (lambda: layers.conv2d(x(4, 4), w(4, 4, 1, 1)), r"conv2d: x is \(4, 4\), it needs the axes \(\.\.\., C, H, W\)"),
    (lambda: layers.conv_transpose1d(x(1, 4, 2), w(4, 1, 2), padding=2), "the padding 2 leaves nothing of axis 2 of x"),
    (
        lambda: layers.conv_transpose1d(x(1, 4, 2), w(4, 1, 2), output_padding=1),
        "output_padding 1 must be smaller than the stride or the dilation",
    ),
    (lambda: layers.max_pool2d(x(1, 4, 4), 5), "max_pool2d: the kernel reaches over 5 entries, the axis has 4"),
    (
        lambda: layers.max_pool2d(x(1, 4, 4), 2, padding=2),
        "the padding 2 must be smaller than the window 2, or a window is empty",
    ),
    (lambda: layers.global_average_pool(x(1, 4)), "global_average_pool: x is"),
    (lambda: layers.batch_norm(x(N)), r"batch_norm: x is \(n,\), it needs the axes \(N, C\)"),
    (lambda: layers.batch_norm(x(N, D), w(N)), "batch_norm: axis 1 of x has the size d, axis 0 of W has the size n"),
    (
        lambda: layers.group_norm(x(N, 4), 3),
        "axis 1 of x has the size 4, which does not split in 3 equal parts; groups=3 must divide the channels",
    ),
    (lambda: layers.instance_norm(x(N, 4)), "instance_norm: x is"),
    (
        lambda: layers.multi_head_attention(x(1, 2, 4), *[w(4, 4)] * 4, heads=3),
        "size 4, which does not split in 3 equal parts; heads=3 must divide it",
    ),
    (
        lambda: layers.dot_product_attention(x(2, 3), w(4, 3), w(4, 3), causal=True),
        "causal=True: axis 0 of .* has the size 2, axis 1 .* 4",
    ),
    (
        lambda: layers.dot_product_attention(x(2, 3), w(4, 5), w(4, 3)),
        "axis 1 of x has the size 3, axis 1 of W has the size 5",
    ),
    (lambda: layers.dot_product_attention(x(1, 2, 3), w(4, 3), w(4, 3)), "they must have the same number of axes"),
    (
        lambda: layers.dot_product_attention(x(2, 3), w(4, 3), w(4, 3), mask=declare("m", (2, 4))),
        r"the mask m is \(2, 4\), it needs the axes",
    ),
    (
        lambda: layers.rnn(x(N, 0, D), w(D, H), w(H, H), w(H)),
        r"rnn: x is \(n, 0, d\): it has no steps; a sequence has one step or more",
    ),
    (
        lambda: layers.lstm(x(N, 2, D), w(D, 6), w(2, 6), w(6)),
        r"its columns are 4 gates of 2, so that there must be 8 of them",
    ),
    (
        lambda: layers.gru(x(N, 2, D), w(D, 6), w(2, 6), w(6), w(5)),
        "gru: axis 1 of W has the size 6, axis 0 of W has the size 5",
    ),
    (lambda: layers.embed(x(N), w(4, D)), r"embed: x holds no integers; declare it as integers\[n, 4\]"),
    (lambda: layers.dropout(x(N), w(N), rate=1), "the rate is the share that is dropped, from 0 to below 1, not 1"),
    (lambda: layers.split_axis(x(N, 5), 1, 2), "axis 1 of x has the size 5, which does not split in 2 equal parts"),
    (lambda: layers.merge_axes(x(N, 5), 1), "axis 1 is the last axis of x; it merges with the next one"),
    (lambda: layers.flatten_features(x(N), 1), "axis 1 is out of range"),
    (
        lambda: layers.mixture_of_experts(x(N, D), w(D, 3), w(2, D, H), w(2, H)),
        "mixture_of_experts: axis 1 of W has the size 3",
    ),
    (
        lambda: layers.squeeze_excitation(x(N, 4, 2, 2), w(4, 2), w(2), w(2, 3), w(3)),
        "squeeze_excitation: axis 1 of W has the size 3, axis 1 of x has the size 4",
    ),
    (
        lambda: operations.inverse(x(2, 3)),
        r"inverse: x is \(2, 3\); the last two axes must be those of a square matrix",
    ),
    (lambda: operations.solve(w(3, 3), x(2)), r"solve: W is \(3, 3\), x is \(2,\); x needs 3 rows"),
    (lambda: operations.matrix_power(w(3, 3), 0.5), "the exponent must be a whole number from -1000 to 1000, not 0.5"),
    (lambda: operations.kron(w(3, 3), x(2)), "both must be matrices, or both vectors"),
    (lambda: operations.vec(x(2)), r"vec: x is \(2,\), not a matrix; write ravel"),
    (lambda: operations.quadratic_form(x(2), w(3, 3)), r"quadratic_form: x is \(2,\), W is \(3, 3\)"),
    (
        lambda: operations.split(x(5, 2), 2),
        r"axis 0 of x has the size 5, which does not split in 2 equal parts; write the positions .* split\(x, \(2, 5\), axis=0\)",
    ),
    (lambda: operations.split(x(5, 2), 0), "does not split in 0 equal parts"),
    (lambda: operations.cumsum(x(5, 2), 2), "cumsum: axis 2 is out of range"),
    (lambda: operations.tril(x(5)), r"tril: x is \(5,\); it needs the axes \(\.\.\., n, m\)"),
]


@pytest.mark.parametrize(("wrong", "words"), CASES)
def test_what_does_not_fit_is_said_in_words(wrong: Callable[[], Any], words: str) -> None:
    with pytest.raises(LanguageError, match=words):
        wrong()


def test_a_mistake_in_a_text_has_its_place_and_its_mend() -> None:
    with pytest.raises(NotationError, match="stride must be a whole number from 1") as caught:
        read("x: data[2, 3, 8, 8]\nW: parameter[4, 3, 3, 3]\ny = conv2d(x, W, stride=1.5)\nL = sum(y)\n")
    assert "3" in str(caught.value)
    with pytest.raises(NotationError, match=r"conv2d: .*strides.* It is written conv2d"):
        read("x: data[2, 3, 8, 8]\nW: parameter[4, 3, 3, 3]\ny = conv2d(x, W, strides=2)\nL = sum(y)\n")


@pytest.mark.parametrize(
    ("extent", "stride", "padding", "words"),
    [
        (
            28,
            2,
            0,
            "The windows of y move by 2 along axis 2 of x, which does not come out even: the last entry is left over",
        ),
        (27, 4, 0, None),
        (30, 4, 0, "the last 3 entries are left over, and y does not depend on them"),
        (30, 3, 1, "the last entry is left over"),
        (30, 4, 1, None),
        (size("H"), 3, 1, r"the last \(H - 1\) mod 3 - 1 entries are left over \(none where this is below 1\)"),
        (size("H"), 2, 1, None),
        (size("H"), 1, 0, None),
    ],
)
def test_a_stride_that_leaves_a_remainder_says_what_is_dropped(extent: Any, stride: int, padding: int, words: str | None) -> None:
    y = layers.conv2d(x(1, 1, extent, 4), w(1, 1, 3, 4), stride=(stride, 1), padding=(padding, 0))
    said = [r for r in map(str, remarks(differentiate(trace({"y": y, "L": (y * y).sum()}), "L"))) if "windows" in r]
    assert len(said) == (words is not None)
    assert words is None or re.search(words, said[0]), said


def test_sizes_that_are_symbols_become_conditions_of_the_network() -> None:
    program = trace({"L": layers.conv2d(x(N, D, size("H"), 4), w(H, D, 3, 3), stride=2).sum()})
    assert program.conditions == (size("H") - 3,)
