"""Bad input on the command line: one message that says what, where and what to write instead; exit code 2; nothing half done."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.errors import SymbackpropError
from tests.command import EXAMPLES, Run

XOR, SVM, FUNCTION = (EXAMPLES / name for name in ("xor.net", "svm.net", "two_layer_function.py"))


def refused(run: Run, *arguments: str | Path) -> str:
    """The message of a command that must be refused, without a traceback and without a file left behind."""
    before = sorted(os.listdir())
    code, out, err = run(*arguments)
    assert code == 2, out
    assert out == ""
    assert "Traceback" not in err
    assert err.startswith("symbackprop: ")
    assert sorted(os.listdir()) == before
    return err.removeprefix("symbackprop: ").rstrip("\n")


# what is wrong, the text, the whole message; the file is called net.net
NETWORKS = {
    "an unknown name": (
        "x: data[d]\nW_1: parameter[h, d]\nL = sum((W_2 @ x)**2)",
        "net.net:3:10: W_2 is not defined. Did you mean W_1?\n    L = sum((W_2 @ x)**2)\n             ^^^",
    ),
    "a negative number to a power that is learnt": (
        "x: parameter[n]\nL = sum((-2)**x)",
        "net.net:2:9: -2 to the power x is no real number between whole exponents\n    L = sum((-2)**x)\n            ^^^^^^^",
    ),
    "an unknown function": (
        "x: parameter\nL = sigmod(x)",
        "net.net:2:5: sigmod is not a function of the language. Did you mean sigmoid?\n    L = sigmod(x)\n        ^^^^^^",
    ),
    "shapes that fit when transposed": (
        "X: data[n, d]\nW: parameter[h, d]\nL = sum(X @ W)",
        "net.net:3:9: X @ W: the inner sizes differ: X is (n, d), W is (h, d). Did you mean X @ W.T?"
        "\n    L = sum(X @ W)\n            ^^^^^",
    ),
    "shapes that do not fit": (
        "x: data[n]\nW: parameter[h, d]\nL = sum(W @ x)",
        "net.net:3:9: W @ x: the inner sizes differ: W is (h, d), x is (n,). "
        "The last axis of W must have the size of the first axis of x.\n    L = sum(W @ x)\n            ^^^^^",
    ),
    "shapes that do not broadcast": (
        "x: data[n]\ny: data[m]\nL = sum(x + y)",
        "net.net:3:9: x + y: the shapes do not broadcast: x is (n,) and y is (m,). NumPy aligns shapes at the right; sizes must be "
        "equal, or one of them 1.\n    L = sum(x + y)\n            ^^^^^",
    ),
    "a tensor declared twice": (
        "x: parameter[d]\nx: data[d]\nL = sum(x)",
        "net.net:2:1: x is defined twice (first on line 1). A name keeps its value: write x_2.\n    x: data[d]\n    ^",
    ),
    "a loss that is not a scalar": (
        "x: parameter[d]\nL = x**2",
        'L has the shape (d,), a loss is a scalar. Write loss = sum(L); or name L as what is differentiated (of="L", on the '
        "command line --loss L) for its Jacobian.",
    ),
    "a function without a derivative": (
        "x: parameter[d]\nL = unique(x)",
        "net.net:2:5: unique is not a function of the language. How many entries it has depends on their values; write sort, or "
        "declare the entries as data.\n    L = unique(x)\n        ^^^^^^",
    ),
    "an empty file": ("", "net.net: the text is empty. Write declarations, x: data[n], and equations, L = sum(x**2)."),
    "comments alone": ("# nothing\n\n", "net.net: there is no equation. Write the loss: L = sum(...)."),
    "declarations alone": (
        "x: data[n]", "net.net: there are declarations only, no equation. Write the loss: L = sum(...)."
    ),
    "a file of 10 MB": (
        "x" * 10_000_000,
        "net.net: the file has 10,000,000 bytes; a network has at most 1,000,000. Is this the right file?",
    ),
    "parentheses 10,000 deep": (
        f"x: parameter\nL = {'(' * 10_000}x{')' * 10_000}",
        "net.net:2:105: the expression is nested deeper than 100. Name its parts on lines of their own.",
    ),
    "functions 10,000 deep": (
        f"x: parameter\nL = {'exp(' * 10_000}x{')' * 10_000}",
        "net.net:2:408: the expression is nested deeper than 100. Name its parts on lines of their own.",
    ),
    "10,000 signs": (
        f"x: parameter\nL = {'-' * 10_000}x",
        "net.net:2:2504: one statement has more than 2,500 operations. Name its parts on lines of their own.",
    ),
    "an import": (
        "x: parameter\nL = __import__('os').system('touch stolen')",
        "net.net:2:5: __import__ is not a function of the language.",
    ),
    "an import statement": (
        "import os\nx: parameter\nL = x**2",
        "net.net:1:1: os is not imported: code is read here, and never run. Write its functions out",
    ),
    "a hidden attribute": ("x: parameter\nL = x.__class__", "net.net:2:5: "),
    "an exponent that takes for ever": ("x: parameter\nL = x + 9**9**9**9", "net.net:2:"),
    "a caret": ("x: parameter\nL = x^2", "net.net:2:6: ^ is not in the language. Write ** for a power."),
    "a loop": (
        "x: parameter[n]\nfor i in range(sum(x)):\n    z = x\nL = sum(z)",
        "net.net:2:16: how often the loop goes round depends on the value of sum(x). Bounds are whole numbers and sizes: for l in 1..n.",
    ),
    "a multiplication sign": ("x: parameter\nL = 2·x", "net.net:2:6: · is not in the language. Write * between numbers"),
    "a Cyrillic letter": ("ж: parameter\nL = ж**2", "net.net:1:1: ж is not written in ASCII."),
    "lambda": ("lambda: parameter\nL = lambda**2", "net.net:2:5: lambda is a word of Python and cannot name a tensor. Write lam."),
    "a weight": ("W: weight[n]\nL = sum(W)", "net.net:1:4: weight is no kind of tensor. Did you mean parameter?"),
    "a declaration as an equation": ("x = data[n]\nL = sum(x)", "net.net:1:5: data is not defined. A declaration has a colon: x: data[n]."),
    "an input that is not declared": ("W: parameter[h, d]\nL = sum(W @ x)", "net.net:2:13: x is not defined. Declare it: x: data[d]."),
    "an unknown kind": ("x: paramater[n]\nL = sum(x)", "net.net:1:4: paramater is no kind of tensor. Did you mean parameter?"),
    "a size that is no number": ("x: parameter[2.5]\nL = sum(x)", "net.net:1:14: 2.5 is no size."),
    "a size of zero": ("x: parameter[0]\nL = sum(x)", "net.net:1:4: x: 0 is no size. A size is at least 1."),
    "a missing bracket": (
        "x: parameter\nL = (x + 1",
        "net.net:2:5: this is not the syntax of the language: '(' was never closed. A ) is missing.",
    ),
    "a use before the definition": (
        "x: parameter\nL = a**2\na = x + 1", "net.net:2:5: a is used before line 3 defines it. Move that line up."
    ),
    "a value that changes": ("x: parameter[n]\ny = x[:2]\ny += 1\nL = sum(x)", "net.net:3:1: y and x share their entries"),
    "an array": ("L = np.array([1, 2])", "L has the shape (2,), a loss is a scalar. Write loss = sum(L)"),
    "numbers beyond those of float64": (
        "x: parameter\nL = x*" + "*".join(["1e-300"] * 30),
        "net.net: the numbers of the network multiply to about 1e-8995. Float64 ends at 1e-308 and 1e308: scale them.",
    ),
    "an axis that is not there": ("x: parameter[n]\nL = sum(x, axis=1)", "net.net:2:5: "),
}  # fmt: skip


@pytest.mark.parametrize(("text", "words"), NETWORKS.values(), ids=NETWORKS)
def test_a_network_that_is_not_one(run: Run, text: str, words: str):
    Path("net.net").write_text(text, encoding="utf-8")
    assert refused(run, "derive", "net.net", "-o", "report.html").startswith(words)


def test_what_is_not_differentiable_is_not_in_the_language_and_what_is_flat_is_said(run: Run):
    assert refused(run, "derive", "airy(x)").startswith("<expression>:1:1: airy is not a function of the language.")
    code, out, _ = run("derive", EXAMPLES / "threshold.net")
    assert code == 0
    assert (
        "w and b only through step, which is flat: their gradients are zero wherever they exist, so gradient descent never moves them"
        in " ".join(out.split())
    )


def test_a_parameter_without_influence_is_said_not_hidden(run: Run):
    Path("net.net").write_text("x: parameter[d]\nw: parameter[d]\nL = sum(x**2)")
    code, out, _ = run("derive", "net.net")
    assert code == 0
    assert "L does not depend on w: its gradient is zero." in out


# the network, the point, the message
POINTS: dict[str, tuple[str, Any, str]] = {
    "division by zero": (
        "x: parameter\nL = 1/x", {"x": 0}, "division by zero in L = 1/x at the tested point; choose another point, or declare x"
    ),
    "log of a negative number": (
        "x: parameter[n]\nL = sum(log(x))",
        {"x": [1, -1]},
        "log of a negative number in L = sum_{i} log(x[i]) at the tested point; choose another point, or declare "
        "x: parameter[n] & positive",
    ),
    "log of zero": ("x: parameter\nL = log(x)", {"x": 0}, "log of zero in L = log(x) at the tested point"),
    "a root of a negative number": ("x: parameter\nL = sqrt(x)", {"x": -1}, "a root or a broken power of a negative number in L"),
    "an overflow": ("x: parameter\nL = exp(x)", {"x": 1000}, "overflow in exp in L = exp(x) at the tested point"),
    "NaN": ("x: parameter[n]\nL = sum(x)", {"x": [1, float("nan")]}, "x holds NaN at (1,); mend the data"),
    "NaN in a number": ("x: parameter\nL = x**2", {"x": float("nan")}, "x holds NaN; mend the data"),
    "an infinite number": ("x: parameter\nL = x**2", {"x": float("inf")}, "x holds an infinite number; mend the data"),
    "a wrong shape": ("x: parameter\nL = x**2", {"x": [1, 2]}, "x has shape (2,), but it is declared as ()"),
    "sizes that disagree": (
        "x: data[n]\ny: parameter[n]\nL = sum(x*y)", {"x": [1, 2], "y": [1]}, "y has shape (1,), but it is declared as (n,) with n = 2 by x: reshape"
    ),
    "a missing input": ("x: parameter[n]\nL = sum(x)", {}, "x is missing: give an array of shape (n,)"),
    "an unknown input": ("x: parameter\nL = x**2", {"x": 1, "y": 1}, "y is no input of this network; its inputs are x"),
    "words": ("x: parameter\nL = x**2", {"x": "one"}, "x is text, 'one', not a number; write numbers without quotation marks"),
    "a ragged array": ("x: parameter[n, m]\nL = sum(x)", {"x": [[1], [1, 2]]}, "x is no array: its rows have different lengths"),
    "labels that do not sum to one": ("y: labels[c]\nL = sum(y**2)", {"y": [1, 1]}, "y is declared as labels: it must sum to one"),
    "integers out of bound": (
        "t: integers[n, 3]\nE: parameter[3]\nL = sum(E[t])", {"t": [3], "E": [1, 1, 1]}, "t must hold whole numbers from 0 to 3 - 1"
    ),
    "no object": ("x: parameter\nL = x**2", [1], "--at at.json: write an object with an entry for each input"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["check", "draw"])
@pytest.mark.parametrize(("text", "at", "words"), POINTS.values(), ids=POINTS)
def test_a_point_that_does_not_fit(run: Run, command: str, text: str, at: Any, words: str):
    Path("net.net").write_text(text)
    Path("at.json").write_text(json.dumps(at))
    output = ("-o", "graph.svg") if command == "draw" else ()
    assert refused(run, command, "net.net", "--at", "at.json", *output).startswith(words)


def test_a_point_that_is_no_json(run: Run):
    Path("at.json").write_text("{x: 1}")
    assert refused(run, "check", "x**2", "--at", "at.json").startswith("--at at.json: this is not JSON: ")
    assert refused(run, "check", "x**2", "--at", "none.json") == "--at none.json: No such file or directory"


# what is in data.npz, the message
DATA = {
    "a missing array": ({"X": (40, 2)}, "data.npz: the array y is missing: the network declares y: binary[n]; the data hold X"),
    "a misshapen array": (
        {"X": (40, 3), "y": (40,)},
        "X has shape (40, 3), but it is declared as (n, 2): reshape the array, or declare it as it is",
    ),
    "too many axes": ({"X": (40, 2, 1), "y": (40,)}, "X has shape (40, 2, 1), but it is declared as (n, 2)"),
    "lengths that differ": (
        {"X": (40, 2), "y": (30,)}, "the inputs have different numbers of samples: X has 40, y has 30; give one entry of each"
    ),
    "no sample": ({"X": (0, 2), "y": (0,)}, "X has no samples: its shape is (0, 2)"),
    "an unknown array": ({"X": (40, 2), "y": (40,), "z": (1,)}, "data.npz: z is no data input of the network; leave the array out, or rename it: there are X, y"),
}  # fmt: skip
TRAIN = ("train", XOR, "--data", "data.npz", "--epochs", "2", "--quiet", "-o", "trained.npz", "--curve", "loss.svg")


@pytest.mark.parametrize(("shapes", "words"), DATA.values(), ids=DATA)
def test_training_data_that_do_not_fit(run: Run, shapes: dict[str, tuple[int, ...]], words: str):
    np.savez("data.npz", **{name: np.zeros(shape) for name, shape in shapes.items()})
    assert refused(run, *TRAIN).startswith(words)


def test_training_data_that_are_no_numbers(run: Run):
    X, y = np.zeros((40, 2)), np.zeros(40)
    X[3, 1] = np.nan
    np.savez("data.npz", X=X, y=y)
    assert refused(run, *TRAIN) == "X holds NaN at (3, 1); mend the data"
    np.savez("data.npz", X=X.astype(str), y=y)
    assert refused(run, *TRAIN).startswith("data.npz: X holds <U32, not real numbers")
    np.savez("data.npz", X=X.astype(object), y=y, allow_pickle=True)
    assert refused(run, *TRAIN).startswith("data.npz: X is a pickled object, which could run code")
    np.savez("data.npz", X=np.zeros((40, 2)), y=y + 0.5)
    assert refused(run, *TRAIN) == (
        "y must hold zeros and ones as declared, and holds 0.5 at (0,); mend the data, or declare y without binary if it need not"
    )
    np.savez("data.npz", X=np.zeros((40, 2)), y=np.where(np.arange(40) % 2, 1, -1))
    assert refused(run, *TRAIN).endswith("and holds -1 at (0,); give (y + 1)/2")
    np.savez("data.npz", x=np.zeros((40, 2)), y=y)
    assert refused(run, *TRAIN).endswith("the data hold x, y: rename x to X")
    Path("data.npz").write_text("no archive")
    assert refused(run, *TRAIN).startswith("data.npz: this is not an .npz file")
    Path("data.npz").unlink()
    assert refused(run, *TRAIN) == "data.npz: cannot be read: No such file or directory"


# the command, the message
COMMANDS = {
    "no such file": (("derive", "nets/none.net"), "there is no file nets/none.net."),
    "a forgotten suffix": (("derive", "two_layer"), "there is no file two_layer."),
    "a folder": (("derive", "."), ". is a folder. Name a file in it."),
    "a function that is not in the file": (("derive", f"{FUNCTION}:two_layers"), f"{FUNCTION}: there is no function two_layers."),
    "an empty expression": (("derive", " "), "<text>: the text is empty. Write declarations"),
    "a number": (("derive", "2 + 3"), "<expression>:1:1: the loss is a number; nothing is to be derived."),
    "an input alone": (("derive", "x", "--let", "x: data[n]"), "<expression>:1:1: the loss is the input x itself. Write an"),
    "a declaration that is none": (
        ("derive", "sum(x)", "--let", "x parameter[n]"), "<declaration 1>:1:2: a declaration has a colon. Write x: parameter[n]."
    ),
    "a folder that is not there": (("derive", "x**2", "-o", "none/a.md"), "none/a.md: there is no folder none; make it first"),
    "a folder as the file": (("derive", "x**2", "-o", "."), ". is a folder; name a file in it"),
    "a suffix that says nothing": (
        ("derive", "x**2", "-o", "report.doc"),
        "report.doc: end the name by .txt or .md or .tex or .html or ",
    ),
    "a picture of no format": (("draw", "x**2", "-o", "graph.gif"), "graph.gif: end the name by .svg or .png or .pdf or .tex"),
    "a source of no language": (("compile", "x**2", "-o", "step.rb"), "step.rb: end the name by .py or .c"),
    "parameters in a text": (("train", XOR, "--data", "a.npz", "-o", "a.txt"), "a.txt: end the name by .npz or .safetensors"),
    "an unknown name to differentiate by": (("derive", XOR, "--wrt", "W_3"), "there is no W_3 to differentiate by; did you mean"),
    "no name to differentiate by": (("derive", XOR, "--wrt", ","), '--wrt "," names nothing; write names and commas, such as'),
    "integers to differentiate by": (("derive", SVM, "--wrt", "t"), "t holds integers: it has no derivative."),
    "an unknown loss": (("derive", XOR, "--loss", "loss"), f"{XOR}: there is no loss to be the loss. The values are: A, p, L."),
    "an unknown gradient": (("draw", XOR, "--wrt", "q"), "there is no q whose gradient could be shown; the network has X, y"),
    "an unknown size": (("check", XOR, "--size", "m=3"), "m is no size of this network; there are n"),
    "a size without a number": (("check", XOR, "--size", "n"), '--size "n": write a name and a whole number from 1, such as h=32'),
    "a size that is no digit": (("check", XOR, "--size", "n=²"), '--size "n=²": write a name and a whole number from 1'),
    "a size of 5,000 digits": (("check", XOR, "--size", "n=" + "9" * 5000), '--size "n=99999'),
    "a name of 300 characters": (("derive", "x**2", "-o", "a" * 300 + ".md"), "a" * 60 + "...: cannot be written: File name too long"),
    "a place that takes no file": (("train", XOR, "--data", XOR, "-o", "/proc/w.npz"), "/proc/w.npz: cannot be written: the folder /proc"),
    "a size of zero": (("check", XOR, "--size", "n=0"), '--size "n=0": write a name and a whole number from 1, such as h=32'),
    "an unknown size to compile": (("compile", XOR, "--size", "m=3"), "m is no size of this network; there are n"),
    "no data": (("train", "x**2"), "name the data: --data FILE.npz, an array for each data input, or --data digits"),
    "a rate below zero": (("train", XOR, "--data", EXAMPLES / "xor.npz", "--rate", "-1"), "rate=-1.0: give a positive number"),
    "digits that do not fit": (("train", XOR, "--data", "digits"), "X is declared as (n, 2), but a digit is an image of 64 pixels"),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "words"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_that_cannot_be_done(run: Run, arguments: tuple[str | Path, ...], words: str):
    assert refused(run, *arguments).startswith(words)


@pytest.mark.parametrize("arguments", [
    ("derive",), ("derive", "x**2", "--colour"), ("paint", "x**2"), ("derive", "x**2", "--format", "doc"),
    ("derive", "x**2", "--seed", "-1"), ("check", "x**2", "--points", "0"),
    ("derive", "x**2", "--gates", "fine"),
], ids=" ".join)  # fmt: skip
def test_a_command_line_that_is_none(run: Run, arguments: tuple[str, ...]):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: symbackprop ")
    assert err.splitlines()[-1].startswith("symbackprop: ")
    assert os.listdir() == []


def test_a_file_that_is_no_text(run: Run):
    Path("net.net").write_bytes(b"x: parameter\nL = \xff\xfe")
    assert refused(run, "derive", "net.net") == "net.net:2:5: the byte 0xff is not UTF-8. Save the file as UTF-8 text."
    Path("net.net").write_bytes(b"x: parameter\nL = x\0")
    assert refused(run, "derive", "net.net").startswith("net.net:2:1: a null byte is no text.")


def test_a_file_that_cannot_be_written_leaves_the_old_one(run: Run, monkeypatch: pytest.MonkeyPatch):
    Path("report.html").write_text("old")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    full_disk = "report.html: cannot be written: No space left on device; make room on the disk, or write to another"
    assert refused(run, "derive", "x**2", "-o", "report.html") == full_disk
    assert Path("report.html").read_text() == "old"


def test_a_point_of_any_nesting_or_length_is_refused(run: Run):
    Path("at.json").write_text("[" * 100_000)
    assert refused(run, "check", "x**2", "--at", "at.json").startswith("--at at.json: its brackets are nested too deep")
    Path("at.json").write_text(f'{{"x": {"9" * 400}}}')
    assert refused(run, "check", "x**2", "--at", "at.json").startswith("x ")
    Path("at.json").write_text(f'{{"x": {"9" * 5000}}}')
    assert refused(run, "check", "x**2", "--at", "at.json").startswith("--at at.json: this is not JSON")


def test_standard_input_that_is_no_text(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x: parameter\nL = \xe9**2")))
    assert refused(run, "derive", "-") == "<standard input>:2:5: the byte 0xe9 is not UTF-8. Give UTF-8 text."


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.slow
def test_standard_output_that_takes_nothing_is_an_error():
    for target, words in ((">/dev/full", "No space left on device"), (">&-", "standard output is closed")):
        command = f"{sys.executable} -m symbackprop derive 'x**2' {target}"
        said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=EXAMPLES.parent)
        assert said.returncode == 2
        assert words in said.stderr
        assert len(said.stderr.splitlines()) == 1


def test_what_nobody_foresaw_is_one_message_that_asks_for_a_report(run: Run, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: Any, **__: Any) -> None:
        raise KeyError("dL/dx")

    monkeypatch.setattr("symbackprop.cli.shell.write_whole", broken)
    told = refused(run, "compile", "x**2", "-o", "a.py")
    assert told.startswith("this is a fault of symbackprop, not yours: KeyError: 'dL/dx' (")
    assert "SYMBACKPROP_DEBUG=1 shows the traceback" in told


def test_ctrl_c_is_one_line_and_130(run: Run, monkeypatch: pytest.MonkeyPatch):
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("symbackprop.cli.shell.write_whole", stopped)
    assert run("compile", "x**2", "-o", "a.py") == (130, "", "symbackprop: stopped; nothing was written\n")


@pytest.mark.parametrize(
    ("line", "told", "mend"),
    [
        ("L = sum(y*log(w))", "log of a negative number in L = sum_{i} y[i]*log(w[i])", "declare w: parameter[n] & positive"),
        ("L = sum((y - tanh(w)**0.5)**2)", "a root or a broken power of a negative number", "declare w: parameter[n] & positive"),
        (
            "z = 3*w\nL = sum((y - z**0.5)**2 + sin(z))",
            "a root or a broken power of a negative number",
            "or write a form that is defined there",
        ),
        ("L = sum(y*gammaln(w))", "loggamma of a number that is not positive", "declare w: parameter[n] & positive"),
    ],
)
def test_what_is_proposed_for_a_point_off_the_domain_is_of_what_has_one(line: str, told: str, mend: str) -> None:
    with pytest.raises(SymbackpropError) as refused:
        sb.check(sb.read(f"w: parameter[n]\ny: data[n]\n{line}"), at={"w": [-0.5, -1.5], "y": [1.0, 2.0]})
    assert told in str(refused.value)
    assert str(refused.value).endswith(mend)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-o", "data.npz"), "data.npz: the parameters would be written over the data; name another file"),
        (("--checkpoint", "data.npz"), "data.npz: the checkpoint would be written over the data; name another file"),
        (
            ("-o", "a.npz", "--checkpoint", "./a.npz"),
            "a.npz: the parameters would be written over the checkpoint; name another file",
        ),
        (("-o", "test.npz", "--held-out", "test.npz"), "test.npz: the parameters would be written over what is held out"),
        (("--log", "my.net"), "my.net: end the name by .jsonl, so that it says what the file holds"),
    ],
    ids=lambda x: x if isinstance(x, str) else " ".join(x),
)
def test_nothing_is_written_over_what_is_read(run: Run, options: tuple[str, ...], words: str):
    for name in ("data.npz", "test.npz"):
        np.savez(name, X=np.ones((12, 2)), y=np.arange(12) % 2)
    Path("my.net").write_text(before := (EXAMPLES / "xor.net").read_text())
    assert refused(run, "train", "my.net", "--data", "data.npz", "--epochs", "1", *options).startswith(words)
    assert Path("my.net").read_text() == before
    assert set(np.load("data.npz")) == {"X", "y"}


def test_what_is_computed_is_not_written_over_the_data(run: Run):
    Path("data.csv").write_text("X1,X2,y\n" + "1,2,1\n" * 12)
    assert run("train", EXAMPLES / "xor.net", "--data", "data.csv", "--epochs", "1", "-o", "p.npz").code == 0
    said = refused(run, "predict", EXAMPLES / "xor.net", "--parameters", "p.npz", "--data", "data.csv", "-o", "data.csv")
    assert said == "data.csv: what is computed would be written over the data; name another file"
