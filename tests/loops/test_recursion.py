"""What a loop is on paper: the recursion of a textbook, each line proved at every step of some points."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sympy import Integer

import symbackprop as sb
from symbackprop.algebra.lines import Line, Lines
from symbackprop.algebra.matrix import Form, Front
from symbackprop.algebra.recursion import StepBox, StepLine, step_box
from symbackprop.algebra.symmetric_steps import with_symmetric_steps
from symbackprop.core.derivation import Derivation
from symbackprop.core.differentiate import differentiate
from symbackprop.core.loops.recursion import Recursion, StepProgram
from symbackprop.core.program import Signature, rewritten, substituted
from symbackprop.display.index_form import equation_letters
from symbackprop.display.local_form import local_equation, local_formula
from symbackprop.display.marginals import marginals
from symbackprop.display.recursion import steps_box
from symbackprop.display.step_chain import told_together, unnamed
from symbackprop.display.step_forms import forward_steps
from symbackprop.documents.formats.text import Text
from symbackprop.documents.steps import report
from symbackprop.evaluate import tape
from symbackprop.evaluate.extents import extent
from symbackprop.evaluate.points import point
from symbackprop.evaluate.sizes import draw_sizes
from symbackprop.formulas.latex import latex
from symbackprop.judge.proofs import recursed
from symbackprop.judge.proofs.recursed import proved_steps
from tests.formulas.latex_value import Numbered, formula_value, latex_value
from tests.loops.networks import CASES, cases

LAYERS = """x: data[h]
y: data[h]
W: parameter[n, h, h]
b: parameter[n, h]
z[0] = x
for l in 1..n:
    u[l] = W[l] @ z[l-1] + b[l]
    z[l] = sigmoid(u[l])
L = sum((z[n] - y)**2)
"""
TIME = """x: data[T, d]
y: labels[T, c]
W: parameter[m, d]
U: parameter[m, m]
V: parameter[c, m]
s[0] = zeros(m)
for t in 1..T:
    a[t] = W @ x[t] + U @ s[t-1]
    s[t] = tanh(a[t])
    p[t] = softmax(V @ s[t])
    e[t] = -sum(y[t]*log(p[t]))
L = sum(e)
"""
TOWER = """x: data[h]
y: data[h]
W: parameter[n, h, h]
V: parameter[n, h, h]
z[0] = x
for l in 1..n:
    a[l] = tanh(W[l] @ z[l-1])
    z[l] = z[l-1] + V[l] @ a[l]
L = sum((z[n] - y)**2)
"""
LINES = {
    LAYERS: [
        (r"\delta^{(n)} = 2 \left(z^{(n)} - y\right)\odot z^{(n)}\odot \left(1 - z^{(n)}\right)", "h"),
        (
            r"\delta^{(l)} = \left(W^{(l + 1)}\right)^{\top} \delta^{(l + 1)}\odot z^{(l)}\odot \left(1 - z^{(l)}\right)",
            "h, l = n − 1, …, 1",
        ),
        (r"\frac{\partial L}{\partial W^{(l)}} = \delta^{(l)} \left(z^{(l - 1)}\right)^{\top}", "h × h, l = 1, …, n"),
        (r"\frac{\partial L}{\partial b^{(l)}} = \delta^{(l)}", "h, l = 1, …, n"),
    ],
    TOWER: [
        (r"\delta_{z}^{(n)} = 2 \left(z^{(n)} - y\right)", "h"),
        (r"\delta_{z}^{(l)} = \delta_{z}^{(l + 1)} + \left(W^{(l + 1)}\right)^{\top} \delta_{a}^{(l + 1)}", "h, l = n − 1, …, 1"),
        (r"\frac{\partial L}{\partial V^{(l)}} = \delta_{z}^{(l)} \left(a^{(l)}\right)^{\top}", "h × h, l = 1, …, n"),
        (
            r"\delta_{a}^{(l)} = \left(V^{(l)}\right)^{\top} \delta_{z}^{(l)}\odot \left[1 - \left(a^{(l)}\right)^{\odot 2}\right]",
            "h, l = 1, …, n",
        ),
        (r"\frac{\partial L}{\partial W^{(l)}} = \delta_{a}^{(l)} \left(z^{(l - 1)}\right)^{\top}", "h × h, l = 1, …, n"),
    ],
}


def told(net: str) -> list[tuple[str, str]]:
    return [(line.latex(), line.about.line()) for line in sb.derive(net).box().lines]


@pytest.mark.parametrize("net", LINES)
def test_the_lines_are_those_of_a_textbook(net: str) -> None:
    assert told(net) == LINES[net]


def test_the_four_equations_of_backpropagation_hold_for_any_activation() -> None:
    lines = dict(told("phi: function\n" + LAYERS.replace("sigmoid", "phi")))
    assert any(r"\phi'\left(u^{(l)}\right)" in line for line in lines)


def test_time_stands_below_and_what_is_zero_beyond_the_end_is_said() -> None:
    lines = dict(told(TIME))
    line = r"\delta_{a,t} = \left(U^{\top} \delta_{a,t+1} + V^{\top} \delta_{p,t}\right)\odot \left(1 - s_{t}^{\odot 2}\right)"
    assert line in lines
    assert any("T, …, 1" in about and "= 0" in about for about in lines.values())
    assert any(line.startswith(r"\frac{\partial L}{\partial U} = \sum_{t=1}^{T} ") for line in lines)
    assert any(r"p_{t} - y_{t}" in line for line in lines)


@pytest.mark.slow
def test_the_network_is_told_at_one_step() -> None:
    shown = [latex(form.formula) for form in forward_steps(sb.derive(LAYERS))]
    assert shown == [
        "z^{(0)} = x",
        r"u^{(l)} = W^{(l)} z^{(l - 1)} + b^{(l)}",
        r"z^{(l)} = \sigma\left(u^{(l)}\right)",
        r"L = \left\lVert z^{(n)} - y\right\rVert^{2}",
    ]
    text = sb.derive(LAYERS).text()
    assert "z⁽ˡ⁾ = σ(u⁽ˡ⁾)" in text
    assert "has no short form" not in text
    backward = text.partition("The backward pass")[2]
    assert backward.index("δ⁽ⁿ⁾ = ∂L/∂u⁽ⁿ⁾ = ") < backward.index("δ⁽ˡ⁾ = ∂L/∂u⁽ˡ⁾ = ")
    assert "The recursion starts at l = n" in backward
    assert "prev" not in text


def test_the_step_of_descent_is_told_at_one_step() -> None:
    updates = [latex(line.formula) for line in sb.derive(LAYERS, update="eta").box().updates]
    assert updates[0] == r"W^{(l)} \leftarrow W^{(l)} - \eta\,\frac{\partial L}{\partial W^{(l)}}"


def derived(name: str) -> Derivation:
    program = CASES[name].program
    by = [t.name for t in program.inputs if t.kind == "parameter"] or [t.name for t in program.inputs if t.kind == "data"]
    return differentiate(program, "L", by, True)


@pytest.mark.parametrize("name", cases())
def test_each_network_has_lines_that_are_proved(name: str) -> None:
    derivation = derived(name)
    box = proved_steps(derivation)
    assert not box.missing
    shown = steps_box(derivation, box)
    assert len({latex(line.formula) for line in shown.lines}) == len(shown.lines)
    assert {line.name for line in box.lines} | set(box.missing) >= set(derivation.program.outputs)
    for part in (part for line in box.lines for part in line.parts):
        chain_holds(Recursion(derivation.program), part.at)


def chain_holds(recursion: Recursion, at: StepProgram) -> None:
    """Compare the chain rule of a line with its gradient, and each local derivative, times what comes to it, with what it makes."""
    second = {axis.step: Integer(2) for axis in (*at.over, *at.summed)}  # where a step stands in a formula as a number
    equations = (replace(e, op=rewritten(e.op, e.op.over, lambda body: substituted(body, second))) for e in at.program.equations)
    at = replace(at, program=replace(at.program, equations=tuple(equations)))
    sizes = draw_sizes(at.program)
    arrays = dict(tape.forward(at.program, point(at.program, sizes), sizes))
    at = replace(at, program=replace(at.program, equations=told_together(recursion, at)))
    names, inner = Numbered(at.program), unnamed(at)
    row = formula_value(names, names.written[at.target], arrays, sizes, inner)
    np.testing.assert_allclose(row, arrays[at.target], rtol=1e-9, atol=1e-9)
    for own in at.program.equations:
        if own.step is None or own.step.local is None or own.step.upstream is None:
            continue
        holder, extents = local_equation(names, own, own.step)
        shape = tuple(extents[c] for c in holder.target.index)
        names.program = replace(
            at.program, tensors={**at.program.tensors, holder.target.name: Signature(holder.target.name, shape)}
        )
        arrays[holder.target.name] = np.zeros([extent(n, sizes) for n in shape])
        shown = latex(local_formula(names, own, equation_letters(names, own), inner))
        value, above = latex_value(names, shown, holder, arrays, sizes, inner), own.operands[0]
        axes = {c: k for k, c in enumerate(dict.fromkeys((*above.index, *holder.target.index)))}
        ways = [[axes[c] for c in index] for index in (above.index, holder.target.index, own.target.index)]
        found = np.einsum(arrays[above.name], ways[0], value, ways[1], ways[2])
        np.testing.assert_allclose(found, arrays[own.target.name], rtol=1e-9, atol=1e-9, err_msg=shown)


def twice(x: StepLine) -> StepLine:
    assert x.line.form is not None
    return replace(x, line=replace(x.line, form=Form("scaled", (x.line.form,), Front(2, (), ()))))


RICCATI = """A: data[m, m]
P0: data[m, m]
C: parameter[m, m]
P[0] = START
for t in 1..T:
    M[t] = A @ P[t-1] @ A.T + C @ C.T
    P[t] = STEP
L = sum(P[T])
"""
UPDATED = "M[t] - M[t] @ inv(M[t] + eye(m)) @ M[t]"
SYMMETRIC = {
    "from a symmetric start": ("P0 @ P0.T", UPDATED, {"M", "P"}),
    "from nothing": ("zeros((m, m))", "M[t]", {"M", "P"}),
    "from any start": ("P0", UPDATED, set[str]()),
    "by a step that is none": ("eye(m)", "A @ M[t]", set[str]()),
}


@pytest.mark.parametrize(("start", "step", "said"), SYMMETRIC.values(), ids=SYMMETRIC)
def test_what_is_symmetric_at_every_step_is_found_by_induction(start: str, step: str, said: set[str]) -> None:
    program = sb.read(RICCATI.replace("START", start).replace("STEP", step)).program
    found = {n for n, t in with_symmetric_steps(program).tensors.items() if t.is_symmetric}
    assert found & {"M", "P"} == said
    sizes = {"m": 3, "T": 4}
    values = dict(tape.forward(program, point(program, sizes), sizes))
    assert all(np.allclose(values[n], np.swapaxes(values[n], -1, -2)) for n in said)


SUMS = {
    "kalman": r"\frac{\partial L}{\partial F} = \sum_{t=1}^{T} \left(\delta_{m,t} \mu_{t-1}^{\top} + "
    r"\delta_{M,t}^{\top}\,\mathrm{FP}_{t} + \delta_{\mathrm{FP},t}\,P_{t-1}^{\top}\right)",
    "sinkhorn": r"\frac{\partial L}{\partial C} = K\odot \left(\frac{a}{w}\,q^{\top} - \delta_{K}\right)",
    "attention over a loop": r"\delta_{g,s} = V^{\top} \delta_{k,s} + h^{\top} \delta_{e,s}",
}


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.slow
def test_sums_over_steps_stand_before_the_terms_that_they_belong_to(name: str) -> None:
    derivation = derived(name)
    shown = [latex(line.formula) for line in steps_box(derivation, proved_steps(derivation)).lines]
    assert SUMS[name] in shown


@pytest.mark.slow
def test_a_line_whose_second_part_is_wrong_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    derivation = derived("sinkhorn")

    def box(program, refused) -> StepBox:
        found = step_box(program, refused)
        return replace(found, lines=tuple(replace(x, rest=twice(x.rest)) if x.rest else x for x in found.lines))

    monkeypatch.setattr(recursed, "step_box", box)
    assert {"dL/dC", "dL/da"} <= proved_steps(derivation).missing.keys()


@pytest.mark.parametrize("name", ["mlp", "residual tower", "discounted return"])
@pytest.mark.slow
def test_a_wrong_line_is_not_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    derivation = derived(name)
    right = proved_steps(derivation)
    for wrong in right.lines:

        def box(program, refused, wrong=wrong) -> StepBox:
            found = step_box(program, refused)
            return replace(found, lines=tuple(twice(x) if x == wrong else x for x in found.lines))

        monkeypatch.setattr(recursed, "step_box", box)
        found = proved_steps(derivation)
        assert wrong.name not in {line.name for line in found.lines}


FROM_TWO = """x: data[T, d]
W: parameter[d, d]
s[1] = x[1]
for t in 2..T:
    s[t] = tanh(W @ s[t-1] + x[t])
L = sum(s[T]**2)
"""


def test_a_loop_that_goes_on_from_a_first_step_counts_as_a_person_does() -> None:
    derivation = sb.derive(FROM_TWO, wrt=["W", "x"])
    lines = [(line.latex(), line.about.line()) for line in derivation.box().lines]
    assert (r"\delta_{t} = W^{\top} \delta_{t+1}\odot \left(1 - s_{t}^{\odot 2}\right)", "d, t = T − 1, …, 2") in lines
    assert lines[2:] == [
        (r"\frac{\partial L}{\partial W} = \sum_{t=2}^{T} \delta_{t} s_{t-1}^{\top}", "d × d"),
        (r"\frac{\partial L}{\partial x_{1}} = W^{\top} \delta_{2}", "d"),
        (r"\frac{\partial L}{\partial x_{t}} = \delta_{t}", "d, t = 2, …, T"),
    ]
    shown = [latex(form.formula) for form in forward_steps(derivation)]
    assert shown[0] == "s_{1} = x_{1}"
    assert "W s_{t-1} + x_{t}" in shown[1]


HIDDEN_MARKOV = """A: parameter[c, c]
B: parameter[c, v]
p: parameter[c]
y: integers[T, v]
alpha[1] = p * B[:, y[1]]
for t in 2..T:
    alpha[t] = (A.T @ alpha[t-1]) * B[:, y[t]]
L = -log(sum(alpha[T]))
"""
PAPERS = {
    "crf_forward": [  # the marginals of pairs; what is expected, minus what was observed
        (r"\delta_{\alpha,T} = \operatorname{softmax}\left(\alpha_{T}\right)", "c"),
        (r"\delta_{\alpha,t} = \delta_{1,t+1}\,\mathbf{1}_{c}", "c, t = T − 1, …, 2"),
        (
            r"\delta_{1,t} = \operatorname{softmax}\left(\mathbf{1}_{c}\,\alpha_{t-1}^{\top} + A^{\top}\right)^{\top}\,"
            r"\operatorname{diag}\left(\delta_{\alpha,t}\right)",
            "c × c, t = 2, …, T",
        ),
        (r"\frac{\partial L}{\partial x_{1}} = \delta_{1,2}\,\mathbf{1}_{c} - e_{y_{1}}", "c"),
        (r"\frac{\partial L}{\partial x_{t}} = \delta_{\alpha,t} - e_{y_{t}}", "c, t = 2, …, T"),
        (
            r"\frac{\partial L}{\partial A} = \sum_{t=2}^{T} \left(\delta_{1,t} - e_{y_{t-1}} e_{y_{t}}^{\top}\right)",
            "c × c",
        ),
        (r"\frac{\partial L}{\partial p} = \delta_{1,2}\,\mathbf{1}_{c} - e_{y_{1}}", "c"),
    ],
    "hidden Markov": [  # what flows back is the backward variable
        (r"\delta_{\alpha,T} = -\frac{\mathbf{1}_{c}}{\operatorname{sum}\left(\alpha_{T}\right)}", "c"),
        (r"\delta_{\alpha,t} = A \delta_{1,t+1}", "c, t = T − 1, …, 2"),
        (r"\delta_{1,t} = \delta_{\alpha,t}\odot B e_{y_{t}}", "c, t = 2, …, T"),
        (r"\frac{\partial L}{\partial A} = \sum_{t=2}^{T} \alpha_{t-1} \delta_{1,t}^{\top}", "c × c"),
    ],
}


@pytest.mark.parametrize("name", PAPERS)
@pytest.mark.slow
def test_forward_recursions_have_the_lines_of_the_papers(name: str) -> None:
    path = Path(__file__).parents[2] / "examples" / "loops" / "crf_forward.net"
    derivation = sb.derive(path if name == "crf_forward" else HIDDEN_MARKOV)
    lines = [(line.latex(), line.about.line()) for line in derivation.box().lines]
    assert lines[: len(PAPERS[name])] == PAPERS[name]
    assert not derivation.box().missing
    if name == "crf_forward":
        text = derivation.text()
        assert "L = log Σ_i e^(α_(T,i)) − p_(y₁) − x_(1,y₁) − Σ_(t=2)^T sₜ" in text
        assert "Steps count from 1, other positions from 0" in text
        assert "marginals, the probability of each state there" in " ".join(text.split())
        assert "vanishes" not in text


PACKED = """
x: data[T, d]
y: data[m]
W: parameter[4*m, m + d]
b: parameter[4*m]
h[0] = zeros(m)
c[0] = zeros(m)
for t in 1..T:
    v[t] = concatenate([h[t-1], x[t]])
    z[t] = W @ v[t] + b
    i[t] = sigmoid(z[t, :m])
    f[t] = sigmoid(z[t, m:2*m])
    o[t] = sigmoid(z[t, 2*m:3*m])
    g[t] = tanh(z[t, 3*m:])
    c[t] = f[t] * c[t-1] + i[t] * g[t]
    h[t] = o[t] * tanh(c[t])
L = sum((h[T] - y)**2) / 2
"""


@pytest.mark.slow
def test_gates_that_are_one_product_with_state_and_input_stand_by_block() -> None:
    derivation = sb.derive(PACKED)
    assert derivation.check(points=1).ok
    assert str(derivation.box()).split("\n") == [
        "δ_(h,T) = h_T − y",
        "δ_(h,t) = W_(:,:m)ᵀ δ_(z,t+1)",
        "δ_(c,t) = δ_(h,t) ⊙ oₜ ⊙ (1 − tanh(cₜ)^(⊙2)) + δ_(c,t+1) ⊙ fₜ₊₁",
        "δ_(z,t) = [δ_(c,t) ⊙ gₜ ⊙ iₜ ⊙ (1 − iₜ); δ_(c,t) ⊙ cₜ₋₁ ⊙ fₜ ⊙ (1 − fₜ); δ_(h,t) ⊙ tanh(cₜ) ⊙ oₜ ⊙ (1 − oₜ); "
        "δ_(c,t) ⊙ iₜ ⊙ (1 − gₜ^(⊙2))]",
        "∂L/∂W = Σ_(t=1)^T δ_(z,t) vₜᵀ",
        "∂L/∂b = Σ_(t=1)^T δ_(z,t)",
    ]


BESIDE = "x: parameter[n]\nz = 1\nfor i in range(n):\n    z = z*x[i] + 1\n"
BEHIND = "x: parameter[n]\nz = 1\nfor i in range(n):\n    z = z*x[i]\nu: data[m, k]\nv: parameter[k]\n"


def test_what_has_more_axes_beside_a_loop_has_its_letters_below() -> None:
    box = sb.derive(BESIDE + "w: parameter[m, k, k]\nL = z + sum(tanh(w)**2)").box()
    left = [line.latex().split(" = ")[0] for line in box.lines]
    assert r"\frac{\partial L}{\partial w_{j}}" in left


def test_values_that_are_equal_but_for_an_axis_of_size_1_stand_for_each_other_no_more() -> None:
    text = (
        "x: parameter[n]\nv = mean(x**2, axis=0, keepdims=True)\nz = sum(x)\nfor i in range(1):\n    z = tanh(z + v[i])\nL = z**2"
    )
    assert not sb.derive(text).box().missing


def test_a_line_by_its_parts_reads_what_has_a_line() -> None:
    text = BEHIND + "p = v*u\nq = p + z\nL = sum(sin(roll(v, -1))) + sum(tanh(q)**2) + sum(sin(p**2))"
    box = sb.derive(text).box()
    assert not box.missing
    assert not any(r"\partial L}{\partial p" in line.latex() for line in box.lines)  # of which the box says nothing


def test_a_step_of_a_loop_has_its_local_derivatives_and_its_chain_rule() -> None:
    net = "x: data[T, d]\nW: parameter[m, m]\nU: parameter[m, d]\nv: parameter[m]\ny: data[()]\nh[0] = zeros(m)\n"
    net += "for t in 1..T:\n    h[t] = tanh(W @ h[t-1] + U @ x[t])\nL = (v @ h[T] - y)**2/2"
    derivation = sb.derive(net)
    text = Text().write(report(derivation, box=derivation.box()))
    assert "From vᵀ h_T back to v " in text  # what nobody named is called by its formula
    assert text.count("h₀ = 0") == 1
    assert "∂(vᵀ h_T)/∂h_(T,i) = vᵢ,   ∂h_(t,i)/∂(W hₜ₋₁ + U xₜ)ᵢ = 1 − h_(t,i)²,   ∂(W hₜ + U xₜ₊₁)ᵢ/∂h_(t,j) = Wᵢⱼ" in text
    assert "δ_(h,t,i) = (Σ_j δ_(h,t+1,j) Wⱼᵢ)(1 − h_(t,i)²)" in text
    assert "∂L/∂Wᵢⱼ = Σ_(t=1)^T δ_(h,t,i) h_(t−1,j)" in text


def test_a_softmax_that_nobody_named_is_written_out_and_goes_back_by_its_own_derivative() -> None:
    net = "E: parameter[V, m]\nC: parameter[V, m]\nw, y: integers[T, V]\nh[0] = zeros(m)\n"
    net += "for t in 1..T:\n    h[t] = tanh(h[t-1] + E[w[t]])\n    s[t] = C @ h[t]\nL = -sum(log(softmax(s))[arange(T), y])"
    derivation = sb.derive(net)
    text = Text().write(report(derivation, box=derivation.box()))
    assert "logsumexp" not in text
    assert "P_" not in text  # a name that is defined nowhere
    assert "L = −Σ_(t=1)^T log(softmax(sₜ)_(yₜ))" in text
    assert "p = softmax(sₜ),   ∂pᵥ/∂s_(t,i) = {pᵥ(1 − pᵥ), if v = i; −pᵥ pᵢ, if v ≠ i}" in text
    assert "δ_(s,t,v) = softmax(sₜ)ᵥ − 1[v = yₜ]" in text


FIELD = "x: data[T, c]\nA: parameter[c, c]\nalpha[1] = x[1]\nfor t in 2..T:\n    alpha[t] = x[t] + {}\nL = {}"
FORWARD, LAST = "logsumexp(alpha[t-1][:, None] + A, axis=0)", "logsumexp(alpha[T]) - sum(A)"
NO_FIELDS = {
    "of another weight": (FORWARD, "2*logsumexp(alpha[T]) - sum(A)"),
    "of a step before": (FORWARD, "logsumexp(alpha[T-1]) - sum(A)"),
    "of what is read twice": (FORWARD, "logsumexp(alpha[T]) - sum(alpha[T])"),
    "scaled": ("logsumexp(2*alpha[t-1][:, None] + A, axis=0)", LAST),
    "over the states that follow": ("logsumexp(alpha[t-1][None, :] + A, axis=0)", LAST),
    "the largest": ("max(alpha[t-1][:, None] + A, axis=0)", LAST),
}


def test_the_gradients_of_a_forward_recursion_are_marginals() -> None:
    derivation = sb.derive(FIELD.format(FORWARD, LAST))
    found = marginals(derivation)
    assert found is not None
    sizes = {"T": 4, "c": 3}
    values = dict(tape.forward(derivation.program, point(derivation.program, sizes), sizes))
    for name in found:
        own = values[name].reshape(len(values[name]), -1)
        assert own.min() >= 0
        np.testing.assert_allclose(own.sum(axis=1), 1)


@pytest.mark.parametrize("name", NO_FIELDS)
def test_what_is_no_forward_recursion_has_no_marginals(name: str) -> None:
    assert marginals(sb.derive(FIELD.format(*NO_FIELDS[name]))) is None


def test_a_line_is_worked_out_with_another_in_it_only_where_that_is_a_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[tuple[Lines, str]]()
    line = Lines.line

    def noted(self: Lines, name: str, lets: set[str]) -> Line:
        asked.extend((self, inner) for inner in lets)
        return line(self, name, lets)

    monkeypatch.setattr(Lines, "line", noted)
    step_box(differentiate(sb.read(TIME).program, "L").program)
    assert all(form is not None and form.op == "sum" for lines, inner in asked for form in [line(lines, inner, set()).form])
    assert asked
