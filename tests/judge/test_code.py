"""Backward passes in NumPy as courses write them: arrays that are changed in their place, dicts, self, prints."""

import pytest

import symbackprop as sb
from symbackprop.judge.files import ClaimsError

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


def verdicts(code: str) -> list[tuple[str, str]]:
    return [(one.name, told(one)) for one in sb.verify(NET, code).claims]


def gradients(code: str) -> dict[str, str]:
    """The last verdict on each name that is judged."""
    return {name: kind for name, kind in verdicts(code) if kind != "abbreviation"}


def test_arrays_that_are_changed_in_their_place_are_judged_at_the_line_that_makes_them_right() -> None:
    found = gradients(IN_PLACE)
    assert set(found) == {"dscores", "dW2", "db2", "dhidden", "dW1", "db1"}
    assert set(found.values()) == {"right"}
    lines = verdicts(IN_PLACE)
    assert [kind for name, kind in lines if name == "dscores"] == ["abbreviation", "abbreviation", "right"]
    assert [kind for name, kind in lines if name == "dhidden"] == ["right", "abbreviation"]


@pytest.mark.parametrize("mask", MASKS)
def test_a_mask_may_be_set_multiplied_or_given_again(mask: str) -> None:
    code = f"{SCORES}dhidden = dscores @ W2.T\n{mask}\ndW1 = X.T @ dhidden"
    assert gradients(code) == {"dscores": "right", "dhidden": "right", "dW1": "right"}
    wrong = code.replace("<=", ">").replace("> 0)", "< 0)").replace("hidden > 0", "hidden < 0" if "*=" in mask else "hidden > 0")
    assert gradients(wrong)["dW1"] == "wrong"


@pytest.mark.parametrize(
    ("right", "slip", "names"),
    [
        ("dscores /= n\n", "", {"dscores", "dW2"}),
        ("dscores[range(n), y] -= 1\n", "", {"dscores", "dW2"}),
        ("dhidden[hidden <= 0] = 0\n", "", {"dW1", "db1"}),
        ("np.dot(dscores, W2.T)", "np.dot(dscores, -W2.T)", {"dhidden"}),
    ],
)
def test_a_slip_is_found(right: str, slip: str, names: set[str]) -> None:
    assert right in IN_PLACE
    found = gradients(IN_PLACE.replace(right, slip))
    assert not any(found[name] == "right" for name in names), found


def test_gradients_in_a_dict_and_of_self() -> None:
    for own in ("grads = {}\ngrads['W2']", "grads = dict()\ngrads['dW2']", "self.dW2", 'gradients = {}\ngradients["W2"]'):
        assert gradients(f"{SCORES}{own} = hidden.T @ dscores") == {"dscores": "right", "dW2": "right"}, own
    assert gradients(f"{SCORES}dW2 = cache['hidden'].T @ dscores + 0*self.W2")["dW2"] == "right"


def test_a_weight_penalty_may_be_added_later() -> None:
    net = NET.replace("loss = cross_entropy(scores, y)", "reg = 0.1\nloss = cross_entropy(scores, y) + 0.5*reg*sum(W2**2)")
    code = f"{SCORES}dW2 = hidden.T @ dscores\ndb2 = dscores.sum(0)\ndW2 += reg * W2"
    found = {one.name: told(one) for one in sb.verify(net, code).claims if one.kind != "abbreviation"}
    assert found == {"dscores": "right", "db2": "right", "dW2": "right"}


def test_a_name_that_was_read_may_be_given_to_a_new_array() -> None:
    code = (
        "d = (softmax(scores) - np.eye(c)[y]) / n\ndW2 = hidden.T @ d\nd = d @ W2.T * (hidden > 0)\ndW1 = X.T @ d\ndb1 = d.sum(0)"
    )
    found = gradients(code)
    assert [found[name] for name in ("dW2", "dW1", "db1")] == ["right"] * 3
    assert gradients(code.replace("hidden > 0", "hidden < 0"))["dW1"] != "right"


def test_what_is_right_and_then_changed_is_judged_as_it_ends() -> None:
    """A penalty that the loss has not, a mask on what is handed back: nothing behind them answers for the change."""
    assert gradients(f"{SCORES}dW2 = hidden.T @ dscores\ndW2 += 0.1 * W2")["dW2"] == "wrong"
    assert gradients(f"{SCORES}dW2 = hidden.T @ dscores\ndb2 = dscores.sum(0)\ndW2 *= 2\nq = 3 * dW2")["dW2"] != "right"
    assert "wrong" in gradients(f"{SCORES}dhidden = dscores @ W2.T\ndhidden[hidden <= 0] = 0")["dhidden"]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("W2 -= 0.1 * dW2", "line 1 changes W2, which no line before gives: write a gradient, dW2 = ..."),
        ("d = softmax(scores)\ndW2 = hidden.T @ d\nd /= n", "line 3 changes d after line 2 has read it: give the new array a name"),
        ("p = softmax(scores)\nd = p\nd /= n\nq = p", "line 4 reads p, which line 3 changed as d: write d = p.copy() before that"),
        ("def backward(x):\n    d = x\n    return d", "line 1 is no step"),
    ],
)
def test_what_no_step_can_say_is_refused(code: str, fault: str) -> None:
    with pytest.raises(ClaimsError) as caught:
        sb.verify(NET, code)
    assert fault in str(caught.value)
