"""The activations that split or compete, in JAX."""

import jax.numpy as jnp
from jax import nn


def gated(gate):
    """The first half of an axis times the gate of the second."""

    def function(x, axis=-1):
        a, b = jnp.split(x, 2, axis)
        return a * gate(b)

    return function


def maxout(x, pieces, axis=-1):
    rows = jnp.moveaxis(x, axis, -1)
    return jnp.moveaxis(rows.reshape(*rows.shape[:-1], -1, pieces).max(-1), -1, axis)


GATED = {
    "glu": gated(nn.sigmoid),
    "swiglu": gated(nn.silu),
    "geglu": gated(lambda b: nn.gelu(b, approximate=False)),
    "maxout": maxout,
}
