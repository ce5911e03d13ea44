"""What a derivation offers in Python: gradients, steps, formats, the check, a second derivative."""

from pathlib import Path

import numpy as np
import pytest
import sympy as sp

import symbackprop as sb
from symbackprop.core.derivation import DerivationError
from symbackprop.core.differentiate import differentiate
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.machine.files import FileError
from symbackprop.documents.formats import FORMATS, SUFFIXES, FormatError, format_of
from symbackprop.evaluate.verdict import Check
from symbackprop.presenter import CheckFailedError

EXAMPLES = Path(__file__).parent.parent / "examples"
TWO_LAYER = EXAMPLES / "two_layer.net"
CLOSE = {"rtol": 1e-12, "atol": 1e-14}


def test_a_gradient_stands_in_an_expression_as_the_tensor_that_it_is() -> None:
    import symbackprop as sb

    W, x = sb.parameter("W", "m d"), sb.data("x", "d")
    loss = sb.sum(sb.tanh(W @ x) ** 2).named("L")
    by_verb = sb.sum(sb.derive(loss, "W") ** 2)
    by_word = sb.sum(sb.grad(loss, W) ** 2)
    by_view = sb.sum(2 * sb.derive(loss).gradients["W"] * sb.grad(loss, W)) / 2
    assert len({str(sb.read(one).program.equations[-1]) for one in (by_verb, by_word)}) == 1
    assert all(sb.check(one, points=1) for one in (by_verb, by_view))
    V = sb.parameter("V", "d")
    with pytest.raises(sb.SymbackpropError, match="there are 2 gradients; say which"):
        sb.sum(sb.derive(sb.sum((W @ V) ** 2)) ** 2)


def test_a_gradient_has_a_name_a_shape_and_its_forms():
    gradient = sb.derive(TWO_LAYER).gradients["W_2"]
    assert gradient.name == "dL/dW_2"
    assert str(gradient.shape) == "(c, h)"
    assert str(gradient) == "dL/dW_2[k i] = a[i]*dL/dyhat[k]"
    assert gradient.latex() == r"\frac{\partial L}{\partial W_{2}} = \delta_{\hat{y}} a^{\top}"
    assert gradient.definitions == (r"\delta_{\hat{y}} = 2 \left(\hat{y} - y\right)",)
    assert gradient.index() == r"\frac{\partial L}{\partial W_{2,ki}} = \frac{\partial L}{\partial \hat{y}_{k}}\,a_{i}"
    assert gradient._repr_latex_() == f"$\\displaystyle {gradient.latex()}$"


def test_each_thing_says_what_it_is_in_one_short_line():
    network = sb.read(TWO_LAYER)
    derivation = sb.derive(network)
    assert repr(network) == "<Network two_layer: L of x, y, W_1, W_2, 4 equations>"
    assert repr(derivation) == "<Derivation of L by W_1, W_2: 5 steps>"
    assert repr(derivation.gradients["W_1"]) == "<dL/dW_1 (h, d)>"
    assert str(derivation) == "\n".join([str(network), *map(str, derivation.backward)])
    many = sb.read("\n".join([*(f"w{k}: parameter" for k in range(30)), "L = " + " + ".join(f"w{k}" for k in range(30))]))
    assert repr(sb.derive(many)) == "<Derivation of L by w0, w1, w2, w3, w4, w5, ...: 58 steps>"


def test_a_derivation_of_a_program_alone_is_not_shown():
    bare = differentiate(sb.read(TWO_LAYER).program, "L")
    assert bare.network is None
    with pytest.raises(DerivationError, match="nothing shows this derivation: it was made of a program alone"):
        bare.gradients["W_1"].latex()


def test_claims_are_no_names():
    with pytest.raises(DerivationError, match=r"wrt=\{'w': '17\*x'\}: give names, such as wrt="):
        sb.check("w: parameter\nx: data\nL = w*x", {"w": "17*x"})


def test_every_format_is_a_row():
    derivation = sb.derive(TWO_LAYER)
    for row in FORMATS:
        if not row.binary:  # a PDF needs a program
            assert isinstance(derivation.report(row.name), str)
        assert all(format_of(f"report{suffix}") is row and format_of(f"report{suffix.upper()}") is row for suffix in row.suffixes)
    assert len({row.name for row in FORMATS}) == len(FORMATS)
    assert len(set(SUFFIXES)) == len(SUFFIXES)
    with pytest.raises(FormatError, match=r"report\.odt: end the name by \.txt or "):
        format_of("report.odt")


def test_a_report_is_saved_in_the_format_of_its_suffix(tmp_path: Path):
    derivation = sb.derive(EXAMPLES / "gates.net")
    rows = [row for row in FORMATS if row.suffixes and not row.binary]
    for row in rows:
        path = tmp_path / f"report{row.suffixes[0]}"
        derivation.save(path)
        shown = row.files(derivation.document(), path)[str(path)] if row.beside else derivation.report(row.name)
        assert path.read_text(encoding="utf-8") == shown
    with pytest.raises(FormatError, match=r"report\.svg: end the name by"):
        derivation.save(tmp_path / "report.svg")
    with pytest.raises(FileError):
        derivation.save(tmp_path / "nowhere" / "report.md")
    assert {path.name for path in tmp_path.iterdir()} == {f"report{row.suffixes[0]}" for row in rows} | {"report-graph.svg"}


def test_the_steps_are_the_sweep_in_its_order_each_with_its_reason():
    steps = sb.derive(TWO_LAYER).backward
    assert [equation.target.name for equation in steps] == ["dL/dyhat", "dL/dW_2", "dL/da", "dL/dz", "dL/dW_1"]
    assert all(equation.step for equation in steps)
    last = steps[-1].step
    assert (last.rule, last.through.name, last.wrt.name, last.upstream.name, last.pattern) == (
        "chain",
        "z",
        "W_1",
        "dL/dz",
        "product",
    )
    assert [str(ref) for ref in last.local_operands] == ["x[j]"]


def test_every_format_carries_the_table_of_the_check():
    derivation = sb.derive(EXAMPLES / "gates.net")
    for written in map(derivation.report, ("text", "markdown", "latex", "fragment", "html")):
        assert "complex step" in written
        assert "0.471" in written.replace("\\", "")
        assert "Relative errors, the worst of 3 points." in written
    with pytest.raises(SymbackpropError, match='there is no format "odt"; write one of text, markdown, latex, html, '):
        derivation.report("odt")


def test_a_page_needs_nothing_else():
    page = sb.derive(TWO_LAYER).html()
    assert page.lower().startswith("<!doctype html>")
    for outside in ("http://", "https://", "<script", "@import", 'src="/', "url(/"):
        assert outside not in page.replace("http://www.w3.org/", "")


def test_a_notebook_shows_the_derivation():
    shown = sb.derive(TWO_LAYER)._repr_html_()
    assert "<math" in shown
    assert "<html" not in shown


def test_no_report_of_gradients_that_fail_their_check(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Check, "ok", False)
    derivation = sb.derive(TWO_LAYER)
    for write in (derivation.text, derivation.markdown, derivation.latex, derivation.html):
        with pytest.raises(CheckFailedError, match="the derived gradients fail their check, no report is written"):
            write()


def test_names_are_given_as_a_list_or_with_commas():
    assert sb.derive(TWO_LAYER, "x, W_1").wrt == ("x", "W_1")
    assert sb.derive(TWO_LAYER, ["x", "W_1"]).wrt == ("x", "W_1")
    assert sb.derive(TWO_LAYER).wrt == ("W_1", "W_2")


def test_a_second_derivative_is_derive_applied_twice():
    x, y = sp.symbols("x y")
    expression = sp.exp(x * y) * sp.sin(x) + x**3 / y
    first = sb.derive(sb.from_sympy(expression, name="f"), wrt="x")
    at = {"x": 0.7, "y": 1.3}
    for wrt in (x, y):
        second = sb.derive(first, wrt=str(wrt))
        expected = float(sp.diff(expression, x, wrt).subs(at))
        np.testing.assert_allclose(sb.compile(second).value_and_grad(at)[1][str(wrt)], expected, rtol=1e-12)
        assert second.check().ok


def test_the_hessian_of_a_network_is_symmetric_and_right():
    first = sb.derive("x: parameter[n]\nA: data[n, n]\nL = x @ A @ x + sum(tanh(x))", wrt="x")
    second = sb.derive(first, wrt="x")
    rng = np.random.default_rng(0)
    A, x = rng.standard_normal((4, 4)), rng.standard_normal(4)
    hessian = sb.compile(second).value_and_grad({"x": x, "A": A})[1]["x"]
    t = np.tanh(x)
    np.testing.assert_allclose(hessian, A + A.T + np.diag(-2 * t * (1 - t**2)), **CLOSE)


def test_of_two_gradients_one_is_named_for_the_second_derivative():
    first = sb.derive(TWO_LAYER)
    with pytest.raises(SymbackpropError, match="there are 2 gradients; say which to differentiate: of='W_1'"):
        sb.derive(first, wrt="x")
    assert sb.derive(first, wrt="x", of="W_1").check().ok


@pytest.mark.parametrize("make", [
    lambda: TWO_LAYER,
    lambda: str(TWO_LAYER),
    lambda: TWO_LAYER.read_text(),
    lambda: sb.read(TWO_LAYER),
    lambda: sb.derive(TWO_LAYER),
], ids=["path", "string", "text", "network", "derivation"])  # fmt: skip
def test_every_function_takes_every_form(make):
    assert sb.check(make(), points=1).ok
    assert "def value_and_grad" in sb.compile(make()).source
    assert sb.draw(make()).startswith("<svg")


def test_python_and_the_command_line_offer_the_same():
    from symbackprop.cli import main

    verbs = {name for name, module in sb.PUBLIC.items() if module == "verbs"}
    # a server is no verb; the command line reads files and never runs them; what training returns evaluates and predicts
    assert set(main.commands) == verbs - {"read", "network", "trace"} | {
        "mcp",
        "serve",
        "evaluate",
        "predict",
        "exercise",
        "doctor",
        "examples",
        "completion",
        "site",
    }


@pytest.mark.parametrize("wrong", [3, None, object(), [1, 2], b"x**2"])
def test_what_is_no_network_is_refused(wrong):
    with pytest.raises(SymbackpropError, match=r"is no network\. Give a text, a path, a tensor, a SymPy expression"):
        sb.derive(wrong)
