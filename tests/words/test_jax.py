"""A walk through the spellings of JAX: each is what JAX computes, value and gradients, read as text and traced; or is refused."""

import linecache
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate import tape
from symbackprop.notation import NotationError
from tests.words.jax_spellings import JAX
from tests.words.walking import BOUNDS, POINT, POSITIONS, SYMMETRIC, names, weights

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
REFUSED = {
    ("text", "jax.nn.sparse_plus(A)"): "sparse_plus is not a function of the language.",
    ("text", "x.at[i].set(w)"): "x.at[i] may name an entry twice, and which value stays is by chance.",
    **{("traced", f"x.at[i].set({v})"): "an entry may be written twice, and one value stays." for v in ("w", "0.5")},
    ("traced", "x.at[x > 0.5].set(0.0)"): "which entries are taken depends on values. Write jnp.where",
    ("traced", "A.at[A > 0].set(0.0)"): "which entries are taken depends on values. Write jnp.where",
    ("traced", "A.at[A > 0].multiply(2.0)"): "which entries are taken depends on values. Write jnp.where",
}
"""What is refused, by its door, and words of the refusal."""


class Walked:
    """An expression, as JAX computes it with doubles."""

    def __init__(self, expression: str, jax: ModuleType) -> None:
        import jax.scipy.linalg
        import jax.scipy.special
        import jax.scipy.stats

        self.expression, self.space = expression, {"jax": jax, "jnp": jax.numpy}
        self.names = names(expression)
        self.floats = [name for name in self.names if name in POINT]
        whole = {name: jax.numpy.asarray(POSITIONS[name]) for name in self.names if name in POSITIONS}

        def value(*arrays: Any) -> Any:
            return eval(expression, {**self.space, **whole, **dict(zip(self.floats, arrays, strict=True))})

        at = [jax.numpy.asarray(POINT[name]) for name in self.floats]
        self.weights = weights(np.shape(value(*at)))
        loss = jax.value_and_grad(lambda *arrays: jax.numpy.sum(self.weights * value(*arrays)), tuple(range(len(at))))
        found, gradients = loss(*at)
        self.value, self.slopes = float(found), dict(zip(self.floats, map(np.asarray, gradients), strict=True))

    def require(self, network: Any, at: dict[str, Any]) -> None:
        """Raise AssertionError where a network is not what JAX computes."""
        derivation = sb.derive(network, self.floats)
        inputs = {tensor.name for tensor in derivation.program.inputs}
        found = tape.forward(derivation.program, {**network.example, **{n: a for n, a in at.items() if n in inputs}})
        assert float(found[network.loss]) == pytest.approx(self.value, rel=1e-9, abs=1e-9)
        for name, slope in self.slopes.items():
            mine = found[derivation.gradient(name)]
            if name in SYMMETRIC:
                mine, slope = (mine + mine.T) / 2, (slope + slope.T) / 2
            np.testing.assert_allclose(mine, slope, rtol=0, atol=1e-7 * max(1, np.max(np.abs(slope))))


def as_text(walked: Walked) -> None:
    declared = [
        f"{name}: parameter[{', '.join(map(str, POINT[name].shape))}]"
        if name in POINT
        else f"{name}: integers[{', '.join(map(str, POSITIONS[name].shape))}, {BOUNDS[name]}]"
        for name in walked.names
    ]
    shape = ", ".join(map(str, walked.weights.shape)) or "()"
    network = sb.read("\n".join([*declared, f"G_: data[{shape}]", f"L_ = sum(G_ * ({walked.expression}))"]))
    walked.require(network, {**POINT, **POSITIONS, "G_": walked.weights})


def as_traced(walked: Walked) -> None:
    source = f"def loss({', '.join(walked.names)}, G_):\n    r_ = {walked.expression}\n    return jnp.sum(G_ * r_)\n"
    file = f"<walk {walked.expression}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    space: dict[str, Any] = {**walked.space, "__name__": "walk"}
    exec(compile(source, file, "exec"), space)
    asarray = walked.space["jnp"].asarray if ".at[" in walked.expression else np.asarray  # a method of JAX's arrays alone
    given = [asarray((POINT | POSITIONS)[name]) for name in walked.names]
    walked.require(sb.trace(space["loss"], *given, walked.weights, wrt=walked.floats), {})


DOORS: dict[str, Callable[[Walked], None]] = {"text": as_text, "traced": as_traced}


@pytest.mark.parametrize("expression", JAX if os.environ.get("FRESH") else JAX[::4])
@pytest.mark.parametrize("door", DOORS)
def test_a_spelling_is_what_jax_computes(jax: ModuleType, door: str, expression: str) -> None:
    walked, refusal = Walked(expression, jax), REFUSED.get((door, expression))
    if refusal is None:
        DOORS[door](walked)
        return
    with pytest.raises(NotationError) as caught:
        DOORS[door](walked)
    assert refusal in str(caught.value)


def test_arrays_of_jax_are_traced_as_jax_computes_with_them(jax: ModuleType) -> None:
    jnp = jax.numpy

    def loss(params: dict[str, Any], x: Any) -> Any:
        h = x @ params["W"]
        y = h
        y += 1  # another array, of which h knows nothing
        return jnp.sum(h * y)

    rng = np.random.default_rng(0)
    params, x = {"W": jnp.asarray(rng.normal(size=(3, 2)))}, jnp.asarray(rng.normal(size=(4, 3)))
    network = sb.trace(loss, params, x)
    derivation = sb.derive(network, ["W"])
    found = tape.forward(derivation.program, network.example)
    assert float(found[network.loss]) == pytest.approx(float(loss(params, x)), rel=1e-12)
    slopes = jax.grad(loss)(params, x)["W"]
    np.testing.assert_allclose(found[derivation.gradient("W")], np.asarray(slopes), rtol=1e-9, atol=1e-12)


def test_arrays_of_jax_in_an_object_are_asked_for(jax: ModuleType) -> None:
    class Model:
        def __init__(self) -> None:
            self.W = jax.numpy.ones((2, 2))

        def loss(self, x: Any) -> Any:
            return jax.numpy.sum(self.W @ x)

    with pytest.raises(NotationError) as caught:
        sb.trace(Model().loss, jax.numpy.ones(2))
    assert "computes with JAX, and its arrays are those of its object. Give them as arguments" in str(caught.value)


@pytest.mark.parametrize("further", ["", ", is_causal=True", ", scale=0.3", ", mask=J[None, :, None, :3] < 2"])
def test_heads_of_attention_stand_between_as_in_jax(jax: ModuleType, further: str) -> None:
    rng = np.random.default_rng(3)
    at = {name: rng.normal(size=(2, 3, 4, 5)) for name in "QKV"} | {
        "J": rng.integers(0, 3, (3, 1, 3)),
        "G": rng.normal(size=(2, 3, 4, 5)),
    }
    expression = f"jax.nn.dot_product_attention(Q, K, V{further})".replace("J[None, :, None, :3]", "J[None, :, 0][:, None]")

    def loss(Q: Any, K: Any, V: Any) -> Any:
        return jax.numpy.sum(at["G"] * eval(expression, {"jax": jax, "Q": Q, "K": K, "V": V, "J": jax.numpy.asarray(at["J"])}))

    value, slopes = jax.value_and_grad(loss, (0, 1, 2))(at["Q"], at["K"], at["V"])
    declared = "".join(f"{name}: parameter[b, t, n, h]\n" for name in "QKV") + "J: integers[t, 1, t, 3]\nG: data[b, t, n, h]\n"
    network = sb.read(f"{declared}L = sum(G * {expression})")
    found, gradients = sb.compile(network).value_and_grad(at)
    assert found == pytest.approx(float(value), rel=1e-5)  # JAX takes the softmax in single precision
    for name, slope in zip("QKV", slopes, strict=True):
        np.testing.assert_allclose(gradients[name], slope, rtol=0, atol=1e-5)
