"""Every network of the project against JAX: its own text runs there, so that the reader is on trial as well as the chain rule."""

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import symbackprop as sb
from symbackprop import language
from symbackprop.core.functions import ELEMENTWISE, FUNCTIONS
from symbackprop.evaluate import points, tape
from symbackprop.evaluate.sizes import draw_sizes

ROOT = Path(__file__).parent.parent
NETWORKS = sorted([*ROOT.glob("examples/**/*.net"), *ROOT.glob("tests/networks/**/*.net")])
SEED = 5  # at whose points every row of a mask leaves something to read
KEPT = {"conv_transpose2d": {"W": 5}}  # XLA compiles no transposed convolution of an image two wide
EXACT = {"rtol": 1e-9, "atol": 1e-11}


def differentiable(network) -> tuple[str, ...]:
    """All inputs that have a derivative: data as well as parameters, but no labels, whose sum is taken for one."""
    return tuple(t.name for t in network.program.inputs if t.kind not in ("integers", "constant", "labels"))


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_compiled_and_derived_agree_with_jax(jax: ModuleType, path: Path):
    from tests.jax_words import value_and_gradients

    network = sb.read(path)
    derivation = sb.derive(network, wrt=differentiable(network), of=network.loss)
    sizes = draw_sizes(derivation.program, KEPT.get(path.stem), SEED)
    point = points.point(derivation.program, sizes, SEED)
    value, gradients = value_and_gradients(path.read_text(encoding="utf-8"), network.loss, derivation.wrt, point, sizes)

    equations = tape.forward(derivation.program, point, sizes)
    np.testing.assert_allclose(equations[network.loss], value, **EXACT)
    own = {name: array for name, array in point.items() if derivation.program.tensors[name].kind != "constant"}
    compiled_value, compiled = sb.compile(derivation, sizes=sizes).value_and_grad(own)
    np.testing.assert_allclose(compiled_value, value, **EXACT)
    for name in derivation.wrt:
        scale = max(1.0, float(abs(gradients[name]).max()))
        np.testing.assert_allclose(equations[derivation.gradient(name)] / scale, gradients[name] / scale, err_msg=name, **EXACT)
        np.testing.assert_allclose(compiled[name] / scale, gradients[name] / scale, err_msg=name, **EXACT)


def test_jax_knows_every_function_of_the_language(jax: ModuleType):
    from tests.jax_words import WORDS
    from tests.jax_words.derivatives import INNER

    assert sorted(set(language.__all__) - set(WORDS) - set(INNER)) == []


INSIDE = (  # defined between 0 and 1
    "log", "log1p", "logit", "arcsin", "arccos", "arctanh", "gammaln", "digamma", "erfinv", "exp1", "lambertw",
    *(name for name in FUNCTIONS if name.startswith("bessel_k")),
)  # fmt: skip
BOTH = ("xlogy", "xlog1py")  # whose second argument is positive


@pytest.mark.parametrize(
    "name", [name for name in FUNCTIONS if not name.startswith("_")]
)  # what compiled steps alone have is below
def test_functions_of_the_table_agree_with_jax(jax: ModuleType, name: str):
    from tests.jax_words import value_and_gradients

    row = ELEMENTWISE.get(name)
    further = [f", {letter}" for letter, a in zip("pq", row.args[1:] if row else (), strict=False) if a not in row.defaults]
    text = f"""
x: parameter[n]{" & unit" if name in INSIDE else ""}
p: parameter[n]{" & positive" if name in BOTH else ""}
q: parameter[n]
w: data[n]
L = sum({name}({"1 + x**2" if name == "arccosh" else "x"}{"".join(further)}) * w) + sum(p * q)
"""
    derivation = sb.derive(text)
    point = points.point(derivation.program, {"n": 40}, 1)
    value, gradients = value_and_gradients(text, "L", derivation.wrt, point, {"n": 40})
    own_value, own = sb.compile(derivation).value_and_grad(point)
    np.testing.assert_allclose(own_value, value, **EXACT)
    for wrt in derivation.wrt:
        np.testing.assert_allclose(own[wrt], gradients[wrt], err_msg=wrt, **EXACT)


@pytest.mark.parametrize(
    "loss", ["sum(y*log(p))", "sum(y*log(1 + p))", "sqrt(sum(p**2))", "sum(p**2)**0.5 + std(p)", "sum(y*log(1 - p))"]
)
def test_what_stands_for_a_limit_is_the_same_in_jax(jax: ModuleType, loss: str):
    network = sb.read(f"y: data[n]\np: parameter[n]\nL = {loss}")
    for p in ([0.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.25, 0.5, 0.0]):
        at = {"y": np.array([0.0, 1.0, 0.0]) if any(p) else np.zeros(3), "p": np.array(p)}
        value, gradients = sb.compile(network).value_and_grad(at)
        other, found = sb.compile(network, backend="jax").value_and_grad(at)
        assert np.isfinite(value)
        np.testing.assert_allclose(other, value, **EXACT)
        np.testing.assert_allclose(found["p"], gradients["p"], **EXACT)
