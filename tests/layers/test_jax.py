"""Convolution, pooling, normalisation and attention against JAX: values and gradients."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy import ndarray

from symbackprop.core.differentiate import differentiate
from symbackprop.evaluate import tape
from symbackprop.language import layers
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import Tensor
from tests.random_programs import declare

CONVOLUTIONS = [
    {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1},
    {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "groups": 1},
    {"stride": (2, 3), "padding": (1, 0), "dilation": (2, 1), "groups": 2},
    {"stride": (1, 2), "padding": (2, 1), "dilation": (1, 1), "groups": 4},
]


def agree(jax: ModuleType, ours: Callable[..., Tensor], theirs: Callable[..., Any], **shapes: tuple[int, ...]) -> None:
    """The same value, and the same gradients of the sum of squares."""
    rng = np.random.default_rng(0)
    arrays: dict[str, ndarray] = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    y = ours(**{name: declare(name, shape) for name, shape in shapes.items()})
    program = trace({"y": y, "L": (y * y).sum()})
    derived = differentiate(program, "L")
    shown = tape.forward(derived.program, arrays)
    np.testing.assert_allclose(shown["y"], theirs(**arrays), atol=1e-12)
    expected = jax.grad(lambda given: (theirs(**given) ** 2).sum())(arrays)
    for name in arrays:
        np.testing.assert_allclose(shown[derived.gradient(name)], expected[name], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("options", CONVOLUTIONS)
def test_conv2d_is_that_of_jax(jax: ModuleType, options: dict[str, Any]) -> None:
    def theirs(x: Any, W: Any) -> Any:
        return jax.lax.conv_general_dilated(
            x, W, options["stride"], [(p, p) for p in options["padding"]], rhs_dilation=options["dilation"],
            feature_group_count=options["groups"],
        )  # fmt: skip

    agree(jax, lambda x, W: layers.conv2d(x, W, **options), theirs, x=(2, 4, 7, 9), W=(8, 4 // options["groups"], 3, 2))


@pytest.mark.parametrize(("size", "stride", "padding"), [((2, 2), (2, 2), (0, 0)), ((3, 2), (2, 1), (1, 1))])
def test_max_pooling_is_that_of_jax(jax: ModuleType, size: Any, stride: Any, padding: Any) -> None:
    def theirs(x: Any) -> Any:
        edges = [(0, 0), (0, 0), *((p, p) for p in padding)]
        return jax.lax.reduce_window(x, -np.inf, jax.lax.max, (1, 1, *size), (1, 1, *stride), edges)

    agree(jax, lambda x: layers.max_pool2d(x, size, stride, padding), theirs, x=(2, 3, 5, 6))


def test_causal_attention_is_that_of_jax(jax: ModuleType) -> None:
    def ours(Q: Tensor, K: Tensor, V: Tensor) -> Tensor:
        return layers.dot_product_attention(Q, K, V, causal=True)

    def theirs(Q: Any, K: Any, V: Any) -> Any:
        scores = jax.numpy.einsum("nhtk,nhuk->nhtu", Q, K) / np.sqrt(Q.shape[-1])
        readable = np.tri(*scores.shape[-2:], dtype=bool)
        return jax.nn.softmax(jax.numpy.where(readable, scores, -np.inf)) @ V

    agree(jax, ours, theirs, Q=(2, 2, 4, 3), K=(2, 2, 4, 3), V=(2, 2, 4, 3))


def test_standardising_is_that_of_jax(jax: ModuleType) -> None:
    def theirs(x: Any) -> Any:
        return jax.nn.standardize(x, axis=-1, epsilon=1e-5)

    agree(jax, layers.layer_norm, theirs, x=(3, 5))
