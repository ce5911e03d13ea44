"""One slip is one mistake, whatever the name is called in which it was made."""

import pytest

import symbackprop as sb

NET = sb.read("""
x: data[d]
y: data[c]
W_1: parameter[h, d]
W_2: parameter[c, h]
a = sigmoid(W_1 @ x)
yhat = W_2 @ a
L = sum((yhat - y)**2)
""")
SLIPS = ("yhat - y", "2*(y - yhat)", "2*(yhat - y)*yhat")  # a factor, the sign, another formula


def _kinds(name: str, slip: str) -> list[str]:
    after = [("W_2", f"outer({name}, a)"), ("a", f"W_2.T @ {name}"), ("W_1", f"outer((W_2.T @ {name}) * a*(1 - a), x)")]
    return [one.kind.removesuffix(", identity") for one in sb.verify(NET, [(name, slip), *after]).claims]


@pytest.mark.slow
@pytest.mark.parametrize("slip", SLIPS)
def test_a_name_like_that_of_a_gradient_is_convicted_once_where_it_is_given(slip: str):
    first, *after = _kinds("g", slip)
    assert [first, *after] == _kinds("dyhat", slip)
    assert first in ("wrong", "up to convention")
    assert set(after) == {"wrong, carried forward"}


@pytest.mark.slow
@pytest.mark.parametrize("slip", SLIPS)
def test_another_name_is_convicted_where_it_is_first_taken_for_a_gradient(slip: str):
    first, taken, *after = _kinds("r", slip)
    assert first in ("abbreviation", "right")
    assert taken in ("wrong", "up to convention")
    assert set(after) == {"wrong, carried forward"}


@pytest.mark.parametrize("name", ["g", "r"])
def test_slips_in_several_steps_are_several_mistakes(name: str):
    steps = [(name, "yhat - y"), ("W_2", f"2*outer({name}, a)"), ("a", f"W_2.T @ {name}"), ("W_1", f"outer(W_2.T @ {name}, x)")]
    kinds = [one.kind.removesuffix(", identity") for one in sb.verify(NET, steps).claims]
    assert kinds[1] == "right"
    assert not {"right", "wrong, carried forward"} & {*kinds[2:]}
