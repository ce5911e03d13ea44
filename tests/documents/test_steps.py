"""The report of a derivation, block by block."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.core.derivatives.united import united
from symbackprop.core.differentiate import differentiate
from symbackprop.display.names import Names
from symbackprop.display.softmax import softmaxes
from symbackprop.display.written_out import written_out
from symbackprop.documents.document import (
    Code,
    Document,
    Figure,
    Formula,
    FormulaRows,
    Link,
    Math,
    Note,
    Paragraph,
    Section,
    StepBlock,
    Table,
)
from symbackprop.documents.formats import FORMATS
from symbackprop.documents.formats.html import Html
from symbackprop.documents.formats.text import Text
from symbackprop.documents.languages import ENGLISH
from symbackprop.documents.steps import report
from symbackprop.formulas.latex import latex
from symbackprop.formulas.plain import plain
from symbackprop.formulas.read_latex import parse
from symbackprop.formulas.told import told
from symbackprop.formulas.tree import Node, items_of, split
from symbackprop.language.lower.tracing import trace
from symbackprop.language.tensors import apply
from tests.display.networks import MAKERS, declare
from tests.documents.sample import picture as drawn


def steps(document: Document) -> dict[str, StepBlock]:
    return {block.anchor: block for block in document.blocks if isinstance(block, StepBlock)}


def part(block: StepBlock, label: str) -> tuple[Node, ...]:
    """What a step says under a label."""
    return tuple(shown for part in block.parts if str(part.label) == label for shown in part.formulas)


def said(block: StepBlock, label: str) -> tuple[str, ...]:
    return tuple(map(latex, part(block, label)))


def rows(document: Document) -> list[str]:
    return [latex(row.formula) for block in document.blocks if isinstance(block, FormulaRows) for row in block.rows]


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize(
    "row",
    [pytest.param(row, id=row.name, marks=[pytest.mark.slow] if row.name == "html" else []) for row in FORMATS if not row.binary],
)
def test_every_network_is_written_in_every_format(make, row) -> None:
    assert row.write(reported(make))


@cache
def reported(make: Callable[[], Derivation]) -> Document:
    """The report of one of these networks, made once for all formats."""
    return report(make(), title="A network")


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_every_backward_equation_has_a_step_with_a_result_and_a_sentence(make) -> None:
    derived = make()
    blocks = steps(report(derived, detail="full"))
    backward, _ = united(derived, softmaxes(Names(derived.program)).named)
    assert list(blocks) == [e.target.name for e in backward]
    for block in blocks.values():
        assert part(block, "Product")
        assert all(block.sentences)
        for shown in block.parts:
            for node in shown.formulas:
                assert parse(latex(node)).items == items_of(node)


def test_the_two_layer_network_is_written_in_four_lines() -> None:
    assert rows(report(MAKERS["two_layers_with_biases"]()))[:4] == [
        r"z = W_{1} x + b_{1}",
        r"a = \sigma\left(z\right)",
        r"\hat{y} = W_{2} a + b_{2}",
        r"L = \frac{1}{c}\,\left\lVert \hat{y} - y\right\rVert^{2}",
    ]


def test_a_step_says_the_chain_rule_its_factors_and_their_product() -> None:
    block = steps(report(MAKERS["two_layers"](), detail="full"))["dL/da"]
    assert Text().line(block.title) == "From ŷ back to a"
    assert said(block, "Differentiated") == (r"\hat{y} = W_{2} a",)
    assert said(block, "Local derivative") == (r"\frac{\partial \hat{y}_{k}}{\partial a_{i}} = W_{2,ki}",)
    assert said(block, "Chain rule") == (
        r"\frac{\partial L}{\partial a_{i}} = \sum_{k} \frac{\partial L}{\partial \hat{y}_{k}}\,"
        r"\frac{\partial \hat{y}_{k}}{\partial a_{i}} = \sum_{k} \frac{\partial L}{\partial \hat{y}_{k}}\,W_{2,ki}",
    )
    assert "Upstream gradient" not in [str(part.label) for part in block.parts]  # the chain rule names it
    assert said(block, "Product") == (r"\frac{\partial L}{\partial a} = W_{2}^{\top}\,\frac{\partial L}{\partial \hat{y}}",)
    assert Text().line(block.shape) == "h"


def test_a_product_shows_its_jacobian_for_all_pairs_of_entries_and_the_sum_that_the_delta_collapses() -> None:
    block = steps(report(MAKERS["two_layers"](), detail="full"))["dL/dW_1"]
    assert said(block, "Local derivative") == (r"\frac{\partial z_{k}}{\partial W_{1,ij}} = \mathbf{1}[k = i]\,x_{j}",)
    assert said(block, "Chain rule") == (
        r"\frac{\partial L}{\partial W_{1,ij}} = \sum_{k} \frac{\partial L}{\partial z_{k}}\,"
        r"\frac{\partial z_{k}}{\partial W_{1,ij}} = \sum_{k} \frac{\partial L}{\partial z_{k}}\,\mathbf{1}[k = i]\,x_{j} = "
        r"\frac{\partial L}{\partial z_{i}}\,x_{j}",
    )


@pytest.mark.parametrize("loss", ["sum((W @ x - y)**2)", "sum(sigmoid(W @ x) * y)", "sum(log(softmax(W @ x)) * y)"])
def test_a_full_report_says_no_general_sentence_and_comes_to_the_lines_of_the_box(loss: str) -> None:
    """What a step is of stands in its sentences; where a line of the box puts steps together, it stands behind them."""
    derivation = sb.derive(f"x: data[d]\ny: data[h]\nW: parameter[h, d]\nL = {loss}")
    document = derivation.document(detail="full")
    text = Text.write(document)
    assert not any(
        general in text for general in ("Each factor of a product receives", "A function multiplies", "Upstream gradient")
    )
    box = {plain(line.formula) for line in derivation.box().lines}
    products = {plain(x) for block in steps(document).values() for p in block.parts if p.tone == "result" for x in p.formulas}
    named = {re.sub(r"^(δ\S*) = ∂L/∂\S+ = ", r"\1 = ", x) for x in products}
    assert box <= named


def test_the_seed_of_a_jacobian_is_an_identity() -> None:
    block = steps(report(MAKERS["product_jacobian"](), detail="full"))["dq/dx"]
    assert said(block, "Upstream gradient") == (r"\frac{\partial q_{k}}{\partial q_{i}} = \mathbf{1}[k = i]",)


def test_the_numbers_of_a_scalar_network_stand_beside_its_equations() -> None:
    document = report(MAKERS["gate"](), values={"f": -12.0, "u": 3.0, "df/dz": 3.0, "df/du": -4.0}, detail="full")
    assert r"f = u z = -12" in rows(document)
    assert said(steps(document)["df/dz"], "Product") == (r"\frac{\partial f}{\partial z} = u = 3",)


def test_broadcasting_is_said_on_the_way_back() -> None:
    said = [Text().line(x) for block in steps(report(MAKERS["batch_of_rows"](), detail="full")).values() for x in block.sentences]
    assert any("are used for every" in text and "their gradients are sums over" in text for text in said)


def test_the_derivative_of_softmax_is_shown_for_the_same_index_and_for_different_ones() -> None:
    """In its one step, from p back to o, and nowhere else, by the rule of quotients first."""
    document = report(MAKERS["softmax_of_one_sample"](), detail="full")
    assert not [block for block in document.blocks if isinstance(block, Formula)]
    (shown,) = said(steps(document)["dL/do"], "Local derivative")
    left, quotients, cases = shown.split(r" = \begin{cases} ")
    assert left == r"\frac{\partial p_{i}}{\partial o_{j}}"
    assert quotients == (
        r"\frac{e^{o_{i}} \left(\sum_{k} e^{o_{k}}\right) - \left(e^{o_{i}}\right)^{2}}{\left(\sum_{k} e^{o_{k}}\right)^{2}} & "
        r"\text{if } i = j \\ -\frac{e^{o_{i}} e^{o_{j}}}{\left(\sum_{k} e^{o_{k}}\right)^{2}} & "
        r"\text{if } i \ne j \end{cases}"
    )
    assert cases == r"p_{i} \left(1 - p_{i}\right) & \text{if } i = j \\ -p_{i} p_{j} & \text{if } i \ne j \end{cases}"


def test_conventions_are_said_where_they_are_needed_and_only_there() -> None:
    text = Text.write(report(MAKERS["two_layers"]()))
    assert "A gradient has the shape of the tensor" in text
    assert "Positions count from 0" not in text
    assert "Positions count from 0" in Text.write(report(MAKERS["slices"]()))
    assert "followed by those of" in Text.write(report(MAKERS["product_jacobian"]()))
    assert "How to read it" not in Text.write(report(MAKERS["gate"]()))


def test_beside_a_part_of_a_gradient_stands_the_whole() -> None:
    text = "x: data[n, d]\nA: parameter[n, h, d]\nW: parameter[h, d]\nL = sum((A @ x[..., None])**2) + sum((x @ W.T)**2)"
    box = next(block for block in sb.derive(text).document().blocks if isinstance(block, FormulaRows))
    notes = {plain(split(row.formula)[0]): ENGLISH.words(row.note) for row in box.rows}
    assert notes["∂L/∂Aᵢ"] == "∂L/∂A (n × h × d)"
    assert notes["∂L/∂W"] == "h × d"


def test_a_new_letter_is_no_name_of_the_network_and_all_that_reads_a_value_is_differentiated() -> None:
    text = "x: parameter[d]\nW: parameter[h, d]\nV: parameter[h, d]\nq = W @ x\nk = V @ x\nL = sum(sin(q) * cos(k))"
    lines = Text.write(sb.derive(text).document()).splitlines()
    assert any("∂kₗ/∂Vᵢⱼ = 1[l = i] xⱼ" in line for line in lines)
    assert any("Differentiated    k = V x,   q = W x" in line for line in lines)


def test_the_legend_says_what_stands_on_the_page_alone() -> None:
    words = Text.write(sb.derive("X: parameter[n, d]\nL = sum(X * mean(X, axis=0, keepdims=True))").document())
    assert ("colmean(X) is" in words) == ("colmean(" in words.split("How to read it")[0])
    assert not any(name in words for name in ("rowsum", "rowmean", "tril", "triu"))


def test_on_a_page_of_html_no_line_begins_with_what_ends_a_clause() -> None:
    page = Html.write(sb.derive("x: parameter[d]\nt: data[d]\nL = sum((sin(x) - t)**2)").document())
    kept = re.findall(r'<span class="kept">(.*?)</span>', page)
    assert all(one.count("<math") == 1 for one in kept)
    assert len(re.findall(r"</math>[),.;:]", page)) == sum(bool(re.search(r"</math>[),.;:]", one)) for one in kept) > 0


def test_a_gradient_that_is_zero_is_said_with_its_reason() -> None:
    document = report(MAKERS["step_unit"](), detail="full")
    assert any(isinstance(block, Note) and "flat" in str(block.content) for block in document.blocks)
    assert "zero" in str(steps(document)["dL/dW"].sentences)


def test_what_the_caller_gives_is_in_the_report() -> None:
    picture = Figure(drawn, "The graph", "the graph")
    table = Table(("Tensor", "Error"), (("W_1", "1e-9"),))
    document = report(
        MAKERS["two_layers"](), title="Two layers", source="x: data[d]\n", check_table=table, picture=picture, detail="full"
    )
    assert document.title == ("Two layers",)
    assert picture in document.blocks
    assert table in document.blocks
    assert Code("x: data[d]", "python") in document.blocks
    assert Section(told("The check")) in document.blocks


def test_only_unnamed_values_that_the_way_back_does_not_need_are_written_out() -> None:
    derived = MAKERS["two_layers_with_biases"]()
    hidden = written_out(derived)
    assert hidden
    assert not any(derived.forward.tensors[name].named for name in hidden)
    assert not hidden & {r.name for e in derived.backward for r in e.operands}


def test_the_report_grows_with_the_network_and_no_faster() -> None:
    def blocks(layers: int) -> int:
        h = declare("x", "data", "d")
        for k in range(layers):
            h = apply("tanh", declare(f"W_{k}", shape="d d") @ h)
        document = report(differentiate(trace({"L": (h**2).sum()}), "L"), detail="full")
        return sum(len(str(block)) for block in document.blocks if not isinstance(block, Paragraph))

    small, large = blocks(6), blocks(24)
    assert large < 4.6 * small


SHIFTED = "x: parameter[n]\nw: parameter\nL = w * sum(x[1:] * x[:-1])"


def test_the_box_stands_on_top_and_says_what_has_no_short_form_and_where_it_is_derived() -> None:
    derivation = sb.derive(SHIFTED)
    box = derivation.box()
    left = tuple(line for line in box.lines if line.name != "dL/dx")
    document = report(derivation, box=replace(box, lines=left, missing={"x": "it is long"}))
    assert document.blocks[0] == Section(told("The gradients"))
    text = " ".join(Text.write(document).split())
    assert "∂L/∂x has no short form: it is long. Its step gives it." in text
    assert Link("Its step", "dL/dx") in [
        piece for b in document.blocks if isinstance(b, Paragraph) for piece in ENGLISH.pieces(b.content)
    ]
    both = report(derivation, box=replace(box, lines=(), missing=dict.fromkeys(("x", "w"), "it is long")))
    said = "Each of ∂L/∂x and ∂L/∂w has no short form: it is long. They are derived in the steps back to x and w."
    assert said in " ".join(Text.write(both).split())
    assert 'href="#' in Html.write(both).split("They are derived in the steps back to")[1].split("</p>")[0]


@pytest.mark.parametrize(
    ("text", "loss"),
    [
        ("X: data[N, d]\nt: integers[N, c]\nW: parameter[d, c]\nL = cross_entropy(X @ W, t)", r"\log P_{n,t_{n}}"),
        ("K: parameter[n, n]\ny: data[n]\nL = y @ solve(K, y) + logdet(K)", r"K^{-1}"),
    ],
    ids=["labels", "matrices"],
)
def test_the_network_has_the_names_of_its_author_alone(text: str, loss: str) -> None:
    """What nobody named is written out where it is read; a step that goes back through it defines it there."""
    document = sb.derive(text).document()
    network = document.blocks[document.blocks.index(Section(told("The network"))) + 1 :]
    rows = next(block for block in network if isinstance(block, FormulaRows)).rows
    shown = [latex(row.formula) for row in rows]
    assert not [line for line in shown if re.search(r"\bu(_|\b)", line)], shown
    assert loss in shown[-1]


def test_what_a_delta_is_by_stands_in_the_network() -> None:
    text = "A: data[n, d]\nB: data[n, d]\nW: parameter[d, k]\nL = sum(exp(tanh((A @ W) @ (B @ W).T / 2)))"
    document = sb.derive(text).document()
    blocks = document.blocks
    shown = {latex(split(row.formula)[0]) for block in blocks if isinstance(block, FormulaRows) for row in block.rows}
    said = [latex(piece.formula) for block in blocks if isinstance(block, FormulaRows) and block.framed
            for row in block.rows for piece in ENGLISH.pieces(row.note) if isinstance(piece, Math)]  # fmt: skip
    deltas = [found[1] for text in said if (found := re.fullmatch(r"\\partial L/\\partial (.*)", text))]
    assert deltas
    assert {name for name in deltas if name not in shown} == set()


def test_what_is_given_to_a_derivation_is_called_what_it_is() -> None:
    net = "X: data[n, d]\nw: parameter[d]\ny = tanh(X @ w)"
    assert "direction: v (d)" in sb.derive(net + "\nL = sum(y**2)", wrt=["w"], vector="v").text()
    assert "gradient from above: dY (n)" in sb.derive(net, upstream="dY").text()
