"""Every loss in a small network: its gradients against tape, differences and compiled function, twice; what it reads like."""

import inspect
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.simplify import simplify
from symbackprop.evaluate import points, tape
from symbackprop.evaluate.differences import directional
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.judge.crosscheck import check
from symbackprop.language import gated, losses
from symbackprop.language.tensors import Tensor
from symbackprop.notation import read
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


READS = {
    "L = mse_loss(yhat, y)": ["dL/dyhat[i] = (-2*y[i] + 2*yhat[i])/n"],
    "L = mae_loss(yhat, y)": ["dL/dyhat[i] = sign(-y[i] + yhat[i])/n"],
    "L = huber_loss(yhat, y, delta)": [
        "dL/de[i] = Where(abs(e[i]) <= delta, e[i], delta*sign(e[i]))/n",
        "dL/dyhat[i] = dL/de[i]",
    ],
    "L = log_cosh_loss(yhat, y)": ["dL/de[i] = tanh(e[i])/n", "dL/dyhat[i] = dL/de[i]"],
    "L = quantile_loss(yhat, y, 0.9)": ["dL/de[i] = Where(e[i] >= 0, 9/10, -1/10)/n", "dL/dyhat[i] = -dL/de[i]"],
    "L = binary_cross_entropy_with_logits(yhat, y)": ["dL/dyhat[i] = (-y[i] + sigmoid(yhat[i]))/n"],
    "p = sigmoid(yhat)\nL = binary_cross_entropy(p, y)": ["dL/dyhat[i] = (-y[i] + sigmoid(yhat[i]))/n"],
    "L = binary_cross_entropy(yhat, y)": ["dL/dyhat[i] = (-y[i] + yhat[i])/(n*yhat[i]*(1 - yhat[i]))"],
    "L = hinge_loss(yhat, y)": ["dL/dyhat[i] = -y[i]*Where(-y[i]*yhat[i] + 1 > 0, 1, 0)/n"],
    "L = poisson_nll_loss(yhat, y)": ["dL/dyhat[i] = (-y[i] + exp(yhat[i]))/n"],
    "L = gaussian_kl_divergence(yhat, y)": ["dL/dyhat[i] = yhat[i]"],
    "L = l1_penalty(yhat)": ["dL/dyhat[i] = sign(yhat[i])"],
    "L = l2_penalty(yhat)": ["dL/dyhat[i] = 2*yhat[i]"],
    "L = cross_entropy(S, Y)": [
        "dL/du[i] = 1/n",
        "dL/dS|L[i j] = -Y[i j]/n",
        "dL/dS|u[i j] = dL/du[i]*exp(S[i j] - u[i])",
        "dL/dS[i j] = dL/dS|L[i j] + dL/dS|u[i j]",
    ],
    "L = info_nce_loss(S, Y)": [
        "dL/du[i] = 1/n",
        "dL/dS_1|L[i k] = -Where(Eq(i, k), 1, 0)/n",
        "dL/dS_1|u[i j] = dL/du[i]*exp(S_1[i j] - u[i])",
        "dL/dS_1[i k] = dL/dS_1|L[i k] + dL/dS_1|u[i k]",
        "dL/dS[i k] = sum_{j} Y[j k]*dL/dS_1[i j]",
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", READS)
def test_the_derived_gradient_reads_as_in_a_textbook(text: str) -> None:
    vectors = "yhat: parameter[n]\ny: data[n]\ndelta = 1.5\n"
    network = read(("S: parameter[n, c]\nY: labels[n, c]\n" if "(S, Y)" in text else vectors) + text)
    backward = differentiate(network.program, network.loss, [t.name for t in network.program.parameters]).backward
    assert [str(e) for e in backward] == READS[text]
