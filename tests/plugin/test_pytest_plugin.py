"""The plugin for pytest: gradients and layers as assertions, claims as tests, the verdict as the message."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from symbackprop.judge.functions.called import verify_called
from symbackprop.pytest_plugin import assert_gradient
from symbackprop.verbs import read
from tests.command import EXAMPLES

pytest_plugins = ["pytester"]

FOLDER = EXAMPLES / "verify"
NET = (FOLDER / "two_layer.net").read_text()
SMALL = "X: data[n, d]\nt: data[n]\nw: parameter[d]\nb: parameter[()]\nr = X @ w + b - t\nL = sum(r**2)/n"

Outcome = Callable[..., pytest.RunResult]


@pytest.fixture
def outcome(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """What pytest makes of files in an empty folder, with this plugin alone."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(*arguments: str, **files: str) -> pytest.RunResult:
        for name, text in files.items():
            (pytester.path / name.replace("__", ".")).write_text(text)
        plugin = ("-p", "symbackprop.pytest_plugin", "-W", "ignore::pytest.PytestAssertRewriteWarning")
        return pytester.runpytest_inprocess(*plugin, "-p", "no:cacheprovider", *arguments)

    return run


@pytest.mark.slow
def test_the_examples_pass_one_test_a_step(pytester: pytest.Pytester, outcome: Outcome) -> None:
    for name in ("two_layer.net", "two_layer.claims.md", "test_two_layer.py"):
        shutil.copy(FOLDER / name, pytester.path)
    outcome().assert_outcomes(passed=7)


@pytest.mark.slow
def test_a_wrong_step_fails_with_its_verdict_and_what_follows_is_expected_to(outcome: Outcome) -> None:
    steps = [["e", "yhat - t"], ["d", "W_2.T @ e*a_1*(1 + a_1)", "dL/dz_1"], ["c_1", "d"], ["W_2", "outer(e, a_1)"]]
    found = outcome(two_layer__net=NET, two_layer__claims__json=json.dumps(steps))
    found.assert_outcomes(passed=2, failed=1, xfailed=1)
    found.stdout.fnmatch_lines(["d: wrong*", "*wrong slope formula*", "*it fails at*"])


def test_a_convention_passes_where_the_settings_allow_it(outcome: Outcome) -> None:
    files = {"lin__net": SMALL, "lin__claims__json": '{"w": "-X.T @ r"}'}
    outcome(**files).assert_outcomes(failed=1)
    outcome(**files, pytest__ini="[pytest]\nsymbackprop_allow = sign N 2\n").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"lin__claims__json": '{"w": "r"}'}, "*its network, lin.net, does not lie beside it*"),
        ({"lin__net": SMALL, "lin__claims__json": "{"}, "*this is not JSON*"),
        ({"lin__net": "L =", "lin__claims__json": '{"w": "r"}'}, "*lin.net:1:*"),
        ({"lin__net": SMALL, "lin__claims__json": '{"v": "r"}'}, "*v: no tensor of the network*"),
        ({"lin__net": SMALL, "lin__claims__json": '{"w": "nobody"}'}, "*not understood*nobody*"),
    ],
)
def test_what_cannot_be_judged_fails_with_the_reason(outcome: Outcome, files: dict[str, str], said: str) -> None:
    found = outcome(**files)
    assert found.ret in (1, 2)
    found.stdout.fnmatch_lines([said])
    assert "Traceback" not in found.stdout.str()


WRONG = '''
from symbackprop.pytest_plugin import assert_gradient, assert_layer
import numpy as np

NET = """{net}"""

def test_gradient():
    assert_gradient(NET, "w", lambda X, r: X.T @ r / len(X))

def test_name():
    assert_gradient(NET, "v", lambda X: X)

def test_layer():
    assert_layer(lambda x: np.tanh(x), lambda dout: dout * (1 + np.tanh(0.0)), np.array([0.3, 1.1]))
'''


def test_the_message_is_the_verdict(outcome: Outcome) -> None:
    found = outcome(test_wrong__py=WRONG.format(net=SMALL))
    found.assert_outcomes(failed=3)
    found.stdout.fnmatch_lines(["*up to convention: it carries the factor 1/2*", "E*v: no tensor of the network*", "*x: wrong*"])
    assert "goals.py" not in found.stdout.str()  # the place is the line of the test, none of ours


def test_a_function_is_judged_as_a_formula_is() -> None:
    net = read(SMALL)
    right = verify_called(net, ["w", "b"], lambda X, r: (2 * X.T @ r / len(X), 2 * r.mean()))
    assert [c.verdict for c in right.claims] == ["right, numeric"] * 2
    wrong = verify_called(net, "b", lambda r: r)
    assert wrong.verdict.startswith("wrong shape")
    wrong = verify_called(net, "w", lambda X, t, r: 2 * X.T @ t / len(X))
    assert "t stands for r" in wrong.mistakes[0].sentence
    assert wrong.counterexample is not None


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("X.T @ r", r"give a function of arrays, not str; a formula is judged by sb\.verify"),
        (lambda q: q, "q is no tensor of the network; it has X, t, w, b, r"),
        (lambda X: 1 / 0, "not understood: .*ZeroDivisionError"),
        (lambda X: {"v": 1}, "not understood: the function returned a dict without w; it has v"),
        (lambda X: "w", "not understood: the function returned a str"),
    ],
)
def test_a_function_that_cannot_be_judged_is_refused_with_the_reason(function: Callable[..., object], said: str) -> None:
    with pytest.raises((ValueError, pytest.fail.Exception), match=said):
        assert_gradient(SMALL, "w", function)


def test_neither_imports_the_other_before_it_must() -> None:
    """`import symbackprop` imports no pytest; pytest with the plugin imports no NumPy until a test asks for a verdict."""
    for code in (
        "import symbackprop, sys; assert 'pytest' not in sys.modules",
        "import symbackprop.pytest_plugin, sys; assert not {'numpy', 'sympy'} & set(sys.modules)",
    ):
        assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def passes(x: np.ndarray, kind: type) -> np.ndarray:
    return (2 * x * np.asarray(np.sum(x * x) ** 2, kind) * 3).astype(kind)


CUBE = "x: parameter[n]\nL = sum(x**2)**3"


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_a_function_that_computes_in_small_floats_is_held_to_their_digits(kind: type) -> None:
    right = verify_called(read(CUBE), "x", lambda x: passes(np.asarray(x, kind), kind))
    assert right.verdict == "right, numeric"
    assert any(np.dtype(kind).name in note for note in right.claims[0].notes) == (kind is not np.float64)
    wrong = verify_called(read(CUBE), "x", lambda x: passes(np.asarray(x, kind), kind) * kind(1.25))
    assert wrong.claims[0].kind == ("undecided" if kind is np.float16 else "wrong")


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (lambda x: None, "the function returned None for the gradient by x; let it return the array"),
        (lambda x: "six", "the function returned a str for the gradient by x"),
        (lambda x: passes(x, float) + 1j, "the function returned complex numbers for the gradient by x; let it return real ones"),
        (lambda x: [[1.0], [1.0, 2.0]], "the function returned a list for the gradient by x"),
        (lambda x: x * np.nan, ""),
    ],
)
def test_what_is_no_gradient_is_told_and_never_right(returned: Callable, said: str) -> None:
    (found,) = verify_called(read(CUBE), "x", returned).claims
    assert found.kind == ("not understood" if said else "wrong")
    assert said in found.verdict
