"""Functions of JAX as networks: their gradients are those of jax.grad."""

from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.notation.errors import NotationError
from symbackprop.notation.models.jax.loops import LOOPS

NAMES = (
    "perceptron", "stacked", "softmaxed", "one_hot", "logistic", "sigmoid_loss", "layer_norm", "attention", "heads", "recurrent",
    "backwards", "looped", "unrolled", "convolution", "average", "embedded", "along", "mapped", "gelus", "sliced", "written",
    "counted", "clipped", "constant", "hinge", "stopped", "flax_like", "branched", "products", "autoencoder",
    "gated", "nested", "depth", "residual", "descended", "halved", "pieces", "filled_in", "spaced", "upward", "volumes", "whole",
    "ruled", "chosen", "switched",
)  # fmt: skip
OPEN = {
    "perceptron": "d h k n", "stacked": "d h k m n", "layer_norm": "d h n", "attention": "d h n", "heads": "d h k m n",
    "average": "d h k n", "convolution": "d k n", "embedded": "d h n", "mapped": "d h n", "softmaxed": "d h", "recurrent": "d h n", "gated": "d n", "nested": "d h n", "depth": "d n", "residual": "d n", "descended": "d n",
    "sliced": "", "clipped": "n",
}  # fmt: skip


@pytest.fixture(scope="module")
def forms(jax: ModuleType) -> Any:
    from notation.models.jax import forms

    return forms.FORMS


def test_every_form_is_tried(forms: Any) -> None:
    assert set(forms) == set(NAMES)


SLOW = ("gated", "nested", "residual", "descended", "volumes")


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in NAMES])
def test_the_gradients_are_those_of_jax(name: str, forms: Any, jax: ModuleType) -> None:
    from symbackprop.notation.models.jax.calling import Call
    from tests.jax_words.traced import run

    function, args = forms[name]
    net = sb.from_jax(function, *args)
    value, gradients = sb.compile(net).value_and_grad(net.example)
    call = Call(function, args)
    leaves = list(call.leaves.values())

    def loss(*arrays: Any) -> Any:
        return call._loss(call._called(arrays)).sum()

    learnt = [k for k, leaf in enumerate(leaves) if leaf.name in gradients]
    expected, theirs = run(jax.value_and_grad(loss, argnums=tuple(learnt)), *[jax.numpy.asarray(leaf.array) for leaf in leaves])
    assert value == pytest.approx(float(expected), rel=1e-12)
    for k, gradient in zip(learnt, theirs, strict=True):
        np.testing.assert_allclose(gradients[leaves[k].name], gradient, rtol=1e-10, atol=1e-12)
    if name in OPEN:
        assert {str(s) for s in net.program.sizes()} == set(OPEN[name].split())


def test_a_traced_function_that_jax_must_write_down_is_written_down_by_jax(forms: Any, jax: ModuleType) -> None:
    for name in ("residual", "depth"):
        function, args = forms[name]
        net = sb.trace(function, *args)
        assert net.origin == "jax"
        assert sb.derive(net).check(points=1)
    loop = [str(e) for e in net.program.equations if "prev" in e.target.name]
    assert loop == ["h_prev[t i] = h_1[t-1 i], first x[i]"]

    class Model:
        def __init__(self) -> None:
            self.w = np.ones(3)

        def loss(self, x: Any) -> Any:
            return jax.grad(lambda x: jax.numpy.sum(self.w * x**2))(x).sum()

    with pytest.raises(sb.SymbackpropError, match=r"its arrays are those of its object\. Give them as arguments"):
        sb.trace(Model().loss, np.ones(3))


def test_a_network_with_open_sizes_is_right_at_other_sizes(forms: Any, jax: ModuleType) -> None:
    function, args = forms["perceptron"]
    net = sb.from_jax(function, *args)
    rng = np.random.default_rng(0)
    params = {
        "W1": rng.standard_normal((3, 6)),
        "b1": rng.standard_normal(6),
        "W2": rng.standard_normal((6, 2)),
        "b2": rng.standard_normal(2),
    }
    X, t = rng.standard_normal((5, 3)), np.array([0, 1, 1, 0, 1])
    _, gradients = sb.compile(net).value_and_grad({**params, "X": X, "t": t})
    for name, gradient in jax.grad(function)(params, X, t).items():
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-10, atol=1e-13)


def test_names_are_paths_and_local_variables(forms: Any) -> None:
    net = sb.from_jax(*_form(forms, "perceptron"))
    assert net.title == "A perceptron, with its cross-entropy."
    assert [t.name for t in net.program.inputs if t.kind == "parameter"] == ["W1", "W2", "b1", "b2"]
    assert "logits" in net.program.tensors
    assert net.paths["W1"] == 'params["W1"]'
    several = sb.from_jax(*_form(forms, "stacked"))
    assert {"W_0", "b_0", "W_1", "b_1", "W_2", "b_2", "out"} <= several.program.tensors.keys()
    flax = sb.from_jax(*_form(forms, "flax_like"))
    assert {"W_Dense_0", "b_Dense_0", "W_Dense_1", "b_Dense_1"} <= flax.program.tensors.keys()


def test_what_modules_of_flax_hold_is_called_as_theirs_and_a_bias_is_added_as_one(jax: ModuleType) -> None:
    params = {"l1": {"bias": {"value": np.ones(3)}, "kernel": {"value": np.ones((2, 3))}}}
    net = sb.from_jax(
        lambda p, x: jax.numpy.sum((x @ p["l1"]["kernel"]["value"] + p["l1"]["bias"]["value"].reshape(1, -1)) ** 2),
        params,
        np.ones((4, 2)),
    )
    assert [t.name for t in net.program.inputs if t.kind == "parameter"] == ["bias", "kernel"]
    assert "Eq" not in str(net.program)


def test_a_softmax_is_shown_as_one(forms: Any) -> None:
    report = sb.derive(sb.from_jax(*_form(forms, "attention"))).report()
    assert "softmax" in report
    assert "max " not in report.replace("softmax ", "")


def test_what_is_learnt_and_what_is_a_number_may_be_chosen(forms: Any) -> None:
    function, args = forms["perceptron"]
    net = sb.from_jax(function, *args, wrt='params["W1"], X', sizes="all")
    assert {t.name for t in net.program.inputs if t.kind == "parameter"} == {"W1", "X"}
    assert not net.program.sizes()
    assert {str(s) for s in sb.from_jax(function, *args, sizes="n").program.sizes()} == {"d", "h", "k"}


def _form(forms: Any, name: str) -> tuple[Any, ...]:
    function, args = forms[name]
    return function, *args


def _refused(jax: ModuleType) -> dict[str, tuple[Any, tuple[Any, ...], str, str]]:
    jnp, w = jax.numpy, np.array([0.5, -0.3, 0.2])

    def branch(w):
        return jnp.sum(w) if w[0] > 0 else jnp.sum(w**2)

    def leak(w):
        return jnp.sum(w) * np.sum(np.sin(w))

    def plain(w):
        return jnp.sum(w) * float(w[0])

    def data_loop(w):
        return jax.lax.while_loop(lambda a: jnp.sum(a) < 1, lambda a: a * 2, jnp.abs(w)).sum()

    rounded, limited = jax.custom_vjp(lambda x: jnp.round(x)), jax.custom_vjp(lambda x: x)
    rounded.defvjp(lambda x: (jnp.round(x), None), lambda _, g: (g,))
    limited.defvjp(lambda x: (x, None), lambda _, g: (jnp.clip(g, -0.1, 0.1),))

    def straight(w):
        return jnp.sum(rounded(3 * w) ** 2)

    def clipped(w):
        return jnp.sum(limited(w) ** 2)

    return {
        "branch": (branch, (w,), "a branch depends on values", "jnp.where"),
        "NumPy": (leak, (w,), "function of NumPy", "jax.numpy"),
        "plain": (plain, (w,), "used as a plain number", "leave arrays"),
        "while": (data_loop, (w,), "how often the loop runs", "scan"),
        "complex": (lambda w: jnp.abs(jnp.fft.fft(w)).sum(), (w,), "complex numbers", "real and imaginary parts"),
        "unknown": (lambda w: jax.lax.linalg.lu(jnp.outer(w, w))[0].sum(), (w,), "lu: no row", "sb.trace"),
        "rule": (straight, (w,), "its rule is another than the derivative", "stop_gradient"),
        "clipped": (clipped, (w,), "its rule is another than the derivative", "after they are derived"),
        "from the end": (lambda w, i: w[i].sum(), (w, np.array([0, -1])), "i holds -1: positions are counted from 0", "i % 3"),
        "beyond": (lambda w, i: w[i].sum(), (w, np.array([0, 3])), "i holds 3: its positions go to 2", "positions that are there"),
        "sorted": (lambda w: jnp.sum(jax.lax.sort((w, w), num_keys=2)[0]), (w,), "sort: it sorts by several keys", "Sort by one"),
        "rounded": (lambda w: jnp.sum(w.astype(int) * 1.0), (w,), "no slope", "astype"),
        "array": (lambda w: w * 2, (w,), "which is no loss", "Return one number"),
        "text": (lambda w: "x", (w,), "which is no loss", "Return one number"),
        "raises": (lambda w: jnp.dot(w, jnp.ones(5)), (w,), "raised TypeError", ""),
        "no arrays": (lambda w: w, (3.0,), "is given no arrays", "example arrays"),
        "no function": (3, (w,), "is no function", "from_jax"),
    }  # fmt: skip


KINDS = (
    "branch", "NumPy", "plain", "while", "complex", "unknown", "rule", "clipped", "from the end", "beyond", "sorted", "rounded",
    "array", "text", "raises", "no arrays", "no function",
)  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_what_is_not_read_is_refused_with_its_mend(name: str, jax: ModuleType) -> None:
    function, args, fault, mend = _refused(jax)[name]
    with pytest.raises(sb.NotationError, match=f"(?s){fault}.*{mend}"):
        sb.from_jax(function, *args)


def test_rows_may_be_joined_with_the_largest_of_several(jax: ModuleType) -> None:
    net = sb.from_jax(lambda x, i, u: (x.at[i].max(u) ** 3).sum(), np.array([0.5, -0.3, 0.2]), np.array([0, 2, 2]), np.ones(3))
    assert sb.check(net, points=1).ok


def test_the_mend_of_a_rule_has_the_slope_that_was_meant(jax: ModuleType) -> None:
    def straight(w: Any) -> Any:
        x = 3 * w
        return jax.numpy.sum((x + jax.lax.stop_gradient(jax.numpy.round(x) - x)) ** 2)

    function, (w,), _, _ = _refused(jax)["rule"]
    _, gradients = sb.compile(sb.from_jax(straight, w)).value_and_grad({"w": w})
    np.testing.assert_allclose(gradients["w"], jax.grad(function)(w))


def test_names_that_are_not_there_are_refused(forms: Any) -> None:
    with pytest.raises(sb.NotationError, match=r"no array of floats 'W9'.*W1"):
        sb.from_jax(*_form(forms, "perceptron"), wrt="W9")


def test_random_numbers_of_a_key_are_data(jax: ModuleType) -> None:
    jnp = jax.numpy
    key, w = jax.random.key(0), np.array([0.5, -0.3, 0.2])

    def noisy(key, w):
        return jnp.sum((w + jax.random.normal(key, (3,))) ** 2)

    net = sb.from_jax(noisy, key, w)
    _, gradients = sb.compile(net).value_and_grad(net.example)
    np.testing.assert_allclose(gradients["w"], jax.grad(noisy, argnums=1)(key, w), rtol=1e-10)


def test_random_numbers_that_float32_draws_otherwise_are_refused(jax: ModuleType) -> None:
    def noisy(w):
        return jax.numpy.sum(w * jax.random.normal(jax.random.PRNGKey(1), (3,)))

    with jax.enable_x64(False), pytest.raises(sb.NotationError, match=r"other random numbers in float64.*give the array"):
        sb.from_jax(noisy, np.array([0.5, -0.3, 0.2]))


def test_what_is_learnt_may_be_a_container_and_data_are_none_of_it_by_their_names(jax: ModuleType) -> None:
    params, batch = {"W": np.ones((3, 2)), "b": np.zeros(2)}, {"image": np.ones((4, 3)), "label": np.zeros((4, 2))}

    def loss(params, batch):
        return jax.numpy.mean((batch["image"] @ params["W"] + params["b"] - batch["label"]) ** 2)

    for net in (sb.from_jax(loss, params, batch), sb.trace(loss, params, batch), sb.from_jax(loss, params, batch, wrt="params")):
        assert [t.name for t in net.program.inputs if t.kind == "parameter"] == ["W", "b"]
    said = 'batch["image"], batch["label"]: taken as data, by the names; name in wrt what is learnt of it.'
    assert said in sb.from_jax(loss, params, batch).notes


def test_running_means_of_flax_are_data(jax: ModuleType) -> None:
    class Variable:
        def __init__(self, value: Any) -> None:
            self.value = value

    Variable.__module__ = "flax.nnx.variablelib"
    classes = [type(name, (Variable,), {"__module__": Variable.__module__}) for name in ("Param", "BatchStat")]
    for kind in classes:
        step = jax.tree_util.GetAttrKey("value")
        jax.tree_util.register_pytree_with_keys(kind, lambda v, s=step: (((s, v.value),), None), lambda _, v, k=kind: k(v[0]))
    model = {"scale": classes[0](np.ones(3)), "mean": classes[1](np.zeros(3))}
    net = sb.from_jax(
        lambda model, x: jax.numpy.sum(((x - model["mean"].value) * model["scale"].value) ** 2), model, np.ones((4, 3))
    )
    kinds = {net.paths[t.name]: t.kind for t in net.program.inputs}
    assert (kinds['model["scale"]["value"]'], kinds['model["mean"]["value"]']) == ("parameter", "data")


@pytest.mark.parametrize("digits", [False, True])
def test_a_scan_whose_start_is_float32_is_read_as_it_is(jax: ModuleType, digits: bool) -> None:
    jnp = jax.numpy

    def loss(W, x):
        start = jnp.zeros(3, jnp.float32)  # as the cells of Flax have it
        return jnp.sum(jax.lax.scan(lambda h, v: (jnp.tanh(W @ h + v), h), start, x)[0] ** 2)

    rng = np.random.default_rng(5)
    W, x = (rng.normal(size=s).astype(np.float32) for s in ((3, 3), (4, 3)))
    with jax.enable_x64(digits):
        net = sb.from_jax(loss, W, x)
        theirs = jax.grad(loss)(W, x)
    _, gradients = sb.compile(net).value_and_grad(net.example)
    np.testing.assert_allclose(gradients["W"], theirs, rtol=1e-4, atol=1e-5)


def test_a_scan_that_another_version_writes_down_is_refused_with_its_mend() -> None:
    walk = SimpleNamespace(refused=lambda eqn, fault, mend: NotationError(fault, mend))
    with pytest.raises(NotationError, match=r"jax<0\.11"):
        LOOPS["scan"](walk, SimpleNamespace(params={"length": 3}), [])  # type: ignore[arg-type]
