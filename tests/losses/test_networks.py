"""Every loss in a small network: its gradients against tape, differences and compiled function, twice; what it reads like."""

import inspect
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.passes.simplify import simplify
from symbackprop.documents.formats.text import Text
from symbackprop.evaluate import points, tape
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.judge.witnesses.crosscheck import check
from symbackprop.language import gated, losses
from symbackprop.language.tensors import Tensor
from symbackprop.notation import read
from tests.along import directional
from tests.layers.test_networks import squares_of

NETWORKS = Path(__file__).parent.parent / "networks"
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
FILES = sorted([*EXAMPLES.glob("losses/*.net"), *NETWORKS.glob("losses/*.net"), *NETWORKS.glob("gated/*.net")])
NAMES = [*losses.__all__, *gated.__all__]


@cache
def derived(path: Path) -> Derivation:
    network = read(path)
    return differentiate(network.program, network.loss)


def function(name: str) -> Callable[..., Tensor]:
    return getattr(losses, name, None) or getattr(gated, name)


@pytest.mark.parametrize("name", NAMES)
def test_every_loss_has_a_network_of_its_name(name: str) -> None:
    (path,) = [p for p in FILES if p.stem == name]
    assert re.search(rf"\b{name}\(", path.read_text(encoding="utf-8")), f"{path.name} does not call {name}"


@pytest.mark.parametrize("name", NAMES)
def test_a_docstring_begins_with_the_equation_and_says_what_is_refused(name: str) -> None:
    text = inspect.getdoc(function(name)) or ""
    first, _, rest = text.partition("\n")
    assert re.match(r"\w+(\[[\w. ]+\])? = ", first), first
    assert "Returns" in rest
    assert "Raises LanguageError" in rest
    if "reduction" in inspect.signature(function(name)).parameters:
        assert re.search(r'"mean" divides by the number', rest)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_gradients_agree_with_the_tape_the_differences_and_the_compiled_function(path: Path) -> None:
    outcome = check(derived(path), points=2)
    assert outcome, outcome.table()
    assert not any(row.note == "the gradient is zero" for row in outcome.rows), outcome.table()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_gradients_of_the_gradients_agree_with_the_tape_and_the_differences(path: Path) -> None:
    first = derived(path)
    squared = squares_of(first)
    second = differentiate(squared, "squares", first.wrt)
    at = draw_sizes(squared, seed=1)
    where = points.point(squared, at, seed=1)
    witness = tape.gradients(squared, "squares", first.wrt, where, at)
    for program in (second.program, simplify(second.program)):
        shown = tape.forward(program, where, at)
        for name in first.wrt:
            scale = 1 + abs(witness[name]).max()
            np.testing.assert_allclose(shown[second.gradient(name)], witness[name], rtol=1e-8, atol=1e-11 * scale)
    rng = np.random.default_rng(1)
    directions = {name: rng.standard_normal((1, *where[name].shape)) for name in first.wrt}
    [slope] = directional(squared, "squares", where, at, directions)
    expected = sum(np.sum(directions[name] * witness[name]) for name in first.wrt)
    scale = sum(np.sum(abs(directions[name] * witness[name])) for name in first.wrt)
    assert abs(slope - expected) <= 1e-8 * scale


BITS = ["dL/dp[i] = (p[i] - y[i])/(n*p[i]*(1 - p[i]))", "dL/dyhat[i] = dL/dp[i]*p[i]*(1 - p[i])"]
READS = {
    "L = mse_loss(yhat, y)": ["dL/dyhat[i] = (-2*y[i] + 2*yhat[i])/n"],
    "L = mae_loss(yhat, y)": ["dL/dyhat[i] = sign(-y[i] + yhat[i])/n"],
    "L = huber_loss(yhat, y, delta)": [
        "dL/de[i] = Where(abs(e[i]) <= delta, e[i], delta*sign(e[i]))/n",
        "dL/dyhat[i] = dL/de[i]",
    ],
    "L = log_cosh_loss(yhat, y)": ["dL/de[i] = tanh(e[i])/n", "dL/dyhat[i] = dL/de[i]"],
    "L = quantile_loss(yhat, y, 0.9)": ["dL/de[i] = Where(e[i] >= 0, 9/10, -1/10)/n", "dL/dyhat[i] = -dL/de[i]"],
    "L = binary_cross_entropy_with_logits(yhat, y)": BITS,
    "p = sigmoid(yhat)\nL = binary_cross_entropy(p, y)": BITS,
    "L = binary_cross_entropy(yhat, y)": ["dL/dyhat[i] = (-y[i] + yhat[i])/(n*yhat[i]*(1 - yhat[i]))"],
    "L = hinge_loss(yhat, y)": ["dL/dyhat[i] = -y[i]*Where(-y[i]*yhat[i] + 1 > 0, 1, 0)/n"],
    "L = poisson_nll_loss(yhat, y)": ["dL/dyhat[i] = (-y[i] + exp(yhat[i]))/n"],
    "L = gaussian_kl_divergence(yhat, y)": ["dL/dyhat[i] = yhat[i]"],
    "L = l1_penalty(yhat)": ["dL/dyhat[i] = sign(yhat[i])"],
    "L = l2_penalty(yhat)": ["dL/dyhat[i] = 2*yhat[i]"],
    "L = cross_entropy(S, Y)": [
        "dL/dP[i j] = -Y[i j]/(P[i j]*n)",
        "dL/du[i] = sum_{j} -P[i j]*dL/dP[i j]",
        "dL/dS|P[i j] = P[i j]*dL/dP[i j]",
        "dL/dS|u[i j] = dL/du[i]*exp(S[i j] - u[i])",
        "dL/dS[i j] = dL/dS|P[i j] + dL/dS|u[i j]",
    ],
    "L = info_nce_loss(S, Y)": [
        "dL/dP[i k] = -Where(Eq(i, k), 1, 0)/(P[i i]*n)",
        "dL/du[i] = sum_{j} -P[i j]*dL/dP[i j]",
        "dL/dS_1|P[i j] = P[i j]*dL/dP[i j]",
        "dL/dS_1|u[i j] = dL/du[i]*exp(S_1[i j] - u[i])",
        "dL/dS_1[i j] = dL/dS_1|P[i j] + dL/dS_1|u[i j]",
        "dL/dS[i k] = sum_{j} Y[j k]*dL/dS_1[i j]",
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", READS)
def test_the_derived_gradient_reads_as_in_a_textbook(text: str) -> None:
    vectors = "yhat: parameter[n]\ny: data[n]\ndelta = 1.5\n"
    network = read(("S: parameter[n, c]\nY: labels[n, c]\n" if "(S, Y)" in text else vectors) + text)
    backward = differentiate(network.program, network.loss, [t.name for t in network.program.parameters]).backward
    assert [str(e) for e in backward] == READS[text]


LOGITS = {
    "binary": "Y: data[n, c]\nL = binary_cross_entropy_with_logits(S, Y)",
    "weighted": "Y: data[n, c]\nL = binary_cross_entropy_with_logits(S, Y, 3)",
    "named": "Y: data[n, c]\nP = sigmoid(S)\nL = binary_cross_entropy(P, Y)",
    "labels": "Y: labels[n, c]\nL = cross_entropy(S, Y)",
    "smoothed": "Y: labels[n, c]\nL = cross_entropy(S, Y, smoothing=0.1)",
    "integers": "t: integers[n, c]\nL = cross_entropy(S, t)",
    "contrasted": "Y: data[n, c]\nL = info_nce_loss(S, Y)",
}


@pytest.mark.parametrize("size", [1, 20, 60, 300])
@pytest.mark.parametrize("loss", LOGITS.values(), ids=LOGITS)
def test_logits_of_any_size_are_checked_and_compiled(loss: str, size: float) -> None:
    """Told by p, which is 1 in floats from 37 on: what is checked there is the stable spelling."""
    derived = sb.derive(f"S: parameter[n, c]\n{loss}")
    S, Y = size * np.array([[1.0, -1, 0.5], [-0.3, 0.9, -1]]), np.eye(3)[:2]
    at = {"S": S, "Y": Y, "t": np.array([1, 0])}
    outcome = derived.check(at={name: array for name, array in at.items() if name in derived.forward.tensors})
    assert outcome.ok, str(outcome)


def test_a_loss_depends_on_the_probabilities_that_it_is_given() -> None:
    derived = sb.derive("z: parameter[n]\ny: data[n] & binary\np = sigmoid(z)\nL = binary_cross_entropy(p, y)", "p")
    assert str(derived.box()) != "∂L/∂p = 0"
    assert derived.check().ok


@pytest.mark.parametrize("loss", LOGITS.values(), ids=LOGITS)
def test_a_loss_of_logits_is_told_by_probabilities_alone(loss: str) -> None:
    said = Text.write(sb.derive(f"S: parameter[n, c]\n{loss}").document())
    assert not re.search(r"softplus|log Σ|\bu[₀-₉_]|\bu\b", said), said
    assert "P = " in said
