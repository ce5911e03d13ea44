"""Modules of PyTorch as networks: gradients equal to autograd's in float64, and parameters back into a module."""

import numpy as np
import pytest
import torch
from torch import nn

import symbackprop as sb
from symbackprop.core.loops import has_loops
from symbackprop.judge.proofs.proved import proved_box
from symbackprop.notation.models.torch.drawn import redrawn
from tests.notation.models.torch.architectures import ARCHITECTURES
from tests.notation.models.torch.cases import CASES, MODES, Expression, autograd
from tests.notation.models.torch.expressions import EXPRESSIONS
from tests.notation.models.torch.modules import Of
from tests.notation.models.torch.published import PUBLISHED
from tests.notation.models.torch.record import expression, network
from tests.notation.models.torch.recorded import read, written

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")]
UNSAID = {"boxes", "spoken", "contrast", "flow", "Poisson"}
"""Networks with gradients of no short form: classes that are cut out of data, a table that is read in three ways, values at which
0 meets infinity on the way, a Laplacian through two layers, whose gradient has too many terms."""


@pytest.mark.parametrize(("name", "mode"), MODES, ids=["-".join(mode) for mode in MODES])
def test_gradients_are_those_of_autograd(name: str, mode: str) -> None:
    torch.manual_seed(1)
    case = CASES[name]
    module, inputs, targets = getattr(case.make(), mode)(), case.inputs(), case.targets()
    net = sb.from_torch(module, *inputs, loss=case.loss, targets=targets)
    loss, theirs = autograd(module, case, inputs, targets)
    value, ours = sb.compile(net).value_and_grad(net.example)
    assert value == pytest.approx(loss, rel=1e-12)
    assert {net.paths[key] for key in ours} >= theirs.keys()
    largest = max(np.abs(gradient).max() for gradient in theirs.values())
    for key, gradient in ours.items():
        np.testing.assert_allclose(gradient, theirs.get(net.paths[key], 0), rtol=1e-12, atol=1e-12 * largest)
    if mode == "eval" and not has_loops(net.program):
        assert bool(proved_box(sb.derive(net)).missing) == (name in UNSAID)


@pytest.mark.parametrize("name", [*ARCHITECTURES, *PUBLISHED])
def test_parameters_that_are_changed_go_back_into_a_module(name: str) -> None:
    torch.manual_seed(2)
    case = CASES[name]
    module, inputs, targets = case.make(), case.inputs(), case.targets()
    net = sb.from_torch(module, *inputs, loss=case.loss, targets=targets)
    learnt = {key for key, path in net.paths.items() if path in dict(module.named_parameters())}
    moved = {key: array + 0.01 for key, array in net.example.items() if key in learnt}
    loss, _ = autograd(sb.to_torch(moved, module.double()), case, inputs, targets)
    assert sb.compile(net).value({**net.example, **moved}) == pytest.approx(loss, rel=1e-9)


def test_inputs_may_be_called_as_sizes_are() -> None:
    class Triplet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 3)

        def forward(self, a: torch.Tensor, n: torch.Tensor, m: torch.Tensor) -> torch.Tensor:
            return nn.functional.triplet_margin_loss(self.fc(a), self.fc(n), self.fc(m))

    net = sb.from_torch(Triplet(), *(torch.randn(5, 4) for _ in range(3)))
    assert {t.name for t in net.program.inputs} >= {"a", "n", "m"}
    assert not {str(s) for s in net.program.sizes()} & {"n", "m"}
    assert sb.check(net).ok


def test_a_normalisation_may_keep_means_of_all_batches() -> None:
    module, x = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3, momentum=None)), torch.randn(6, 4)
    net = sb.from_torch(module, x, loss="mse_loss", targets=torch.randn(6, 3))
    assert module[1].momentum is None
    assert sb.check(net).ok


@pytest.mark.parametrize(
    ("short", "layer"),
    [
        ("mse", nn.MSELoss),
        ("l1", nn.L1Loss),
        ("mae", nn.L1Loss),
        ("HuberLoss", nn.HuberLoss),
        ("bce_with_logits", nn.BCEWithLogitsLoss),
    ],
)
def test_a_loss_may_be_called_for_short(short: str, layer: type[nn.Module]) -> None:
    torch.manual_seed(0)
    module, x, y = nn.Linear(4, 3).double(), torch.randn(6, 4).double(), torch.rand(6, 3).double()
    net = sb.from_torch(module, x, loss=short, targets=y)
    value, _ = sb.compile(net).value_and_grad(net.example)
    assert value == pytest.approx(layer()(module(x), y).item(), rel=1e-12)


def test_channels_that_are_dropped_are_data() -> None:
    """With what the network says was kept, the module's own gradients: entries, channels, and alpha dropout of both."""
    torch.manual_seed(0)
    kinds = nn.Dropout(0.3), nn.Dropout2d(0.4), nn.AlphaDropout(0.2), nn.FeatureAlphaDropout(0.5)
    module = nn.Sequential(nn.Conv2d(2, 4, 2), *kinds, nn.Flatten(), nn.Linear(36, 3)).double()
    x, y = torch.randn(2, 2, 4, 4).double(), torch.tensor([2, 0])
    net = sb.from_torch(module, x, loss="cross_entropy", targets=y)
    shapes = [str(t.shape) for t in net.program.inputs if t.name.startswith("mask")]
    assert shapes == ["(n, 4, 3, 3)", "(n, 4, 1, 1)", "(n, 4, 3, 3)", "(n, 4, 1, 1)"]
    rates = dict(zip([t.name for t in net.program.inputs if t.name.startswith("mask")], (0.7, 0.6, 1, 1), strict=True))
    with redrawn([net.example[name] * rate for name, rate in rates.items()]):
        loss = nn.functional.cross_entropy(module(x), y)
    loss.backward()
    value, ours = sb.compile(net).value_and_grad(net.example)
    assert value == pytest.approx(loss.item(), rel=1e-12)
    for key, gradient in ours.items():
        theirs = dict(module.named_parameters())[net.paths[key]].grad.numpy()
        np.testing.assert_allclose(gradient, theirs, rtol=1e-11, atol=1e-13)


def test_what_a_mask_reads_is_data_of_the_network() -> None:
    module, x = Of(lambda m, x, keep: m.fc(x)[keep].sin().mean(), fc=nn.Linear(4, 3)), torch.randn(5, 4)
    keep = torch.tensor([True, False, True, True, False])
    net = sb.from_torch(module, x, keep)
    assert [f"{t.name}: {t.kind}" for t in net.program.inputs][2:] == ["x_1: data", "at_x_2: integers"]
    assert any("Entries are read where masks are true: at_x_2" in note for note in net.notes)
    compiled = sb.compile(net)
    other = torch.tensor([False, True, False, False, True])
    given = {**net.example, "at_x_2": np.flatnonzero(other.numpy())}
    assert compiled.value(given) == pytest.approx(module.double()(x.double(), other).item(), rel=1e-12)


def test_what_is_drawn_may_be_positions_or_flags() -> None:
    def loss(m: nn.Module, x: torch.Tensor) -> torch.Tensor:
        order = torch.randperm(x.size(0))
        t = torch.randint(0, 7, (x.size(0),))
        h = m.fc(x)[order] * m.table[t]
        return (h * torch.bernoulli(torch.sigmoid(h))).pow(2).mean()

    module = Of(loss, fc=nn.Linear(4, 3), table=nn.Parameter(torch.randn(7, 3)))
    net = sb.from_torch(module, torch.randn(5, 4))
    assert {"perm: integers", "t: integers"} <= {f"{t.name}: {t.kind}" for t in net.program.inputs}
    assert sb.check(net).ok


def test_what_is_read_without_gradients_alone_is_not_learnt() -> None:
    def loss(m: nn.Module, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            wanted = m.target(x)
        return (m.fc(x) - wanted).pow(2).mean() + m.both.detach() * m.both

    module = Of(loss, fc=nn.Linear(4, 3), target=nn.Linear(4, 3), both=nn.Parameter(torch.tensor(0.5)))
    net = sb.from_torch(module, torch.randn(5, 4))
    kinds = {t.name: t.kind for t in net.program.inputs}
    assert kinds == {
        "both": "parameter",
        "W_fc": "parameter",
        "b_fc": "parameter",
        "W_target": "data",
        "b_target": "data",
        "x": "data",
    }
    assert any("not learnt: W_target, b_target are data of the network" in note for note in net.notes)
    trained = sb.train(net, epochs=2)
    new = sb.to_torch(trained, module)
    assert torch.equal(new.target.weight, module.target.weight)
    assert not torch.equal(new.fc.weight, module.fc.weight)


class Noisy(nn.Module):
    """A variational autoencoder that draws for itself, with dropout; or what it would be with the numbers given."""

    def __init__(self) -> None:
        super().__init__()
        self.inp, self.out, self.drop = nn.Linear(6, 4), nn.Linear(2, 6), nn.Dropout(0.4)
        self.given: tuple = ()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean, logvar = self.inp(x).chunk(2, dim=-1)
        std = torch.exp(0.5 * logvar)
        if self.given:
            eps, mask, noise, flat = self.given
        else:
            eps = torch.randn_like(std)
            mask = self.drop(torch.ones_like(x))
            noise = torch.distributions.Normal(0.0, 1.0).rsample(std.shape)
            flat = torch.rand(x.shape[0], 1)
        y = self.out(mean + std * (eps + 0.1 * noise)) * mask
        return nn.functional.mse_loss(flat * y + (1 - flat) * x, x) - 0.5 * torch.mean(1 + logvar - mean**2 - logvar.exp())


def test_what_a_module_draws_is_data() -> None:
    torch.manual_seed(0)
    module, x = Noisy(), torch.randn(5, 6)
    net = sb.from_torch(module, x)
    drawn = [t for t in net.program.inputs if t.kind == "data" and t.name != "x"]
    assert [t.name for t in drawn] == ["eps", "mask", "eps_1", "flat"]
    assert [str(t.shape) for t in drawn] == ["(n, 2)", "(n, 6)", "(n, 2)", "(n, 1)"]
    assert any("Random numbers are drawn: eps, mask, eps_1, flat" in note for note in net.notes)
    assert set(np.unique(net.example["mask"])) == {0, 1 / 0.6}
    module.double().given = tuple(torch.from_numpy(net.example[t.name]) for t in drawn)
    loss = module(x.double())
    loss.backward()
    value, ours = sb.compile(net).value_and_grad(net.example)
    assert value == pytest.approx(loss.item(), rel=1e-12)
    for key, gradient in ours.items():
        np.testing.assert_allclose(gradient, dict(module.named_parameters())[net.paths[key]].grad.numpy(), rtol=1e-11)
    module.given, state = (), torch.random.get_rng_state()
    sb.from_torch(module, x)
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_row_has_the_slope_of_autograd(name: str) -> None:
    module = Expression(name)
    net = sb.from_torch(module)
    value, ours = sb.compile(net).value_and_grad(net.example)
    loss = module()
    loss.backward()
    theirs = {n: np.zeros(p.shape) if p.grad is None else p.grad.numpy(force=True) for n, p in module.named_parameters()}
    assert value == pytest.approx(loss.item(), rel=1e-11)
    assert {net.paths[key] for key in ours} == theirs.keys()
    largest = max(np.abs(gradient).max() for gradient in theirs.values())
    tolerance = 1e-7 if name == "hardsigmoid" else 1e-12  # torch multiplies by a sixth in float32 there
    for key, gradient in ours.items():
        np.testing.assert_allclose(gradient, theirs[net.paths[key]], rtol=tolerance, atol=tolerance * largest)


def test_what_is_recorded_is_what_torch_exports() -> None:
    networks, expressions = read("networks"), read("expressions")
    assert [name for name in networks if name.endswith("eval")] == [f"{name}-eval" for name in CASES]
    assert list(expressions) == list(EXPRESSIONS)
    for now, kept in (
        (network("residual", "train"), networks["residual-train"]),
        (network("bert", "eval"), networks["bert-eval"]),
        (expression("convolutions"), expressions["convolutions"]),
    ):
        assert written({"": now})[0] == written({"": kept})[0], (
            "torch exports other graphs: run tests/notation/models/torch/record.py"
        )
