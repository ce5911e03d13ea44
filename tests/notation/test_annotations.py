"""Annotations of other libraries: shapes that they give are declared, others are asked for with a shape that fits."""

from pathlib import Path

import pytest

import symbackprop as sb

GIVEN = {
    "jaxtyping": ('W: Float[Array, "h d"], x: Float[Array, "n d"]', "x @ W.T", {"W": "(h, d)", "x": "(n, d)"}),
    "in quotes": ("""W: "Float32[np.ndarray, 'h 3']", x: "Float[torch.Tensor, '3']" """, "W @ x", {"W": "(h, 3)", "x": "(3,)"}),
    "expressions": ('w: Float[Array, "n+1"], x: Float[Array, "n"]', "w[1:] * x", {"w": "(n + 1,)", "x": "(n,)"}),
    "a number with a name": ('x: Float64[Array, "batch=4 d"]', "x", {"x": "(4, d)"}),
    "a scalar": ('x: Float[Array, "d"], lam: Float[Array, ""]', "lam * x", {"x": "(d,)", "lam": "()"}),
    "a mask": ('x: Float[Tensor, "b d"], m: Bool[Tensor, "b d"]', "np.where(m, x, 0)", {"x": "(b, d)", "m": "(b, d)"}),
    "nptyping": ('x: NDArray[Shape["N, 3"], Float], w: NDArray[Shape["3"], Float64]', "x @ w", {"x": "(N, 3)", "w": "(3,)"}),
    "optional": ('x: Optional[Float[Array, "n"]], w: Float[Array, "n"] | None', "x * w", {"x": "(n,)", "w": "(n,)"}),
    "ours beside them": ('x: Float[Array, "n d"], W: "parameter[h, d]"', "x @ W.T", {"x": "(n, d)", "W": "(h, d)"}),
}

ASKED = {
    "np.ndarray": ("W: np.ndarray, x: np.ndarray", "W @ x", 'W: "parameter[h, d]", x: "data[d]"'),
    "npt": ("W: npt.NDArray[np.float64], x: npt.ArrayLike", "W @ x", 'W: "parameter[h, d]", x: "data[d]"'),
    "jax": ("W: jnp.ndarray, x: jax.Array", "W @ x", 'W: "parameter[h, d]", x: "data[d]"'),
    "torch": ("W: torch.Tensor, x: Optional[torch.Tensor]", "W @ x", 'W: "parameter[h, d]", x: "data[d]"'),
    "one of two": ('W: np.ndarray, x: Float[Array, "n d"]', "x @ W.T", 'W: "parameter['),
    "never used as an array": ("x: np.ndarray", "x**2", 'x: "data[n]"'),
    "Annotated": ("x: Annotated[np.ndarray, 3]", "x", 'x: "data[n]"'),
    "axes of any number": ('x: Float[Array, "*batch d"]', "x", "x: *batch is axes of any number"),
    "dots": ('x: Float[Array, "... d"]', "x", "x: ... is axes of any number"),
    "an axis of any size": ('x: Float[Array, "_ d"]', "x", "x: _ is an axis of any size"),
    "broadcast": ('x: Float[Array, "#n d"]', "x", "x: #n is an axis that may be broadcast"),
    "whole numbers": ('t: Int[Array, "b"], x: Float[Array, "b d"]', "x[t]", 'Write t: "integers[b, c]", where its entries'),
    "no size": ('x: Float[Array, "n d)"]', "x", "x: d) is no size"),
}


def _file(tmp_path: Path, arguments: str, body: str) -> str:
    path = tmp_path / "loss.py"
    path.write_text(
        f"def loss({arguments}) -> float:\n    u: np.ndarray = {body}\n    s: 'Float[Array, \"\"]' = np.sum(u**2)\n    return s\n"
    )
    return f"{path}:loss"


@pytest.mark.parametrize("name", GIVEN)
def test_shapes_that_annotations_give_are_declared(name: str, tmp_path: Path) -> None:
    arguments, body, shapes = GIVEN[name]
    network = sb.read(_file(tmp_path, arguments, body))
    assert {t.name: sb_shape(t.shape) for t in network.program.inputs} == shapes


def sb_shape(shape: tuple) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


@pytest.mark.parametrize("name", ASKED)
def test_shapes_that_they_do_not_give_are_asked_for(name: str, tmp_path: Path) -> None:
    arguments, body, words = ASKED[name]
    with pytest.raises(sb.NotationError) as caught:
        sb.read(_file(tmp_path, arguments, body))
    assert words in str(caught.value)


def test_a_mask_holds_zeros_and_ones(tmp_path: Path) -> None:
    network = sb.read(_file(tmp_path, *GIVEN["a mask"][:2]))
    assert network.program.tensors["m"].domain == "binary"


def test_a_text_may_have_them() -> None:
    shapes = sb.read('W: Float[Array, "h d"]\nx: Float[Array, "d"]\nL = sum((W @ x)**2)').program.tensors
    assert [str(shapes[name].shape) for name in ("W", "x")] == ["(h, d)", "(d,)"]
