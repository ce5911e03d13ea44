"""Losses of papers in PyTorch, as their repositories have them: copies without gradients, single precision, masks. It needs torch."""

from __future__ import annotations

import copy
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, weight_norm

from tests.notation.models.torch.modules import CLASSES, Case, below, both, real


class Discriminated(nn.Module):
    """The loss of a discriminator: BCELoss against ones and zeros that are made on the spot."""

    def __init__(self) -> None:
        super().__init__()
        self.G = nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5, 0.8), nn.LeakyReLU(0.2, inplace=True), nn.Linear(5, 6), nn.Tanh())
        self.D = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(0.2, inplace=True), nn.Linear(8, 1), nn.Sigmoid())

    def forward(self, z: Tensor, real: Tensor) -> Tensor:
        valid, fake = torch.ones(z.size(0), 1), torch.zeros(z.size(0), 1)
        loss = nn.BCELoss()
        return (loss(self.D(real), valid) + loss(self.D(self.G(z).detach()), fake)) / 2


class Steps(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, time: Tensor) -> Tensor:
        half = self.dim // 2
        emb = torch.exp(torch.arange(half, device=time.device) * -(math.log(10000) / (half - 1)))
        emb = time[:, None] * emb[None, :]
        return torch.cat((emb.sin(), emb.cos()), dim=-1)


class Diffusion(nn.Module):
    def __init__(self, T: int = 10) -> None:
        super().__init__()
        alphas = torch.cumprod(1.0 - torch.linspace(1e-4, 0.02, T), dim=0)
        self.register_buffer("signal", torch.sqrt(alphas))
        self.noise = torch.sqrt(1.0 - alphas)  # no buffer: it stays as it is where the module is made double
        self.time = nn.Sequential(Steps(4), nn.Linear(4, 8), nn.SiLU(), nn.Linear(8, 5))
        self.inp, self.out = nn.Linear(5, 5), nn.Sequential(nn.GroupNorm(1, 5), nn.SiLU(), nn.Linear(5, 5))

    def forward(self, x0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        signal, spread = (a.gather(-1, t).reshape(t.shape[0], *((1,) * (x0.ndim - 1))) for a in (self.signal, self.noise))
        return F.smooth_l1_loss(self.out(self.inp(signal * x0 + spread * noise) + self.time(t)), noise)


class Contrast(nn.Module):
    """NT-Xent with labels that are computed."""

    def __init__(self) -> None:
        super().__init__()
        self.f = nn.Sequential(nn.Linear(5, 4, bias=False), nn.ReLU(), nn.Linear(4, 3))

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        N = x1.shape[0]
        features = F.normalize(torch.cat([self.f(x1), self.f(x2)], dim=0), dim=1)
        sim = torch.matmul(features, features.T).float() / 0.5
        sim.masked_fill_(torch.eye(2 * N, dtype=torch.bool), -9e15)
        return F.cross_entropy(sim, torch.cat([torch.arange(N) + N, torch.arange(N)]))


class Distilled(nn.Module):
    def __init__(self, T: float = 2.0, alpha: float = 0.3) -> None:
        super().__init__()
        self.student, self.teacher, self.T, self.alpha = nn.Linear(5, 4), nn.Linear(5, 4), T, alpha

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self.teacher(x)
        out = self.student(x)
        soft = nn.KLDivLoss(reduction="batchmean")(F.log_softmax(out / self.T, dim=1), F.softmax(wanted / self.T, dim=1))
        return soft * self.alpha * self.T**2 + F.cross_entropy(out, labels) * (1 - self.alpha)


class Bootstrapped(nn.Module):
    """BYOL: two views, a target network under no_grad, one region within another."""

    def __init__(self) -> None:
        super().__init__()
        self.online = nn.Linear(5, 4)
        self.pred = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 4))
        self.target = copy.deepcopy(self.online)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        def gap(x: Tensor, y: Tensor) -> Tensor:
            return 2 - 2 * (F.normalize(x, dim=-1) * F.normalize(y, dim=-1)).sum(dim=-1)

        with torch.no_grad():
            t1, t2 = self.target(a).detach(), self.target(b)
            with torch.enable_grad():
                p1 = self.pred(self.online(a))
        return (gap(p1, t2) + gap(self.pred(self.online(b)), t1)).mean()


class Values(nn.Module):
    """A step of DQN, with a target network under no_grad."""

    def __init__(self) -> None:
        super().__init__()
        self.policy = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
        self.target = copy.deepcopy(self.policy)

    def forward(self, state: Tensor, action: Tensor, reward: Tensor, after: Tensor, done: Tensor) -> Tensor:
        q = self.policy(state).gather(1, action)
        with torch.no_grad():
            best = self.target(after).max(1).values
        return nn.SmoothL1Loss()(q, (best * 0.99 * (1 - done.float()) + reward).unsqueeze(1))


class Preferred(nn.Module):
    """The loss of DPO over padded answers."""

    def __init__(self) -> None:
        super().__init__()
        self.emb, self.head = nn.Embedding(7, 4), nn.Linear(4, 7)

    def logps(self, ids: Tensor, mask: Tensor) -> Tensor:
        logits, labels = self.head(self.emb(ids))[:, :-1], ids[:, 1:].clone()
        per = torch.gather(logits.log_softmax(-1), 2, labels.masked_fill(~mask[:, 1:], 0).unsqueeze(2)).squeeze(2)
        return (per * mask[:, 1:]).sum(-1)

    def forward(self, ids: Tensor, other: Tensor, mask: Tensor) -> Tensor:
        return -F.logsigmoid(0.1 * (self.logps(ids, mask) - self.logps(other, mask.flip(0)))).mean()


class Clipped(nn.Module):
    """PPO with torch.distributions, normalised advantages and a clipped value."""

    def __init__(self) -> None:
        super().__init__()
        self.actor = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
        self.critic = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, obs: Tensor, act: Tensor, logp: Tensor, adv: Tensor, ret: Tensor, old: Tensor) -> Tensor:
        chosen = torch.distributions.Categorical(logits=self.actor(obs), validate_args=False)
        ratio = (chosen.log_prob(act) - logp).exp()
        adv = (adv - adv.mean()) / (adv.std() + 1e-8)
        policy = torch.max(-adv * ratio, -adv * torch.clamp(ratio, 0.8, 1.2)).mean()
        v = self.critic(obs).view(-1)
        value = 0.5 * torch.max((v - ret) ** 2, (old + torch.clamp(v - old, -0.2, 0.2) - ret) ** 2).mean()
        return policy - 0.01 * chosen.entropy().mean() + 0.5 * value


class Coupling(nn.Module):
    def __init__(self, d: int, h: int, k: int) -> None:
        super().__init__()
        self.register_buffer("mask", torch.tensor([(i + k) % 2 for i in range(d)]).float())
        self.scale = nn.Sequential(nn.Linear(d, h), nn.Tanh(), nn.Linear(h, d), nn.Tanh())
        self.trans = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, d))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        s, t = self.scale(x * self.mask) * (1 - self.mask), self.trans(x * self.mask) * (1 - self.mask)
        return x * self.mask + (1 - self.mask) * (x * torch.exp(s) + t), s.sum(dim=1)


class Flow(nn.Module):
    def __init__(self, d: int = 4) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Coupling(d, 6, k) for k in range(2)])
        self.register_buffer("loc", torch.zeros(d))
        self.register_buffer("cov", torch.eye(d))

    def forward(self, x: Tensor) -> Tensor:
        gained = torch.zeros(x.shape[0], device=x.device)
        for layer in self.layers:
            x, grown = layer(x)
            gained += grown
        return -(torch.distributions.MultivariateNormal(self.loc, self.cov, validate_args=False).log_prob(x) + gained).mean()


class RMSNorm(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype)


class Llama(nn.Module):
    """Rotary positions, groups of heads, SwiGLU, tied weights, labels of which some are left out by -100."""

    def __init__(self, V: int = 9, d: int = 8, h: int = 4, kv: int = 2) -> None:
        super().__init__()
        self.h, self.kv, self.hd = h, kv, d // h
        self.embed, self.n1, self.n2, self.norm = nn.Embedding(V, d), RMSNorm(d), RMSNorm(d), nn.RMSNorm(d)
        self.q, self.k, self.v = (nn.Linear(d, n * self.hd, bias=False) for n in (h, kv, kv))
        self.o, self.gate, self.up, self.down = (nn.Linear(a, b, bias=False) for a, b in ((d, d), (d, 12), (d, 12), (12, d)))
        self.register_buffer("inv_freq", 1.0 / (10000 ** (torch.arange(0, self.hd, 2).float() / self.hd)))
        self.head = nn.Linear(d, V, bias=False)
        self.head.weight = self.embed.weight

    def turned(self, x: Tensor, emb: Tensor) -> Tensor:
        half = x.shape[-1] // 2
        return x * emb.cos() + torch.cat((-x[..., half:], x[..., :half]), dim=-1) * emb.sin()

    def attended(self, x: Tensor) -> Tensor:
        B, T, _ = x.shape
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            freqs = torch.outer(torch.arange(T, device=x.device).float(), self.inv_freq.float())
            emb = torch.cat((freqs, freqs), dim=-1)
        q, k, v = (f(x).view(B, T, n, self.hd).transpose(1, 2) for f, n in ((self.q, self.h), (self.k, self.kv), (self.v, self.kv)))
        q, k = self.turned(q, emb), self.turned(k, emb)
        k = k[:, :, None].expand(B, self.kv, self.h // self.kv, T, self.hd).reshape(B, self.h, T, self.hd)
        scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(self.hd) + torch.full((T, T), float("-inf")).triu(1)
        found = torch.matmul(F.softmax(scores, dim=-1), v.repeat_interleave(self.h // self.kv, dim=1))
        return self.o(found.transpose(1, 2).contiguous().reshape(B, T, -1))

    def forward(self, ids: Tensor, labels: Tensor) -> Tensor:
        x = self.embed(ids)
        x = x + self.attended(self.n1(x))
        y = self.n2(x)
        logits = self.head(self.norm(x + self.down(F.silu(self.gate(y)) * self.up(y))))
        shifted, wanted = logits[..., :-1, :].contiguous(), labels[..., 1:].contiguous()
        return F.cross_entropy(shifted.view(-1, shifted.size(-1)), wanted.view(-1), ignore_index=-100)


class Tagged(nn.Module):
    """A conditional random field over sequences of several lengths, as pytorch-crf has it."""

    def __init__(self, d: int = 4, n: int = 3) -> None:
        super().__init__()
        self.em, self.start, self.end = nn.Linear(d, n), nn.Parameter(torch.randn(n)), nn.Parameter(torch.randn(n))
        self.transitions = nn.Parameter(torch.randn(n, n))

    def forward(self, x: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        em, weight = self.em(x), mask.float()
        rows = torch.arange(tags.shape[1])
        score = self.start[tags[0]] + em[0, rows, tags[0]]
        total = self.start + em[0]
        for i in range(1, tags.shape[0]):
            score = score + (self.transitions[tags[i - 1], tags[i]] + em[i, rows, tags[i]]) * weight[i]
            following = torch.logsumexp(total.unsqueeze(2) + self.transitions + em[i].unsqueeze(1), dim=1)
            total = torch.where(mask[i].unsqueeze(1), following, total)
        score = score + self.end[tags[weight.long().sum(dim=0) - 1, rows]]
        return (torch.logsumexp(total + self.end, dim=1) - score).mean()


class Quantised(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enc, self.dec, self.embedding = nn.Linear(5, 3), nn.Linear(3, 5), nn.Embedding(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        z, E = self.enc(x), self.embedding.weight
        d = torch.sum(z**2, dim=1, keepdim=True) + torch.sum(E**2, dim=1) - 2 * torch.matmul(z, E.t())
        chosen = torch.argmin(d, dim=1).unsqueeze(1)
        q = torch.matmul(torch.zeros(chosen.shape[0], 6).scatter_(1, chosen, 1), E)
        moved = F.mse_loss(q, z.detach()) + 0.25 * F.mse_loss(q.detach(), z)
        return F.mse_loss(self.dec(z + (q - z).detach()), x) + moved


class Closure(nn.Module):
    """minGPT's block, whose MLP is a function that holds the modules from where it was made."""

    def __init__(self) -> None:
        super().__init__()
        self.ln, self.mlp = nn.LayerNorm(6), nn.ModuleDict({"c_fc": nn.Linear(6, 12), "act": nn.GELU(), "c_proj": nn.Linear(12, 6)})
        m = self.mlp
        self.mlpf = lambda x: m["c_proj"](m["act"](m["c_fc"](x)))

    def forward(self, x: Tensor) -> Tensor:
        return (x + self.mlpf(self.ln(x))).pow(2).mean()


class Patches(nn.Module):
    """A masked autoencoder: what is kept is the first of an order drawn at random; the mask is written in part."""

    def __init__(self) -> None:
        super().__init__()
        self.enc, self.dec, self.mask_token = nn.Linear(4, 5), nn.Linear(5, 4), nn.Parameter(torch.randn(1, 1, 5))

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        N, L, D = x.shape
        keep = L // 2
        ids_shuffle = torch.argsort(noise, dim=1)
        ids_restore = torch.argsort(ids_shuffle, dim=1)
        h = self.enc(torch.gather(x, dim=1, index=ids_shuffle[:, :keep].unsqueeze(-1).repeat(1, 1, D)))
        mask = torch.ones([N, L], device=x.device)
        mask[:, :keep] = 0
        mask = torch.gather(mask, dim=1, index=ids_restore)
        whole = torch.cat([h, self.mask_token.repeat(N, L - keep, 1)], dim=1)
        whole = torch.gather(whole, dim=1, index=ids_restore.unsqueeze(-1).repeat(1, 1, h.shape[2]))
        return (((self.dec(whole) - x) ** 2).mean(dim=-1) * mask).sum() / mask.sum()


class Replayed(nn.Module):
    """PyTorch's tutorial of DQN: values of the next states are written where there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.policy_net, self.target_net = (nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)) for _ in range(2))

    def forward(
        self, state: Tensor, action: Tensor, reward: Tensor, non_final_mask: Tensor, non_final_next_states: Tensor
    ) -> Tensor:
        found = self.policy_net(state).gather(1, action)
        values = torch.zeros(len(state), device=state.device)
        with torch.no_grad():
            values[non_final_mask] = self.target_net(non_final_next_states).max(1).values
        return nn.SmoothL1Loss()(found, (values * 0.99 + reward).unsqueeze(1))


class Boxes(nn.Module):
    """YOLO's loss: cells with and without an object are read by masks."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 7, 1)

    def forward(self, x: Tensor, target: Tensor) -> Tensor:
        p = self.conv(x).permute(0, 2, 3, 1)
        obj, noobj = target[..., 0] == 1, target[..., 0] == 0
        none = F.binary_cross_entropy_with_logits(p[..., 0:1][noobj], target[..., 0:1][noobj])
        box = torch.cat([torch.sigmoid(p[..., 1:3]), p[..., 3:5].exp()], -1)
        where = F.mse_loss(box[obj], target[..., 1:5][obj])
        return 0.5 * none + 5 * where + F.cross_entropy(p[..., 5:][obj], target[..., 5][obj].long())


class Spoken(nn.Module):
    """A decoder of cells with attention over what a GRU read, one word after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.emb, self.enc, self.dec = nn.Embedding(8, 4), nn.GRU(4, 5, batch_first=True), nn.GRUCell(4, 5)
        self.wa, self.out = nn.Linear(5, 5, bias=False), nn.Linear(10, 8)

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:
        enc, h = self.enc(self.emb(src))
        h, word, loss = h.squeeze(0), torch.zeros(src.size(0), dtype=torch.long), 0
        for t in range(2):
            h = self.dec(self.emb(word), h)
            a = F.softmax(torch.bmm(enc, self.wa(h).unsqueeze(2)).squeeze(2), dim=1)
            c = torch.bmm(a.unsqueeze(1), enc).squeeze(1)
            loss += F.nll_loss(F.log_softmax(self.out(torch.cat((h, c), 1)), dim=1), tgt[:, t])
            word = tgt[:, t]
        return loss / 2


class Actor(nn.Module):
    """A policy of continuous actions, whose distribution checks its arguments as it does unless told otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.mean, self.log_std = nn.Linear(3, 2), nn.Parameter(torch.zeros(1, 2))

    def forward(self, obs: Tensor, action: Tensor) -> Tensor:
        mean = self.mean(obs)
        probs = torch.distributions.Normal(mean, torch.exp(self.log_std.expand_as(mean)))
        return -(probs.log_prob(action).sum(1) + 0.01 * probs.entropy().sum(1)).mean()


class Translated(nn.Module):
    """nn.Transformer as it is, with a causal mask and a mask of padding."""

    def __init__(self) -> None:
        super().__init__()
        self.emb, self.out = nn.Embedding(9, 8), nn.Linear(8, 9)
        self.transformer = nn.Transformer(8, 2, 1, 1, 12, dropout=0.0, batch_first=True)

    def forward(self, src: Tensor, tgt: Tensor, wanted: Tensor) -> Tensor:
        mask, padding = nn.Transformer.generate_square_subsequent_mask(tgt.size(1)), src == 0
        h = self.transformer(
            self.emb(src), self.emb(tgt), tgt_mask=mask, src_key_padding_mask=padding, memory_key_padding_mask=padding
        )
        return F.cross_entropy(self.out(h).transpose(1, 2), wanted)


def boxes() -> tuple[Tensor]:
    """Two images of 3 x 3 cells, of which two hold an object: 1, its box, its class."""
    t = torch.zeros(2, 3, 3, 6)
    t[0, 1, 2], t[1, 0, 0] = torch.tensor([1, 0.5, 0.3, 0.2, 0.4, 1]), torch.tensor([1, 0.2, 0.7, 0.9, 0.1, 0])
    return (t,)


def labels() -> tuple[Tensor, Tensor]:
    """Words and what is to follow, of which some count nothing."""
    words = torch.randint(0, 9, (2, 5))
    wanted = words.clone()
    wanted[0, :3] = -100
    return words, wanted


def flags(*rows: int) -> tuple[Tensor]:
    return (torch.tensor([[k < n for k in range(5)] for n in rows]),)


PUBLISHED = {
    "closure": Case(Closure, real(2, 5, 6)),
    "masked patches": Case(Patches, both(real(2, 6, 4), lambda: (torch.rand(2, 6),))),
    "replayed": Case(Replayed, both(real(5, 4), below(2, 5, 1), real(5), lambda: (torch.tensor([True, True, False, True, False]),), real(3, 4))),
    "boxes": Case(Boxes, both(real(2, 2, 3, 3), boxes)),
    "spoken": Case(Spoken, both(below(8, 2, 4), below(8, 2, 3))),
    "actor": Case(Actor, both(real(5, 3), real(5, 2))),
    "encoder and decoder": Case(Translated, both(lambda: (torch.tensor([[3, 1, 4, 0, 0], [2, 7, 1, 8, 2]]),), below(9, 2, 4), below(9, 2, 4))),
    "discriminator": Case(Discriminated, both(real(7, 3), real(7, 6))),
    "diffusion": Case(Diffusion, both(real(6, 5), below(10, 6), real(6, 5))),
    "contrast": Case(Contrast, both(real(4, 5), real(4, 5))),
    "distillation": Case(Distilled, both(real(6, 5), below(4, 6))),
    "bootstrap": Case(Bootstrapped, both(real(6, 5), real(6, 5))),
    "values": Case(Values, both(real(6, 4), below(3, 6, 1), real(6), real(6, 4), below(2, 6))),
    "preferences": Case(Preferred, both(below(7, 3, 5), below(7, 3, 5), lambda: flags(5, 3, 4))),
    "policy": Case(Clipped, both(real(6, 4), below(3, 6), real(6), real(6), real(6), real(6))),
    "flow": Case(Flow, real(5, 4)),
    "llama": Case(Llama, labels),
    "tags": Case(Tagged, both(real(5, 2, 4), below(3, 5, 2), lambda: (flags(5, 3)[0].T,))),
    "quantised": Case(Quantised, real(6, 5)),
    "weight norm": Case(lambda: nn.Sequential(parametrizations.weight_norm(nn.Linear(5, 3), dim=1)), real(6, 5), CLASSES, below(3, 6)),
    "weight norm by a hook": Case(lambda: nn.Sequential(weight_norm(nn.Conv1d(2, 4, 3)), nn.Tanh()), real(3, 2, 6), "mse_loss", real(3, 4, 4)),
}  # fmt: skip
