"""Backward passes in NumPy as courses write them: arrays that are changed in their place, dicts, self, prints."""

from functools import cache

import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from symbackprop.judge.texts.files import ClaimsError

NET = """X: data[n, d]
y: integers[n, c]
W1: parameter[d, h]
b1: parameter[h]
W2: parameter[h, c]
b2: parameter[c]
hidden = maximum(0, X @ W1 + b1)
scores = hidden @ W2 + b2
loss = cross_entropy(scores, y)"""
SCORES = "dscores = (softmax(scores) - np.eye(c)[y]) / n\n"
IN_PLACE = """exp_scores = np.exp(scores)
probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
dscores = probs
dscores[range(n), y] -= 1
dscores /= n
dW2 = np.dot(hidden.T, dscores)
db2 = np.sum(dscores, axis=0)
print(dW2.shape)
dhidden = np.dot(dscores, W2.T)
dhidden[hidden <= 0] = 0
dW1 = np.dot(X.T, dhidden)
db1 = np.sum(dhidden, axis=0)"""
MASKS = ("dhidden[hidden <= 0] = 0", "dhidden *= hidden > 0", "dhidden = dhidden * (hidden > 0)")


def told(one) -> str:  # type: ignore[no-untyped-def]
    return "right" if one.right else one.kind


@cache
def verdicts(code: str) -> list[tuple[str, str]]:
    return [(one.name, told(one)) for one in sb.verify(NET, code).claims]


def gradients(code: str) -> dict[str, str]:
    """The last verdict on each name that is judged."""
    return {name: kind for name, kind in verdicts(code) if kind != "abbreviation"}


@pytest.mark.slow
def test_arrays_that_are_changed_in_their_place_are_judged_at_the_line_that_makes_them_right() -> None:
    found = gradients(IN_PLACE)
    assert set(found) == {"dscores", "dW2", "db2", "dhidden", "dW1", "db1"}
    assert set(found.values()) == {"right"}
    lines = verdicts(IN_PLACE)
    assert [kind for name, kind in lines if name == "dscores"] == ["abbreviation", "abbreviation", "right"]
    assert [kind for name, kind in lines if name == "dhidden"] == ["right", "abbreviation"]


@pytest.mark.parametrize("mask", [MASKS[0], *(pytest.param(mask, marks=pytest.mark.slow) for mask in MASKS[1:])])
def test_a_mask_may_be_set_multiplied_or_given_again(mask: str) -> None:
    code = f"{SCORES}dhidden = dscores @ W2.T\n{mask}\ndW1 = X.T @ dhidden"
    assert gradients(code) == {"dscores": "right", "dhidden": "right", "dW1": "right"}
    wrong = code.replace("<=", ">").replace("> 0)", "< 0)").replace("hidden > 0", "hidden < 0" if "*=" in mask else "hidden > 0")
    assert gradients(wrong)["dW1"] == "wrong"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "slip", "names"),
    [
        ("dscores /= n\n", "", {"dscores", "dW2"}),
        pytest.param("dscores[range(n), y] -= 1\n", "", {"dscores", "dW2"}, marks=pytest.mark.slow),
        ("dhidden[hidden <= 0] = 0\n", "", {"dW1", "db1"}),
        pytest.param("np.dot(dscores, W2.T)", "np.dot(dscores, -W2.T)", {"dhidden"}, marks=pytest.mark.slow),
    ],
)
def test_a_slip_is_found(right: str, slip: str, names: set[str]) -> None:
    assert right in IN_PLACE
    found = gradients(IN_PLACE.replace(right, slip))
    assert not any(found[name] == "right" for name in names), found


@pytest.mark.slow
def test_gradients_in_a_dict_and_of_self() -> None:
    for own in ("grads = {}\ngrads['W2']", "grads = dict()\ngrads['dW2']", "self.dW2", 'gradients = {}\ngradients["W2"]'):
        assert gradients(f"{SCORES}{own} = hidden.T @ dscores") == {"dscores": "right", "dW2": "right"}, own
    assert gradients(f"{SCORES}dW2 = cache['hidden'].T @ dscores + 0*self.W2")["dW2"] == "right"


@pytest.mark.slow
def test_a_weight_penalty_may_be_added_later() -> None:
    net = NET.replace("loss = cross_entropy(scores, y)", "reg = 0.1\nloss = cross_entropy(scores, y) + 0.5*reg*sum(W2**2)")
    code = f"{SCORES}dW2 = hidden.T @ dscores\ndb2 = dscores.sum(0)\ndW2 += reg * W2"
    found = {one.name: told(one) for one in sb.verify(net, code).claims if one.kind != "abbreviation"}
    assert found == {"dscores": "right", "db2": "right", "dW2": "right"}


@pytest.mark.slow
def test_a_name_that_was_read_may_be_given_to_a_new_array() -> None:
    code = (
        "d = (softmax(scores) - np.eye(c)[y]) / n\ndW2 = hidden.T @ d\nd = d @ W2.T * (hidden > 0)\ndW1 = X.T @ d\ndb1 = d.sum(0)"
    )
    found = gradients(code)
    assert [found[name] for name in ("dW2", "dW1", "db1")] == ["right"] * 3
    assert gradients(code.replace("hidden > 0", "hidden < 0"))["dW1"] != "right"


@pytest.mark.slow
def test_what_is_right_and_then_changed_is_judged_as_it_ends() -> None:
    """A penalty that the loss has not, a mask on what is handed back: nothing behind them answers for the change."""
    assert gradients(f"{SCORES}dW2 = hidden.T @ dscores\ndW2 += 0.1 * W2")["dW2"] == "wrong"
    assert gradients(f"{SCORES}dW2 = hidden.T @ dscores\ndb2 = dscores.sum(0)\ndW2 *= 2\nq = 3 * dW2")["dW2"] != "right"
    assert "wrong" in gradients(f"{SCORES}dhidden = dscores @ W2.T\ndhidden[hidden <= 0] = 0")["dhidden"]


@pytest.mark.slow
def test_an_array_that_was_read_and_is_then_changed_is_two() -> None:
    """The second line reads the array before it was divided: its gradient lacks the factor, the array has it."""
    code = (
        "d = softmax(scores) - np.eye(c)[y]\ndW2 = hidden.T @ d\nd /= n\ndb2 = d.sum(axis=0)\nd = d @ W2.T\nd = d * (hidden > 0)\n"
    )
    found = gradients(f"{code}dW1 = X.T @ d\ndb1 = d.sum(axis=0)")
    right = dict.fromkeys(("d_new", "db2", "d_new2", "dW1", "db1"), "right")
    assert found == {"dW2": "up to convention", **right}


NIELSEN = """x: data[n, 1]
y: data[m, 1]
w1: parameter[h, n]
w2: parameter[m, h]
a1 = sigmoid(w1 @ x)
a2 = sigmoid(w2 @ a1)
C = 0.5*sum((a2 - y)**2)"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("right", "slip", "wrong"),
    [
        ("", "", []),
        ("(1 - a1)", "(1 + a1)", ["delta_new"]),
        pytest.param("(a2 - y)", "(a2 + y)", ["delta"], marks=pytest.mark.slow),
        pytest.param("* a1 *", "*", ["delta_new"], marks=pytest.mark.slow),
        pytest.param("dot(delta, x.T)", "dot(2*delta, x.T)", ["dw1"], marks=pytest.mark.slow),
    ],
)
def test_a_name_that_is_given_again_is_another_array(right: str, slip: str, wrong: list[str]) -> None:
    code = (
        "delta = (a2 - y) * a2 * (1 - a2)\ndw2 = np.dot(delta, a1.T)\n"
        "delta = np.dot(w2.T, delta) * a1 * (1 - a1)\ndw1 = np.dot(delta, x.T)"
    )
    found = sb.verify(NIELSEN, code.replace(right, slip))
    assert [one.name for one in found.claims if one.wrong and one.kind != "wrong, carried forward"] == wrong
    assert found.ok == (not wrong)


SMALL = """H: data[n, h]
t: data[n, c]
V: parameter[h, c]
s = H @ V
loss = sum((s - t)**2)/n"""
D = "d = 2 * (s - t) / n\n"
WAYS = {
    "what the network calls so": f"{D}V = params['V']\nH = cache['H']\ndV = H.T @ d",
    "a dict at the end": f"{D}dV = H.T @ d\ngrads = {{'dV': dV, 'ds': d}}",
    "a function": "def backward(H, t, cache):\n    d = 2 * (s - t) / len(H)\n    dV = H.T @ d\n    return dV",
    "a function of entries": "def twice(u, k=2):\n    e = k * u\n    return e\ndV = H.T @ twice(s - t) / n",
    "sizes": "m, _ = H.shape\nd = 2 * (s - t)\nd /= m\ndV = H.T @ d",
    "tuples": f"{D}dV, ds = H.T @ d, d",
    "layers by number": f"{D}for l in range(2, 1, -1):\n    grads['V' + str(l)] = d\n    grads['V'] = H.T @ d",
    "a method": "class Net:\n    def back(self, t):\n        d = 2 * (self.s - t) / n\n        self.dV = H.T @ d",
    "updates": f"{D}dV = H.T @ d\nV -= rate * dV",
    "what the network holds": "s -= t\ns *= 2\ns /= n\ndV = H.T @ s",
}


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_write_a_backward_pass(way: str) -> None:
    def last(code: str) -> str:
        return [told(one) for one in sb.verify(SMALL, code).claims if one.what == "dloss/dV"][-1]

    assert last(WAYS[way]) == "right"
    assert last(WAYS[way].replace("H.T", "-H.T")) == "up to convention"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("V += 2 * H.T @ (t - s) / n", "right"),
        ("V -= 2 * H.T @ (t - s) / n", "up to convention"),
        ("V = V - lr * (2/n) * (H.T @ (s - t))", "right"),
        ("V += -lr * H.T @ (s - t) * 2 / n", "right"),
        ("V = V - alpha * 2 * H.T @ (s - t) / n", "right"),
        ("V -= lr * H.T @ (s - t)", "up to convention"),
        ("V -= 0.1 * H.T @ (s * t) / n", "wrong"),
    ],
)
def test_an_update_says_a_gradient(line: str, kind: str) -> None:
    assert [told(one) for one in sb.verify(SMALL, line).claims] == [kind]


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("w = w + x", "right"),
        ("w = w - x", "wrong"),
        ("w = 2*w*x", "wrong"),
        ("z = z + 0*x", "right"),
        ("w -= rate * (w + x)", "right"),
        ("w = w - 0.1 * (w + x)", "right"),
    ],
)
def test_a_line_that_reads_its_own_name_claims_a_gradient_or_is_an_update(line: str, kind: str) -> None:
    net = "w: parameter[n]\nx: data[n]\nz = w + x\nL = 0.5*sum(z**2)"
    assert [told(one) for one in sb.verify(net, line).claims] == [kind]


def test_an_update_by_the_gradient_of_another_parameter_is_wrong() -> None:
    net = "w: parameter[n]\nv: parameter[n]\nx: data[n]\nL = sum(w*x) + sum(v*w)"
    code = "dw = x + v\ndv = 1 * w\nw -= 0.1 * dw\nv -= 0.1 * "
    assert [told(one) for one in sb.verify(net, f"{code}dv").claims] == ["right", "right"]
    assert [told(one) for one in sb.verify(net, f"{code}dw").claims] == ["right", "right", "wrong"]


def test_a_parameter_that_was_updated_is_no_longer_what_the_network_has() -> None:
    with pytest.raises(SymbackpropError, match="W2 is read after it was updated: write the updates below all gradients"):
        sb.verify(NET, f"{SCORES}W2 -= 0.1 * hidden.T @ dscores\ndhidden = dscores @ W2.T")


@pytest.mark.slow
def test_what_another_name_changed_is_followed_as_python_has_it() -> None:
    code = "p = hidden\nd = p.T\np *= 2\ndW2 = d @ (softmax(scores) - np.eye(c)[y]) / n / 2"
    assert sb.verify(NET, code).ok
    assert not sb.verify(NET, code.removesuffix(" / 2")).ok


@pytest.mark.slow
def test_rows_that_labels_pick_are_set_one_each() -> None:
    net = """X: data[n, d]
y: integers[n, c]
W: parameter[d, c]
s = X @ W
own = sum(s*one_hot(y, c), axis=1, keepdims=True)
loss = (sum(maximum(0, s - own + 1)) - n)/n"""
    code = "M = (s - own + 1 > 0).astype(float)\nM[np.arange(n), y] = 0\nrows = M.sum(axis=1)\nM[np.arange(n), y] = -rows\ndW = X.T @ M / n"
    for mask, kind in (
        (code, "right"),
        (code.replace("] = -rows", "] -= M.sum(axis=1)"), "right"),
        (code.replace("-rows", "rows"), "wrong"),
    ):
        assert [told(one) for one in sb.verify(net, mask).claims if one.name == "dW"] == [kind]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("dW2 -= 0.1 * W2", "line 1 changes dW2, which no line before gives: write dW2 = ..."),
        ("s = scores\nscores -= 1\nd = s", "line 3 reads s, which line 2 changed as scores"),
        ("def a(x):\n    dW = x\ndef b(x):\n    dW = x", "line 3 is no step"),
        ("def a(x):\n    dW2 = dh = x\n    return dW2 * dh", "line 3 give what is returned a name in a line before"),
        ("if reg:\n    dW2 = W2", "line 1 is no step"),
        ("p = softmax(scores)\nd = p\nd /= n\nq = p", "line 4 reads p, which line 3 changed as d: write d = p.copy() before that"),
        ("def backward(x):\n    s = x\n    s[0] = 1\n    return s", "line 1 is no step"),
    ],
)
def test_what_no_step_can_say_is_refused(code: str, fault: str) -> None:
    with pytest.raises(ClaimsError) as caught:
        sb.verify(NET, code)
    assert fault in str(caught.value)


SKIPGRAM = "V: parameter[W, d]\nU: parameter[W, d]\nc: integers[W]\no: integers[W]\ns = U @ V[c]\np = softmax(s)\nJ = -log(p[o])"
SCALE = "x: parameter[N, D]\ng: parameter[D]\nb: parameter[D]\nu: data[N, D]\nz = x*g\ny = z + b\nL = sum(u*y)"


@pytest.mark.slow
def test_one_entry_of_a_vector_is_set_where_a_label_is() -> None:
    code = "d = softmax(U @ V[c])\nd[o] -= 1\ndU = np.outer(d, V[c])"
    assert sb.verify(SKIPGRAM, code).ok
    assert sb.verify(SKIPGRAM, code.replace("-= 1", "-= 2")).claims[-1].wrong


def test_a_layer_is_handed_the_gradient_by_its_output() -> None:
    code = "def backward(dout, x, g):\n    db = dout.sum(0)\n    dg = (dout * x).sum(0)\n    dx = dout * g\n    return dx, dg, db"
    assert [one.kind for one in sb.verify(SCALE, code).claims] == ["right, identity"] * 3
    assert sb.verify(SCALE, code.replace("dout * g", "dout + g")).claims[-1].wrong
    two = SCALE.replace("L = sum(u*y)", "L = sum(u*y) + sum(z**2)")
    assert sb.verify(two, code).claims[0].kind == "not understood"  # of two outputs nobody knows which


def test_a_function_that_gives_nothing_a_name_is_read() -> None:
    code = "def grad(x):\n    return np.array([sum(2 * x[j] for k in range(1)) for j in range(len(x))])"
    assert sb.verify("x: parameter[n]\nL = sum(x**2)", code).ok


def test_a_number_that_no_tensor_has_is_not_forgiven_where_what_is_made_of_it_is_right() -> None:
    net = "X: data[N, D]\ny: data[N]\nW1: parameter[D, H]\nW2: parameter[H]\nZ = X @ W1\nA = relu(Z)\np = A @ W2\nL = mean((p - y)**2)"
    code = "grad_p = 2*(p - y)/N\ngrad_A = np.outer(grad_p, W2)\ngrad_Z = grad_A*(Z > 0)\ngrad_W1 = X.T @ grad_Z"
    assert sb.verify(net, code).ok
    assert sb.verify(net, code.replace("W2", "W3")).claims[1].kind == "not understood"
