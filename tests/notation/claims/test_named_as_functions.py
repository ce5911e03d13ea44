"""A value that is called as a function is, mean = X.mean(0): in networks, in boxes, and in claims beside the function itself."""

import numpy as np
import pytest

import symbackprop as sb

WORDS = [
    "mean",
    "var",
    "std",
    "max",
    "min",
    "exp",
    "log",
    "sqrt",
    "tanh",
    "sigmoid",
    "softmax",
    "norm",
    "step",
    "sign",
    "trace",
    "abs",
]
NETWORK = "a: parameter[n]\nb: parameter[n]\nc: data[n]\nWORD = a*b\nL = sum((WORD*(b + c))**2) + (WORD @ c)*(WORD @ b)"
NUMBER = "a: parameter[n]\nb: parameter[n]\nc: data[n]\nWORD = a @ a\nL = WORD*sum((b - c)**2) + WORD**2*(b @ c + 1)"


@pytest.mark.parametrize("word", WORDS)
def test_the_name_that_a_person_gave_stays(word: str) -> None:
    net = sb.network(NETWORK.replace("WORD", word))
    assert word in [e.target.name for e in net.program.equations]
    assert sb.check(net).ok


@pytest.mark.parametrize("text", [NETWORK, NUMBER])
@pytest.mark.parametrize("word", ["mean", "softmax", "exp", pytest.param("max", marks=pytest.mark.slow)])
def test_a_box_is_read_back(word: str, text: str) -> None:
    net = sb.network(text.replace("WORD", word))
    derivation = sb.derive(net)
    names = {derivation.gradient(wrt): wrt for wrt in derivation.wrt}
    claims = [(names.get(line.name, f"line {k}"), line.latex()) for k, line in enumerate(derivation.box().lines)]
    assert [judged for judged in sb.verify(net, claims).claims if not judged.right and judged.verdict != "abbreviation"] == []


def test_a_traced_function_keeps_its_names() -> None:
    def loss(w: np.ndarray, x: np.ndarray) -> np.ndarray:
        mean = x.mean(0)
        var = ((x - mean) ** 2).mean(0)
        std = np.sqrt(var + 1e-5)
        return np.sum(((x - mean) / std) @ w)

    net = sb.trace(loss, np.ones(3), np.random.default_rng(0).normal(size=(4, 3)))
    assert [e.target.name for e in net.program.equations][:3] == ["mean", "var", "std"]


MEAN = "z: data[n, d]\nW: parameter[n, d]\nmean = (z * W).mean(0)\nL = sum(mean**2)"
SOFTMAX = "z: parameter[k]\ny: data[k]\nsoftmax = softmax(z)\nL = -y @ log(softmax)"
TANH = "z: parameter[k]\ny: data[k]\ntanh = tanh(z)\nL = sum((tanh - y)**2)"
RIGHT = [
    (MEAN, r"\frac{\partial L}{\partial W_{ij}} = \frac{2}{n} z_{ij}\mathrm{mean}_j"),
    (MEAN, r"\frac{\partial L}{\partial W_{ij}} = \frac{2}{n} \mathrm{mean}_j z_{ij}"),
    (MEAN, r"\frac{\partial L}{\partial \mathrm{mean}_j} = 2\mathrm{mean}_j"),
    (MEAN, "dmean = 2*mean\ndW = np.ones((n, 1)) * dmean * z / n"),
    (SOFTMAX, r"\frac{\partial L}{\partial z} = \text{softmax}(z) \sum_k y_k - y"),
    (SOFTMAX, r"\frac{\partial L}{\partial z} = \mathrm{softmax}(z) \sum_k y_k - y"),
    (SOFTMAX, r"\frac{\partial L}{\partial z} = \mathrm{softmax} (y^\top 1) - y"),
    (SOFTMAX, "dz = softmax*sum(y) - y"),
    (SOFTMAX, "dz = softmax(z)*sum(y) - y"),
    (TANH, r"\frac{\partial L}{\partial z} = 2(\tanh(z)-y)\odot(1-\tanh^2(z))"),
    (TANH, r"\frac{\partial L}{\partial z} = 2(\tanh-y)\odot(1-\tanh^2)"),
    (TANH, r"\frac{\partial L}{\partial z} = 2(\text{tanh}-y)\odot(1-\text{tanh}^2)"),
]


@pytest.mark.parametrize(("text", "claim"), RIGHT)
def test_a_claim_may_mean_the_value_or_the_function(text: str, claim: str) -> None:
    verdict = str(sb.verify(sb.network(text), claim))
    assert "right" in verdict
    assert "wrong" not in verdict
    assert "not understood" not in verdict
