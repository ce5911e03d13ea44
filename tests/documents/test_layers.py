"""The backward pass layer by layer: every line is read back and computed, and nothing is said twice."""

import re
from collections.abc import Collection
from dataclasses import replace
from functools import partial
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.algebra.lines import Lines
from symbackprop.core.derivation import Derivation, DerivationError
from symbackprop.core.differentiate import differentiate
from symbackprop.core.letters import fresh
from symbackprop.core.program import Program, Reduce, Ref
from symbackprop.display.box import ShownBox, line_formula
from symbackprop.display.forms import Printer
from symbackprop.display.names import Names
from symbackprop.display.written_out import written_out
from symbackprop.documents.collected import quotients
from symbackprop.documents.document import Document, Formula, FormulaRows, Link, Paragraph, Section, StepBlock
from symbackprop.documents.formats.text import Text
from symbackprop.documents.languages import ENGLISH
from symbackprop.documents.layer_block import Lecture, packed, softmax_cases
from symbackprop.documents.layers import Line, layers
from symbackprop.documents.steps import report
from symbackprop.formulas import build
from symbackprop.formulas.latex import latex
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.told import told
from symbackprop.formulas.tree import Atom, Node, Row, set_apart
from symbackprop.judge.proofs import said as judged
from tests.display.matrix_value import matrix_value
from tests.display.networks import MAKERS, at_random
from tests.display.test_box import BoxReader
from tests.formulas.latex_value import Numbered, items_of, latex_value
from tests.random_programs import programs

ROOT = Path(__file__).parent.parent.parent
FEW = ("mlp_3_4_4_1", "two_layer_biases", "residual", "tied", "threshold", "svm")
EXAMPLES = [p for p in sorted((ROOT / "examples").glob("*.net")) if p.stem in FEW]
EXAMPLES += [ROOT / "examples" / "layers" / f"{n}.net" for n in ("lstm", "gru", "conv2d", "dot_product_attention", "batch_norm")]
SHORT_FIRST = [pytest.param(p, id=p.stem, marks=[pytest.mark.slow] if p.stem in ("lstm", "gru") else []) for p in EXAMPLES]


def sides(formula: Node) -> list[str]:
    """The sides of a chain of equalities."""
    found: list[list[Node]] = [[]]
    depth = 0
    for item in items_of(parse(latex(formula))):
        depth += {"[": 1, "]": -1}.get(item.text, 0) if isinstance(item, Atom) else 0
        if depth == 0 and item == Atom("=", "relation"):
            found.append([])
        else:
            found[-1].append(item)
    return [latex(Row(tuple(side))) for side in found]


def prove(derived: Derivation, box: ShownBox | None = None, seed: int = 0) -> int:
    """Compare every side of every chain rule, and of every line that is not the box's, with the gradient; how many there were."""
    names = Numbered(derived.program)
    arrays, sizes = at_random(derived, seed)
    everything = [e.target.name for e in derived.program.equations]
    count = 0

    def agree(name: str, left: str, text: str) -> None:
        nonlocal count
        whole, below = arrays[name], left.partition("_")[2].strip("{}").replace(" ", "").split(";") if "_" in left else []
        if re.search(r"T\d+}_", left + text) and len(below) == whole.ndim:
            found = latex_value(names, text, names.written[name], arrays, sizes, everything)
            return compared(found, whole, f"{name} = {text}")
        for places in np.ndindex(*whole.shape[: len(below)]):
            found = matrix_value(derived.program, text, arrays, sizes, dict(zip(below, places, strict=True)))
            compared(found, whole[places], f"{name} = {text}")
        return None

    def compared(found: np.ndarray, expected: np.ndarray, told_: str) -> None:
        nonlocal count
        found = np.full(expected.shape, np.ravel(found)[0]) if np.size(found) == 1 else found.reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8, err_msg=told_)
        count += 1

    def shown(name: str, over: Collection[str], _: Names) -> Node | None:
        line = Lines(derived.program, {}).line(name, set(over))
        return None if line.form is None or line.subscripts else line_formula(Printer(names), line)

    lecture = Lecture(derived, names, written_out(derived), {}, lambda _, formula: formula, shown)
    for layer in layers(derived, names, box):
        for name, formula in lecture.collected(layer.lines).items():
            reader = BoxReader(derived.program, arrays, sizes)
            reader.classes = sum(sizes[str(t.bound)] for t in derived.program.inputs if t.bound is not None)
            found = np.asarray(reader.read(parse(sides(formula)[1]).items))
            np.testing.assert_allclose(
                found.reshape(arrays[name].shape), arrays[name], rtol=1e-7, atol=1e-8, err_msg=latex(formula)
            )
            count += 1
        for line in layer.lines:
            for y, formula in quotients(names, line.path, [line.formula], ()):
                over, under = [latex_value(names, side, names.written[y], arrays, sizes, everything) for side in sides(formula)]
                np.testing.assert_allclose(over, under, rtol=1e-7, atol=1e-8, err_msg=latex(formula))
            count += prove_chain(lecture, line, arrays, sizes)
            if box is None or line.name not in box.by_name:
                left, *rest = sides(line.formula)
                for side in rest:
                    agree(line.name, left, side)
    return count


def prove_chain(lecture: Lecture, line: Line, arrays: dict[str, np.ndarray], sizes: dict[str, int]) -> int:
    """Compare every side of the chain rules of a line with the gradient; how many there were."""
    names, count = lecture.names, 0
    assert isinstance(names, Numbered)
    everything = [e.target.name for e in lecture.derivation.program.equations]
    for row in lecture.chain(line):
        told_ = row.equation.target.name
        is_part = told_ not in {e.target.name for e in line.path}  # both sides stand at the letters of what reads the part
        first, *rest = [latex_value(names, side, row.equation, arrays, sizes, everything) for side in sides(row.formula)]
        for side in rest if is_part else (first, *rest):
            expected = first if is_part else arrays[told_]
            np.testing.assert_allclose(side, expected, rtol=1e-7, atol=1e-8, err_msg=f"{told_}: {latex(row.formula)}")
            count += 1
    return count


def read(path: Path) -> Derivation:
    return sb.derive(str(path))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_lines_of_the_networks_of_these_tests(make) -> None:
    assert prove(make())


@pytest.mark.slow
@pytest.mark.parametrize("path", SHORT_FIRST)
def test_the_lines_of_the_examples(path: Path) -> None:
    derived = read(path)
    assert prove(derived)
    prove(derived, derived.box())


NORMALISED = "X: data[N, d]\nT: data[N, h]\nW: parameter[d, h]\nU = X @ W\nY = {}\nL = 0.5*sum((Y - T)**2)"
NORMS = {
    "batch": "(U - mean(U, axis=0))/sqrt(mean((U - mean(U, axis=0))**2, axis=0) + 0.1)",
    "length": "U/sqrt(sum(U**2, axis=1, keepdims=True))",
    "root mean square": "U/sqrt(mean(U**2, axis=1, keepdims=True) + 0.1)",
    "share": "exp(U)/sum(exp(U), axis=1, keepdims=True)",
}


VARIANTS = ("length", "root mean square")


@pytest.mark.parametrize(
    "norm", [pytest.param(norm, id=name, marks=[pytest.mark.slow] if name in VARIANTS else []) for name, norm in NORMS.items()]
)
def test_a_normalisation_is_put_together_before_it_is_multiplied_on(norm: str) -> None:
    derived = sb.derive(NORMALISED.format(norm), wrt=["W"])
    box = derived.box()
    prove(derived, box)
    told_ = steps(report(derived, box=box, proved=partial(judged.said, derived)))
    found = [part for step in told_ for part in step.parts if str(part.label) == "Collected"]
    assert found or "dL/dU" in box.by_name


def test_what_cancels_is_shown_to_and_a_sample_is_gone_back_through() -> None:
    derived = sb.derive(ROOT / "examples" / "losses" / "vae_loss.net")
    (first, *rest) = steps(report(derived, box=derived.box()))
    (row,) = parts(first)["Chain rule"]
    assert row.count(r"P_{nj} \left(1 - P_{nj}\right)") == 2
    assert row.endswith(r"= \frac{1}{N} \left(P_{nj} - X_{nj}\right)")
    said = " ".join(Text().line(sentence) for step in rest for sentence in step.sentences)
    assert "noise is drawn beforehand, so that Z is a function of M and S" in said
    named = "m: parameter[d]\ns: parameter[d]\ne: {}[d]\nx: data[d]\nw = exp(s/2)\nz = m + {}*e\nL = sum((z - x)**2)"
    assert "reparametrisation" in reasons(named.format("data", "w"))
    assert "reparametrisation" not in reasons(named.format("parameter", "w"))
    assert "reparametrisation" not in reasons(named.format("data", "s"))
    assert "reparametrisation" not in reasons(
        "b: parameter[n]\nx: data[n]\nc = arange(n)\nz = b + c*x\nL = sum(z**2)", False
    )  # c reads nothing


@settings(max_examples=15)
@given(programs(steps=4), st.integers(0, 10**6))
def test_the_lines_of_random_programs(program: Program, seed: int) -> None:
    prove(differentiate(program, "L"), None, seed)


def test_the_two_cases_of_a_softmax_are_its_jacobian() -> None:
    o = np.array([0.3, -1.0, 2.0])
    derived = differentiate(sb.read("o: parameter[c]\np = softmax(o)").program, "p", ["o"], jacobian=True)
    values = {"o": o, "p": np.exp(o) / np.exp(o).sum()}
    p = values["p"]
    names = Numbered(derived.program)
    (written,) = [e.operands[0] for e in derived.forward.equations if not hasattr(e.op, "body")]
    right = sides(softmax_cases(names, written, "p", written.index[0]))[1:]
    gradient = replace(names.written["dp/do"], target=Ref("dp/do", (*written.index, *fresh(1, written.index))))
    found = latex_value(names, " = ".join(right), gradient, {**values, "dp/do": np.zeros((3, 3))}, {"c": 3})
    np.testing.assert_allclose(found, np.diag(p) - np.outer(p, p))


def steps(document: Document) -> list[StepBlock]:
    return [block for block in document.blocks if isinstance(block, StepBlock)]


def parts(block: StepBlock) -> dict[str, list[str]]:
    return {str(part.label): list(map(latex, part.formulas)) for part in block.parts}


def lines(block: StepBlock, label: str) -> tuple[Node, ...]:
    return next(part.formulas for part in block.parts if str(part.label) == label)


def test_a_layer_is_one_step_and_a_layer_like_it_is_its_lines() -> None:
    loss, second, first = steps(read(ROOT / "examples" / "two_layer_biases.net").document())
    text = Text()
    assert [text.line(step.title) for step in (loss, second, first)] == [
        "From L back to ŷ",
        "From ŷ back to b₂, W₂ and z",
        "Likewise from z back to b₁ and W₁",
    ]
    assert ", ".join(map(latex, lines(second, "Local derivative"))) == (
        r"\frac{\partial \hat{y}_{j}}{\partial W_{2,ki}} = \mathbf{1}[j = k]\,a_{i},"
        r"\quad\frac{\partial \hat{y}_{k}}{\partial a_{i}} = W_{2,ki},\quad\frac{\partial a_{i}}{\partial z_{i}} = a_{i} \left(1 - a_{i}\right)"
    )
    assert latex(lines(second, "Chain rule")[0]).startswith(
        r"\frac{\partial L}{\partial W_{2,ki}} = \sum_{j} \delta_{2,j}\,\mathbf{1}[j = k]\,a_{i} = \delta_{2,k} a_{i}"
    )
    assert latex(lines(second, "Product")[-1]).endswith(
        r"\delta_{1} = \frac{\partial L}{\partial z} = W_{2}^{\top} \delta_{2}\odot a\odot \left(1 - a\right)"
    )
    assert list(parts(first)) == ["Product"]


@pytest.mark.parametrize("path", SHORT_FIRST)
def test_every_output_has_a_line_and_no_sentence_is_said_twice(path: Path) -> None:
    derived = read(path)
    box = derived.box()
    found = steps(report(derived, box=box))
    lecture = Lecture(derived, box.names, written_out(derived), {}, lambda _, formula: formula)
    assert [step.anchor for step in lecture.blocks(layers(derived, box.names, box))] == [step.anchor for step in found]
    assert {derived.gradient(wrt) for wrt in derived.wrt} <= lecture.anchors.keys()
    said = [sentence for step in found for words in step.sentences for sentence in Text().line(words).split(". ")]
    assert len(set(said)) == len(said)
    titles = [Text().line(step.title) for step in found]
    assert len(set(titles)) == len(titles)


def test_a_softmax_is_one_step_without_its_logsumexp() -> None:
    first = steps(read(ROOT / "examples" / "classifier.net").document())[0]
    assert parts(first)["Differentiated"][0].count("=") == 2
    assert r"\frac{\partial P_{nk}}{\partial S_{ni}} = \begin{cases}" in "".join(parts(first)["Local derivative"])
    assert [Text().line(sentence) for sentence in first.sentences] == [
        "The softmax and the logarithm cancel: P − Y is left, the prediction minus the target. "
        "That each row of Y sums to one was used."
    ]
    (row,) = parts(first)["Chain rule"]
    assert row.count("=") == 4
    assert r"\left(\mathbf{1}[k = i] - P_{ni}\right)" in row
    assert r"\sum_{k} Y_{nk}" in row


@pytest.mark.parametrize(("detail", "kinds"), [("brief", 2), ("normal", 5), ("full", 5)])
def test_the_three_details(detail: str, kinds: int) -> None:
    document = read(ROOT / "examples" / "two_layer_biases.net").document(detail=detail)
    assert sum(isinstance(block, Section) for block in document.blocks) == kinds
    entries = any(isinstance(block, FormulaRows) and block.above == told("The same entry by entry:") for block in document.blocks)
    assert entries == (detail == "full")
    assert len(steps(document)) == {"brief": 0, "normal": 3, "full": 7}[detail]


def test_formulas_side_by_side_are_set_apart_again() -> None:
    formulas = [parse("a = b").items, parse(r"c = (d, e)").items, parse("f").items]
    line = build.side_by_side([build.beside(*items) for items in formulas])
    assert [part.items for part in set_apart(line)] == formulas
    assert packed([build.beside(*items) for items in formulas]) == (line,)


def test_a_step_that_is_not_there_is_not_linked_to() -> None:
    derived = sb.derive("x: parameter[n]\nw: parameter\nL = w * sum(x[1:] * x[:-1])")
    box = replace(derived.box(), lines=(), missing={"x": "it is long", "w": "it is long"})

    def links_of(detail: str) -> list[str]:
        said = [b for b in report(derived, box=box, detail=detail).blocks if isinstance(b, Paragraph)]
        return [p.anchor for b in said for p in ENGLISH.pieces(b.content) if isinstance(p, Link)]

    assert not links_of("brief")
    anchors = {step.anchor for step in steps(report(derived, box=box))}
    links = links_of("normal")
    assert links
    assert set(links) <= anchors


def test_another_detail_is_refused_with_the_mend() -> None:
    with pytest.raises(DerivationError, match="did you mean brief"):
        read(ROOT / "examples" / "two_layer.net").document(detail="breif")


def test_only_the_numbers_of_scalars_stand_beside_the_lines() -> None:
    derived = MAKERS["gate"]()
    shown = report(derived, values={"f": -12.0, "u": 3.0, "df/dz": 3.0, "df/du": -4.0})
    assert any("= u = 3" in text for step in steps(shown) for text in parts(step)["Product"])
    assert not any(isinstance(block, Formula) for block in shown.blocks)


def reasons(text: str, proved: bool = True) -> str:
    """What the steps of a network say, in one line."""
    shown = report(sb.derive(text), box=sb.derive(text).box() if proved else None)
    return " ".join(Text().line(sentence) for step in steps(shown) for sentence in step.sentences)


SOFTMAX = "x: data[d]\ny: {}[c]\nW: parameter[c, d]\nz = W @ x\np = softmax(z)\nL = -sum(y*log(p))"


def test_what_is_recognised_is_found_in_the_equations_whatever_they_are_called() -> None:
    assert "The softmax and the logarithm cancel: p − y is left" in reasons(SOFTMAX.format("labels"))
    assert "declare y: labels[c]: then p − y is left" in reasons(SOFTMAX.format("data"))
    renamed = "x: data[d]\nt: data[c]\nW: parameter[c, d]\nq = W @ x\nr = softmax(q)\nC = -sum(t*log(r))"
    assert "declare t: labels[c]: then r − t is left" in reasons(renamed)


def test_a_sigmoid_cancels_only_with_a_logarithm() -> None:
    unit = "X: data[n, d]\ny: data[n]\nw: parameter[d]\nz = X @ w\n{}"
    left = "The sigmoid and the logarithm cancel: {} − y is left"
    named = "p = sigmoid(z)\nL = -sum(y*log(p) + (1 - y)*log(1 - p))"
    assert left.format("p") in reasons(unit.format(named))
    assert left.format("σ(z)") in reasons(unit.format("L = sum(softplus(z) - y*z)"))
    for loss in ("sum((p - y)**2)", "sum(p*log(p)) + sum((p - y)**2)", "sum((z - y)**2)", "-sum(y*p)"):
        assert "cancel" not in reasons(unit.format(f"p = sigmoid(z)\nL = {loss}"))


WRITTEN = {  # a softmax and a cross-entropy as people write them out
    "E = exp(S)\nP = E / sum(E, axis=1, keepdims=True)\nL = -sum(Y*log(P))/N": "P",
    "L = sum(Y*(log(sum(exp(S), axis=1, keepdims=True)) - S))/N": "softmax(S)",
    "M = S - max(S, axis=1, keepdims=True)\nG = M - log(sum(exp(M), axis=1, keepdims=True))\nL = -sum(Y*G)/N": "softmax(M)",
    "M = S - max(S, axis=1, keepdims=True)\nG = M - log(sum(exp(M), axis=1, keepdims=True))\n"
    "L = -mean(G[arange(N), t])": "softmax(M)",
}


@pytest.mark.parametrize("loss", WRITTEN)
def test_a_cross_entropy_that_is_written_out_is_known(loss: str) -> None:
    """And that nothing comes back through the maximum that keeps its exponentials small."""
    labels = "t: integers[N, c]" if "t]" in loss else "Y: labels[N, c]"
    said = reasons(f"X: data[N, d]\n{labels}\nW: parameter[d, c]\nb: parameter[c]\nS = X @ W + b\n{loss}")
    own = "onehot(t)" if "t]" in loss else "Y"
    assert f"The softmax and the logarithm cancel: {WRITTEN[loss]} − {own} is left, the prediction minus the target." in said
    assert "Each row" not in said or "max" in loss


@pytest.mark.slow
def test_nothing_comes_back_through_a_maximum_that_is_subtracted() -> None:
    text = (
        "X: data[N, d]\nt: integers[N, c]\nW: parameter[d, h]\nV: parameter[h, c]\nb: parameter[c]\nS = tanh(X @ W) @ V + b\n"
        "M = S - max(S, axis=1, keepdims=True)\n{}"
    )
    told_ = "Each row of ∂L/∂M sums to zero: nothing comes back through the maximum."

    def said(loss: str) -> str:
        return " ".join(sb.derive(text.format(loss)).text().split())

    assert told_ in said("G = M - log(sum(exp(M), axis=1, keepdims=True))\nL = -mean(G[arange(N), t])")
    assert "nothing comes back" not in said("L = sum(M**2)")


BY_HAND = {
    "m = max(S, axis=1)\nL = sum(m + log(sum(exp(S - m[:, None]), axis=1)))": "∂L/∂m = 0: nothing comes back through m.",
    "m = max(S, axis=1, keepdims=True)\nE = exp(S - m)\nP = E/sum(E, axis=1, keepdims=True)\nL = sum((P - T)**2)": "∂L/∂m = 0:",
    "P = exp(S - max(S, axis=1, keepdims=True))/sum(exp(S - max(S, axis=1, keepdims=True)), axis=1, keepdims=True)\n"
    "L = sum((P - T)**2)": "nothing comes back through u",
    "E = exp(S - max(S, axis=1, keepdims=True))\nL = sum(E/sum(E, axis=1, keepdims=True)*T)": "to the maximum adds up to 0.",
}


@pytest.mark.parametrize("loss", [*BY_HAND, "m = max(S, axis=1, keepdims=True)\nL = sum(T*S/m)"])
def test_the_gradient_of_a_maximum_that_shifts_exponentials_is_said_to_be_0(loss: str) -> None:
    """Then no step goes through the maximum, and ties are of no account; of any other maximum both are told."""
    page = sb.derive(f"S: parameter[n, c]\nT: data[n, c]\n{loss}").text().partition("The backward pass")[2]
    assert (BY_HAND.get(loss, "nothing at all") in " ".join(page.split())) == (loss in BY_HAND)
    assert ("ties" in page) == (loss not in BY_HAND)


def test_a_softmax_that_is_not_cancelled_says_its_jacobian() -> None:
    whole = "o: parameter[c]\nt: data[c]\np = softmax(o)\nL = sum((p - t)**2)"
    assert "The Jacobian of p is diag(p) − p pᵀ: what comes to it as g goes back as p ⊙ (g − gᵀ p)." in reasons(whole)
    assert "cancel" not in reasons(whole)
    assert "The Jacobian of a row p of P is" in reasons(whole.replace("c]", "n, c]").replace("p = ", "P = ").replace("(p ", "(P "))
    assert "Jacobian of p is" not in reasons(SOFTMAX.format("labels"))


def test_reading_by_position_is_said_for_what_it_is() -> None:
    assert "u is x in another shape" in reasons("x: parameter[6]\nu = reshape(x, (2, 3))\nL = sum(u**2)").replace("u₁", "u")
    assert "y reads a part of x" in reasons("x: parameter[6]\ny = x[2:]\nL = sum(y**2)")
    looked = reasons("E: parameter[v, d]\nt: integers[n, v]\nR = E[t]\nL = sum(R**2)")
    assert "one that was read more often collects more" in looked


def test_uses_are_told_in_one_sentence_a_step() -> None:
    said = reasons((ROOT / "examples" / "losses" / "vae_loss.net").read_text())
    assert said.count("the gradients of the uses add") == 1
    assert "S and M act through D and Z: the gradients of the uses add, since a small change of S moves L along every" in said


def test_what_is_used_for_every_sample_is_told_once_for_all_parameters() -> None:
    said = reasons((ROOT / "examples" / "layers" / "batch_norm.net").read_text())
    assert re.search(r"γ.* and .* are used for every n: their gradients are sums over n\.", said)
    assert "b is used for every i: its gradient is the sum over i." in reasons(
        "X: data[n, d]\nb: parameter[d]\nY = X + b\nL = sum(Y**2)"
    )


def test_a_row_below_a_root_is_turned_inside_it() -> None:
    derived = sb.derive("Z: parameter[n, d]\nv: data[d]\nY = Z / sqrt(v + 0.1)\nL = sum(Y**2)")
    assert "Y = Z/√(vᵀ + 0.1)" in derived.text()


def test_what_is_not_derived_again_says_as_which_it_follows() -> None:
    text = "x: data[d]\nh: data[m]\nW: parameter[m, d]\nU: parameter[m, m]\nz = tanh(W @ x + U @ h)\nL = sum(z**2)"
    assert re.search("∂L/∂. follows as ∂L/∂. did", reasons(text))


def test_the_delta_rule_is_an_error_times_a_slope_and_nothing_else() -> None:
    unit = "x: data[d]\nt: data\nw: parameter[d]\ns = w @ x\no = sigmoid(s)\nE = {}"
    assert "This is the delta rule: the error o − t times" in reasons(unit.format("(o - t)**2/2"))
    assert "delta rule" not in reasons(unit.format("(o - t)**4"))
    assert "delta rule" not in reasons(unit.format("o*t"))


def test_a_sigmoid_of_minus_x_that_is_written_by_its_complement_says_so() -> None:
    pair = "u: parameter[d]\nv: parameter[d]\nL = -log(sigmoid({}u @ v))"
    assert "That 1 − σ(−x) = σ(x) was used." in reasons(pair.format("-"))
    assert "was used" not in reasons(pair.format(""))


def test_a_convolution_goes_back_by_the_kernel_turned_round() -> None:
    said = reasons("x: data[n]\nk: parameter[m]\nw: parameter[n]\nv = w*x\ny = conv1d(v[None, None], k[None, None])\nL = sum(y**2)")
    assert "with the kernel" in said
    assert "turned round" in said
    assert "window by window" in said


def test_what_hands_a_gradient_on_is_among_what_is_differentiated() -> None:
    for text, between in (
        ("x: data[n]\nW: parameter[m, n]\ny: data[m]\na = sigmoid(W @ x)\nL = sum((a - y)**2)", "e = exp(−z)"),
        ((ROOT / "examples" / "losses" / "triplet_loss.net").read_text(), "dₚ = rowsum((A − P)^(⊙2))"),
    ):
        net = sb.read(text, expand="sigmoid" if "sigmoid" in text else "")
        assert any(between in row for row in re.findall(r"Differentiated.*(?:\n {22}.*)*", sb.derive(net).report()))


def test_what_the_loss_reads_itself_and_another_value_as_well_is_said_so() -> None:
    said = reasons((ROOT / "examples" / "gaussian_process.net").read_text())
    assert "K acts on L itself and through α: " in said


def test_what_acts_on_the_loss_in_several_places_acts_through_nothing() -> None:
    given = "x: data[n]\nw: parameter[n]\nu: parameter[n]\na = tanh(w)\nL = sum(a*x) + sum(a**2) + sum(w*u)"
    assert "a acts on L itself, in several places: " in reasons(given)


@pytest.mark.parametrize(
    ("text", "of", "is_summed"),
    [
        ("X: data[N, n]\nw: parameter[n]\ny = X @ w\np = sigmoid(y)", "p", False),
        ("X: data[N, n]\nW: parameter[n, m]\nY = tanh(X @ W)", "Y", False),
        ("x: data[n]\nw: parameter\ny = w*x\nz = exp(y)", "z", False),
        ("X: data[N, n]\nW: parameter[n, m]\nz = X @ W\ng = softmax(z, axis=1)", "g", False),
        ("X: data[N, n]\nw: parameter[n]\nz = X @ w\ng = X.T @ tanh(z)", "g", True),
        ("A: data[p, N]\nX: data[N, n]\nw: parameter[n]\nz = X @ w\ng = sigmoid(A @ tanh(z))", "g", True),
    ],
)
def test_a_derivative_is_said_to_be_a_sum_where_it_sums(text: str, of: str, is_summed: bool) -> None:
    words = " ".join(sb.derive(text, of=of).report().split())
    assert ("the derivative by it is the sum over" in words) is is_summed


@pytest.mark.slow
def test_gates_of_a_loop_are_told_once() -> None:
    said = sb.derive(ROOT / "examples" / "loops" / "lstm_over_time.net").report()
    assert said.count("From g back to W_g and U_g") == 1
    likewise = said[said.index("▸ Likewise from i, f and o") :]
    assert likewise.count("∂L/∂") == 6
    assert "Local derivative" not in likewise


def test_a_jacobian_that_is_not_formed_is_counted() -> None:
    said = reasons(
        "x: data[4096]\nW: parameter[4096, 4096]\nV: parameter[4096, 4096]\ny = V @ tanh(W @ x)\nL = sum(y**2)", proved=False
    )
    assert "16,777,216 entries, is diagonal" in said
    assert "of 68,719,476,736 entries, is never formed" in said


def test_deviations_from_a_mean_that_add_up_to_nothing_are_said_to() -> None:
    derived = read(ROOT / "examples" / "layers" / "layer_norm.net")
    step = steps(report(derived, box=derived.box()))[2]
    said = " ".join(Text().line(sentence) for sentence in step.sentences)
    assert "∂vₙ/∂μₙ = (2/h) Σ_i (μₙ − zₙᵢ) = 0: nothing comes back to μ through v." in said
    first, last = parts(step)["Chain rule"]
    assert first.startswith(r"\frac{\partial L}{\partial v_{n}} = ")
    assert r"\frac{\partial L}{\partial \mu_{n}} = " in first
    assert r"\left(z_{ni} - \mu_{n}\right)" in first, "the difference as the layer has it"
    assert r"\partial v_{n}}{\partial \mu_{n}}" not in " ".join(parts(step)["Local derivative"]), "the sentence says it"
    assert last.startswith(r"\delta_{1,ni} = ")
    assert last.count(r"\partial L") == 2


def test_gates_side_by_side_have_their_chain_rule_each() -> None:
    net = "x: data[d]\nW: parameter[2*h, d]\nz = W @ x\na = sigmoid(z[:h])\nb = tanh(z[h:])\nL = sum(a*b)"
    step = next(s for s in steps(sb.derive(net).document()) if any("_{z," in x for x in parts(s).get("Chain rule", ())))
    rows = ",".join(parts(step)["Chain rule"])
    assert r"\delta_{z,a,k} = " in rows
    assert r"\delta_{z,b,k} = " in rows
    said = " ".join(Text().line(sentence) for sentence in step.sentences)
    assert "read parts of z that do not overlap: their gradients stand side by side." in said


def test_what_parts_of_several_tensors_are_called_stands_in_one_line() -> None:
    """Side by side their equations are one formula, in which none of them is found again: it ended in a crash."""
    net = "X: data[N, 4, T]\nW: parameter[6, 2, 3]\nb: parameter[6]\nY = conv1d(X, W, b, groups=2, padding=1, stride=2)\nL = sum(tanh(Y)**2)"
    assert "parts of W, X and Y" in sb.derive(net).text()


@pytest.mark.slow
@pytest.mark.parametrize(("of", "then"), [("yhat", None), (None, "x")])
def test_a_step_of_a_jacobian_calls_what_it_gives_by_the_name_that_its_shape_fits(of: str | None, then: str | None) -> None:
    derived = sb.derive(ROOT / "examples" / "two_layer.net", then, of)
    derived = derived if then is None else sb.derive(derived, then)
    names = Text()
    document = derived.document()
    box = {names.line(row.note) for b in document.blocks if isinstance(b, FormulaRows) and b.framed for row in b.rows}
    for block in steps(document):
        for said in names.line(block.shape).split(", "):
            what, _, shape = said.partition(": ")
            assert what.startswith("∂")
            assert {shape, f"{what} ({shape})"} & box
    assert then is None or "δ₁ = ∂g/∂a = " in derived.text()


@pytest.mark.slow
def test_a_hessian_calls_the_entries_of_the_gradient_by_the_letter_that_its_result_has() -> None:
    net = "X: data[N, d]\ny: binary[N]\nw: parameter[d]\np = sigmoid(X @ w)\nL = -mean(y * log(p) + (1 - y) * log(1 - p))"
    shown = sb.derive(sb.derive(net, "w"), "w").text()
    assert "∂gₖ/∂pₙ = (1/N) Xₙₖ" in shown
    assert "∂²L/∂wᵢ ∂wₖ = (1/N) Σ_n Xₙₖ pₙ(1 − pₙ) Xₙᵢ" in shown


@pytest.mark.slow
def test_a_step_names_all_that_it_begins_at_and_each_gate_has_its_local_derivative() -> None:
    derived = sb.derive(ROOT / "examples" / "layers" / "lstm.net")
    said = {Text().line(block.title): block for block in steps(report(derived, box=derived.box()))}
    assert {"From H and c₃ back to p₃", "From c₃ and h₂ back to c₂", "From p₃, p₂ and p₁ back to b and W"} <= said.keys()
    parts = {str(part.label): part.formulas for part in said["From H and c₃ back to p₃"].parts}
    shown = " ".join(latex(formula) for formula in (*parts["Differentiated"], *parts["Local derivative"]))
    gates = ["i", "f", "g", "o"]
    assert re.findall(r"(\w)_\{3\} = \\(?:sigma|tanh)\W+(?:left\W)?p", shown) == gates, "as the blocks of p stand"
    slopes = re.findall(r"\\partial (\w)_\{3,nm\}\}\{\\partial p_\{3,(\w),nm\}\} = ", shown)
    assert slopes == [(gate, gate) for gate in gates], "each by the block that is called after it"
    rows = [latex(x) for x in parts["Chain rule"]]
    assert re.findall(r"\\delta_\{7,(\w),nm\} = ", " ".join(rows)) == gates
    assert "i₃, f₃, g₃ and o₃ read parts of p₃" in " ".join(Text().line(x) for x in said["From H and c₃ back to p₃"].sentences)


@pytest.mark.slow
@pytest.mark.parametrize("blocks", [*permutations([":h", "h:2*h", "2*h:"])])
def test_the_blocks_of_a_packed_product_are_called_by_their_gates_in_any_order(blocks: tuple[str, ...]) -> None:
    """The gates stand in the order of the blocks, each by the block that it reads, whatever their order in the text."""
    gates = "\n".join(f"{gate} = sigmoid(z[{block}])" for gate, block in zip("abc", blocks, strict=True))
    net = f"X: data[d]\nW: parameter[3*h, d]\nz = W @ X\n{gates}\nL = sum(a*b*c)"
    step = next(s for s in steps(sb.derive(net).document()) if Text().line(s.title) == "From L back to z")
    shown = ", ".join(parts(step)["Local derivative"])
    inside = sorted("abc", key=lambda gate: (":h", "h:2*h", "2*h:").index(blocks["abc".index(gate)]))
    assert re.findall(r"\\partial (\w)_\{\w\}\}\{\\partial z_\{(\w),\w\}\}", shown) == [(gate, gate) for gate in inside]
    rows = re.findall(r"\\delta_\{z,(\w),\w\} = (\w)_", ", ".join(parts(step)["Chain rule"]))
    assert [row[0] for row in rows] == inside
    assert all(of != other for of, other in rows), "the other two gates times the slope"


@pytest.mark.slow
def test_a_graph_that_is_left_out_is_told_with_what_draws_it() -> None:
    lines = "".join(f"a{k} = tanh({f'a{k - 1}' if k else 'x'})\n" for k in range(41))
    said = sb.derive(sb.read(f"x: parameter[n]\n{lines}L = sum(a40)\n")).report("html")
    assert "A graph of 42 equations is left out: <code>symbackprop draw NET -o graph.svg</code> draws it." in said


def test_what_one_value_flows_into_is_gone_back_through_together_with_its_weights() -> None:
    weights = "".join(f"{name}: parameter[d, m]\n" for name in "ABC")
    net = f"X: parameter[T, d]\n{weights}Q = X @ A\nK = X @ B\nV = X @ C\nP = softmax(Q @ K.T)\nL = 0.5*sum((P @ V)**2)"
    titles = [Text().line(b.title) for b in sb.derive(net).document().blocks if isinstance(b, StepBlock)]
    assert titles[-1] == "From Z, V and K back to C, B and X"


def test_a_function_within_a_product_is_differentiated_as_its_author_wrote_it() -> None:
    said = sb.derive("c: parameter[n]\nz: parameter[n]\no = sigmoid(z)\nh = o*tanh(c)\nL = sum(h**2)").text()
    assert "h = o ⊙ tanh(c)" in said
    assert "a = tanh(c)" not in said


CLIP = """X: data[n, d]
Y: data[n, e]
W: parameter[d, k]
V: parameter[e, k]
tau: parameter
A = X @ W / norm(X @ W, axis=1, keepdims=True)
B = Y @ V / norm(Y @ V, axis=1, keepdims=True)
S = A @ B.T / tau
L = -mean(diag(log_softmax(S, axis=1)))/2 - mean(diag(log_softmax(S, axis=0)))/2"""


@pytest.mark.slow
def test_a_product_that_was_written_twice_is_one_value_called_by_its_formula() -> None:
    derived = sb.derive(CLIP)
    assert prove(derived, derived.box())
    shown = " ".join(derived.text().split())
    assert "∂L/∂V = Yᵀ δ₃" in shown
    assert "δ₃ = ∂L/∂(Y V) = " in shown
    assert "∂Sᵢₚ/∂τ = −Sᵢₚ/τ" in shown
    assert "Likewise from A and X W" in shown
    assert re.search(r"u_|u[₀-₉]", shown) is None
    assert "L = (1/(2 n)) Σ_i (log Σ_p e^(Sᵢₚ) − Sᵢᵢ) − (1/(2 n)) Σ_i (Sᵢᵢ − log Σ_p e^(Sₚᵢ))" in shown


def test_where_a_softmax_meets_what_is_no_label_the_chain_rule_sums_over_its_entries() -> None:
    net = "X: data[N, d]\nY: data[N, c]\nw: data[N]\nW: parameter[d, c]\nb: parameter[c]\nP = softmax(X @ W + b)\n"
    derived = sb.derive(net + "L = -sum(w*sum(Y*log(P), axis=1))")
    assert prove(derived, derived.box())
    shown = " ".join(derived.text().split())
    assert "δₙⱼ = Σ_i (−wₙ Yₙᵢ/Pₙᵢ) Pₙᵢ(1[i = j] − Pₙⱼ) = wₙ[Pₙⱼ(Σ_i Yₙᵢ) − Yₙⱼ]" in shown
    assert "Z = X W + 1_N bᵀ" in shown  # a capital as P


def test_what_is_written_where_it_is_read_and_said_once() -> None:
    arm = "q: parameter[2]\na: data\nx = a*cos(q[0]) + cos(q[0] + q[1])\ny = a*sin(q[0]) + sin(q[0] + q[1])\nL = x**2 + y**2"
    assert "x = a cos(q₀) + cos(q₀ + q₁)" in sb.derive(arm).text()
    slow = sb.derive("w: parameter[d]\nX: data[n, d]\nz = X @ w\nL = sum(z[1:]**3)/sum(z**2)")
    prove(slow, slow.box())
    assert "zᵢ/‖z‖⁴" in slow.text()
    page = sb.derive(SOFTMAX.format("labels")).report("text")
    assert page.count("to one was used") == 1
    assert "which was used here" not in page


def test_a_letter_of_an_entry_is_none_that_a_sum_within_it_runs_over() -> None:
    net = "A: symmetric[n]\nX: data[n, d]\nW: parameter[d, h]\nv: parameter[h]\nH = relu(A @ X @ W)\nL = sum((A @ H @ v)**2)"
    shown = " ".join(sb.derive(net).text().split())
    assert "∂Zᵢₘ/∂Wⱼₗ = 1[m = l](Σ_k Aᵢₖ Xₖⱼ)" in shown
    assert "1[m = l] leaves one term of the sum over m" in shown


def test_a_sum_that_leaves_one_term_is_no_use_for_every_letter() -> None:
    """A part of c meets a_{ki} at one place: c is used for every k alone."""
    text = "x: data[n, h]\nc: parameter[3*h]\nw: parameter[h]\na = tanh(x*w + c[2*h:])\nL = sum(a**2)"
    assert "c and w are used for every k: their gradients are sums over k." in reasons(text)


@pytest.mark.slow
def test_a_text_has_no_section_of_a_picture_that_it_cannot_show() -> None:
    """The picture is in a page, and a terminal counts its sections without it."""
    derived = sb.derive(SOFTMAX.format("labels"))
    headings = re.findall(r"^\d  (.*)$", derived.report("text"), re.MULTILINE)
    assert headings == ["The gradients", "The network", "The backward pass", "The check"]
    assert "The computational graph" in derived.report("html")


@pytest.mark.parametrize(("shape", "said"), [("n, c", "each row of y sums to one"), ("c", "the entries of y sum to one")])
def test_labels_of_several_samples_sum_to_one_row_by_row(shape: str, said: str) -> None:
    logits = "X @ W" if "n" in shape else "W.T @ x"
    data = "X: data[n, d]" if "n" in shape else "x: data[d]"
    text = sb.derive(f"{data}\ny: labels[{shape}]\nW: parameter[d, c]\np = softmax({logits})\nL = -sum(y*log(p))").text()
    assert f"That {said} was used." in " ".join(text.split())


@pytest.mark.parametrize("shape", ["(N, 12)", "(N, 2, 6)", "(6*N, 2)"])
def test_several_axes_that_become_one_are_another_shape(shape: str) -> None:
    said = reasons(f"X: data[N, 2, 3, 2]\nw: parameter[3]\nA = X*w[:, None]\nF = reshape(A, {shape})\nL = sum(F**3)")
    assert "F is A in another shape: the gradient is put back into the shape of A." in said


@pytest.mark.parametrize(
    ("given", "loss", "is_said"),
    [
        ("symmetric", "sum((A @ tanh(X @ W))**3)", True),  # its transpose goes back
        ("data", "sum((A @ tanh(X @ W))**3)", False),  # it stands there
        ("symmetric", "sum((tanh(X @ W).T @ A)**3)", False),  # what goes back is turned as a whole
        ("symmetric", "sum(A) * sum((X @ W)**3)", False),
    ],
)
def test_a_symmetric_matrix_in_the_place_of_its_transpose_is_said_so(given: str, loss: str, is_said: bool) -> None:
    size = "n" if given == "symmetric" else "n, n"
    said = reasons(f"A: {given}[{size}]\nX: data[n, d]\nW: parameter[d, h]\nL = {loss}")
    assert ("That Aᵀ = A was used." in said) == is_said


def test_a_maximum_entry_by_entry_takes_nothing_from_a_bias() -> None:
    """Of the entries of b only the one that H was taken from, was said of a bias that is added to every row."""
    leaky = "X: data[n, d]\nW: parameter[d, h]\nb: parameter[h]\nH = maximum(0.1*(X @ W + b), X @ W + b)\nL = sum(H**2)"
    assert "only the one" not in sb.derive(leaky).report("text")
    assert "only the one" in sb.derive("X: parameter[n, d]\nL = sum(max(X, axis=0)**2)").report("text")


ONE_MAXIMUM = {  # what is written -> what is said of its maximum
    "m = max(S, axis=1)\nE = exp(S - max(S, axis=1, keepdims=True))\nL = sum(m*log(sum(E, axis=1)))": "only the one that m was",
    "Z = S/max(S, axis=1, keepdims=True)\nL = sum(Z*T) + sum(max(S, axis=1)**2)": "only the one that u was",
    "Z = S - max(S, axis=1, keepdims=True)\nL = sum(log(sum(exp(Z), axis=1)) + max(S, axis=1))": "∂L/∂u = 0: nothing comes back",
}


@pytest.mark.parametrize("loss", ONE_MAXIMUM)
def test_a_maximum_that_is_written_with_and_without_its_axis_is_one_value(loss: str) -> None:
    derivation = sb.derive(f"S: parameter[n, c]\nT: data[n, c]\n{loss}")
    assert sum(isinstance(e.op, Reduce) for e in derivation.forward.equations) == 1
    assert ONE_MAXIMUM[loss] in " ".join(derivation.text().split())


@pytest.mark.parametrize("loss", ["tanh(w @ x) + max(x)", "tanh(w @ x) + prod(x)", "sum(tanh(x)*w) + min(x)"])
def test_what_a_maximum_or_a_product_is_added_to_is_neither(loss: str) -> None:
    page = " ".join(sb.derive(f"x: parameter[n]\nw: data[n]\nL = {loss}").text().split())
    assert "that L was taken from" not in page
    assert "L is a product" not in page


@pytest.mark.parametrize("loss", ["-sum(Y * log(softmax(X @ W))) / N", "-mean(log(sum(Y * softmax(X @ W), axis=1)))"])
def test_that_a_loss_cancels_is_said_before_what_it_is_of(loss: str) -> None:
    page = " ".join(sb.derive(f"X: data[N, d]\nY: labels[N, c]\nW: parameter[d, c]\nL = {loss}").text().split())
    assert "is linear in W" in page
    assert "cancel: " not in page or page.index("cancel: ") < page.index("is linear in W")
