"""Modules of PyTorch as people write them, each with its inputs, its loss and its targets. It needs torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Case(NamedTuple):
    """A module by the function that makes it, what it is called with, the loss, and the targets."""

    make: Callable[[], nn.Module]
    inputs: Callable[[], tuple[Any, ...]]
    loss: Any = None
    targets: Callable[[], tuple[Tensor, ...]] = tuple


class Of(nn.Module):
    """A module of a function and the modules that it uses."""

    def __init__(self, function: Callable[..., Any], **modules: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, *x: Tensor) -> Any:
        return self.function(self, *x)


def real(*shape: int) -> Callable[[], tuple[Tensor, ...]]:
    return lambda: (torch.randn(shape),)


def reals(*shapes: tuple[int, ...]) -> Callable[[], tuple[Tensor, ...]]:
    return lambda: tuple(torch.randn(shape) for shape in shapes)


def below(top: int, *shape: int) -> Callable[[], tuple[Tensor, ...]]:
    return lambda: (torch.randint(0, top, shape),)


def both(*makers: Callable[[], tuple[Any, ...]]) -> Callable[[], tuple[Any, ...]]:
    return lambda: tuple(value for make in makers for value in make())


# -- whole networks, whose loss is their last line -----------------------------------------------------------------------------


class Perceptron(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 6), nn.Tanh(), nn.Linear(6, 3))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(self.net(x), y)


class Images(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 3, 3, padding=1)
        self.drop, self.fc = nn.Dropout(0.25), nn.Linear(27, 4)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        return F.nll_loss(F.log_softmax(self.fc(torch.flatten(self.drop(x), 1)), dim=1), y)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(2, 2, 3, padding=1, bias=False), nn.BatchNorm2d(2)
        self.conv2, self.bn2 = nn.Conv2d(2, 2, 3, padding=1, bias=False), nn.BatchNorm2d(2)
        self.head = nn.Linear(2, 3)
        for norm in (self.bn1, self.bn2):
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 1.5)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        out += x
        return F.cross_entropy(self.head(F.adaptive_avg_pool2d(F.relu(out), 1).flatten(1)), y)


class Variational(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.mean, self.logvar = nn.Linear(6, 5), nn.Linear(5, 2), nn.Linear(5, 2)
        self.fc3, self.fc4 = nn.Linear(2, 5), nn.Linear(5, 6)

    def forward(self, x: Tensor, eps: Tensor) -> Tensor:
        h = F.relu(self.fc1(x))
        mean, logvar = self.mean(h), self.logvar(h)
        out = torch.sigmoid(self.fc4(F.relu(self.fc3(mean + eps * torch.exp(0.5 * logvar)))))
        kl = -0.5 * torch.sum(1 + logvar - mean.pow(2) - logvar.exp())
        return F.binary_cross_entropy(out, x, reduction="sum") + kl


class Characters(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.C, self.out = nn.Embedding(9, 3), nn.Linear(5, 9)
        self.W1 = nn.Parameter(torch.randn(6, 5))
        self.gain, self.bias = nn.Parameter(1 + 0.1 * torch.randn(1, 5)), nn.Parameter(0.1 * torch.randn(1, 5))

    def forward(self, t: Tensor, y: Tensor) -> Tensor:
        h = self.C(t).view(t.shape[0], -1) @ self.W1
        mean, var = h.mean(0, keepdim=True), h.var(0, keepdim=True, unbiased=True)
        return F.cross_entropy(self.out(torch.tanh(self.gain * (h - mean) * (var + 1e-5) ** -0.5 + self.bias)), y)


class Memory(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.emb, self.rnn, self.dec = nn.Embedding(7, 4), nn.LSTM(4, 5, batch_first=True), nn.Linear(5, 7)

    def forward(self, t: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(self.dec(self.rnn(self.emb(t))[0]).view(-1, 7), y.view(-1))


class Block(nn.Module):
    def __init__(self, width: int = 8, heads: int = 2, longest: int = 4) -> None:
        super().__init__()
        self.ln1, self.attn, self.proj = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.ln2, self.fc, self.fc2 = nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.head, self.heads = nn.Linear(width, 6, bias=False), heads
        self.register_buffer("mask", torch.tril(torch.ones(longest, longest)).view(1, 1, longest, longest))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        B, T, C = x.size()
        q, k, v = (t.view(B, T, self.heads, C // self.heads).transpose(1, 2) for t in self.attn(self.ln1(x)).split(C, dim=2))
        scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        scores = scores.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf"))
        out = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(B, T, C)
        x = x + self.proj(out)
        x = x + self.fc2(F.gelu(self.fc(self.ln2(x))))
        return F.cross_entropy(self.head(x).view(-1, 6), y.view(-1))


class Graphs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.W1, self.W2, self.b2 = (nn.Parameter(torch.randn(shape)) for shape in ((4, 5), (5, 3), (3,)))

    def forward(self, x: Tensor, adjacency: Tensor, y: Tensor) -> Tensor:
        h = F.dropout(F.relu(torch.mm(adjacency, torch.mm(x, self.W1))), 0.5, self.training)
        return F.nll_loss(F.log_softmax(torch.mm(adjacency, torch.mm(h, self.W2)) + self.b2, dim=1), y)


NETWORKS = {
    "perceptron": Case(Perceptron, both(real(4, 5), below(3, 4))),
    "images": Case(Images, both(real(2, 1, 8, 8), below(4, 2))),
    "residual": Case(Residual, both(real(3, 2, 4, 4), below(3, 3))),
    "variational": Case(Variational, lambda: (torch.rand(4, 6), torch.randn(4, 2))),
    "characters": Case(Characters, both(below(9, 4, 2), below(9, 4))),
    "memory": Case(Memory, both(below(7, 2, 3), below(7, 2, 3))),
    "block": Case(Block, both(real(2, 4, 8), below(6, 2, 4))),
    "graphs": Case(Graphs, lambda: (torch.randn(5, 4), torch.rand(5, 5), torch.randint(0, 3, (5,)))),
}


# -- layers, with a loss by its name -------------------------------------------------------------------------------------------


class Siamese(nn.Module):
    """Two images of one network, near where they belong together."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))

    def forward(self, a: Tensor, b: Tensor, y: Tensor) -> Tensor:
        d = (self.body(a) - self.body(b)).pow(2).sum(1).add(1e-6).sqrt()
        return (y * d**2 + (1 - y) * torch.clamp(1 - d, min=0.0) ** 2).mean()


class Skip(nn.Module):
    """Down and up again, beside what was there before."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.deep = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 4, 3, padding=1)
        self.up, self.out = nn.ConvTranspose2d(4, 2, 2, stride=2), nn.Conv2d(4, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.down(x), inplace=True)
        b = F.relu(self.deep(F.max_pool2d(a, 2)))
        return self.out(torch.cat([a, self.up(b)], dim=1))


class Tied(nn.Module):
    """An embedding that is read back by its own transpose."""

    def __init__(self) -> None:
        super().__init__()
        self.emb, self.mix, self.head = nn.Embedding(7, 4), nn.Linear(4, 4), nn.Linear(4, 7, bias=False)
        self.head.weight = self.emb.weight

    def forward(self, t: Tensor) -> Tensor:
        return self.head(torch.tanh(self.mix(self.emb(t))))


class Positions(nn.Module):
    """Tokens and their positions, attention with what is padding left out, several losses returned by name."""

    def __init__(self) -> None:
        super().__init__()
        self.tok, self.pos = nn.Embedding(9, 6), nn.Embedding(5, 6)
        self.attn, self.head = nn.MultiheadAttention(6, 2, batch_first=True), nn.Linear(6, 9)

    def forward(self, t: Tensor, padding: Tensor, y: Tensor) -> dict[str, Tensor]:
        x = self.tok(t) + self.pos(torch.arange(t.shape[1]))
        out, weights = self.attn(x, x, x, key_padding_mask=padding)
        return {"weights": weights, "loss": F.cross_entropy(self.head(out).transpose(1, 2), y)}


def _padding() -> tuple[Tensor, ...]:
    mask = torch.zeros(3, 5, dtype=torch.bool)
    mask[0, 3:] = mask[1, 4:] = True
    return (mask,)


def encoder(**options: Any) -> Callable[[], nn.Module]:
    return lambda: nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, **options)


def last(module: nn.Module, x: Tensor) -> Tensor:
    return module.head(module.rnn(x)[0][:, -1])


def sequence(make: Callable[[], nn.Module], width: int) -> Callable[[], nn.Module]:
    return lambda: Of(last, rnn=make(), head=nn.Linear(width, 2))


def seq2seq(module: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    _, state = module.encoder(x)
    return module.head(module.decoder(y, state)[0])


CLASSES, NUMBERS = "cross_entropy", "mse_loss"
LAYERS = {
    "encoder": Case(encoder(), real(3, 4, 8), NUMBERS, real(3, 4, 8)),
    "encoder, norm first": Case(encoder(norm_first=True, activation="gelu"), real(3, 4, 8), "l1_loss", real(3, 4, 8)),
    "gru": Case(sequence(lambda: nn.GRU(4, 5, batch_first=True), 5), real(3, 4, 4), CLASSES, below(2, 3)),
    "gru, both ways": Case(
        sequence(lambda: nn.GRU(3, 2, num_layers=2, bidirectional=True, batch_first=True, bias=False), 4),
        real(2, 3, 3), CLASSES, below(2, 2),
    ),
    "rnn, time first": Case(
        lambda: Of(lambda m, x: m.rnn(x)[1][0], rnn=nn.RNN(3, 2, nonlinearity="relu")), real(3, 2, 3), NUMBERS, real(2, 2)
    ),
    "lstm to lstm": Case(
        lambda: Of(seq2seq, encoder=nn.LSTM(3, 4, batch_first=True), decoder=nn.LSTM(2, 4, batch_first=True), head=nn.Linear(4, 2)),
        reals((2, 3, 3), (2, 2, 2)), NUMBERS, real(2, 2, 2),
    ),
    "lstm, projected": Case(
        sequence(lambda: nn.LSTM(3, 4, num_layers=2, proj_size=2, bidirectional=True, batch_first=True), 4),
        real(2, 3, 3), CLASSES, below(2, 2),
    ),
    "conv1d": Case(
        lambda: nn.Sequential(
            nn.Conv1d(2, 4, 3, stride=2, padding=1, groups=2), nn.SiLU(), nn.Conv1d(4, 3, 3, dilation=2, padding="same"),
            nn.AvgPool1d(2), nn.Flatten(), nn.Linear(6, 3),
        ),
        real(3, 2, 9), CLASSES, below(3, 3),
    ),
    "group norm": Case(
        lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.GroupNorm(2, 4), nn.ELU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()),
        real(2, 2, 6, 6), NUMBERS, real(2, 16),
    ),
    "instance norm": Case(
        lambda: nn.Sequential(nn.InstanceNorm1d(3, affine=True), nn.Softplus(), nn.AdaptiveMaxPool1d(1), nn.Flatten()),
        real(2, 3, 5), "smooth_l1_loss", real(2, 3),
    ),
    "rms norm": Case(lambda: nn.Sequential(nn.Linear(4, 6), nn.RMSNorm(6), nn.GLU()), real(3, 4), "huber_loss", real(3, 3)),
    "embedding bag": Case(
        lambda: nn.Sequential(nn.EmbeddingBag(9, 4, mode="mean"), nn.Linear(4, 2)), below(9, 3, 5), CLASSES, below(2, 3)
    ),
    "attention": Case(
        lambda: Of(
            lambda m, x: F.scaled_dot_product_attention(m.q(x), m.k(x), m.v(x), is_causal=True),
            q=nn.Linear(4, 3), k=nn.Linear(4, 3), v=nn.Linear(4, 2),
        ),
        real(2, 3, 4), NUMBERS, real(2, 3, 2),
    ),
    "attention, masked": Case(Positions, both(below(9, 3, 5), _padding, below(9, 3, 5)), "loss"),
    "siamese": Case(Siamese, both(reals((4, 6), (4, 6)), below(2, 4))),
    "skip": Case(Skip, real(2, 1, 4, 4), "binary_cross_entropy_with_logits", lambda: (torch.rand(2, 1, 4, 4),)),
    "tied": Case(Tied, below(7, 3, 2), lambda out, y: F.cross_entropy(out.flatten(0, 1), y.flatten()), below(7, 3, 2)),
    "bilinear": Case(lambda: nn.Bilinear(3, 4, 2), reals((3, 3), (3, 4)), NUMBERS, real(3, 2)),
    "batch norm of vectors": Case(
        lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.PReLU(4), nn.Linear(4, 1), nn.Flatten(0)),
        real(5, 3), NUMBERS, real(5),
    ),
    "frozen": Case(lambda: nn.Sequential(nn.Linear(3, 4).requires_grad_(False), nn.Tanh(), nn.Linear(4, 2)), real(3, 3), CLASSES, below(2, 3)),
    "upsampled": Case(lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.Upsample(scale_factor=2)), real(2, 1, 4, 4), NUMBERS, real(2, 2, 4, 4)),
}  # fmt: skip
