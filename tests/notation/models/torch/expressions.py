"""Expressions of torch, at least one for every row of the table: functions of the parameters that they name. It needs torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

RNG = torch.Generator().manual_seed(0)


def _real(*shape: int) -> Tensor:
    return torch.randn(shape, generator=RNG)


# What an expression may name: x, z and w are matrices, v is a vector, p is positive, u lies inside (-1, 1), q is square, i are images,
# s are signals; b, t, k are data: flags, classes of a row, positions along the second axis.
PARAMETERS: Mapping[str, Tensor] = {
    "x": _real(3, 4), "z": _real(3, 4), "w": _real(4, 2), "v": _real(4), "p": _real(3, 4).abs() + 0.5, "u": _real(3, 4).tanh() * 0.9,
    "q": _real(3, 3) + 3 * torch.eye(3), "i": _real(2, 2, 4, 4), "s": _real(2, 4, 6), "a": torch.tensor(0.3), "g": _real(2, 3, 4),
}  # fmt: skip
DATA: Mapping[str, Tensor] = {
    "b": torch.tensor([[True, False, True, False]] * 3), "t": torch.tensor([0, 3, 1]), "k": torch.tensor([[0, 3], [1, 1], [2, 0]]),
    "y": torch.tensor([[1.0, 0, 1, 0], [0, 1, 1, 0], [1, 1, 0, 0]]), "c": torch.tensor([1.0, -1, 1]), "n": torch.tensor([2, 0, 1]),
    "r": _real(3, 4).abs() + 0.5, "o": torch.zeros(1, 2, 3),
}  # fmt: skip


def _written(x: Tensor) -> Tensor:
    h = x * 1
    h.add_(1).mul_(2)
    h -= 0.5
    h /= 3
    return F.relu_(h)


def _zeroed(x: Tensor) -> Tensor:
    h = x * 2
    h[:, 0].zero_()
    return h


def _spectral(s: Tensor, x: Tensor) -> Tensor:
    """Low frequencies that are weighed, written into zeros of all."""
    f = torch.fft.rfft(s)
    o = torch.zeros_like(f)
    o[:, :, :2] = torch.einsum("bix,io->box", f[:, :, :2], torch.complex(x, 2 * x)[:, :].T @ x.to(f.dtype))
    e = torch.zeros(2, 4, 4, dtype=f.dtype)
    e[..., 0] = o[..., 1] + x[:2]
    joined = torch.cat([e, x[:2, :, None] * 1.0, torch.where(o.real > 0, o, 1.0)[..., :1]], 2)
    return torch.fft.irfft(o, n=6).sum() + joined.sum(-1).imag + (joined + 3).abs().sum(-1)


def _in_parts(x: Tensor, z: Tensor, q: Tensor, n: Tensor) -> Tensor:
    """What is written to parts of tensors, which are read as a whole afterwards."""
    y, c = x * 1, q * 1
    y[:, 0] = z[:, 1]
    y[1:, 2:] *= 2
    y[0] = 0.5
    y[:, 3].add_(z[:, 0])
    y[n, 1] += z[:, 0]
    y.T[2] = y.T[0]
    c.diagonal().mul_(3)
    e = q.T @ q
    f = e.T
    e.fill_diagonal_(-1.0)
    return torch.cat([y, c, f], 1)


def _rotated(y: Tensor, by: Tensor) -> Tensor:
    """Complex numbers through what only moves them about."""
    y = (y * by).reshape(2, 6).transpose(0, 1).unsqueeze(-1).flatten(1)
    return torch.cat([y[:, :1], -y[:, 1:].contiguous()], 1).flip(0) - y


def _rows(t: Tensor) -> Tensor:
    """Rows of the first axis that entries go to: none to one of them."""
    return torch.clamp(t, max=2)[:, None].expand(3, 4)


def _cells(s: Tensor, count: int) -> list[Tensor]:
    """Weights of a recurrent layer of 3 units, 6 wide, with `count` gates, cut out of what is there."""
    return [s[0, :3].repeat(count, 1), s[0, :3, :3].repeat(count, 1), s[0, 0, :3].repeat(count), s[0, 1, :3].repeat(count)]


OPTIONS = (True, 1, 0.0, False, False, True)  # biases, layers, dropout, training, both ways, batch first

ONE = (
    "relu", "relu6", "sigmoid", "tanh", "exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "atan", "asinh", "arctan", "arcsinh",
    "abs", "absolute", "square", "erf", "erfc", "silu", "mish", "selu", "sign", "negative", "neg", "sgn", "hardsigmoid", "hardswish",
    "exp2", "gelu", "leaky_relu", "elu", "celu", "softplus", "hardtanh", "softshrink", "hardshrink", "logsigmoid", "softsign",
    "tanhshrink", "relu6", "floor", "ceil", "round", "trunc",
)  # fmt: skip
POSITIVE = ("log", "log1p", "log2", "log10", "sqrt", "rsqrt", "reciprocal")
INSIDE = ("asin", "acos", "atanh", "arcsin", "arccos", "arctanh")
SPECIAL = ("expit", "erf", "log1p", "expm1")


def _function(name: str) -> Callable[[Tensor], Tensor]:
    return getattr(torch, name, None) or getattr(F, name)


EXPRESSIONS: dict[str, Callable[..., Any]] = {
    **{name: lambda x, name=name: _function(name)(x) for name in ONE},
    **{name: lambda p, name=name: _function(name)(p) for name in POSITIVE},
    **{name: lambda u, name=name: _function(name)(u) for name in INSIDE},
    **{f"special {name}": lambda p, name=name: getattr(torch.special, name)(p) for name in SPECIAL},
    # arithmetic
    "sums": lambda x, z: torch.add(x, z, alpha=2) - torch.sub(x, 1, alpha=3) + torch.rsub(x, z, alpha=2) + (1 - x) * z / 3,
    "quotients": lambda x, p: x / p + torch.true_divide(x, p) + p**0.5 + x**3 + p**x + 2**x,
    "logit": lambda p: torch.logit(torch.sigmoid(p)),
    "fused": lambda x, z, p: torch.addcmul(x, z, p, value=0.5) + torch.addcdiv(x, z, p, value=2) + torch.lerp(x, z, 0.3),
    "extremes": lambda x, z: torch.maximum(x, z) - torch.minimum(x, z) * 2 + torch.max(x, z) * torch.min(z, x),
    "pairs": lambda x, z: torch.hypot(x, z) + torch.logaddexp(x, z),
    "clamped": lambda x: x.clamp(-0.5, 0.5) + x.clip(min=0.1) * 2 + torch.clamp_min(x, 0) + torch.clamp_max(x, 0.2),
    "written in place": lambda x: _written(x),
    "masks": lambda x, b: torch.where(b, x, -x) + x.masked_fill(~b, 2.0) + x * torch.bitwise_not(b) + torch.where(x > 0, x, 0.1 * x),
    "comparisons": lambda x, z: x * (x < z) + z * (x >= z) + x * (x == z) + z * (x != 0) + (x <= 0.1) * z + (z > 1) * x,
    "logic": lambda x, b: x * torch.logical_and(b, x > 0) + x * torch.logical_or(b, x > 1) + x * torch.logical_xor(b, x > 0),
    "bits": lambda x, b: x * (b & (x > 0)) + x * (b | (x > 1)) + x * torch.logical_not(b) + x * (b ^ (x < 0)),
    "bits by name": lambda x, b: x * torch.bitwise_and(b, x > 0) + x * torch.bitwise_or(b, x > 1) + x * torch.bitwise_xor(b, x > 0),
    "kinds": lambda x, t, b: x * t.to(torch.float64)[:, None] + x.type_as(x) + x * b.double() + x * t[:, None].long() + x * t.bool()[:, None],
    "statistics": lambda p, u: torch.lgamma(p) + torch.digamma(p.detach()) * p + torch.erfinv(u) + torch.polygamma(3, p) + torch.mvlgamma(p + 2, 2),
    "special statistics": lambda p, u: torch.special.gammaln(p) + torch.special.psi(p.detach()) * p + torch.special.digamma(p.detach()) * p + torch.special.erfinv(u) + torch.special.erfc(p) + torch.special.polygamma(2, p) + torch.special.multigammaln(p + 2, 2),
    "probabilities": lambda x, u: torch.special.ndtr(x) + torch.special.log_ndtr(x) + torch.special.ndtri(torch.sigmoid(u)) + torch.special.logit(torch.sigmoid(x)),
    "entropies": lambda p, r: torch.special.entr(p) + torch.special.xlogy(p, r) + torch.special.xlog1py(p, r) + torch.xlogy(p, r) + torch.special.exp2(p),
    "derivatives asked for": lambda p, r: torch.autograd.grad(torch.tanh(p * r).sum(), p, create_graph=True)[0],
    "special softmaxes": lambda x: torch.special.softmax(x, 1) * torch.special.log_softmax(x, 0) + torch.special.logsumexp(x, 1, keepdim=True),
    "angles of pairs": lambda x, z: torch.atan2(x, z) + torch.arctan2(z, x) + torch.deg2rad(x) + torch.rad2deg(x) / 50 + torch.sinc(x) + torch.special.sinc(z),
    "remainders": lambda x, p: torch.fmod(x, 0.3) + torch.remainder(x, 0.7) + torch.frac(x * 3) + torch.nan_to_num(x) + torch.copysign(p, x),
    "extremes without nan": lambda x, z: torch.fmax(x, z) - 2 * torch.fmin(x, z),
    "counts": lambda x: x * torch.count_nonzero(x) + x * torch.any(x > 1) + x * torch.all(x > 1, 1, keepdim=True) + x * torch.count_nonzero(x > 0, 0),
    # activations
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "slopes": lambda x, v, a: F.prelu(x, v) + F.prelu(x, a[None]) + F.leaky_relu(x, 0.3) + F.threshold(x, 0.1, 2.0),
    "settings": lambda x: F.softplus(x, beta=2) + F.elu(x, 0.5) + F.celu(x, 2.0) + F.hardtanh(x, -0.3, 0.4) + F.hardtanh(x, 0, 6),
    "glu": lambda x: F.glu(x, 1),
    # shapes
    "views": lambda g: g.view(6, 4).reshape(2, -1).flatten() * g.reshape(-1) + g.flatten(0, 1).flatten(),
    "unflattened": lambda x: x.unflatten(1, (2, -1)).squeeze().unsqueeze(-1).squeeze(-1).mT,
    "transposes": lambda g: g.transpose(0, 1).swapaxes(1, 2).permute(2, 0, 1).movedim(0, -1) * 2 + g.movedim((0, 1), (1, 2)).sin().sum(),
    "turned": lambda x: x.t() @ x.T.T,
    "broadcast": lambda x, v: v.expand(3, -1) + v[None].expand_as(x) + torch.broadcast_to(v, (3, 4)) + torch.broadcast_tensors(v, x)[0],
    "cut": lambda x: x[1:, ::2] + x.narrow(1, 1, 2)[:2] + x.select(0, 1)[:2] + x[:2, -2:] + x[..., 2, None][:2],
    "picked": lambda x, t, k, n: x[n] + x.index_select(1, t).sum() + x.gather(1, k).sum() + x[:, t].sum() + x[n, t].sum(),
    "parts": lambda x: x.split(3, 1)[0].sum() + x.split([1, 3], 1)[1] + x.chunk(2, 1)[0].sum() + torch.stack(x.unbind(1)).sum(),
    "joined": lambda x, z: torch.cat([x, z], 1).sum(1) + torch.stack([x, z], -1).mean((1, 2)) + torch.stack([x, z], 1).amax((1, 2)),
    "joined by name": lambda x, z: torch.hstack([x, z]).sum() + torch.concat([x, z], 1).mean(1) + torch.concatenate([x, z]).sum() + torch.vstack([x, z]).sin().sum() + torch.row_stack([x, z]).cos().sum(),
    "joined deep": lambda x, z, v: torch.column_stack([x, z]).sin().sum() + torch.dstack([x, z]).cos().sum() + torch.block_diag(x, z).sin().sum() + torch.meshgrid(v, v, indexing="ij")[0] * torch.meshgrid(v, v, indexing="xy")[1],
    "at least": lambda v: torch.atleast_1d(v).sum() + torch.atleast_2d(v) * torch.atleast_3d(v)[0, :, 0] + torch.ravel(v),
    "added at positions": lambda x, z, n, t: x.index_add(0, n, z) + torch.zeros(3, 4).double().index_add(1, t, z[:, :3], alpha=2) + z.index_copy(0, n, x).sin(),
    "scattered": lambda x, z, k, n: x.scatter_add(1, k, z[:, :2] * 2) + x.scatter(1, k[:, :1], z[:, :1]) * x.scatter(1, k[:, :1], 0.5) + x.index_fill(0, n[:2], 2.0),
    "reduced at positions": lambda x, z, t: x.scatter_reduce(0, _rows(t), z, "amax") + x.scatter_reduce(0, _rows(t), z, "amin", include_self=False) * x.scatter_reduce(0, _rows(t), z, "mean") + x.scatter_reduce(0, _rows(t), z, "sum", include_self=False) + x.scatter_reduce(0, _rows(t), z, "mean", include_self=False),
    "put": lambda x, z, n, b: x.index_put((n,), z) + x.index_put((n, n), z[:, 0], accumulate=True) + torch.index_put(x, (b,), torch.tensor(0.5).double()),
    "positions of extremes": lambda x, v, n: v[v.argmax()] + v[v[:3].argmin()] + x[n, x.max(1)[1]] + x[x.sum(1).argmax()].sum() + x[n, x.min(1).indices],
    "positions computed": lambda x, t, n: x[n, t.clamp(min=1) - 1] + x.gather(1, (3 - t)[:, None])[:, 0] + F.embedding(2 - n, x)[:, 0] + F.embedding(torch.zeros_like(n), x)[:, 1],
    "between pixels": lambda i, s: F.interpolate(i, scale_factor=2, mode="bilinear").sin().sum() + F.interpolate(i, size=(3, 6), mode="bilinear", align_corners=True).sin().sum() + F.interpolate(s, scale_factor=1.5, mode="linear").sin().sum() + F.interpolate(i[:, None], size=(3, 3, 2), mode="trilinear").sin().sum(),
    "taken": lambda x, n: torch.take(x, n) * torch.tensordot(x[0], x[0], 1) + torch.vdot(x[0], x[1]) + torch.linspace(0, 1, 3),
    "integrals and bounded rows": lambda x: torch.cumulative_trapezoid(x, dx=0.5).sin().sum() + torch.renorm(x, 2, 0, 0.5).sin().sum() + torch.renorm(x, 1, 1, 1.5).sin().sum() + x,
    "distances of rows": lambda x, z: torch.cdist(x, z).sum() + F.pdist(x).sum() + F.pdist(z, p=3.0).sum() + torch.cdist(x, z, p=3.0).sum() + F.pairwise_distance(x, z) + F.pairwise_distance(x, z, p=3.0) + torch.trapezoid(x, dx=0.5) + torch.trapezoid(x, x.exp()),
    "order": lambda x: x.flip(1) * x.roll(1, 0) + x.roll((1, 2), (0, 1)) + x.roll(2).flip((0, 1)),
    "again": lambda x: x.repeat(2, 1) * x.tile((2, 1)) + x.repeat_interleave(2, 0),
    "padded otherwise": lambda i, s: F.pad(s, (2, 1), mode="circular").sin().sum() + F.pad(i, (1, 0, 2, 1), mode="replicate").sin().sum() + F.pad(i, (1, -1, -2, 0), value=0.5).sin().sum(),
    "channels in turn": lambda s: F.channel_shuffle(s[..., None], 2),
    "hermitian": lambda x, z: x.mH @ z,
    "set to zero": lambda x: _zeroed(x),
    "what is a number": lambda x: torch.nansum(x * x, 1) + torch.nanmean(x.sin()) + torch.nansum(x),
    "padded": lambda x: F.pad(x, (1, 2)) * 2 + F.pad(x, (0, 3), value=1.5) + F.pad(x, (2, 1, 0, 0)),
    "larger": lambda i, s: F.interpolate(i, scale_factor=2).mean() + F.interpolate(s, size=12).sin().mean(),
    "nearest pixels": lambda i, s: sum(F.interpolate(i, size=m, mode=mode).sin().sum() + F.interpolate(s, scale_factor=f, mode=mode).cos().sum() + F.interpolate(i[:, None], size=(3, 8, 2), mode=mode).sin().mean() for mode in ("nearest", "nearest-exact") for m, f in (((3, 7), 1.5), ((2, 4), 0.5), ((5, 1), 1 / 3))),
    "triangles": lambda q: q.tril() @ q.triu(1) + torch.diagonal(q).sum() + q.tril(-1),
    "indicators": lambda v, t: F.one_hot(t, 4) * v,
    "made": lambda x: x * torch.ones(4) + torch.zeros(3, 1) + torch.full((4,), 2.0) * x + torch.eye(4)[:3] + torch.arange(4) * x,
    "made alike": lambda x: x * torch.ones_like(x) + torch.zeros_like(x) + torch.full_like(x, 2) * x + x.new_ones(4) + x.new_zeros(3, 1) + x.new_full((4,), 3.0) * x,
    "steps": lambda x: x * torch.arange(1, 9, 2) + torch.tensor(2.0) * x + torch.tensor([1.0, 2.0, 4.0, 8.0]) * x + torch.scalar_tensor(3.0) * x,
    "copies": lambda x: x[:, :4] + x.clone().contiguous() + x.T.contiguous().T,
    # sums and products
    "products": lambda x, w, v: x @ w + torch.mm(x, w) + torch.addmm(w[:1], x, w, alpha=2) + (x @ v)[:, None] + torch.mv(x, v)[:, None],
    "stacks": lambda g, x: torch.bmm(g, g.mT) + torch.baddbmm(g[:, :, :3], g, g.mT, beta=0.5) + torch.matmul(g, x.T),
    "vectors": lambda x, v: torch.outer(v, v) * torch.dot(v, v) + torch.addmv(x[:, 0], x, v)[0] + torch.einsum("i,j->ij", v, v),
    "reduced": lambda x: x.sum() + x.mean(1).sum() + x.prod(0) + x.sum((0, 1)) + x.mean() + x.prod() + x.sum(1, keepdim=True)[:, 0].sum(),
    "spread": lambda x: x.var(1).sum() + x.std(0) + x.var() + torch.var_mean(x, 0)[0] * torch.var_mean(x, 0)[1] + x.var(0, unbiased=False),
    "largest": lambda x: x.amax(1).sum() + x.amin((0, 1)) + x.max(1).values.sum() + x.min(0)[0] + x.max() - x.min(),
    "softmaxes": lambda x: x.softmax(1) * F.log_softmax(x, 0) + x.logsumexp(1, keepdim=True) + F.softmin(x, 1),
    "norms": lambda x: torch.linalg.vector_norm(x, dim=1).sum() + x.norm() + x.norm(p=1, dim=0) + x.norm(p=3) + F.normalize(x)[0],
    "running": lambda x: x.cumsum(1) * x.cumprod(0),
    "angles": lambda x, z: F.cosine_similarity(x, z) + F.cosine_similarity(x, z, dim=0).sum(),
    "matrices": lambda q: torch.inverse(q) + torch.linalg.inv(q) * torch.det(q) + torch.linalg.det(q) + torch.trace(q),
    "solved": lambda q, x: torch.linalg.solve(q, x) + torch.linalg.solve(q, x.T @ q, left=False).T + torch.linalg.multi_dot([q, q, x]),
    "factors": lambda q: torch.linalg.cholesky(q @ q.T + torch.eye(3)) + torch.linalg.cholesky(q @ q.T + torch.eye(3), upper=True).sin() + torch.linalg.qr(q)[0] * torch.linalg.qr(q)[1] + torch.linalg.cholesky_ex(q @ q.T + torch.eye(3))[0],
    "eigenvalues": lambda q: torch.linalg.eigh(q + q.T)[1] ** 2 + torch.linalg.eigh(q + q.T)[0] * torch.linalg.eigvalsh(q @ q.T),
    "singular values": lambda x: torch.linalg.svdvals(x) * torch.linalg.svd(x, full_matrices=False)[1] + torch.linalg.svd(x, full_matrices=False)[0] ** 2,
    "logarithms of determinants": lambda q: q * torch.logdet(q @ q.T) + torch.linalg.slogdet(q)[1] * torch.slogdet(q)[0],
    "functions of matrices": lambda q: torch.matrix_exp(q / 4) + torch.linalg.matrix_exp(q.T / 5) + torch.linalg.matrix_power(q, 3) / 9 + q.matrix_power(2) / 7,
    "norms of matrices": lambda x, q: torch.linalg.matrix_norm(x) + torch.linalg.matrix_norm(x, 2) + torch.linalg.norm(x, "nuc") + torch.linalg.norm(x) + torch.linalg.cond(q) + x,
    "triangular": lambda q, x: torch.linalg.solve_triangular(q, x, upper=True) + torch.linalg.solve_triangular(q, x, upper=False, unitriangular=True) + torch.cholesky_solve(x, q.tril()) + (torch.cholesky_inverse(q.tril()) + torch.linalg.inv_ex(q)[0]) @ x,
    "equations of tensors": lambda q, x: torch.linalg.tensorinv((q @ q.T + torch.eye(3)).reshape(3, 3, 1), ind=1).reshape(3, 3) @ x + torch.linalg.tensorsolve(q, x[:, 0])[:, None] * x + torch.linalg.solve_ex(q, x)[0],
    "diagonals and powers": lambda q, x: torch.linalg.diagonal(q)[:, None] * x + torch.linalg.vander(q[0], N=4) * x + torch.linalg.vector_norm(x, 0.5) + torch.linalg.vector_norm(x, float("-inf")) + torch.special.round(x) * x,
    "Bessel and erf": lambda p, r: torch.special.erfcx(p) + p * torch.special.modified_bessel_k0(r) + p * torch.special.modified_bessel_k1(r) + p * torch.special.scaled_modified_bessel_k0(r) + p * torch.special.scaled_modified_bessel_k1(r),
    "pseudoinverses": lambda x: torch.linalg.pinv(x) + torch.pinverse(x).sin(),
    "kronecker": lambda q, x: torch.kron(q, x).sum() + torch.inner(x, x) + torch.linalg.cross(q, q.sin()) + torch.cross(q, q.cos(), dim=1) + torch.diag(q) + torch.diag_embed(q).sin().sum(2).sum() + torch.linalg.vecdot(x, x.sin())[:, None],
    "sorted": lambda x: x.sort(1)[0] * x.sort(1, descending=True).values + x.gather(1, x.argsort(1)) + torch.msort(x),
    "most": lambda x: x.topk(2, 1)[0].sum() * x.topk(1, 0, largest=False).values + x.kthvalue(2, 1, True)[0] + x.gather(1, x.argmax(1, keepdim=True)) + x.gather(1, x.argmin(1, keepdim=True)),
    "middle": lambda x: x.median() + x.median(1).values.sum() + x.quantile(0.3) + torch.quantile(x, 0.75, 1)[:, None] + x,
    "running extremes": lambda x: x.cummax(1).values + x.cummin(0)[0] + x.logcumsumexp(1) + torch.aminmax(x, dim=1)[1][:, None] + x.diff(dim=0).sum(),
    # layers
    "linear": lambda x, w, v: F.linear(x, w.T) + F.linear(x, w.T, v[:2]) + F.linear(x, v)[:, None],
    "bilinear": lambda x, z, g: F.bilinear(x[:, :3], z, g, g[0, :2, 0]),
    "convolutions": lambda i, s: F.conv2d(i, i, padding=1).sum() + F.conv1d(s, s[:, :, :3], stride=2, padding=1).sin().sum() + F.conv1d(s, s[:, :, :3], dilation=2, padding="same").sin().sum(),
    "transposed": lambda i, s: F.conv_transpose2d(i, i[:, :, :2, :2], stride=2).sin().sum() + F.conv_transpose1d(s, s[0][:, None, :2].repeat(1, 2, 1)).sin().sum(),
    "pooled": lambda i, s: F.max_pool2d(i, 2, padding=1).sum() + F.avg_pool2d(i, 2).sin().sum() + F.max_pool1d(s, 2).sum() + F.avg_pool1d(s, 3, 1).sin().sum(),
    "pooled over edges": lambda i, s: F.max_pool2d(i, 3, 2, padding=1, ceil_mode=True).sin().sum() + F.max_pool1d(s, 3, 2, ceil_mode=True, dilation=2).sin().sum() + F.avg_pool1d(s, 4, 4, ceil_mode=True).sin().sum()
    + F.avg_pool2d(i, 3, 2, padding=1, count_include_pad=False).sin().sum() + F.avg_pool2d(i, 3, 2, padding=1, ceil_mode=True).sin().sum() + F.avg_pool2d(i, 2, divisor_override=3).sin().sum()
    + F.avg_pool2d(i, (3, 2), (2, 3), padding=1, ceil_mode=True, count_include_pad=False).sin().sum(),
    "volumes": lambda i: F.conv3d(i[None], i[None, :, :, :2, :3], padding=(1, 0, 1), dilation=(1, 2, 1)).sin().sum() + F.conv_transpose3d(i[None], i[:, :1, None, :2, :2], stride=(1, 2, 1)).sin().sum() + F.max_pool3d(i[None], (1, 2, 2), stride=1, dilation=(1, 2, 1)).sum() + F.avg_pool3d(i[None], (2, 3, 2), 1).sin().sum() + F.adaptive_avg_pool3d(i[None], (1, 2, 2)).sin().sum() + F.adaptive_max_pool3d(i[None], 1).sum() + F.max_pool2d(i, 2, stride=1, padding=1, dilation=3).sum(),
    "pooled to a size that does not divide": lambda i, s: F.adaptive_avg_pool2d(i, (3, 2)).sin().sum() + F.adaptive_max_pool2d(i, 3).sum() + F.adaptive_avg_pool1d(s, 4).sin().sum() + F.interpolate(s, size=5, mode="area").sin().sum(),
    "of four pixels": lambda i: F.interpolate(i, size=(8, 3), mode="bicubic").sin().sum() + F.interpolate(i, scale_factor=2, mode="bicubic", align_corners=True).sin().sum(),
    "along a grid": lambda i, q: sum(F.grid_sample(i, F.affine_grid(q[None, :2] * torch.tensor([[[0.375], [0.25]], [[-0.25], [0.5]]]), [2, 2, 3, 5], align_corners=c), padding_mode=m, align_corners=c).sin().sum() for m in ("zeros", "border", "reflection") for c in (False, True)),
    "along a grid, other kernels": lambda i, q: sum(F.grid_sample(i, F.affine_grid(q[None, :2] * torch.tensor([[[0.375], [0.25]], [[-0.25], [0.5]]]), [2, 2, 3, 5], align_corners=c), mode=k, padding_mode=m, align_corners=c).sin().sum() for k in ("bicubic", "nearest") for m, c in (("zeros", False), ("border", True), ("border", False), ("reflection", True), ("reflection", False))),
    "along a grid of volumes": lambda s, g: F.grid_sample(s[None, :, None].expand(1, 2, 3, 4, 6), (g.sin() * 1.3)[:, :, None, :3].transpose(1, 3)[:1].reshape(1, 3, 1, 1, 3), align_corners=False).sin().sum(),
    "windows put back": lambda i: F.fold(F.unfold(i, (2, 3), padding=1, stride=2).sin(), (4, 4), (2, 3), padding=1, stride=2).sin().sum() + F.fold(F.unfold(i[0], 2, dilation=2), (4, 4), 2, dilation=2).sin().sum(),
    "complex": lambda x, z: torch.view_as_real(_rotated(torch.complex(x, z), torch.polar(x.exp(), z))),
    "complex tensors that are written to": lambda s, x: _spectral(s, x),
    "the shape of another": lambda x, z: torch.cat([x.reshape_as(z.T), z.view_as(z.T)], 1) + torch.eye(4, 6)[:, :6].sum(0),
    "complex parts": lambda x, z: torch.stack([part for y in [torch.view_as_complex(torch.stack([x, z + 3], -1))] for part in ((y / (1 + 2j)).real, (2 / y).imag, y.abs(), y.angle(), y.conj().resolve_conj().imag, torch.conj_physical(y).imag, (y**3).real, torch.log(y).imag, (1j * x + 1 - y).imag, torch.exp(y / 4).imag, y.square().real)]),
    "complex products": lambda x, z, w: torch.einsum("ij,kj->ik", torch.complex(x, z), torch.complex(z, x)).imag + (torch.complex(x, z) @ torch.complex(w, w + 1)).real.sum() + torch.complex(x, z).mean().real + torch.cat([1j * x, x + 0j]).sum().imag,
    "frequencies": lambda x, z: torch.cat([torch.fft.fft(x).real, torch.fft.ifft(torch.complex(x, z), dim=0, norm="ortho").imag, torch.fft.fft2(x).abs(), torch.fft.ifft2(torch.complex(x, z)).real, torch.fft.fftn(x, dim=(0,)).imag, torch.fft.ifftn(x).real, torch.fft.rfft(x, norm="forward").abs()[:, :2].repeat(1, 2)]),
    "frequencies of other lengths": lambda x, z, s: torch.cat([torch.fft.rfft(x, n=3).imag, torch.fft.rfft(x, n=6).abs()[:, :2], torch.fft.irfft(torch.fft.rfft(x, n=8) * torch.fft.rfft(z, n=8), n=8)[:, :5], torch.fft.irfft(torch.fft.rfft(z), n=5, norm="ortho"), torch.fft.fft(x, n=2, dim=0).real[:, :3].repeat(2, 1)[:3], torch.fft.irfft2(torch.fft.rfft2(s[0]))[:3], torch.fft.fft2(z, s=(3, 5)).imag, torch.fft.irfftn(torch.fft.rfftn(z), s=(3, 4))], 1),
    "frames": lambda s: torch.stft(s[:, 0], 4, 2, window=torch.hann_window(4, dtype=torch.float64), return_complex=True).abs() + torch.stft(s[:, 1], 4, 2, 3, torch.hamming_window(3, periodic=False, dtype=torch.float64), center=True, normalized=True, return_complex=True).real + torch.stft(s[:, 2], 4, 2, window=torch.blackman_window(4, dtype=torch.float64), onesided=False, return_complex=True).imag[:, :3],
    "largest ones put back": lambda i, s: torch.cat([F.max_unpool2d(torch.sin(F.max_pool2d(i, 2)), F.max_pool2d(i, 2, return_indices=True)[1], 2).flatten(), F.max_unpool1d(*F.max_pool1d(s, 3, return_indices=True), 3).cos().flatten(), F.max_unpool3d(*F.max_pool3d(i, 2, return_indices=True), 2).flatten()]),
    "attention to nothing": lambda g: F.scaled_dot_product_attention(g, g, g, attn_mask=torch.arange(3)[:, None] > torch.arange(3)) + F.scaled_dot_product_attention(g, g, g, attn_mask=torch.zeros(3, 3).masked_fill(torch.arange(3)[:, None] == 1, -torch.inf)),
    "pixels and channels": lambda i, s: F.pixel_shuffle(i.repeat(1, 2, 1, 1), 2).sin().sum() + F.pixel_unshuffle(i, 2).cos().sum() + s.unfold(2, 3, 2).sin().sum() + torch.dist(s, s.flip(0), 3),
    "of Bessel": lambda x: torch.i0(x) + torch.special.i0e(x) * torch.special.i1e(x) + torch.special.i1(x) * torch.special.i0(x) / 9,
    "pooled to a size": lambda i, s: F.adaptive_avg_pool2d(i, 2).sin().sum() + F.adaptive_max_pool2d(i, 1).sum() + F.adaptive_avg_pool1d(s, 3).sin().sum() + F.adaptive_max_pool1d(s, 1).sum(),
    "batch norm": lambda x, z, r: F.batch_norm(x, None, None, z[0], z[1], True) + F.batch_norm(z, r[0], r[1], x[2], x[0], False),
    "norms of layers": lambda i, g: F.group_norm(i, 2, i[0, 0, 0, :2]).sin().sum() + F.instance_norm(i).sin().sum() + F.layer_norm(g, (3, 4), g[0]).sin().sum() + F.rms_norm(g, (4,), g[0, 0]).sin().sum() + F.rms_norm(g, (3, 4)).sin().sum(),
    "bags": lambda x, n, r, z: F.embedding_bag(torch.cat([n, n[:2]]), x, torch.tensor([0, 1, 1]), mode="sum") * F.embedding_bag(torch.cat([n, n[:2]]), x, torch.tensor([0, 2, 4])) + F.embedding_bag(n[:, None].expand(3, 2), x, padding_idx=1)
    + F.embedding_bag(torch.cat([n, n[:1]]), x, torch.tensor([0, 1, 3]), mode="sum", per_sample_weights=z[0]),
    "looked up": lambda x, n, k: F.embedding(n, x) + F.embedding_bag(n[:, None].expand(3, 2), x, mode="sum") + F.embedding_bag(n[:, None].expand(3, 2), x, mode="max"),
    "places of a mask": lambda x, z, b: x[b] * z[b] + x[torch.where(b)] - z.masked_select(b) / 2,
    "places that are counted": lambda x, b, g: torch.sin(x[b.nonzero()[:, 0], b.nonzero()[:, 1]]).sum() + g[0].T[:, :3].masked_select(b[0, :, None]),
    "cells": lambda s: torch.gru_cell(s[:, 0], s[:, 1, :3], *_cells(s, 3)) + torch.lstm_cell(s[:, 0], (s[:, 1, :3], s[:, 2, :3]), *_cells(s, 4))[1],
    "plain cells": lambda s: torch.rnn_tanh_cell(s[:, 0], s[:, 1, :3], *_cells(s, 1)) * torch.rnn_relu_cell(s[:, 1], s[:, 0, :3], *_cells(s, 1)[:2]),
    "diagonal": lambda q: (q * 1).fill_diagonal_(0.5) @ q,
    "written in parts": _in_parts,
    "dropouts at rest": lambda x, i: F.dropout(x, 0.5, False).sum() + F.dropout2d(i, 0.3, False).sum() + F.alpha_dropout(x, 0.2, False).sin().sum() + F.feature_alpha_dropout(i, 0.2, False).sin().sum(),
    "attention": lambda g, b: F.scaled_dot_product_attention(g, g, g) + F.scaled_dot_product_attention(g, g, g, is_causal=True) + F.scaled_dot_product_attention(g, g, g, attn_mask=b[:, :3], scale=0.3) + F.scaled_dot_product_attention(g, g, g, attn_mask=g[0, :, :3]),
    "heads that are shared": lambda g: F.scaled_dot_product_attention(g.repeat(2, 2, 1)[None], g[None], g[None].sin(), enable_gqa=True) + F.scaled_dot_product_attention(g.repeat(2, 2, 1)[None], g[None, :, :2], g[None, :, 1:], is_causal=True, enable_gqa=True),
    "soft beyond a threshold": lambda x: F.softplus(x, beta=2, threshold=1.5) + F.softplus(x * 3, threshold=2),
    # losses
    "cross-entropies": lambda x, t: F.cross_entropy(x, t) + F.cross_entropy(x, t, reduction="sum", label_smoothing=0.1) + F.cross_entropy(x, x.softmax(1)),
    "weighted classes": lambda x, t, r: F.cross_entropy(x, t, r[0]) + F.cross_entropy(x, t, ignore_index=3) + F.nll_loss(x, t, r[1], ignore_index=0) + F.nll_loss(F.log_softmax(x, 1), t, r[0], reduction="none").sum(),
    "classes of entries": lambda g, n: F.cross_entropy(g, n[:2, None].expand(2, 4)) + F.nll_loss(g, n[1:, None].expand(2, 4)),
    "computed classes": lambda x, t, z: F.cross_entropy(x, torch.cat([t[1:], t[:1]])) + F.nll_loss(z, torch.where(t == 3, -100, t)) + F.cross_entropy(z, (x[:, 0] * 0 + 1.5).long()),
    "norms of weights": lambda x, p: torch._weight_norm(x, p[:, :1], 0) + torch._weight_norm(x, p[:1], 1) + torch._weight_norm(x, p[:1, :1], -1),
    "binary": lambda u, x, y, r: F.binary_cross_entropy(u.abs() + 0.01, y, r) + F.binary_cross_entropy_with_logits(x, y, pos_weight=r[0]) + F.binary_cross_entropy_with_logits(x, y, r, reduction="sum"),
    "distances": lambda x, z: F.mse_loss(x, z) + F.l1_loss(x, z, reduction="sum") + F.smooth_l1_loss(x, z, beta=0.3) + F.huber_loss(x, z, delta=0.7) + F.smooth_l1_loss(x, z, beta=0),
    "divergences": lambda x, p, z: F.kl_div(x, p, reduction="batchmean") + F.kl_div(x, z, reduction="sum", log_target=True) + F.poisson_nll_loss(x, p) + F.poisson_nll_loss(p, p.detach() * 2, log_input=False),
    "smoothed classes": lambda x, t, r: F.cross_entropy(x, t, r[0], label_smoothing=0.1) + F.cross_entropy(x, t, ignore_index=3, label_smoothing=0.2) + F.cross_entropy(x, t, r[0], reduction="sum", ignore_index=0, label_smoothing=0.3)
    + F.cross_entropy(x, t, r[0], reduction="none", ignore_index=0, label_smoothing=0.3).sin().sum(),
    "divergences of data": lambda x, y, r, p: F.kl_div(x, y, reduction="sum") + F.poisson_nll_loss(x, 3 * y, full=True) + F.poisson_nll_loss(p, r, log_input=False, full=True) + F.gaussian_nll_loss(x, r, p, full=True) + F.gaussian_nll_loss(x, r, p[:, :1], eps=0.8, reduction="sum"),
    "margins of labels": lambda x, n, k, r: F.multi_margin_loss(x, n, weight=r[0]) + F.multilabel_margin_loss(x, torch.cat([k, k[:, :1] * 0 - 1, k[:, :1]], 1)) + F.multilabel_margin_loss(x[0], torch.cat([k[0] * 0 + 2, k[1]]), reduction="sum"),
    "margins": lambda x, y, n, p: F.soft_margin_loss(x, 2 * y - 1) + F.hinge_embedding_loss(x, 2 * y - 1) + F.multi_margin_loss(x, n) + F.multi_margin_loss(x, n, p=2, margin=0.5) + F.multilabel_soft_margin_loss(x, y),
    "embeddings": lambda x, z, c, p: F.cosine_embedding_loss(x, z, c, margin=0.1) + F.margin_ranking_loss(x[:, 0], z[:, 0], c, 0.2) + F.triplet_margin_loss(x, z, p) + F.triplet_margin_loss(x, z, p, p=3, swap=True),
    # recurrent
    "recurrent": lambda s, o: torch.rnn_tanh(s, o, _cells(s, 1), *OPTIONS)[0] + torch.rnn_relu(s, s[None, :, 0, :3], _cells(s, 1), *OPTIONS)[1][0][:, None],
    "gated": lambda s, o: torch.gru(s, o, _cells(s, 3), *OPTIONS)[0] + torch.lstm(s, (o, s[None, :, 1, :3]), _cells(s, 4), *OPTIONS)[2][0][:, None],
}  # fmt: skip
