"""Weights of samples against copies of them, for what adds over samples and what does not; runs that go on with their optimiser."""

import shutil
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.training import TrainingError

RNG = np.random.default_rng(3)
N = 14
X, T = RNG.normal(size=(N, 3)), RNG.normal(size=(N, 2))
Y = np.arange(N) % 3
W = RNG.integers(0, 4, N)
QUIET = {"epochs": 4, "batch": 100, "held_out": 0.0, "rate": 0.05, "dtype": "float64", "progress": False, "init": "xavier"}
HEAD = "X: data[n, d]\nA: parameter[d, 2]\n"
NUMBERS = HEAD + "T: data[n, 2]\nE = X @ A - T\n"
CLASSES = "X: data[n, d]\ny: integers[n, c]\nA: parameter[d, c]\nz = X @ A\n"
NETWORKS = {
    "a mean and a regulariser": (NUMBERS + "L = mean(E**2) + 0.1*sum(A**2)", {"T": T}),
    "a sum": (NUMBERS + "L = sum(E**2)/10", {"T": T}),
    "a root of a mean": (NUMBERS + "L = sqrt(mean(E**2))", {"T": T}),
    "a deviation": (NUMBERS + "L = std(E[:, 0]) + var(E[:, 1], ddof=1)", {"T": T}),
    "the largest": (NUMBERS + "L = max(E[:, 0]**2) + mean(abs(E))", {"T": T}),
    "a covariance": (NUMBERS + "C = E.T @ E/n\nL = sum(tanh(C))", {"T": T}),
    "every pair": (NUMBERS + "K = E @ E.T\nL = sum(tanh(K))/n**2", {"T": T}),
    "a normalised batch": (NUMBERS + "U = batch_norm(E)\nL = mean(tanh(U)*T)", {"T": T}),
    "classes": (CLASSES + "L = cross_entropy(z, y)", {"y": Y}),
    "chances picked by place": (CLASSES + "p = softmax(z)\nL = -mean(log(p[range(n), y]))", {"y": Y}),
    "samples in columns": ("X: data[d, n]\nT: data[2, n]\nA: parameter[2, d]\nL = mean((A @ X - T)**2)", {"X": X.T, "T": T.T}),
    "one sample": ("x: data[d]\nt: data[2]\nA: parameter[2, d]\nL = sum((A @ x - t)**2)", {"x": X, "t": T}),
}
CC = any(map(shutil.which, ("cc", "gcc", "clang")))
BACKENDS = ["numpy", pytest.param("c", marks=[pytest.mark.slow, pytest.mark.skipif(not CC, reason="there is no C compiler")])]


def copied(data: dict[str, Any]) -> dict[str, Any]:
    return {name: a.repeat(W, list(a.shape).index(N)) for name, a in data.items()}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_weight_is_so_many_copies(name: str, backend: str) -> None:
    text, data = NETWORKS[name]
    data = data if "x" in data or "X" in data else {"X": X, **data}
    settings = {**QUIET, "backend": backend}
    if "y" in data:
        settings["sizes"] = {"c": 3}
    once = sb.train(text, data, sample_weight=W, **settings)
    copies = sb.train(text, copied(data), **settings)
    np.testing.assert_allclose(once.parameters["A"], copies.parameters["A"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(once.losses.training, copies.losses.training, rtol=1e-9)
    assert once.samples == (W > 0).sum()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a normalised batch", "one sample"])
def test_jax_weighs_alike(name: str) -> None:
    pytest.importorskip("jax")
    text, data = NETWORKS[name]
    data = data if "x" in data else {"X": X, **data}
    settings = {**QUIET, "batch": 6, "held_out": 0.3, "sample_weight": W + 0.5}
    found = [sb.train(text, data, backend=backend, **settings) for backend in ("numpy", "jax")]
    np.testing.assert_allclose(found[1].parameters["A"], found[0].parameters["A"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found[1].losses, found[0].losses, rtol=1e-9)


@pytest.mark.parametrize("name", ["a mean and a regulariser", "one sample"])
def test_in_small_batches_a_loss_counts_by_its_weights(name: str) -> None:
    text, data = NETWORKS[name]
    data = data if "x" in data else {"X": X, **data}
    tiny = {**QUIET, "epochs": 1, "batch": 5, "rate": 1e-300}
    once, copies = sb.train(text, data, sample_weight=W, **tiny), sb.train(text, copied(data), **tiny)
    np.testing.assert_allclose(once.losses.training, copies.losses.training, rtol=1e-12)
    held = sb.train(text, data, sample_weight=2.5 * np.ones(N), **{**tiny, "held_out": 0.3})
    plain = sb.train(text, data, **{**tiny, "held_out": 0.3})
    np.testing.assert_allclose(held.losses, plain.losses, rtol=1e-12)


@pytest.mark.parametrize(
    "loss",
    [
        "E[1:] - E[:-1]", "cumsum(E, axis=0)", "concat([E, T])", "inv(E @ E.T + eye(n))", "E*range(n)[:, None]",
    ],
)  # fmt: skip
def test_where_samples_have_places_weights_are_refused(loss: str) -> None:
    with pytest.raises(
        TrainingError, match=r"sample_weight: .* depends on where a sample stands among the others.*; leave the weights out"
    ):
        sb.train(NUMBERS + f"L = sum(tanh({loss}))", {"X": X, "T": T}, sample_weight=W, **QUIET)


def test_where_a_weight_has_no_place_it_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"sample_weight: .* is the logsumexp over the samples, in which a weight has no place"):
        sb.train(NUMBERS + "L = sum(logsumexp(E, axis=0))", {"X": X, "T": T}, sample_weight=W, **QUIET)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (W[:3], r"sample_weight has the shape \(3,\); give a number for each of the 14 samples"),
        (W - 3, r"sample_weight holds -\d at \(\d+\); a weight is 0 or a positive number"),
        (W + np.inf, r"sample_weight holds inf at \(0\)"),
        (W * 1e300, r"holds \de\+300 at \(\d+\); .* that float32 can hold"),
        (0 * W, "sample_weight is 0 of every sample that is trained on"),
        (["a"] * N, "sample_weight holds no numbers"),
        (W * 1j, "sample_weight holds no numbers"),
    ],
)
def test_weights_that_are_none_are_refused(weights: Any, said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        sb.train(NETWORKS["a sum"][0], {"X": X, "T": T}, sample_weight=weights, **{**QUIET, "dtype": "float32"})


def test_a_checkpoint_is_of_its_weights(tmp_path: Any) -> None:
    text, data, path = NETWORKS["a sum"][0], {"X": X, "T": T}, tmp_path / "run.npz"
    sb.train(text, data, sample_weight=W, checkpoint=path, **QUIET)
    with pytest.raises(TrainingError, match="the data are others"):
        sb.train(text, data, resume=path, epochs=6)
    more = sb.train(text, data, sample_weight=W, resume=path, epochs=6, progress=False)
    whole = sb.train(text, data, sample_weight=W, **{**QUIET, "epochs": 6})
    np.testing.assert_array_equal(more.parameters["A"], whole.parameters["A"])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("optimiser", [{"optimiser": "adam"}, {"momentum": 0.9}, {"optimiser": "rmsprop"}, {}])
def test_what_was_trained_goes_on_with_its_optimiser(optimiser: dict[str, Any], backend: str, tmp_path: Any) -> None:
    text, data, settings = NETWORKS["a normalised batch"][0], {"X": X, "T": T}, {**QUIET, **optimiser, "backend": backend}
    onward = {name: value for name, value in settings.items() if name != "init"}
    first = sb.train(text, data, **settings)
    path = tmp_path / "run.npz"
    more = sb.train(text, data, start=first, **{**onward, "epochs": 3}, checkpoint=path)
    resumed = sb.train(text, data, resume=path, epochs=5, progress=False)
    whole = sb.train(text, data, **{**settings, "epochs": 7})
    np.testing.assert_allclose(more.parameters["A"], whole.parameters["A"], rtol=1e-10)
    further = sb.train(text, data, start=first, **{**onward, "epochs": 5})
    np.testing.assert_array_equal(resumed.parameters["A"], further.parameters["A"])
    other = sb.train(text, data, start=first, **{**onward, "optimiser": "adamw", "momentum": 0.0})
    anew = sb.train(text, data, start=first.parameters, **{**onward, "optimiser": "adamw", "momentum": 0.0})
    np.testing.assert_array_equal(other.parameters["A"], anew.parameters["A"])


@pytest.mark.parametrize("optimiser", [{"optimiser": "adam"}, {"momentum": 0.9}])
def test_what_an_optimiser_remembers_is_found_by_name(optimiser: dict[str, Any]) -> None:
    data, settings, declared = {"X": X, "T": T}, {**QUIET, **optimiser}, ["A: parameter[d, 2]", "b: parameter[2]"]
    network, turned = ("\n".join([*HEAD.splitlines()[:1], "T: data[n, 2]", *lines, "L = mean((X @ A + b - T)**2)"])
                       for lines in (declared, declared[::-1]))  # fmt: skip
    first = sb.train(network, data, **settings)
    del settings["init"]
    assert first.memory is not None
    kept = {slot: {name: array.copy() for name, array in arrays.items()} for slot, arrays in first.memory.state.items()}
    for name, array in sb.train(network, data, start=first, **settings).parameters.items():
        np.testing.assert_allclose(sb.train(turned, data, start=first, **settings).parameters[name], array, rtol=1e-10)
    for slot, arrays in first.memory.state.items():  # and stays what it was
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, kept[slot][name])
