"""In a notebook: what each thing shows by itself, what people type first, and the cell magic."""

from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.server.magic import derived, register

EXAMPLES = Path(__file__).parents[2] / "examples"
TWO_LAYER = EXAMPLES / "two_layer.net"
POINT = {"x": [1.0, -1.0], "y": [2.0], "W_1": [[1.0, 0.5], [0.25, 2.0]], "W_2": [[1.0, -1.0]]}


@pytest.fixture(scope="module")
def things() -> dict:
    derivation = sb.derive(TWO_LAYER)
    verdict = sb.verify("x: data\nw: parameter\nL = (w*x)**2", {"w": "2 w x^2"})
    line = {"x": np.arange(12.0), "y": np.arange(12.0)}
    trained = sb.train("x: data[n]\ny: data[n]\nw: parameter\nL = mean((w*x - y)**2)", line, epochs=2, rate=1e-3, progress=False)
    function = sb.verify_function(lambda x: np.sum(x**2), lambda x: 2 * x, np.array([1.0, 2.0]))
    return {
        "network": derivation.network, "derivation": derivation, "gradient": derivation.gradients["W_1"], "box": derivation.box(),
        "line": derivation.box().lines[0], "check": derivation.check(points=1), "verdict": verdict, "claim": verdict[0],
        "compiled": sb.compile(derivation), "program": derivation.program, "equation": derivation.backward[0],
        "step": sb.compile("w: parameter\nL = w**2").bind({"w": 1.0}), "trained": trained, "function": function, "picture": sb.draw(derivation),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("what", "kinds"),
    [
        ("network", "html latex"), ("derivation", "html latex"), ("gradient", "latex"), ("box", "latex"), ("line", "latex"),
        ("check", "markdown"), ("verdict", "html latex"), ("trained", "html"), ("function", "html"), ("picture", "svg"),
        ("claim", ""), ("compiled", ""), ("program", ""), ("equation", ""), ("step", ""),
    ],
)  # fmt: skip
def test_each_thing_shows_itself_and_is_one_short_line(things: dict, what: str, kinds: str) -> None:
    thing = things[what]
    assert len(repr(thing)) < 100
    assert "\n" not in repr(thing)
    assert " at 0x" not in repr(thing)
    begins = {"html": ("<style>", "<p>"), "latex": ("$\\displaystyle ",), "markdown": ("| gradient |",), "svg": ("<svg",)}
    for kind in kinds.split():
        shown = getattr(thing, f"_repr_{kind}_")()
        assert shown.startswith(begins[kind])
        assert "\\displaystyle None" not in shown


def test_a_network_shows_its_equations(things: dict) -> None:
    network = things["network"]
    assert "<math" in network._repr_html_()
    assert network._repr_latex_() == (
        "$\\displaystyle \\begin{aligned}\nz &= W_{1} x,\\quad a = \\sigma\\left(z\\right),\\quad\\hat{y} = W_{2} a,\\quad "
        "L = \\left\\lVert \\hat{y} - y\\right\\rVert^{2}\n\\end{aligned}$"
    )
    nothing = sb.read("t: integers[n, 4]\nL = sum(t)")
    assert nothing._repr_html_() is None  # nothing of it can be derived: its one line is shown
    assert nothing._repr_latex_() is None


def test_a_network_that_no_verb_has_read_shows_itself_as_well() -> None:
    assert type(sb.parameter("w").sum()).__name__ == "Tensor"
    from symbackprop.core.network import Network

    assert Network.presenter is not None


def test_a_trained_network_shows_its_losses(things: dict) -> None:
    assert "<svg" in things["trained"]._repr_html_()
    assert repr(things["trained"]).startswith("<Trained w: 2 epochs, L ")


def test_what_people_type_first(things: dict) -> None:
    derivation, compiled = things["derivation"], things["compiled"]
    value, gradients = compiled.value_and_grad(POINT)
    for told, found in (compiled(**POINT), compiled(POINT), derivation.evaluate(**POINT), derivation.evaluate(POINT)):
        assert told == value
        assert found.keys() == gradients.keys()
        assert all(np.array_equal(found[n], gradients[n]) for n in gradients)
    parameters = {n: POINT[n] for n in ("W_1", "W_2")}
    assert compiled(parameters, x=POINT["x"], y=POINT["y"])[0] == value
    assert np.array_equal(derivation.gradients["W_2"].evaluate(**POINT), gradients["W_2"])
    with pytest.raises(sb.SymbackpropError, match="the array y is missing; it must be"):
        derivation.evaluate(x=1, W_1=1, W_2=1)


def test_what_a_gradient_does_not_read_may_be_left_out() -> None:
    assert sb.derive("(x + y)*z").gradients["x"].evaluate(z=3) == 3.0


def test_an_example_is_where_a_traced_network_is_evaluated() -> None:
    network = sb.trace(lambda w, x: np.sum((w * x) ** 2), np.array([1.0, 2.0]), np.array([3.0, 1.0]), wrt="w")
    derivation = sb.derive(network)
    assert derivation.evaluate()[0] == 13.0
    assert np.array_equal(derivation.gradients["w"].evaluate(x=[0.0, 0.0]), [0.0, 0.0])


class Shell:
    """What the magic asks of IPython."""

    def __init__(self) -> None:
        self.names, self.magics = {}, {}

    def push(self, names: dict) -> None:
        self.names |= names

    def register_magic_function(self, function, kind: str, name: str) -> None:
        self.magics[kind, name] = function


def test_a_cell_that_holds_a_network_shows_its_derivation() -> None:
    shell = Shell()
    sb.load_ipython_extension(shell)
    text = TWO_LAYER.read_text(encoding="utf-8")
    shown = shell.magics["cell", "symbackprop"]("d --wrt W_1,x --detail brief --lang ko", text)
    assert shell.names["d"].wrt == ("W_1", "x")
    assert repr(shown) == "<Derivation of L by W_1, x: 5 steps>"
    assert 'lang="ko"' in shown._repr_html_()
    assert shown._repr_latex_() == shell.names["d"]._repr_latex_()
    assert "--wrt" in shell.magics["cell", "symbackprop"].__doc__
    assert derived(shell, "", text).derivation.wrt == ("W_1", "W_2")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("--wrt Q", "there is no Q to differentiate by"),
        ("--detail tiny", "%%symbackprop: argument --detail: invalid choice: 'tiny'"),
        ("d --nothing", "unrecognized arguments: --nothing"),
        ("1d", "1d is no name for a variable; write %%symbackprop d"),
        ("print", "print is no name for a variable; write %%symbackprop d"),
        ("'", "No closing quotation"),
    ],
)
def test_a_mistake_in_a_cell_is_one_message(line: str, why: str) -> None:
    from IPython.core.error import UsageError

    shell = Shell()
    register(shell)
    with pytest.raises(UsageError, match=why) as told:
        shell.magics["cell", "symbackprop"](line, TWO_LAYER.read_text(encoding="utf-8"))
    assert told.value.__suppress_context__
    with pytest.raises(sb.SymbackpropError, match=why):
        derived(shell, line, TWO_LAYER.read_text(encoding="utf-8"))
    assert not shell.names


@pytest.mark.slow
def test_ipython_shows_and_runs_it() -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "symbackprop")
    shell.run_cell_magic("symbackprop", "d", TWO_LAYER.read_text(encoding="utf-8"))
    for thing in (shell.user_ns["d"], shell.user_ns["d"].network):
        shown, _ = shell.display_formatter.format(thing)
        assert shown.keys() == {"text/plain", "text/html", "text/latex"}
        assert shown["text/plain"] == repr(thing)
    assert "image/svg+xml" in shell.display_formatter.format(sb.draw(shell.user_ns["d"]))[0]
