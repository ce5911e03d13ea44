"""A loop is shown by its equations: what is carried is told from what is read, and nothing goes round for ever."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.network import Network
from symbackprop.judge.proofs import recursed
from tests.loops.networks import CASES
from tests.loops.texts import TEXTS


def derived(name: str) -> Derivation:
    return sb.derive(Network(CASES[name].program, "L"))


def test_a_gradient_of_a_loop_is_its_line_at_one_step() -> None:
    mlp = derived("mlp")
    assert mlp.gradients["W"].latex() == r"\frac{\partial L}{\partial W^{(l)}} = \delta^{(l)} \left(z^{(l - 1)}\right)^{\top}"
    assert [line.split(" = ")[0] for line in mlp.gradients["W"].definitions] == [r"\delta^{(n)}", r"\delta^{(l)}"]


@pytest.mark.parametrize("name", ["mlp", "layers over time"])
def test_a_report_says_what_is_carried_and_where_it_starts(name: str) -> None:
    text = derived(name).markdown()
    assert "it is computed step by step" not in text
    assert ("vanishes where these factors shrink" in text) == (name == "mlp")  # one value is carried, along one axis
    if name == "mlp":
        full = derived(name).report("markdown", detail="full")
        assert r"p_{li} &= \begin{cases} x_{i} & \text{if } l = 0 \cr z_{l-1,i} & \text{otherwise} \end{cases}" in full
        assert r"& \text{if } l = n - 1 \cr \frac{\partial L}{\partial p_{l+1,i}} & \text{otherwise}" in full
        assert r"z^{(0)} &= x" in text


SOFTMAX = """x: data[T, d]
y: labels[T, c]
V: parameter[c, c]
o[0] = zeros(c)
for t in 1..T:
    o[t] = tanh(V @ o[t-1])
    e[t] = -sum(y[t] * log(softmax(o[t])))
L = sum(e)
"""


@pytest.mark.slow
def test_a_softmax_in_a_step_has_its_own_derivative() -> None:
    text = sb.derive(SOFTMAX).text()
    assert "p = softmax(oₜ),   ∂pᵢ/∂o_(t,j) = {pᵢ(1 − pᵢ), if i = j; −pᵢ pⱼ, if i ≠ j}" in text  # and not that of e^o alone
    assert "logsumexp" not in text


def test_a_softmax_that_meets_a_cross_entropy_at_each_step_is_told_as_without_a_loop() -> None:
    text = " ".join(sb.derive(MET).text().split())
    assert "∂L/∂p_(t,i) = −y_(t,i)/p_(t,i)" in text
    assert "p_(t,i)(1[i = j] − p_(t,j)) = p_(t,j)(Σ_i y_(t,i)) − y_(t,j) = p_(t,j) − y_(t,j)" in text
    assert "The softmax and the logarithm cancel: pₜ − yₜ is left, the prediction minus the target." in text
    assert "That the entries of yₜ sum to one was used." in text


MET = """x: data[T, d]
y: labels[T, c]
W: parameter[c, c]
V: parameter[c, c]
o[0] = zeros(c)
for t in 1..T:
    o[t] = tanh(W @ o[t-1])
    s[t] = V @ o[t]
    p[t] = softmax(s[t])
L = -sum(y * log(p))
"""


def test_a_local_derivative_is_of_the_equation_and_not_of_one_way_through_it() -> None:
    assert "Local derivative  ∂L/∂bᵢ = 2 bᵢ" in sb.derive("b: parameter[d]\nL = b @ b").text()
    text = sb.derive(TWO_WAYS).text()
    assert "∂lₜ/∂(A sₜ)ᵢ = s_(t,i)" in text
    assert "∂lₜ/∂s_(t,i)" not in text


TWO_WAYS = """A: parameter[d, d]
s[0] = ones(d)
for t in 1..T:
    s[t] = tanh(A @ s[t-1])
    l[t] = s[t] @ (A @ s[t])
L = sum(l)
"""


def drawn(name: str, **about: str) -> str:
    return sb.draw(derived(name), values="none", **about)  # type: ignore[return-value]  # SVG is text


def test_a_picture_draws_a_step_once_with_its_loop() -> None:
    found = drawn("mlp")
    assert "z⁽ˡ⁻¹⁾, z⁽⁰⁾ = x, operation" in found
    assert "z -&gt; p: l − 1" in found
    assert found.count("stroke-dasharray") == 3  # the two halves of the wire back, and the legend
    assert "to the next step of the loop" not in sb.draw("x: parameter\nL = x**2")
    assert "dash pattern" in drawn("mlp", format="tikz")


def test_the_wire_back_says_what_comes_back_from_the_next_step() -> None:
    found = drawn("mlp", edges="gradient")
    assert "z -&gt; p: l − 1, δ⁽ˡ⁺¹⁾" in found
    assert "x -&gt; p: δ⁽¹⁾" in found


def test_a_picture_of_a_recurrence_of_second_order_says_which_step_is_read() -> None:
    assert "z⁽ˡ⁻²⁾, z⁽⁻¹⁾" in sb.draw(TEXTS["second order"], values="none")


def test_the_sum_inside_of_a_softmax_is_no_box_of_its_own() -> None:
    found = sb.draw("x: parameter[T, c]\ny: labels[T, c]\ne = -sum(y*log(softmax(x, axis=1)), axis=1)\nL = sum(e)", values="none")
    assert "softmax" in str(found)
    assert "logsumexp" not in str(found)


@pytest.mark.slow
def test_a_picture_of_a_field_stands_at_its_steps() -> None:
    path = Path(__file__).parents[2] / "examples" / "loops" / "crf_forward.net"
    found = str(sb.draw(path, values="none"))
    assert "sₜ = A_(yₜ₋₁,yₜ) + x_(t,yₜ), operation" in found
    assert "Σ_(t=2)^T sₜ, operation" in found
    assert "u_(4,t) = yₜ, operation" in str(sb.draw(path, values="none", edges="gradient"))


def test_positions_with_sizes_in_them_are_no_steps() -> None:
    assert "loss" in str(sb.draw("A: parameter[n, m]\nv = vec(A)\nL = sum(v**2)", values="none"))


def stacked_states(x: "data[T, d]", W: "parameter[n, d, d]", U: "parameter[n, d, d]"):  # type: ignore[no-untyped-def]  # noqa: F821
    h, total = np.zeros((len(W), W.shape[1])), 0
    for t in range(len(x)):
        z = x[t]
        for k in range(len(W)):
            h[k] = np.tanh(W[k] @ z + U[k] @ h[k])
            z = h[k]
        total += np.sum(z**2)
    return total


@pytest.mark.slow
def test_what_begins_within_a_step_of_another_loop_stands_at_that_step() -> None:
    assert "⁽⁰⁾ = xₜ\n" in sb.derive(stacked_states).report("text")
    alone = "x: data[T, d]\nW: parameter[n, d, d]\nh[0] = x\nfor l in 1..n:\n    h[l] = tanh(h[l-1] @ W[l])\nL = sum(h[n]**2)"
    assert "h⁽⁰⁾ = x\n" in sb.derive(alone).report("text")


@pytest.mark.slow
def test_states_that_a_list_of_layers_stacks_have_a_box() -> None:
    text = "x: data[T, d]\nW: parameter[n, d, d]\nU: parameter[n, d, d]\nh = zeros((n, d))\nL = 0\nfor t in range(T):\n    z = x[t]\n    new = []\n"
    text += "    for l in range(n):\n        z = tanh(W[l] @ z + U[l] @ h[l])\n        new.append(z)\n    h = stack(new)\n    L += sum(z**2)"
    found = sb.derive(text)
    assert not found.box().missing
    assert "zₜ⁽⁰⁾ = xₜ" in found.report("text")


@pytest.mark.slow
def test_a_gradient_inside_of_a_loss_has_its_recursion_among_the_equations() -> None:
    text = sb.derive(
        "x: data[n, d]\nW: parameter[L, d, d]\nv: parameter[d]\nz[0] = x\nfor l in 1..L:\n    z[l] = tanh(z[l-1] @ W[l])\n"
        "s = z[L] @ v\ng = grad(sum(s), x)\nloss = sum(g**2)"
    ).report("text", detail="brief")
    assert "s_(z_prev)⁽ᴸ⁺¹⁾ = 1ₙ vᵀ" in text
    assert "s_(z_prev)⁽ˡ⁾ = (s_(z_prev)⁽ˡ⁺¹⁾ ⊙ [1 − (z⁽ˡ⁾)^(⊙2)])(W⁽ˡ⁾)ᵀ" in text
    assert "g = s_(z_prev)⁽¹⁾" in text


TRUNCATED = """x: data[C, k, d]
y: data[C, k, h]
W: parameter[h, d]
U: parameter[h, h]
s = zeros(h)
L = 0
for c in range(C):
    {}
    for t in range(k):
        s = tanh(W @ x[c, t] + U @ s)
        L += sum((s - y[c, t])**2)
"""


@pytest.mark.slow
def test_a_chunk_begins_where_the_one_before_ended() -> None:
    held = sb.derive(TRUNCATED.format("s = stop_gradient(s)")).report("text", detail="brief")
    assert "s_(3,k)⁽⁰⁾ = s" in held
    assert "s₂⁽ᶜ⁾ = sg(s_(3,k)⁽ᶜ⁻¹⁾)" in held
    through = sb.derive(TRUNCATED.format("u = s")).report("text", detail="brief")
    assert "s_(2,0)⁽ᶜ⁾ = s_(2,k)⁽ᶜ⁻¹⁾" in through
    assert "c = C, …, 1, δ₁^(C+1) = 0" in through


REVERSED = """
x: data[T, d]
W: parameter[m, d]
U: parameter[m, m]
s: data[m]
h[0] = zeros(m)
for t in 1..T:
    h[t] = tanh(W @ x[{read}] + U @ h[t-1])
L = s @ {told}
"""


def test_a_sequence_that_is_read_from_its_end_is_read_at_one_position() -> None:
    text = sb.derive(REVERSED.format(read="T+1-t", told="h[T]")).report("text")
    assert "hₜ = tanh(W x_(T−t) + U hₜ₋₁)" in text
    assert "∂L/∂W = Σ_(t=1)^T δₜ x_(T−t)ᵀ" in text


def test_states_that_are_turned_round_have_a_line_at_one_step() -> None:
    """What the first step alone hands on is a number times it: 1[t = 1]."""
    text = sb.derive(REVERSED.replace("[T, d]", "[5, d]").replace("1..T", "1..5").format(read="t", told="flip(h, axis=0)[4]"))
    assert "1[t = 1] s" in text.report("text")


def begun_by_the_rows(A: "parameter[T, T]", y: "data[T]"):  # type: ignore[no-untyped-def]  # noqa: F821
    T = len(y)
    a = np.zeros(T)
    for i in range(T):
        s = y[i]
        for j in range(i):
            s = s * 0.5 + A[i, j] * y[j]
        a[i] = s
    return np.sum(a**2)


def test_an_input_that_is_read_by_two_letters_does_not_make_them_one() -> None:
    """y[i] where a loop over j reads y[j]: what stood there was the diagonal alone, dL/dA = 0."""
    derivation = sb.derive(sb.read(begun_by_the_rows))
    text = derivation.report("text", detail="brief")
    assert "s⁽⁰⁾ = y" in text
    assert "sᵢ⁽ʲ⁾ = {Aᵢ⁽ʲ⁾ y⁽ʲ⁾ + (1/2) sᵢ⁽ʲ⁻¹⁾, if j − 1 < i; sᵢ⁽ʲ⁻¹⁾, otherwise}" in text
    assert "a = s^(T)" in text
    assert str(derivation.box()).splitlines() == [
        "δ^(T) = 2 a",
        "δᵢ⁽ʲ⁾ = δᵢ⁽ʲ⁺¹⁾(1 − 1[i ≥ 1 + j]/2)",
        "∂L/∂Aᵢ⁽ʲ⁾ = 1[i ≥ j] δᵢ⁽ʲ⁾ y⁽ʲ⁾",
    ]
    assert not derivation.box().missing


def along_the_diagonal(A: "parameter[T, T]", w: "parameter"):  # type: ignore[no-untyped-def]  # noqa: F821
    h = w
    for t in range(len(A)):
        h = np.tanh(h * 0.5 + A[t, t] * w)
    return h**2


def test_what_a_step_reads_along_two_axes_is_an_entry_of_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    derivation = sb.derive(sb.read(along_the_diagonal))
    text = derivation.report("text", detail="brief")
    assert "∂L/∂A_(t,k) = 1[t − 1 = k] δₜ w" in text
    assert not derivation.box().missing
    monkeypatch.setattr(recursed.StepReader, "steps", lambda self: iter([{"t": 1}]))
    assert recursed.proved_steps(derivation).missing  # lines that say some entries alone


def told_from_the_end(x: "parameter[T]"):  # type: ignore[no-untyped-def]  # noqa: F821
    T = len(x)
    s, o, F = x[0], [0.0], np.zeros((T, 2))
    for j in range(2):
        s = s + x[j] * s
    for i in range(1, T):
        F[i, 0] = np.sin(x[T - 1 - i]) + s
    for t in range(T - 1, -1, -1):
        o.append(x[T - 1 - t] * o[-1] ** 2)
    return F[-1, -1] + sum(o)


def test_a_step_that_another_letter_tells_is_no_step() -> None:
    """It ended in a KeyError, and what a sum is over stood behind it: L = (1 + T) o_(T-l+1)."""
    text = sb.derive(sb.read(told_from_the_end)).report("text", detail="brief")
    assert "(1 + T)" not in text


def test_what_is_carried_has_a_local_derivative_one_step_away() -> None:
    """The value of a step is what the next one reads as that before: d prev(t + 1)/dh(t) = 1."""
    net = "x: data[T, m]\nW: parameter[m, m]\nh[0] = zeros(m)\nfor t in 1..T:\n    h[t] = tanh(W @ h[t-1] + x[t])\nL = sum(h**2)"
    text = " ".join(sb.derive(net).report("text", detail="full").split())
    assert "Local derivative ∂h_(prev,t+1,i)/∂hₜᵢ = 1 Chain rule ∂L/∂hₜᵢ|" in text
    assert "= (∂L/∂h_(prev,t+1,i)) (∂h_(prev,t+1,i)/∂hₜᵢ) Product" in text
