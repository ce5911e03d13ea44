"""Loops as people write them, and what is printed of them."""

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.evaluate.tape import forward
from symbackprop.notation.errors import NotationError


def hidden_markov(A: "parameter[c, c]", B: "parameter[c, v]", pi: "parameter[c]", obs: "integers[T, v]"):  # type: ignore[no-untyped-def]  # noqa: F821
    T = len(obs)
    alpha = np.zeros((T, len(pi)))
    alpha[0, :] = pi * B[:, obs[0]]
    for t in range(1, T):
        alpha[t, :] = (alpha[t - 1] @ A) * B[:, obs[t]]
    return -np.log(np.sum(alpha[T - 1]))


def both_ways(x: "data[T, d]", W: "parameter[h, d]", U: "parameter[h, h]", V: "parameter[k, 2*h]"):  # type: ignore[no-untyped-def]  # noqa: F821
    T = len(x)
    f, b = np.zeros((T, U.shape[0])), np.zeros((T, U.shape[0]))
    for t in range(T):
        before = f[t - 1] if t > 0 else np.zeros(U.shape[0])
        f[t] = np.tanh(W @ x[t] + U @ before)
    for t in reversed(range(T)):
        after = b[t + 1] if t < T - 1 else np.zeros(U.shape[0])
        b[t] = np.tanh(W @ x[t] + U @ after)
    return np.sum((V @ np.concatenate([f[-1], b[0]])) ** 2)


def last_layer_is_linear(x: "data[d]", W: "parameter[n, d, d]", b: "parameter[n, d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    h = x
    for k in range(len(W)):
        h = W[k] @ h + b[k]
        if k < len(W) - 1:
            h = np.maximum(h, 0)
    return np.sum(h**2)


def test_a_start_with_a_colon_is_a_start() -> None:
    named = [t.name for t in sb.read(hidden_markov).program.tensors.values() if t.has_name]
    assert {"alpha", "alpha_1"} <= {*named}
    assert not {"alpha_2", "alpha_3"} & {*named}


@pytest.mark.slow
def test_what_the_last_layer_does_otherwise_stands_behind_the_loop() -> None:
    box = str(sb.derive(last_layer_is_linear).box())
    assert "∂L/∂W⁽ⁿ⁾ = δ_(h₃)(h₂⁽ⁿ⁻¹⁾)ᵀ" in box
    assert "∂L/∂W⁽ᵏ⁾ = δₕ⁽ᵏ⁾(h₂⁽ᵏ⁻¹⁾)ᵀ" in box


@pytest.mark.slow
def test_states_of_both_directions_have_a_box() -> None:
    found = sb.derive(both_ways)
    assert not found.box().missing
    assert sb.check(found, points=1).ok


def shown_twice(x: "data[T, d]", U: "parameter[d, d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    T, d = x.shape
    h = c = np.zeros((T, d))
    for t in range(T):
        h[t] = U @ x[t]
    return np.sum(h**2) + np.sum(c)


def shown_twice_mended(x: "data[T, d]", U: "parameter[d, d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    T, d = x.shape
    h = c = np.zeros((T, d))
    h = h.copy()
    for t in range(T):
        h[t] = U @ x[t]
    return np.sum(h**2) + np.sum(c)


def test_an_array_that_two_names_show_is_not_filled_in_silence() -> None:
    with pytest.raises(NotationError) as caught:
        sb.read(shown_twice)
    assert caught.value.mend == "Write h = h.copy() above the loop."
    sb.read(shown_twice_mended)


def set_above_and_filled(x: "data[T, d]", W: "parameter[d, d]", b: "parameter[d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    rows = np.ones(x.shape)
    rows[0] = b
    for t in range(len(x)):
        rows[t] = np.tanh(rows[t] + W @ x[t])
    return np.sum(rows[0]) + np.sum(rows[-1] ** 2)


def test_a_row_that_was_set_above_is_what_the_loop_makes_of_it() -> None:
    rng = np.random.default_rng(0)
    at = {"x": rng.normal(size=(3, 2)), "W": rng.normal(size=(2, 2)), "b": rng.normal(size=2)}
    step = sb.compile(sb.read(set_above_and_filled))
    np.testing.assert_allclose(step.value_and_grad(at)[0], set_above_and_filled(**at))


def set_above_and_filled_at_some_sizes(y: "data[T, d]", b: "parameter[d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    T, d = y.shape
    rows = np.zeros((T, d))
    rows[0] = b
    for t in range(T - 2, -1, -1):
        rows[t] = np.tanh(rows[t + 1] + y[t])
    return np.sum(rows[0])


def test_a_row_that_a_loop_sets_again_at_some_sizes_is_asked_about() -> None:
    with pytest.raises(NotationError) as caught:
        sb.read(set_above_and_filled_at_some_sizes)
    assert caught.value.mend == "Set rows[0] below the loop, or leave it out above."


def set_again_in_two_lines(x: "data[T, d]", b: "parameter[d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    rows = x * b
    rows[0] = b
    rows[1] = b * b
    for t in range(len(x)):
        rows[t] = rows[t] * 0.5
        rows[t] -= np.tanh(x[t])
    return np.sum(rows * x)


def test_a_row_is_what_the_last_line_made_of_it_also_written_out() -> None:
    rng = np.random.default_rng(0)
    at = {"x": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}
    network = sb.read(set_again_in_two_lines)
    assert network.written_out is not None
    plain = network.written_out(numbers={"T": 3, "d": 2})
    for read in (network, plain):
        np.testing.assert_allclose(sb.compile(read).value_and_grad(at)[0], set_again_in_two_lines(**at))


def layer_by_layer(x: "data[T, d]", V: "parameter[K, d, d]", h0: "parameter[d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    z = x
    for w in V:
        h, new = h0, []
        for row in z:
            h = np.tanh(w @ row + 0.5 * h)
            new.append(h)
        z = np.stack(new)
    new = []
    for row in z:
        new.append(row * h0)
    return np.sum(np.stack(new)[-1] ** 2)


def rows_beside_a_loop(x: "data[T, d]", b: "parameter[d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    c = np.tanh(x[1:] * b)
    for k in range(1, len(c)):
        c[k] = c[k] + 0.5 * c[k - 1]
    return np.sum(c**2)


def worked_out_behind_in(x: "data[T, d]", y: "data[T, d]", b: "parameter[d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    h, s = b, 0.0
    for a, row in zip(np.flip(x, axis=0), x * 2 + b, strict=True):
        h = np.tanh(h * a + row)
    for t, a in reversed(list(enumerate(y))):
        s = s * 0.5 + np.sum(a * x[t])
    for t in range(len(x))[::-1]:
        h = h + b * x[t] * y[-1 - t] * x[-(t + 1)]
    for t, a in zip(range(1, len(x)), y[1:], strict=True):
        h = np.tanh(h + a * x[t - 1])
    for t in list(range(len(x))):
        h = h * x[t] + b
    return np.sum(h) + s


def the_last_two(x: "data[T, d]", b: "parameter[d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    hs, us = [b, b * 0.5], [b]
    for a in x:
        p, q = hs[-2:]
        hs.append(np.tanh(p - q * a))
        us.append(us[len(us) - 1] * a)
    hs = [*hs, x[0], *us]
    return np.sum(np.stack(hs) ** 2)


def names_of_inner_loops(x: "data[T, d]", V: "parameter[K, d, d]", b: "parameter[d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    h = b
    for i in range(2):
        h = h * (i + 1)
    for w in V:
        h = np.tanh(w @ h)
    for a in x:
        for i in range(2):
            h = h * a + i
        for w in V:
            h = np.tanh(w @ h)
    return np.sum(h**2)


@pytest.mark.parametrize("loss", [layer_by_layer, rows_beside_a_loop, worked_out_behind_in, the_last_two, names_of_inner_loops])
def test_loops_over_what_people_loop_over_are_what_python_runs(loss) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    shapes = {"x": (4, 2), "y": (4, 2), "V": (3, 2, 2), "b": (2,), "h0": (2,)}
    network = sb.read(loss)
    at = {t.name: rng.normal(size=shapes[t.name]) for t in network.program.inputs}
    want = loss(**{name: array.copy() for name, array in at.items()})
    assert network.written_out is not None
    plain = network.written_out(
        numbers={s: n for s, n in {"T": 4, "d": 2, "K": 3}.items() if s in map(str, network.program.sizes())}
    )
    for read in (network, plain):
        np.testing.assert_allclose(forward(read.program, at, {})[read.loss], want, rtol=1e-12)


def test_a_name_of_a_loop_within_is_none_below() -> None:
    text = "x: parameter[T, d]\nV: parameter[K, d]\nh = zeros(d)\nfor w in V:\n    h = h + w\n"
    text += "for a in x:\n    for w in V:\n        h = tanh(w*h + a)\nL = sum(h*w)"
    with pytest.raises(NotationError, match="w"):
        sb.read(text)
