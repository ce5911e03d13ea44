"""The passes from tensors to equations: each returns other nodes that compute the same values, and leaves those it was given."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symbackprop.core.grammar import check
from symbackprop.evaluate.tape import forward
from symbackprop.language.lower.fuse import fuse, squeeze
from symbackprop.language.lower.nodes import Nodes, nodes_of, ordered
from symbackprop.language.lower.tracing import trace, with_letters, written
from symbackprop.language.tensors import Tensor, apply, reduce, total
from symbackprop.notation import read
from tests.random_programs import declare

x, v, W = declare("x", ("n", "m")), declare("v", ("n",)), declare("W", ("m", "m"))
POINT = {
    "x": np.sin(np.arange(6.0)).reshape(2, 3), "v": np.array([0.4, -1.3]), "W": np.cos(np.arange(9.0)).reshape(3, 3),
}  # fmt: skip

NETWORKS = {
    "a column": total(x * v[:, None] - v[:, None]),
    "kept axes": total((x - total(x, 1, keepdims=True, mean=True)) ** 2),
    "a softmax": total(apply("exp", x - reduce("logsumexp", x, 1, keepdims=True)) * x),
    "products in products": total((x @ (W @ W.T)) * x),
    "an activation in a product": total(apply("tanh", x @ W + 1) @ W),
    "a value read twice": total(apply("sigmoid", 2 * x) * (2 * x)),
    "a slice and its mirror": total(x[:, 1:] * x[:, ::-1][:, 1:] + x[:1, None, 1:]),
    "a chain of scales": total(-(2 * -(3 * x))) / 7,
}


def value(nodes: Nodes, loss: Tensor) -> float:
    program = check(with_letters(written(nodes, [t for t in ordered([loss]) if t.is_input], [loss])))
    return float(forward(program, {t.name: POINT[t.name] for t in program.inputs})[program.outputs[0]])


def described(nodes: Nodes) -> list[tuple]:
    return [(node.op, [(id(t), index) for t, index in node.operands], node.index, node.shape) for node in nodes.values()]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_pass_keeps_the_value_and_its_argument(name: str) -> None:
    loss = NETWORKS[name]
    nodes = nodes_of(ordered([loss]))
    right = value(nodes, loss)
    for run in (squeeze, fuse):
        before = described(nodes)
        after = run(nodes)
        assert described(nodes) == before
        assert value(after, loss) == pytest.approx(right, rel=1e-13)
        assert len(after) <= len(nodes)
        nodes = after


@pytest.mark.parametrize("name", NETWORKS)
def test_fusing_leaves_nothing_to_fuse(name: str) -> None:
    nodes = fuse(squeeze(nodes_of(ordered([NETWORKS[name]]))))
    assert described(squeeze(nodes)) == described(nodes)
    assert len(fuse(nodes)) == len(nodes)


operations = st.sampled_from(
    ["-{a}", "{a}*{b}", "{a} + {b}", "tanh({a})", "{a}/(1 + {b}**2)", "{a} - sum({b}, axis=1, keepdims=True)", "{a} @ W"]
)


@given(st.lists(st.tuples(operations, st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6))
@settings(max_examples=40)
def test_random_networks_keep_their_values(steps: list[tuple[str, int, int]]) -> None:
    expressions = ["x", "(x/2)"]
    for form, i, j in steps:
        a, b = expressions[i % len(expressions)], expressions[j % len(expressions)]
        expressions.append(f"({form.format(a=a, b=b)})")
    text = f"x: parameter[n, m]\nW: data[m, m]\nL = sum({expressions[-1]})"
    programs = [read(text, gates=gates).program for gates in ("whole", "elementary")]
    values = [forward(p, {t.name: POINT[t.name] for t in p.inputs})["L"] for p in programs]
    np.testing.assert_allclose(*values, rtol=1e-11)


def test_a_trace_is_the_passes_one_after_the_other() -> None:
    loss = NETWORKS["a softmax"]
    nodes = fuse(squeeze(nodes_of(ordered([loss]))))
    assert str(trace({"L": loss})) == str(with_letters(written(nodes, [x], [loss])))


@pytest.mark.parametrize("text", ["1 + c", "c**2", "x / c", "x * c", "c - 2 * c", "sum(x * c)", "sum(x + c)", "-(3 * c) + x"])
def test_a_sum_of_numbers_alone_is_no_number(text: str) -> None:
    """A sum over an axis that nothing has must stay a sum in whatever reads it."""
    n, at = 3, np.array([0.3, -1.2, 0.8])
    program = read(f"x: parameter[n]\nL = sum({text.replace('c', 'sum(ones(n) / 2)')})").program
    want = np.sum(eval(text.replace("sum(", "np.sum(").replace("exp(", "np.exp("), {"c": n / 2, "x": at, "np": np}))
    np.testing.assert_allclose(forward(program, {"x": at}, {"n": n})["L"], want, rtol=1e-12)


LOGITS = "S: parameter[n, c]\nt: integers[n, c]\nY: labels[n, c]\nz: parameter[n]\ny: data[n] & binary\n"


@pytest.mark.parametrize(
    ("own", "text", "without"),
    [
        ("P", "P = softmax(S)\nL = cross_entropy(S, t)", "P = softmax(S)\nL = nll_loss(log(P), t)"),
        ("Q", "Q = softmax(S)\nL = cross_entropy(S, Y) + sum(Q**2)", "Q = softmax(S)\nL = nll_loss(log(Q), Y) + sum(Q**2)"),
        ("a", "a = sigmoid(z)\nL = binary_cross_entropy_with_logits(z, y)", "a = sigmoid(z)\nL = binary_cross_entropy(a, y)"),
    ],
)
def test_what_a_loss_makes_once_more_is_what_the_author_named(own: str, text: str, without: str) -> None:
    found, expected = (read(LOGITS + lines).program for lines in (text, without))
    assert found.tensors[own].named
    assert [(e.target.name, e.op) for e in found.equations] == [(e.target.name, e.op) for e in expected.equations]


def test_an_activation_that_was_written_twice_is_one_value() -> None:
    declared = "x: data[d]\nW: parameter[h, d]\nb: parameter[h]\n"
    once = read(declared + "L = sum(tanh(W @ x + b)**2) + sum(exp(tanh(W @ x + b)))").program
    assert [e.target.name for e in once.equations if e.target.name[0] in "za"] == ["z", "a"]
    apart = read(declared + "L = sum(tanh(W @ x + b)**2) + sum(exp(tanh(W @ x - b)))").program
    assert [e.target.name for e in apart.equations if e.target.name[0] in "za"] == ["z_1", "a_1", "z_2", "a_2"]
    named = read(declared + "a = tanh(W @ x + b)\nL = sum(a**2) + sum(exp(tanh(W @ x + b)))").program
    assert [e.target.name for e in named.equations if named.tensors[e.target.name].named] == ["a", "L"]


def test_what_only_looks_alike_stays_apart() -> None:
    program = read(LOGITS + "P = softmax(2*S)\nL = cross_entropy(S, t) + sum(P)").program
    assert len([e for e in program.equations if e.target.name.startswith("P")]) == 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("L = mse_loss(X @ w, y)", ["yhat", "L"]),
        ("L = mse_loss(exp(w), w)", ["L"]),  # one equation holds it
        ("yhat = X @ w\nL = mae_loss(2*yhat, y)", ["yhat", "L"]),
        ("yhat = 2*w\nL = mse_loss(X @ w, y) + sum(yhat)", ["yhat", "yhat_1", "u_1", "u_2", "L"]),
        ("L = hinge_loss(X @ w, y)", ["s", "L"]),
    ],
)
def test_a_loss_calls_what_nobody_named(text: str, names: list[str]) -> None:
    declared = "X: data[n, d]\nw: parameter[d]\ny: data[n]\n".replace("[n]", "[d]" if "exp" in text else "[n]")
    assert [e.target.name for e in read(declared + text).program.equations] == names


@pytest.mark.parametrize("scaled", ["Q @ Q.T / c", "c * (Q @ Q.T)", "-(Q @ Q.T) * c / 2"])
def test_a_constant_factor_stands_in_its_product(scaled: str) -> None:
    for kind, equations in (("c = 3", ["S", "L"]), ("c: parameter", ["u", "S", "L"])):
        program = read(f"Q: parameter[n, d]\n{kind}\nS = {scaled}\nL = sum(S**2)").program
        assert [e.target.name for e in program.equations] == equations


INLINE = {
    "gamma behind": "(h - mean(h, axis=1, keepdims=True)) / sqrt(var(h, axis=1, keepdims=True) + 1e-5) * gamma + beta",
    "gamma before": "gamma * (h - mean(h, axis=1, keepdims=True)) / sqrt(var(h, axis=1, keepdims=True) + 1e-5) + beta",
    "methods": "gamma * ((h - h.mean(-1, keepdims=True)) / (h.var(-1, keepdims=True) + 1e-5)**0.5) + beta",
    "a product": "(h - mean(h, axis=1, keepdims=True)) * (var(h, axis=1, keepdims=True) + 1e-5)**-0.5 * gamma + beta",
    "a named mean": "(h - m) / sqrt(mean((h - m)**2, axis=1, keepdims=True) + 1e-5) * gamma + beta",
}
LAYER = "x: data[N, d]\nY: data[N, d]\nW: parameter[d, d]\ngamma: parameter[d]\nbeta: parameter[d]\nh = x @ W\n"


@pytest.mark.parametrize("text", INLINE.values(), ids=INLINE)
def test_a_normalisation_within_an_expression_has_the_equations_of_the_layer(text: str) -> None:
    named = "m = mean(h, axis=1, keepdims=True)\n" if "m)" in text else ""
    inline = read(f"{LAYER}{named}y = {text}\nL = sum((y - Y)**2)").program
    layer = read(f"{LAYER}y = layer_norm(h, gamma, beta)\nL = sum((y - Y)**2)").program
    assert [e.target.name for e in inline.equations] == ["h", "m" if named else "mu", "v", "xhat", "y", "L"]
    rng = np.random.default_rng(0)
    point = {t.name: rng.standard_normal((3, 4) if t.name in "xY" else (4, 4)[: t.rank]) for t in layer.inputs}
    np.testing.assert_allclose(forward(inline, point)["L"], forward(layer, point)["L"], rtol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "(h - mean(h, axis=0, keepdims=True)) / sqrt(var(h, axis=1, keepdims=True) + 1e-5)",  # the mean is along other axes
        "(h - mean(x, axis=1, keepdims=True)) / sqrt(var(h, axis=1, keepdims=True) + 1e-5)",  # of another tensor
        "(h - mean(h, axis=1, keepdims=True)) / sqrt(mean(h**2, axis=1, keepdims=True) + 1e-5)",  # about zero
    ],
)
def test_what_is_no_normalisation_stays_as_it_is(text: str) -> None:
    program = read(f"{LAYER}y = {text} + beta\nL = sum((y - Y)**2)").program
    assert not {"xhat", "mu", "v"} & program.tensors.keys()


def test_an_activation_may_be_of_positions_alone() -> None:
    program = read("x: parameter[n]\nL = sum(x*relu(arange(n) - 2))").program
    assert forward(program, {"x": np.ones(6)})["L"] == 6  # 1 + 2 + 3


def test_what_nobody_named_is_not_called_as_its_author_calls_something() -> None:
    net = "x: parameter[n]\nA: data[n, n]\n{}\nL = sum(exp(A @ (A @ x)) * {})"
    for authors, last, ours in (("", "x", "u"), ("u = tanh(x)", "u", "r"), ("u = x**2\nr = tanh(u)\ng = r**2", "g", "zeta")):
        names = read(net.format(authors, last)).program.tensors
        assert {n for n in names if n.partition("_")[0] == ours}, list(names)
