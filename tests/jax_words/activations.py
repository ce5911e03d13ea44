"""The activations in JAX: by JAX's own functions where it has them, otherwise by the plain formula."""

import math

import jax.numpy as jnp
from jax import nn


def step(x):
    return jnp.where(x > 0, 1.0, 0.0)


def leaky_relu(x, alpha=0.01):
    return nn.leaky_relu(x, alpha)


def threshold(x, theta, value):
    return jnp.where(x > theta, x, value)


def gelu(x):
    return nn.gelu(x, approximate=False)


def gelu_tanh(x):
    return nn.gelu(x, approximate=True)


def swish(x, beta=1):
    return x * nn.sigmoid(beta * x)


def log_cosh(x):
    return jnp.logaddexp(x, -x) - math.log(2)


def gaussian(x):
    return jnp.exp(-(x**2))


def hard_tanh(x, low=-1, high=1):
    return jnp.clip(x, low, high)


def tanhshrink(x):
    return x - jnp.tanh(x)


def soft_shrink(x, lamda=0.5):
    return jnp.sign(x) * jnp.maximum(jnp.abs(x) - lamda, 0)


def hard_shrink(x, lamda=0.5):
    return x * (jnp.abs(x) > lamda)


def maxout(x, pieces, axis=-1):
    axis %= x.ndim
    return x.reshape(*x.shape[:axis], -1, pieces, *x.shape[axis + 1 :]).max(axis + 1)


def halved(gate):
    """y = a gate(b) with the halves of x."""

    def unit(x, axis=-1):
        a, b = jnp.split(x, 2, axis)
        return a * gate(b)

    return unit


ACTIVATIONS = {
    "identity": lambda x: x, "sigmoid": nn.sigmoid, "expit": nn.sigmoid, "logistic": nn.sigmoid,
    "log_sigmoid": nn.log_sigmoid, "softplus": nn.softplus, "softsign": nn.soft_sign, "mish": nn.mish, "silu": nn.silu,
    "swish": swish, "gelu": gelu, "gelu_tanh": gelu_tanh, "relu": nn.relu, "relu6": nn.relu6, "leaky_relu": leaky_relu,
    "prelu": leaky_relu, "threshold": threshold, "elu": nn.elu, "celu": nn.celu, "selu": nn.selu,
    "hard_sigmoid": nn.hard_sigmoid, "hard_swish": nn.hard_silu, "hard_tanh": hard_tanh, "step": step, "log_cosh": log_cosh,
    "gaussian": gaussian, "tanhshrink": tanhshrink, "soft_shrink": soft_shrink, "hard_shrink": hard_shrink,
    "maxout": maxout, "glu": halved(nn.sigmoid), "swiglu": halved(nn.silu), "geglu": halved(gelu),
}  # fmt: skip
