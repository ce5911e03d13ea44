"""Every loss and every reduction: the value by a formula in NumPy, the gradient by the tape, and what each mean divides by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import signature
from math import lgamma

import numpy as np
import pytest
from numpy import ndarray

from symbackprop.core.differentiate import differentiate
from symbackprop.core.program import size
from symbackprop.evaluate import points, tape
from symbackprop.language import losses
from symbackprop.language.lower.tracing import trace
from symbackprop.language.operations import log_softmax
from symbackprop.language.tensors import Tensor, apply, total
from symbackprop.language.tensors.indexing import arange
from symbackprop.verbs import compile
from tests.random_programs import declare, network

At = Mapping[str, ndarray]
SIZES = {"n": 3, "c": 4, "d": 5, "T": 2}


@dataclass
class Case:
    """A loss of declared tensors, and its entries in NumPy at a point."""

    name: str
    inputs: dict[str, Tensor]
    entries: Callable[[At], ndarray]
    further: dict = field(default_factory=dict)
    change: dict[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)

    def loss(self, reduction: str | None = None) -> Tensor:
        given = [self.change.get(name, lambda x: x)(x) for name, x in self.inputs.items()]
        chosen = {} if reduction is None else {"reduction": reduction}
        return getattr(losses, self.name)(*given, **self.further, **chosen)

    def __str__(self) -> str:
        return "-".join([self.name, *map(str, self.further), *(t.signature.kind for t in self.inputs.values())])


def case(name: str, inputs: str, entries: Callable[[At], ndarray], change: dict | None = None, **further: object) -> Case:
    """`inputs` such as "S:n c, t:n c & integers": names, axes (of integers the last is the bound), a kind or a domain."""
    made = {}
    for one in inputs.split(", "):
        key, _, rest = one.partition(":")
        axes, *kinds = rest.split(" & ")
        kind = kinds[0] if kinds else "parameter"
        if kind == "integers":
            *axes, bound = axes.split()
            made[key] = declare(key, tuple(axes), kind, bound=size(bound))
        elif kind in ("labels", "data", "parameter"):
            made[key] = declare(key, tuple(axes.split()), kind)
        else:
            made[key] = declare(key, tuple(axes.split()), "parameter", domain=kind)
    return Case(name, made, entries, further, change or {})


def sigmoid(z: ndarray) -> ndarray:
    return 1 / (1 + np.exp(-z))


def softmax(s: ndarray) -> ndarray:
    return np.exp(s) / np.exp(s).sum(-1, keepdims=True)


def of_class(rows: ndarray, t: ndarray) -> ndarray:
    return np.array([row[k] for row, k in zip(rows, t, strict=True)])


def error(at: At) -> ndarray:
    return at["yhat"] - at["y"]


def huber(e: ndarray, delta: float) -> ndarray:
    return np.array([x * x / 2 if abs(x) <= delta else delta * (abs(x) - delta / 2) for x in e])


def cross(s: ndarray, y: ndarray) -> ndarray:
    return -(y * np.log(softmax(s))).sum(-1)


def others(s: ndarray, t: ndarray, margin: float) -> ndarray:
    return np.array([sum(max(r[k] - r[c] + margin, 0) for k in range(len(r)) if k != c) for r, c in zip(s, t, strict=True)])


def cosine(a: ndarray, b: ndarray) -> ndarray:
    return (a * b).sum(-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))


def contrastive(a: ndarray, b: ndarray, y: ndarray, m: float) -> ndarray:
    d = np.linalg.norm(a - b, axis=-1)
    return y * d**2 / 2 + (1 - y) * np.maximum(m - d, 0) ** 2 / 2


def triplet(a: ndarray, p: ndarray, q: ndarray, m: float) -> ndarray:
    return np.maximum(((a - p) ** 2).sum(-1) - ((a - q) ** 2).sum(-1) + m, 0)


def skip_gram(u: ndarray, v: ndarray, q: ndarray) -> ndarray:
    return -np.log(sigmoid((u * v).sum(-1))) - np.log(sigmoid(-(u[:, None] * q).sum(-1))).sum(-1)


def divergence(m: ndarray, s: ndarray) -> ndarray:
    return ((np.exp(s) + m**2 - 1 - s) / 2).sum(-1)


def bernoulli(o: ndarray, x: ndarray) -> ndarray:
    return -(x * np.log(sigmoid(o)) + (1 - x) * np.log(1 - sigmoid(o)))


PAIR = "yhat:n, y:n & data"
BINARY = "z:n, y:n & binary"
ROWS, CLASSES, WEIGHED = "S:n c, Y:n c & labels", "S:n c, t:n c & integers", "S:n c, Y:n c & labels, w:c & positive"

CASES = [
    case("squared_error", PAIR, lambda at: error(at) ** 2),
    case("mse_loss", "yhat:n d, y:n d & data", lambda at: error(at) ** 2),
    case("mae_loss", PAIR, lambda at: abs(error(at))),
    case("huber_loss", PAIR, lambda at: huber(error(at), 1)),
    case("huber_loss", PAIR, lambda at: huber(error(at), 0.3), delta=0.3),
    case("smooth_l1_loss", PAIR, lambda at: huber(error(at), 0.5) / 0.5, beta=0.5),
    case("log_cosh_loss", PAIR, lambda at: np.log(np.cosh(error(at)))),
    case("quantile_loss", PAIR, lambda at: np.where(error(at) < 0, -0.8 * error(at), 0.2 * error(at)), tau=0.8),
    case("binary_cross_entropy", "p:n & unit, y:n & binary", lambda at: -np.log(np.where(at["y"] == 1, at["p"], 1 - at["p"]))),
    case("binary_cross_entropy_with_logits", BINARY, lambda at: bernoulli(at["z"], at["y"])),
    case(
        "binary_cross_entropy_with_logits", BINARY, positive_weight=3,
        entries=lambda at: bernoulli(at["z"], at["y"]) * np.where(at["y"] == 1, 3, 1),
    ),
    case("multilabel_cross_entropy", "Z:n d, Y:n d & binary", lambda at: bernoulli(at["Z"], at["Y"]).sum(-1)),
    case(
        "focal_loss", BINARY, gamma=1.5, alpha=0.4,
        entries=lambda at: -(
            0.4 * at["y"] * (1 - sigmoid(at["z"])) ** 1.5 * np.log(sigmoid(at["z"]))
            + 0.6 * (1 - at["y"]) * sigmoid(at["z"]) ** 1.5 * np.log(1 - sigmoid(at["z"]))
        ),
    ),
    case("cross_entropy", ROWS, lambda at: cross(at["S"], at["Y"])),
    case("cross_entropy", ROWS, lambda at: cross(at["S"], 0.9 * at["Y"] + 0.1 / 4), smoothing=0.1),
    case("cross_entropy", WEIGHED, lambda at: cross(at["S"], at["w"] * at["Y"])),
    case("cross_entropy", "S:n c, Y:n c & data", lambda at: cross(at["S"], at["Y"])),
    case("cross_entropy", CLASSES, lambda at: cross(at["S"], np.eye(4)[at["t"]])),
    case("cross_entropy", "S:n T c, t:n T c & integers", lambda at: cross(at["S"], np.eye(4)[at["t"]])),
    case(
        "cross_entropy", CLASSES + ", w:c & positive", smoothing=0.1,
        entries=lambda at: cross(at["S"], at["w"] * (0.9 * np.eye(4)[at["t"]] + 0.1 / 4)),
    ),
    case("nll_loss", CLASSES, lambda at: cross(at["S"], np.eye(4)[at["t"]]), {"S": log_softmax}),
    case("nll_loss", CLASSES + ", w:c & positive", lambda at: -at["w"][at["t"]] * of_class(at["S"], at["t"])),
    case("nll_loss", WEIGHED, lambda at: -(at["w"] * at["Y"] * at["S"]).sum(-1)),
    case(
        "kl_divergence", "p:n c & unit, q:n c & unit",
        lambda at: (at["p"] * np.log(at["p"] / at["q"])).sum(-1),
    ),
    case("hinge_loss", "s:n, y:n & sign", lambda at: np.maximum(0, 1 - at["y"] * at["s"])),
    case("squared_hinge_loss", "s:n, y:n & sign", lambda at: np.maximum(0, 1 - at["y"] * at["s"]) ** 2),
    case("multiclass_hinge_loss", CLASSES, lambda at: others(at["S"], at["t"], 0.5), margin=0.5),
    case("poisson_nll_loss", "eta:n, y:n & positive", lambda at: np.exp(at["eta"]) - at["y"] * at["eta"]),
    case(
        "poisson_nll_loss", "r:n & positive, y:n & positive", log_rate=False, full=True,
        entries=lambda at: at["r"] - at["y"] * np.log(at["r"]) + np.array([lgamma(y + 1) for y in at["y"]]),
    ),
    case(
        "gaussian_nll_loss", "mu:n, y:n & data, v:n & positive", full=True,
        entries=lambda at: -np.log(np.exp(-((at["y"] - at["mu"]) ** 2) / (2 * at["v"])) / np.sqrt(2 * np.pi * at["v"])),
    ),
    case("gaussian_nll_loss", "mu:n, y:n & data", lambda at: (at["y"] - at["mu"]) ** 2 / 2),
    case("cosine_loss", "a:n d, b:n d", lambda at: 1 - cosine(at["a"], at["b"])),
    case("contrastive_loss", "a:n d, b:n d, y:n & binary", lambda at: contrastive(at["a"], at["b"], at["y"], 4), margin=4),
    case("triplet_loss", "a:n d, p:n d, q:n d", lambda at: triplet(at["a"], at["p"], at["q"], 5), margin=5),
    case(
        "info_nce_loss", "Q:n d, K:n d", temperature=0.5,
        entries=lambda at: -np.log(np.diagonal(softmax(at["Q"] @ at["K"].T / 0.5))),
    ),
    case("skip_gram_loss", "u:n d, v:n d, q:n T d", lambda at: skip_gram(at["u"], at["v"], at["q"])),
    case("gaussian_kl_divergence", "m:n d, s:n d", lambda at: divergence(at["m"], at["s"])),
    case(
        "vae_loss", "o:n c, x:n c & unit, m:n d, s:n d", beta=0.5,
        entries=lambda at: bernoulli(at["o"], at["x"]).sum(-1) + 0.5 * divergence(at["m"], at["s"]),
    ),
    case("l1_penalty", "W:n d", lambda at: 0.1 * abs(at["W"]), lam=0.1),
    case("l2_penalty", "W:n d", lambda at: 0.1 * at["W"] ** 2, lam=0.1),
    case("elastic_net_penalty", "W:n d", lambda at: 0.1 * abs(at["W"]) + 0.3 * at["W"] ** 2, lam_1=0.1, lam_2=0.3),
]  # fmt: skip
WITH_REDUCTION = [name for name in losses.__all__ if "reduction" in signature(getattr(losses, name)).parameters]


def test_every_loss_that_reduces_is_here() -> None:
    assert {c.name for c in CASES} == set(WITH_REDUCTION) == set(losses.__all__) - {"cosine_similarity", "reparametrise"}


@pytest.mark.slow
@pytest.mark.parametrize("reduction", ["sum", "mean", "none", None])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_value_is_the_formula_and_the_gradient_is_the_tapes(case: Case, reduction: str | None) -> None:
    entries = case.loss(reduction)
    # weights that differ, so that each entry of "none" is told apart
    loss = total(entries * apply("sin", 1 + declare("h", (), "data") * _places(entries))) if entries.ndim else entries
    net = network(loss, E=entries) if entries.ndim else network(loss)
    derived = differentiate(net.program, "L", [t.name for t in net.program.inputs if t.kind == "parameter"])
    at = {str(s): SIZES[str(s)] for s in net.program.sizes()}
    where = points.point(net.program, at, seed=2)
    expected = case.entries(where)
    by_default = signature(getattr(losses, case.name)).parameters["reduction"].default
    chosen = {"sum": np.sum, "mean": np.mean, "none": np.asarray}[reduction or by_default](expected)
    values = tape.forward(derived.program, where, at)
    np.testing.assert_allclose(values["E" if entries.ndim else "L"], chosen, rtol=1e-12, atol=1e-13)
    taped = tape.gradients(net.program, "L", derived.wrt, where, at)
    value, compiled = compile(derived, sizes=at).value_and_grad(where)
    np.testing.assert_allclose(value, values["L"], rtol=1e-12)
    for name in derived.wrt:
        np.testing.assert_allclose(values[derived.gradient(name)], taped[name], rtol=1e-10, atol=1e-13)
        np.testing.assert_allclose(compiled[name], taped[name], rtol=1e-10, atol=1e-13)


def _places(x: Tensor) -> Tensor:
    """0, 1, 2, ... along each axis, added."""
    places = [arange(n)[(slice(None), *[None] * (x.ndim - 1 - k))] for k, n in enumerate(x.shape)]
    return sum(places[1:], start=places[0])


def test_mean_divides_by_rows_and_not_by_entries() -> None:
    Z, Y = declare("Z", ("n", "c")), declare("Y", ("n", "c"), "data")
    of_rows, of_entries = losses.multilabel_cross_entropy(Z, Y), losses.binary_cross_entropy_with_logits(Z, Y)
    program = trace({"a": of_rows, "b": of_entries})
    values = tape.forward(program, points.point(program, {"n": 2, "c": 5}), {"n": 2, "c": 5})
    np.testing.assert_allclose(values["a"], 5 * values["b"])


def test_similarity_and_sample() -> None:
    a, b, m, s, e = (declare(k, ("n", "d")) for k in "abmse")
    program = trace({"c": losses.cosine_similarity(a, b, axis=0), "z": losses.reparametrise(m, s, e)})
    sizes = {name: SIZES[name] for name in ("n", "d")}
    at = points.point(program, sizes)
    values = tape.forward(program, at, sizes)
    np.testing.assert_allclose(values["c"], cosine(at["a"].T, at["b"].T))
    np.testing.assert_allclose(values["z"], at["m"] + np.sqrt(np.exp(at["s"])) * at["e"])


def test_the_constant_of_the_poisson_likelihood_is_exact_for_any_count() -> None:
    counts = np.array([0.0, 1, 2, 3, 10, 57, 1000, 1e6])
    program = trace({"E": losses.poisson_nll_loss(0, declare("y", ("n",), "data"), full=True, reduction="none")})
    values = tape.forward(program, {"y": counts}, {"n": len(counts)})["E"]
    np.testing.assert_allclose(values, [1 + lgamma(y + 1) for y in counts], rtol=1e-13)


def test_a_scalar_and_a_number_are_taken() -> None:
    program = trace({"L": losses.mse_loss(declare("yhat"), 1.5)})
    assert tape.forward(program, {"yhat": np.array(3.0)}, {})["L"] == 2.25
