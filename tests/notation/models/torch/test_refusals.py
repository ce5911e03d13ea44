"""What is asked of a module: losses by name or position, sizes, parameters back, and refusals with layer, line and mend."""

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import symbackprop as sb
from symbackprop.notation.models.torch.tasks import OWN
from tests.notation.models.torch.modules import NETWORKS, Of, below, real

pytestmark = pytest.mark.slow


def of(function: Any, *inputs: Tensor, **options: Any) -> sb.network:
    return sb.from_torch(Of(function, fc=nn.Linear(4, 3)), *(inputs or real(2, 4)()), **options)


LOSSES = {
    "a name": ("mse_loss", lambda m, x: m.fc(x), real(2, 3)),
    "a function": (lambda out, y: (out - y).abs().sum(), lambda m, x: m.fc(x), real(2, 3)),
    "a module": (nn.CrossEntropyLoss(label_smoothing=0.1), lambda m, x: m.fc(x), below(3, 2)),
    "a position": (1, lambda m, x: (m.fc(x), m.fc(x).sum()), tuple),
    "a key": ("total", lambda m, x: {"out": m.fc(x).mean(), "total": m.fc(x).sin().sum()}, tuple),
    "the only number": (None, lambda m, x: (m.fc(x), m.fc(x).sum()), tuple),
    "several targets": ("gaussian_nll_loss", lambda m, x: m.fc(x), lambda: (torch.randn(2, 3), torch.rand(2, 3) + 0.5)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_named_called_or_picked(name: str) -> None:
    loss, function, targets = LOSSES[name]
    assert sb.check(of(function, loss=loss, targets=targets())).ok


def test_a_loss_of_our_own_is_that_of_torch() -> None:
    out, y, var = torch.randn(2, 3), torch.randn(2, 3), torch.rand(2, 3, requires_grad=True)
    for options in ({}, {"full": True, "reduction": "sum"}, {"eps": 0.6, "reduction": "none"}):
        own, theirs = (f(out, y, var, **options).sum() for f in (OWN["gaussian_nll_loss"], nn.functional.gaussian_nll_loss))
        assert own.item() == pytest.approx(theirs.item(), rel=1e-5)
        torch.testing.assert_close(*(torch.autograd.grad(value, var)[0] for value in (own, theirs)))


REFUSED = {
    "no module": (lambda: sb.from_torch(torch.relu, torch.randn(2)), "is no module of torch. Give an instance"),
    "no sizes": (lambda: of(lambda m, x: m.fc(x).sum(), sizes="none"), "sizes='none' is none of batch, free, all"),
    "no loss": (lambda: of(lambda m, x: m.fc(x)), r"the loss is an array \(2, 3\), which is no number. Say which"),
    "a loss misspelt": (lambda: of(lambda m, x: m.fc(x), loss="mse_los", targets=torch.ones(2, 3)), "Did you mean mse_loss?"),
    "targets alone": (lambda: of(lambda m, x: m.fc(x), targets=torch.ones(2, 3)), "there are targets, and no loss that takes them"),
    "two numbers": (lambda: of(lambda m, x: (m.fc(x).sum(), m.fc(x).mean())), "returns 2 values, of which 2 are numbers"),
    "no such position": (lambda: of(lambda m, x: (m.fc(x).sum(),), loss=3), "loss=3 is none of the 1 values"),
    "an odd loss": (lambda: of(lambda m, x: m.fc(x), loss=2.5), r"loss=2.5 is no loss. Give a name"),
    "wrong inputs": (
        lambda: of(lambda m, x: m.fc(x).sum(), torch.ones(2, 5)),
        "the module raised RuntimeError: mat1 and mat2 shapes",
    ),
    "no row": (
        lambda: of(lambda m, x: torch.fft.hfft(m.fc(x)).abs().sum()),
        r"modules.py:\d+:\d+: the module \(Of\): torch's fft_hfft is not in the table",
    ),
    "windows that overlap": (
        lambda: of(
            lambda m, x: nn.functional.max_unpool1d(*nn.functional.max_pool1d(m.fc(x), 2, 1, return_indices=True), 2, 1).sum()
        ),
        "a pool with return_indices whose windows overlap.* is not in the language; leave padding",
    ),
    "a row of a softmax that is masked": (
        lambda: of(lambda m, x: m.fc(x).masked_fill(torch.arange(2)[:, None] > 0, -torch.inf).softmax(-1).sum()),
        "the loss of the model is nan .* a row of a softmax that is masked as a whole",
    ),
    "an option": (
        lambda: sb.from_torch(
            nn.LSTM(3, 4, proj_size=2),
            torch.ones(2, 3, 3),
            (torch.ones(1, 3, 2), torch.ones(1, 3, 4)),
            loss=lambda out: out[0].sum(),
        ),
        r"a projected state \(proj_size\) that is given is not in the language; let it begin at 0",
    ),
    "a mask of none": (lambda: of(lambda m, x: m.fc(x)[x[:, 0] > 1e9].sum()), "a mask chooses no entry of these inputs"),
    "alignments": (
        lambda: of(
            lambda m, x: nn.functional.ctc_loss(
                m.fc(x).log_softmax(-1)[:, None], torch.tensor([[1]]), torch.tensor([2]), torch.tensor([1])
            )
        ),
        "The sum over alignments of ctc_loss is not in the language",
    ),
    "a branch": (
        lambda: of(lambda m, x: m.fc(x).sum() if m.fc(x).sum() > 0 else m.fc(x).mean()),
        "torch.export refuses .* torch.where",
    ),
    "positions": (
        lambda: of(lambda m, x: m.fc(x).cummax(1)[1].float().mean()),
        "cummax: the positions are read, which have no derivative",
    ),
    "random": (
        lambda: of(lambda m, x: (m.fc(x) + torch.normal(m.fc(x), 1.0)).sum()),
        "torch's normal is not in the table .* Draw random numbers",
    ),
    "dropout between layers": (
        lambda: sb.from_torch(nn.Sequential(nn.LSTM(3, 2, 2, dropout=0.2)), torch.ones(2, 3, 3), loss=lambda out: out[0].sum()),
        r"0 \(LSTM\): dropout=0.2 between recurrent layers",
    ),
    "a mask of what is learnt": (
        lambda: of(lambda m, x: m.fc(x)[m.fc(x) > 0].mean()),
        r"the mask of x\[mask\] depends on what is learnt. .*multiply by the mask",
    ),
    "a mask made twice": (
        lambda: of(lambda m, x: nn.functional.mse_loss(m.fc(x)[x[:, :3] > -9], x[:, :3][x[:, :3] > -9])),
        "Make the mask once",
    ),
    "another device": (
        lambda: of(lambda m, x: (m.fc(x) + torch.zeros(3, device="meta")).sum()),
        "the module raised .*device=x.device",
    ),
    "another diagonal": (
        lambda: of(lambda m, x: _written(m.fc(x))),
        "the main diagonal of a matrix is in the language, no other",
    ),
    "a batch of none": (
        lambda: of(lambda m, x: m.fc(x).mean(), torch.ones(0, 4)),
        "the loss of the model is nan|holds no real numbers",
    ),
    "nan": (lambda: of(lambda m, x: m.fc(x).mean() / 0), "division by zero|the loss of the model is"),
}


def _written(h: Tensor) -> Tensor:
    h.diagonal(1).zero_()
    return h.sum()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_where_and_what_to_do(name: str) -> None:
    call, words = REFUSED[name]
    with pytest.raises(sb.NotationError, match=f"(?s){words}"):
        call()


def test_sizes_are_the_batch_all_that_is_free_or_none() -> None:
    case = NETWORKS["graphs"]
    module, inputs = case.make().eval(), case.inputs()
    assert [str(s) for s in sb.from_torch(module, *inputs, sizes="free").program.sizes()] == ["n"]
    net = sb.from_torch(module, *inputs)
    assert net.program.sizes() == ()
    assert net.notes == ("All sizes are numbers, those of the example.",)
    assert sb.from_torch(nn.Linear(4, 3), torch.ones(5, 4), loss=torch.sum, sizes="all").program.tensors["x"].shape == (5, 4)


def test_a_module_and_its_inputs_stay_as_they_are() -> None:
    module, x = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), torch.randn(5, 4)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    kept = x.clone()
    sb.from_torch(module, x, loss="mse_loss", targets=torch.randn(5, 3))
    assert module.training
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert torch.equal(x, kept)
    assert all(p.grad is None and p.dtype == torch.float32 for p in module.parameters())


def test_trained_parameters_go_back_into_a_module() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 3)).eval()
    x = torch.randn(40, 4)
    y = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    net = sb.from_torch(module, x, loss="cross_entropy", targets=y)
    trained = sb.train(net, epochs=20, rate=0.5, held_out=0, progress=False)
    new = sb.to_torch(trained, module)
    before, after = (nn.functional.cross_entropy(m(x), y).item() for m in (module, new))
    assert after < before - 0.1
    again = sb.from_torch(new, x, loss="cross_entropy", targets=y)
    assert sb.compile(again).value(again.example) == pytest.approx(after, rel=1e-5)
    for name, path in net.paths.items():
        given = trained.parameters.get(name, net.example[name])
        np.testing.assert_allclose(new.state_dict()[path].numpy(), given, rtol=1e-6)


def test_parameters_that_do_not_fit_a_module_are_refused() -> None:
    module = nn.Linear(4, 3)
    with pytest.raises(sb.NotationError, match="there is no array for b"):
        sb.to_torch({"W": np.ones((3, 4))}, module)
    with pytest.raises(sb.NotationError, match=r"W has the shape \(2, 4\)"):
        sb.to_torch({"W": np.ones((2, 4)), "b": np.ones(3)}, module)
    with pytest.raises(sb.NotationError, match="is no module of torch"):
        sb.to_torch({}, "module")
    with warnings.catch_warnings(action="error"):
        assert sb.to_torch({"W": np.ones((3, 4)), "b": np.ones(3)}, module.half()).weight.dtype == torch.float16


def _set(place: Any, value: Any, function: Any) -> Any:
    """A module whose product with what is learnt is written to at a place."""

    def call(m: Any, x: Tensor) -> Tensor:
        h = function(m.fc(x))
        h[place] = value(h) if callable(value) else value
        return (h.real + 2 * h.imag if h.is_complex() else h).sin().sum()

    return call


def _complex(h: Tensor) -> Tensor:
    return torch.complex(h, h.sin())


WRITES = {
    "a number in a row": _set(0, 2j, _complex),
    "a real number in a row": _set(0, 2.0, _complex),
    "a number in a column": _set((slice(None), 1), 1 + 2j, _complex),
    "a real tensor": _set(slice(None), lambda h: h.real, _complex),
    "all": lambda m, x: (_complex(m.fc(x)).fill_(1 + 2j).imag * m.fc(x)).sum(),
    "where a mask is": lambda m, x: _complex(m.fc(x)).masked_fill(x[:, :3] > 0, 1j).imag.sum(),
    "the shape alone": lambda m, x: (m.fc(x).T.reshape_as(_complex(m.fc(x))) * m.fc(x)).sum(),
    "the shape of a real one": lambda m, x: _complex(m.fc(x)).T.reshape_as(m.fc(x)).imag.square().sum(),
    "more rows than columns": lambda m, x: (torch.eye(5, 3)[1:3] * m.fc(x)).sin().sum(),
    "more columns than rows": lambda m, x: (torch.eye(2, 3) * m.fc(x)).sin().sum(),
}


@pytest.mark.parametrize("name", WRITES)
def test_complex_numbers_that_are_written(name: str) -> None:
    assert sb.check(of(WRITES[name])).ok


@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@pytest.mark.parametrize("place", [0, slice(0, 1), slice(None), (slice(None), slice(1, 3))])
def test_complex_numbers_are_not_written_to_real_tensors(place: Any) -> None:
    with pytest.raises(sb.NotationError, match=r"complex numbers are written to a real tensor; write their parts, x\.real"):
        of(_set(place, lambda h: _complex(h)[place], lambda h: h * 1))
