"""The layers in JAX: by JAX's convolutions and windows, or by the plain formula."""

import jax.numpy as jnp
from jax import lax, nn

from tests.jax_words.activations import ACTIVATIONS

LOWEST = jnp.finfo(float).min


def activated(name, x):
    return x if name is None else {"tanh": jnp.tanh, **ACTIVATIONS}[name](x)


def pair(value, rank):
    return (value,) * rank if isinstance(value, int) else tuple(value)


def along(b, x, axis):
    """b with its one axis where x has `axis`."""
    return b.reshape([-1 if k == axis % x.ndim else 1 for k in range(x.ndim)])


def add_bias(x, b, axis=-1):
    return x + along(b, x, axis)


def dense(x, W, b=None, activation=None):
    return activated(activation, x @ W if b is None else x @ W + b)


def bilinear(x, W, z, b=None):
    y = jnp.einsum("ni,kij,nj->nk", x, W, z)
    return y if b is None else y + b


def low_rank_dense(x, W, B, A, scale=1):
    return x @ (W + scale * B @ A)


def tied_autoencoder(x, W, b, c, activation="sigmoid"):
    return activated(activation, x @ W + b) @ W.T + c


def residual_block(x, W_1, b_1, W_2, b_2, activation="relu"):
    return x + activated(activation, x @ W_1 + b_1) @ W_2 + b_2


def factorization_machine(x, w_0, w, V):
    pairs = jnp.einsum("ni,nj,if,jf,ij->n", x, x, V, V, jnp.triu(jnp.ones((V.shape[0],) * 2), 1))
    return w_0 + x @ w + pairs


def free_energy(v, W, b, c):
    return -v @ b - jnp.log(1 + jnp.exp(v @ W + c)).sum(1)


def graph_convolution(x, A, W, b=None):
    y = A @ x @ W
    return y if b is None else y + b


def normalized_adjacency(A):
    looped = A + jnp.eye(len(A))
    root = jnp.diag(looped.sum(1) ** -0.5)
    return root @ looped @ root


def flatten_features(x, axis=1):
    return x.reshape(*x.shape[:axis], -1)


def split_axis(x, axis, count):
    axis %= x.ndim
    return x.reshape(*x.shape[:axis], count, -1, *x.shape[axis + 1 :])


def merge_axes(x, axis):
    axis %= x.ndim
    return x.reshape(*x.shape[:axis], -1, *x.shape[axis + 2 :])


def embed(t, E):
    return jnp.take(E, t, axis=0)


def dropout(x, mask, rate=0):
    return x * mask / (1 - rate)


def convolution(rank):
    def conv(x, W, b=None, stride=1, padding=0, dilation=1, groups=1):
        flat = x.reshape(-1, *x.shape[-rank - 1 :])
        room = [(p, p) for p in pair(padding, rank)]
        y = lax.conv_general_dilated(
            flat, W, pair(stride, rank), room, rhs_dilation=pair(dilation, rank), feature_group_count=groups
        )
        y = y.reshape(*x.shape[: -rank - 1], *y.shape[1:])
        return y if b is None else add_bias(y, b, -rank - 1)

    return conv


def transposed(rank):
    def conv_transpose(x, W, b=None, stride=1, padding=0, output_padding=0, dilation=1):
        flat = x.reshape(-1, *x.shape[-rank - 1 :])
        further = zip(W.shape[2:], pair(padding, rank), pair(output_padding, rank), pair(dilation, rank), strict=True)
        room = [(d * (k - 1) - p, d * (k - 1) - p + o) for k, p, o, d in further]
        kernel = jnp.flip(jnp.swapaxes(W, 0, 1), range(2, W.ndim))
        y = lax.conv_general_dilated(
            flat, kernel, (1,) * rank, room, lhs_dilation=pair(stride, rank), rhs_dilation=pair(dilation, rank)
        )
        y = y.reshape(*x.shape[: -rank - 1], *y.shape[1:])
        return y if b is None else add_bias(y, b, -rank - 1)

    return conv_transpose


def windows(rank, start, joined):
    def pool(x, size, stride=None, padding=0):
        size = pair(size, rank)
        strides = size if stride is None else pair(stride, rank)
        lead = (1,) * (x.ndim - rank)
        room = [(0, 0)] * len(lead) + [(p, p) for p in pair(padding, rank)]
        y = lax.reduce_window(x, start, joined, (*lead, *size), (*lead, *strides), room)
        return y if joined is lax.max else y / jnp.prod(jnp.array(size))

    return pool


def global_average_pool(x):
    return x.mean(range(2, x.ndim))


def global_max_pool(x):
    return x.max(range(2, x.ndim))


def standardized(x, axes, eps):
    mu = x.mean(axes, keepdims=True)
    return (x - mu) / jnp.sqrt(x.var(axes, keepdims=True) + eps)


def scaled(x, gamma, beta, axis):
    x = x if gamma is None else x * along(gamma, x, axis)
    return x if beta is None else x + along(beta, x, axis)


def batch_norm(x, gamma=None, beta=None, eps=1e-5):
    return scaled(standardized(x, (0, *range(2, x.ndim)), eps), gamma, beta, 1)


def layer_norm(x, gamma=None, beta=None, eps=1e-5):
    return scaled(standardized(x, -1, eps), gamma, beta, -1)


def rms_norm(x, gamma=None, eps=1e-5):
    return scaled(x / jnp.sqrt((x**2).mean(-1, keepdims=True) + eps), gamma, None, -1)


def instance_norm(x, gamma=None, beta=None, eps=1e-5):
    return scaled(standardized(x, tuple(range(2, x.ndim)), eps), gamma, beta, 1)


def group_norm(x, groups, gamma=None, beta=None, eps=1e-5):
    parts = split_axis(x, 1, groups)
    return scaled(standardized(parts, tuple(range(2, parts.ndim)), eps).reshape(x.shape), gamma, beta, 1)


def dot_product_attention(Q, K, V, causal=False, mask=None):
    scores = Q @ jnp.swapaxes(K, -1, -2) / jnp.sqrt(Q.shape[-1])
    if causal:
        scores = jnp.where(jnp.tril(jnp.ones(scores.shape[-2:])) > 0, scores, LOWEST)
    if mask is not None:
        lead = mask.reshape(-1, *(1,) * (scores.ndim - 2), mask.shape[-1])
        scores = jnp.where(lead > 0, scores, LOWEST)
    return nn.softmax(scores) @ V


def multi_head_attention(x, W_q, W_k, W_v, W_o, heads, causal=False, mask=None, memory=None):
    def parts(y):
        return jnp.swapaxes(y.reshape(*y.shape[:2], heads, -1), 1, 2)

    m = x if memory is None else memory
    read = dot_product_attention(parts(x @ W_q), parts(m @ W_k), parts(m @ W_v), causal, mask)
    return jnp.swapaxes(read, 1, 2).reshape(*x.shape[:2], -1) @ W_o


def transformer_block(
    x, gamma_1, beta_1, W_q, W_k, W_v, W_o, gamma_2, beta_2, W_1, b_1, W_2, b_2,
    heads, causal=True, mask=None, activation="relu", eps=1e-5,
):  # fmt: skip
    h = x + multi_head_attention(layer_norm(x, gamma_1, beta_1, eps), W_q, W_k, W_v, W_o, heads, causal, mask)
    return h + activated(activation, layer_norm(h, gamma_2, beta_2, eps) @ W_1 + b_1) @ W_2 + b_2


def unrolled(x, advance, state, sequence):
    """state = advance(x_t, state) for every t; the last h, or all of them. The first part of a state is h."""
    seen = []
    for t in range(x.shape[1]):
        state = advance(x[:, t], state)
        seen.append(state[0])
    return jnp.stack(seen, 1) if sequence else seen[-1]


def beginning(x, U, h):
    return jnp.zeros((len(x), len(U))) if h is None else h


def rnn(x, W, U, b, h=None, activation="tanh", sequence=False):
    return unrolled(x, lambda x_t, s: (activated(activation, x_t @ W + s[0] @ U + b),), (beginning(x, U, h),), sequence)


def lstm(x, W, U, b, h=None, c=None, sequence=False):
    def advance(x_t, state):
        i, f, g, o = jnp.split(x_t @ W + state[0] @ U + b, 4, axis=1)
        memory = nn.sigmoid(f) * state[1] + nn.sigmoid(i) * jnp.tanh(g)
        return nn.sigmoid(o) * jnp.tanh(memory), memory

    return unrolled(x, advance, (beginning(x, U, h), beginning(x, U, c)), sequence)


def gru(x, W, U, b, c, h=None, sequence=False):
    def advance(x_t, state):
        p, q = jnp.split(x_t @ W + b, 3, axis=1), jnp.split(state[0] @ U + c, 3, axis=1)
        r, z = nn.sigmoid(p[0] + q[0]), nn.sigmoid(p[1] + q[1])
        return ((1 - z) * jnp.tanh(p[2] + r * q[2]) + z * state[0],)

    return unrolled(x, advance, (beginning(x, U, h),), sequence)


def bidirectional_rnn(x, W, U, b, W_back, U_back, b_back, activation="tanh"):
    forth = rnn(x, W, U, b, activation=activation, sequence=True)
    back = rnn(x[:, ::-1], W_back, U_back, b_back, activation=activation, sequence=True)[:, ::-1]
    return jnp.concatenate([forth, back], 2)


def mixture_of_experts(x, W_g, W, b, activation="relu"):
    experts = activated(activation, jnp.einsum("nj,ejk->nek", x, W) + b)
    return jnp.einsum("ne,nek->nk", nn.softmax(x @ W_g), experts)


def squeeze_excitation(x, W_1, b_1, W_2, b_2):
    s = nn.sigmoid(nn.relu(x.mean((2, 3)) @ W_1 + b_1) @ W_2 + b_2)
    return x * s[:, :, None, None]


HELPERS = (
    "activated", "pair", "along", "convolution", "transposed", "windows", "standardized", "scaled", "unrolled", "beginning",
)  # fmt: skip
LAYERS = {
    name: value
    for name, value in globals().items()
    if callable(value) and getattr(value, "__module__", None) == __name__ and name not in HELPERS
}
LAYERS |= {
    "conv1d": convolution(1), "conv2d": convolution(2), "conv_transpose1d": transposed(1), "conv_transpose2d": transposed(2),
    "max_pool1d": windows(1, -jnp.inf, lax.max), "max_pool2d": windows(2, -jnp.inf, lax.max),
    "avg_pool1d": windows(1, 0.0, lax.add), "avg_pool2d": windows(2, 0.0, lax.add),
}  # fmt: skip
