"""Architectures as strangers write them: MobileNet, ViT, BERT, U-Net, WaveNet, squeeze and excitation, graph attention. It needs torch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.notation.models.torch.modules import CLASSES, Case, below, both, real

EDGES = torch.tensor([[0, 1, 2, 3, 4, 0, 1, 2], [1, 2, 3, 4, 0, 0, 1, 4]])
WORDS = torch.tensor([[3, 4, 5, 0], [1, 2, 7, 8], [9, 10, 0, 0]])
LENGTHS = torch.tensor([5, 3, 2])


class InvertedResidual(nn.Module):
    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: int) -> None:
        super().__init__()
        hidden = inp * expand_ratio
        self.residual = stride == 1 and inp == oup
        self.conv = nn.Sequential(
            nn.Conv2d(inp, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True),
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True),
            nn.Conv2d(hidden, oup, 1, bias=False), nn.BatchNorm2d(oup),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.features = nn.Sequential(InvertedResidual(4, 4, 1, 2), InvertedResidual(4, 6, 2, 2))
        self.pool, self.classifier = nn.AdaptiveAvgPool2d(1), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.pool(self.features(self.stem(x))).flatten(1))


class Attention(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.qkv, self.proj = nn.Linear(dim, dim * 3), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        B, N, C = x.shape
        q, k, v = self.qkv(x).reshape(B, N, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        attn = ((q @ k.transpose(-2, -1)) * self.scale).softmax(dim=-1)
        return self.proj((attn @ v).transpose(1, 2).reshape(B, N, C))


class ViT(nn.Module):
    def __init__(self, dim: int = 8) -> None:
        super().__init__()
        self.patch_embed = nn.Conv2d(1, dim, kernel_size=2, stride=2)
        self.cls_token = nn.Parameter(torch.randn(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.randn(1, 5, dim) * 0.02)
        self.norm1, self.attn, self.norm2 = nn.LayerNorm(dim), Attention(dim, 2), nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, dim * 2), nn.GELU(), nn.Linear(dim * 2, dim))
        self.head = nn.Linear(dim, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1) + self.pos_embed
        x = x + self.attn(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return self.head(x[:, 0])


class Bert(nn.Module):
    """The types of tokens are a table of which nobody says the rows, so that one row is read for all."""

    position_ids: Tensor

    def __init__(self, vocabulary: int = 11, dim: int = 8, length: int = 6) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, dim, padding_idx=0)
        self.position_embeddings, self.token_type_embeddings = nn.Embedding(length, dim), nn.Embedding(2, dim)
        self.LayerNorm = nn.LayerNorm(dim, eps=1e-12)
        self.register_buffer("position_ids", torch.arange(length).expand((1, -1)))
        layer = nn.TransformerEncoderLayer(dim, 2, 16, dropout=0, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.pooler, self.classifier = nn.Linear(dim, dim), nn.Linear(dim, 2)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        types, positions = torch.zeros_like(input_ids), self.position_ids[:, : input_ids.size(1)]
        e = self.word_embeddings(input_ids) + self.position_embeddings(positions) + self.token_type_embeddings(types)
        mask = None if attention_mask is None else attention_mask == 0
        h = self.encoder(self.LayerNorm(e), src_key_padding_mask=mask)
        return self.classifier(torch.tanh(self.pooler(h[:, 0])))


class LastState(nn.Module):
    """The state at the last step of each sequence, by an index or by gather."""

    def __init__(self, by_gather: bool) -> None:
        super().__init__()
        self.by_gather = by_gather
        self.embedding, self.gru, self.fc = nn.Embedding(9, 4, padding_idx=0), nn.GRU(4, 5, 2, batch_first=True), nn.Linear(5, 3)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        out, _ = self.gru(self.embedding(x))
        if self.by_gather:
            index = (lengths - 1).view(-1, 1, 1).expand(-1, 1, out.size(2))
            return self.fc(out.gather(1, index).squeeze(1))
        return self.fc(out[torch.arange(x.size(0)), lengths - 1])


def double(inp: int, oup: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inp, oup, 3, padding=1), nn.BatchNorm2d(oup), nn.ReLU(inplace=True))


class UNet(nn.Module):
    def __init__(self, bilinear: bool) -> None:
        super().__init__()
        self.inc, self.down, self.conv = double(1, 2), nn.Sequential(nn.MaxPool2d(2), double(2, 4)), double(4, 2)
        smooth = nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), nn.Conv2d(4, 2, 1))
        self.up = smooth if bilinear else nn.ConvTranspose2d(4, 2, 2, stride=2)
        self.outc = nn.Conv2d(2, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x1 = self.inc(x)
        u = self.up(self.down(x1))
        dy, dx = x1.size(2) - u.size(2), x1.size(3) - u.size(3)
        u = F.pad(u, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.outc(self.conv(torch.cat([x1, u], dim=1)))


class SqueezeExcitation(nn.Module):
    def __init__(self, channel: int = 4) -> None:
        super().__init__()
        self.conv, self.avg_pool = nn.Conv2d(2, channel, 3, padding=1), nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Linear(channel, 2, bias=False), nn.ReLU(inplace=True), nn.Linear(2, channel, bias=False), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        x = F.silu(self.conv(x))
        b, c, _, _ = x.size()
        y = self.fc(self.avg_pool(x).view(b, c)).view(b, c, 1, 1)
        return x * y.expand_as(x)


class WaveNet(nn.Module):
    def __init__(self, levels: int = 5, c: int = 3) -> None:
        super().__init__()
        self.embed = nn.Embedding(levels, c)
        self.filters = nn.ModuleList([nn.Conv1d(c, c, 2, dilation=2**k) for k in range(3)])
        self.gates = nn.ModuleList([nn.Conv1d(c, c, 2, dilation=2**k) for k in range(3)])
        self.mix, self.out = nn.Conv1d(c, c, 1), nn.Conv1d(c, levels, 1)

    def forward(self, t: Tensor) -> Tensor:
        h, skips = self.embed(t).transpose(1, 2), 0
        for k, (f, g) in enumerate(zip(self.filters, self.gates, strict=True)):
            p = F.pad(h, (2**k, 0))
            z = torch.tanh(f(p)) * torch.sigmoid(g(p))
            h, skips = h + self.mix(z), skips + z
        return self.out(F.relu(skips))


class GraphAttention(nn.Module):
    """One head or more over the edges of a graph: a softmax over those that come in, by index_add or by scatter."""

    def __init__(self, by_scatter: bool, heads: int = 2, out: int = 3) -> None:
        super().__init__()
        self.by_scatter, self.heads, self.out = by_scatter, heads, out
        self.lin = nn.Linear(4, heads * out, bias=False)
        self.att_src, self.att_dst = nn.Parameter(torch.randn(1, heads, out)), nn.Parameter(torch.randn(1, heads, out))

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        src, dst = edge_index
        h = self.lin(x).view(-1, self.heads, self.out)
        e = F.leaky_relu((h * self.att_src).sum(-1)[src] + (h * self.att_dst).sum(-1)[dst], 0.2)
        nothing, several = e.new_zeros(x.size(0), self.heads), dst[:, None].expand_as(e)
        if self.by_scatter:
            top = torch.full_like(nothing, -1e9).scatter_reduce(0, several, e, reduce="amax")
            e = (e - top[dst]).exp()
            alpha = e / nothing.scatter_add(0, several, e)[dst]
            sent = alpha[..., None] * h[src]
            return h.new_zeros(h.shape).scatter_add_(0, dst.view(-1, 1, 1).expand_as(sent), sent).mean(1)
        e = torch.exp(e - e.max())
        alpha = e / (nothing.index_add(0, dst, e)[dst] + 1e-16)
        return torch.zeros_like(h).index_add_(0, dst, alpha.unsqueeze(-1) * h[src]).mean(1)


def flags() -> tuple[Tensor]:
    return (torch.rand(2, 1, 6, 6).round(),)


ARCHITECTURES = {
    "mobile net": Case(MobileNet, real(3, 1, 6, 6), CLASSES, below(3, 3)),
    "vision transformer": Case(ViT, real(3, 1, 4, 4), CLASSES, below(3, 3)),
    "bert": Case(Bert, lambda: (WORDS, (WORDS != 0).long()), CLASSES, below(2, 3)),
    "bert without a mask": Case(Bert, lambda: (WORDS,), CLASSES, below(2, 3)),
    "last state": Case(lambda: LastState(False), both(below(9, 3, 5), lambda: (LENGTHS,)), CLASSES, below(3, 3)),
    "last state by gather": Case(lambda: LastState(True), both(below(9, 3, 5), lambda: (LENGTHS,)), CLASSES, below(3, 3)),
    "u-net": Case(lambda: UNet(False), real(2, 1, 6, 6), "binary_cross_entropy_with_logits", flags),
    "u-net, bilinear": Case(lambda: UNet(True), real(2, 1, 6, 6), "binary_cross_entropy_with_logits", flags),
    "squeeze and excitation": Case(SqueezeExcitation, real(3, 2, 4, 4), "mse_loss", real(3, 4, 4, 4)),
    "wave net": Case(WaveNet, below(5, 2, 7), CLASSES, below(5, 2, 7)),
    "graph attention": Case(lambda: GraphAttention(False), both(real(5, 4), lambda: (EDGES,)), CLASSES, below(3, 5)),
    "graph attention by scatter": Case(lambda: GraphAttention(True), both(real(5, 4), lambda: (EDGES,)), CLASSES, below(3, 5)),
}
