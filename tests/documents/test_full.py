"""A full report: the chain rule of each equation is computed, and what is said is of the network at hand."""

import re
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.derivatives.united import united
from symbackprop.core.program import Equation, Ref, Sum, position, slot
from symbackprop.display.equations import equation_formula
from symbackprop.display.softmax import softmaxes
from symbackprop.display.written_out import written_out
from symbackprop.documents.document import StepBlock
from symbackprop.documents.formats.text import Text
from symbackprop.documents.layer_block import Lecture
from symbackprop.documents.layers import Line
from symbackprop.documents.parts import part_read
from symbackprop.documents.step_block import part_local
from symbackprop.formulas.latex import latex
from symbackprop.formulas.plain import plain
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.told import told
from tests.display.networks import MAKERS, at_random
from tests.documents.test_layers import prove, reasons, sides
from tests.formulas.latex_value import Numbered, latex_value

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
WORDS = (
    "V: parameter[w, d]\nU: parameter[w, d]\nc: integers[w]\no: integers[w]\nv = V[c]\nz = U @ v\np = softmax(z)\nL = -log(p[o])"
)
CLASSES = "X: data[n, d]\nt: integers[n, c]\nW: parameter[d, c]\nO = X @ W\nP = softmax(O)\nL = -mean(log(P[arange(n), t]))"
MARGIN = "X: data[n, d]\ny: sign[n]\nw: parameter[d]\nL = mean(log(1 + exp(-y*(X @ w))))"
LOGITS = "X: data[n, d]\ny: binary[n]\nw: parameter[d]\nz = X @ w\nL = sum(log(1 + exp(z)) - y*z)"


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_chain_rule_of_each_equation_is_its_gradient(make) -> None:
    derived = make()
    names, (arrays, sizes) = Numbered(derived.program), at_random(derived, 0)
    everything = [e.target.name for e in derived.program.equations]
    lecture = Lecture(derived, names, written_out(derived), {}, lambda _, formula: formula)
    for equation in united(derived, softmaxes(names).named)[0]:
        if equation.step is None or equation.step.rule != "chain":
            continue
        name = equation.target.name
        for row in lecture.chain(Line(name, equation_formula(names, equation), (equation,))):
            if row.equation.target.name != name:
                continue
            for side in sides(row.formula):
                found = latex_value(names, side, row.equation, arrays, sizes, everything)
                np.testing.assert_allclose(found, arrays[name], rtol=1e-7, atol=1e-8, err_msg=latex(row.formula))


def text(net: str, detail: str = "normal") -> str:
    return " ".join(sb.derive(net).report("text", detail=detail).split())


@pytest.mark.slow
@pytest.mark.parametrize("net", [WORDS, CLASSES])
def test_the_number_of_a_class_meets_a_softmax_as_labels_do(net: str) -> None:
    derived = sb.derive(net)
    assert prove(derived, derived.box())
    assert "The softmax and the logarithm cancel" in reasons(net)
    assert "Jacobian of p is" not in reasons(net)
    assert re.search(r"u_?[₀-₉(]", text(net)) is None


def test_the_chain_rule_over_all_entries_of_a_softmax_ends_in_what_the_box_says() -> None:
    assert "Σ_j (−1[j = o]/pₒ) pⱼ(1[j = i] − pᵢ) = pᵢ(Σ_j 1[j = o]) − 1[i = o] = pᵢ − 1[i = o]" in text(WORDS)
    assert "p − eₒ is left, the prediction minus the target" in text(WORDS)


@pytest.mark.slow
def test_what_is_looked_up_has_its_chain_rule() -> None:
    """A row that data name, in one formula; an entry of a window has none in indicators."""
    assert "∂L/∂Vⱼᵢ = (Σ_k δ_(z,k) Uₖᵢ) 1[j = c]" in text(WORDS)
    for name in ("layers/embed", "losses/skip_gram_loss"):
        derived = sb.derive(str(EXAMPLES / f"{name}.net"))
        assert prove(derived, derived.box())


def test_a_sigmoid_that_nobody_wrote_says_what_it_is_of() -> None:
    assert "That e⁻ˣ/(1 + e⁻ˣ) = 1 − σ(x) was used." in reasons(MARGIN)
    assert "That eˣ/(1 + eˣ) = σ(x) was used." in reasons(LOGITS)
    written = LOGITS.replace("sum(log(1 + exp(z)) - y*z)", "sum((sigmoid(z) - y)**2)")
    assert "was used." not in reasons(written)


@pytest.mark.slow
@pytest.mark.parametrize("loss", [
    "a = sigmoid(z)\nL = -mean(y*log(a) + (1 - y)*log(1 - a))", "L = sum(softplus(z) - y*z)", "L = sum(log(1 + exp(z)) - y*z)",
])  # fmt: skip
def test_the_hessian_of_the_logistic_loss_is_recognised(loss: str) -> None:
    net = "X: data[n, d]\ny: binary[n]\nw: parameter[d]\nz = X @ w\n{}"
    words = "This is the Hessian of the logistic loss"
    assert words in " ".join(sb.derive(sb.derive(net.format(loss), "w"), "w").report("text").split())
    for other in ("L = sum((z - y)**2)", "L = sum((sigmoid(z) - y)**2)", "L = sum(z**4)"):
        assert words not in " ".join(sb.derive(sb.derive(net.format(other), "w"), "w").report("text").split())


SHAPES = {1: "d, h", 2: "h, h", 3: "h, h", 4: "h, c"}
LAYERS = "X: data[n, d]\nY: data[n, c]\n"
LAYERS += "\n".join(f"W_{k}: parameter[{shape}]\nb_{k}: parameter[{shape[-1]}]" for k, shape in SHAPES.items())
LAYERS += "\nA_1 = relu(X @ W_1 + b_1)\nA_2 = relu(A_1 @ W_2 + b_2)\nA_3 = relu(A_2 @ W_3 + b_3)\nL = sum((A_3 @ W_4 + b_4 - Y)**2)"


@pytest.mark.slow
@pytest.mark.parametrize("detail", ["brief", "normal"])
def test_steps_of_descent_that_are_alike_are_one_line_and_no_gradient_stands_beside_them(detail: str) -> None:
    report = sb.derive(LAYERS, update="eta").report("text", detail=detail)
    lines = [" ".join(line.split()) for line in report.splitlines() if "← " in line and "A ←" not in line]
    assert lines == ["Wₗ ← Wₗ − η (∂L/∂Wₗ) l = 1, …, 4", "bₗ ← bₗ − η (∂L/∂bₗ) l = 1, …, 4"]
    whole = sb.derive(LAYERS, update="eta").report("text", detail="full")
    assert len([line for line in whole.splitlines() if "← " in line and "A ←" not in line]) == 8
    assert str(sb.derive(LAYERS, update="eta").box()).count("←") == 8


@pytest.mark.slow
def test_many_lines_of_a_brief_box_stand_apart_from_the_steps_of_descent() -> None:
    net = (EXAMPLES / "layers/transformer_block.net").read_text()
    report = sb.derive(net, update="eta").report("text", detail="brief")
    assert all("∂L/∂" not in line.split("←")[0] for line in report.splitlines() if "←" in line)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [pytest.param("layers/lstm", marks=pytest.mark.slow), "layers/gru", "two_layer", "mlp_3_4_4_1", "layers/dot_product_attention"],
)
def test_linear_in_two_factors_is_said_where_the_step_goes_back_to_both(path: str) -> None:
    for block in sb.derive(str(EXAMPLES / f"{path}.net")).document().blocks:
        if isinstance(block, StepBlock):
            said = " ".join(Text().line(sentence) for sentence in block.sentences)
            rows = " ".join(plain(x) for part in block.parts for x in part.formulas)
            for first, second in re.findall(r"is linear in (\S+) and in (\S+):", said):
                assert re.search(rf"∂{re.escape(first)}|/∂{first[0]}", rows), (first, rows)
                assert re.search(rf"∂{re.escape(second)}|/∂{second[0]}", rows), (second, rows)


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        (r"-\frac{\mathbf{1}[j = o]}{p}", "−1[j = o]/p"),
        (r"\frac{a + b}{p}", "(a + b)/p"),
        (r"\frac{\mathbf{1}[a + b > 0] + c}{p}", "(1[a + b > 0] + c)/p"),
        (r"\frac{\mathbf{1}[a > 0]\,\mathbf{1}[b > 0]}{p}", "1[a > 0] 1[b > 0]/p"),
        (r"\frac{p}{\mathbf{1}[a > 0]\,b}", "p/(1[a > 0] b)"),
    ],
)
def test_a_condition_over_a_line_has_no_bracket_of_its_own(formula: str, shown: str) -> None:
    assert plain(parse(formula)) == shown


@pytest.mark.slow
def test_short_formulas_of_a_step_are_one_line_that_the_page_breaks() -> None:
    page = sb.derive(str(EXAMPLES / "layers/lstm.net")).report("html")
    differentiated = re.findall(r"<dt>Differentiated</dt>((?:<dd[^>]*>.*?</dd>)+?)<dt", page, flags=re.DOTALL)
    assert max(row.count("<math") for row in differentiated) == 6
    assert all(row.count("<dd") == 1 for row in differentiated)


def test_a_maximum_of_windows_says_who_receives_its_gradient() -> None:
    assert "Of each window of A only the entry that Y was taken from receives" in reasons(
        (EXAMPLES / "layers/max_pool2d.net").read_text()
    )
    assert "window" not in reasons("X: parameter[n, d]\nm = max(X, axis=1)\nL = sum(m**2)")


def test_the_shapes_of_several_layers_stand_in_the_box_alone() -> None:
    blocks = [block for block in sb.derive(LAYERS).document().blocks if isinstance(block, StepBlock)]
    likewise = [block for block in blocks if "Likewise" in Text().line(block.title)]
    assert likewise
    assert not any(block.shape for block in likewise)
    assert all(block.shape for block in blocks if block not in likewise)


PARTS = (
    "p: parameter[n, 3*h]\nY: data[n, h]\na = sigmoid(p[:, :h])\nb = tanh(p[:, h:2*h])\nc = p[:, 2*h:]**2\nL = sum((a*b*c - Y)**2)"
)


@pytest.mark.slow
@pytest.mark.parametrize("detail", ["normal", "full"])
def test_what_reads_a_part_is_differentiated_by_the_entry_that_it_reads(detail: str) -> None:
    shown = text(PARTS, detail)
    assert "∂aᵢⱼ/∂p_(a,ij) = aᵢⱼ(1 − aᵢⱼ)" in shown or detail == "full"
    assert "∂cᵢⱼ/∂p_(i,j+2h) = 2 p_(i,j+2h)" in shown or detail == "full", "both sides by positions, where one is"
    blocks = [block for block in sb.derive(PARTS).document(detail=detail).blocks if isinstance(block, StepBlock)]
    rows = [plain(x) for block in blocks for p in block.parts if p.label == told("Local derivative") for x in p.formulas]
    assert rows
    assert not any("1[" in row for row in rows)
    assert any("/∂p_(b,ij)" in row or "/∂p_(i,j+h)" in row for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["layers/lstm", "layers/gru"])
def test_gates_are_differentiated_without_conditions_on_positions(path: str) -> None:
    derived = sb.derive(str(EXAMPLES / f"{path}.net"))
    blocks = [block for block in derived.document().blocks if isinstance(block, StepBlock)]
    rows = [plain(x) for block in blocks for p in block.parts if p.label == told("Local derivative") for x in p.formulas]
    assert not any(re.search(r"1\[\w = \w [+] ", row) for row in rows)


@pytest.mark.parametrize("text_", [PARTS, (EXAMPLES / "layers/lstm.net").read_text()])
def test_the_derivative_by_the_entry_that_is_read_is_the_slope_there(text_: str) -> None:
    """Times what comes from above it is what the gradient of the whole has at that entry, by this reader."""
    derived = sb.derive(text_)
    names, (arrays, sizes) = Numbered(derived.program), at_random(derived, 0)
    everything = [e.target.name for e in derived.program.equations]
    count = 0
    for equation in derived.backward:
        step = equation.step
        found = None if step is None or step.upstream is None else part_read(step)
        row = part_local(names, equation)
        if found is None or row is None or step is None or step.through is None or step.upstream is None or step.wrt is None:
            continue
        (own, at), through = found, step.through
        reader = Equation(
            Ref(step.upstream.name, through.index), Sum(slot(0), (slot(0),)), (Ref(step.upstream.name, through.index),)
        )
        slope = latex_value(names, sides(row)[-1], reader, arrays, sizes, everything)
        whole = arrays[equation.target.name]
        for place in np.ndindex(*np.shape(arrays[step.upstream.name])):
            here = dict(zip(through.index, place, strict=True))
            where = at.subs({position(c): k for c, k in here.items()}).subs(
                {s: sizes[str(s)] for s in at.free_symbols if str(s) in sizes}
            )
            entry = tuple(int(where) if c == own else here[c] for c in step.wrt.index)
            slope_here = np.broadcast_to(slope, arrays[step.upstream.name].shape)[place]
            assert whole[entry] == pytest.approx(slope_here * arrays[step.upstream.name][place], rel=1e-7, abs=1e-9)
            count += 1
    assert count


ATTENTION = "Q: parameter[t, k]\nK: data[t, k]\nV: data[t, m]\ny: data[t, m]\nA = softmax(Q @ K.T)\nO = A @ V\nL = {}"


def test_the_sum_of_rows_that_goes_back_through_attention_says_why_it_is_that_of_the_output() -> None:
    derived = sb.derive(ATTENTION.format("sum((O - y)**2)/2"))
    said = " ".join(derived.report("text").split())
    assert "rowsum(A ⊙ δ Vᵀ) = rowsum(δ ⊙ O), since O = A V." in said.replace("δ_O", "δ").replace("(O − y)", "δ")
    rng = np.random.default_rng(0)
    a, d, v = rng.normal(size=(4, 5)), rng.normal(size=(4, 3)), rng.normal(size=(5, 3))
    np.testing.assert_allclose((a * (d @ v.T)).sum(axis=1), (d * (a @ v)).sum(axis=1))
    assert "since O" not in sb.derive(ATTENTION.format("sum(A**2)")).report("text")


@pytest.mark.slow
def test_no_sum_within_a_formula_runs_over_the_letter_of_a_size() -> None:
    net = "X: data[t, d]\ny: data[t, k]\n" + "\n".join(f"W_{n}: parameter[d, k]" for n in "qkv")
    net += "\nQ = X @ W_q\nK = X @ W_k\nV = X @ W_v\nS = Q @ K.T / sqrt(k)\nA = softmax(S)\nL = sum((A @ V - y)**2)/2"
    derived = sb.derive(net)
    assert prove(derived, derived.box())
    for detail in ("normal", "full"):
        assert not re.search(r"Σ_\(?[^)\s]*[tdk]\b", derived.report("text", detail=detail))


@pytest.mark.parametrize(("read", "shown"), [("u[0]", "1[j = 0]"), ("u[n-1]", "1[j = n − 1]"), ("u[n-2]", "1[j = n − 2]")])
def test_an_entry_is_told_by_what_its_letter_is(read: str, shown: str) -> None:
    box = str(sb.derive(f"u: parameter[n]\nr = u[2:] - 2*u[1:-1] + u[:-2]\nL = sum(r**2)/2 + {read}**2/2").box())
    assert shown in box, box
