"""A walk through the spellings of torch: each is what torch makes of it, value and gradients, or is refused with a mend."""

import os
from collections.abc import Iterator

import pytest

import symbackprop as sb
from symbackprop.notation import NotationError
from tests.words.torch_names import TORCH_NAMES
from tests.words.torch_spellings import TORCH
from tests.words.torch_walking import DOORS

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ALL = [*TORCH, *TORCH_NAMES]
REFUSED: dict[tuple[str, str], str] = {
    ("text", "F.dropout(A, 0.5)"): "it draws random numbers while training",
    (
        "text",
        "F.interpolate(T[None], scale_factor=(2, 3), mode='bicubic')",
    ): "interpolate: mode='bicubic' of 2 axes is not in the language",
    ("text", "F.interpolate(T[None], size=(2, 2), mode='area')"): "interpolate: mode='area' of 2 axes is not in the language",
    ("module", "F.interpolate(T[None], scale_factor=(2, 3), mode='bicubic')"): "torch's upsample_bicubic2d is not in the table",
    ("module", "F.interpolate(T[None], size=(2, 2), mode='area')"): "has windows of several sizes",
    **{(door, "F.interpolate(T[None], size=5)"): "is not by whole numbers" for door in DOORS},
    **{(door, "F.interpolate(T[None], size=(5, 7), mode='nearest')"): "is not by whole numbers" for door in DOORS},
    ("text", "A.max(1)[0]"): "A.max(1)[0]: of torch .max(1) is a pair, of NumPy an array.",
    ("text", "A.transpose(0, 1)"): "leaves the axes in NumPy, and exchanges them in torch. Write A.T.",
    ("text", "u.repeat(2)"): "Write np.repeat(x, n), or np.tile(x, n).",
    ("module", "F.gaussian_nll_loss(x, y, x**2)"): "torch.export refuses the module",
    ("module", "F.dropout(A, 0.5)"): "draws what it keeps at random",
    ("module", "torch.linalg.lstsq(X, x[:, None])[0]"): "torch.export refuses the module",
    ("module", "torch.linalg.lstsq(A, w[:, None])[0]"): "torch.export refuses the module",
    ("module", "torch.cov(A)"): "torch.export refuses the module",
    ("module", "torch.corrcoef(A)"): "torch.export refuses the module",
    **{("module", gather): "the positions have the size n along axis 0" for gather in TORCH if "gather(" in gather},
}
"""What is refused, by its door, and words of the refusal."""


@pytest.fixture(autouse=True)
def _doubles() -> Iterator[None]:
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize("expression", ALL)
def test_what_is_read_as_text_is_what_torch_computes(expression: str) -> None:
    walked("text", expression)


@pytest.mark.parametrize("expression", ALL if os.environ.get("FRESH") else ALL[::8])
def test_what_a_module_says_is_what_torch_computes(expression: str) -> None:
    walked("module", expression)


def walked(door: str, expression: str) -> None:
    import torch

    refusal = REFUSED.get((door, expression))
    if refusal is None:
        assert DOORS[door](expression, torch) == ""
        return
    with pytest.raises(NotationError) as caught:
        DOORS[door](expression, torch)
    assert refusal in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("F.batch_norm(x, None, None)", "by whose mean and variance? Write training=True"),
        ("F.mse_loss(x, y, False)", "size_average and reduce are of older torch; write reduction='sum'"),
        ("F.mse_loss(x, y, size_average=False)", "size_average and reduce are of older torch; write reduction='sum'"),
        ("F.cross_entropy(x, y, None, True)", "size_average and reduce are of older torch"),
        ("F.alpha_dropout(x, 0.1, True)", "it draws random numbers while training"),
        ("F.rrelu(x, training=True)", "its slope is drawn while training"),
        ("F.gumbel_softmax(x)", "declare the noise"),
    ],
)
def test_what_is_refused_names_the_mend(text: str, words: str) -> None:
    with pytest.raises(NotationError) as caught:
        sb.read(f"x: parameter[n, k]\ny: data[n, k]\nL = sum({text})")
    assert words in str(caught.value)
