"""The command line: every subcommand, option, format and exit code, and that it does what Python does."""

import ast
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click import Argument, Option

import symbackprop as sb
from symbackprop.cli import main
from symbackprop.documents.formats import format_named
from tests.command import EXAMPLES, Run

TWO_LAYER = EXAMPLES / "two_layer.net"
LETS = ("W_1: parameter[h, d]", "W_2: parameter[c, h]", "x: data[d]", "y: data[c]")
LET = [word for declaration in LETS for word in ("--let", declaration)]
EXPRESSION = "sum((W_2 @ sigmoid(W_1 @ x) - y)**2)"
SVG = "<svg "

STARTS = {
    "text": "L = (ŷ − y)² through σ(W₁ x) and W₂\n═",
    "markdown": r"# $L = \left(\hat{y} - y\right)^{2}$ through ",
    "latex": r"\documentclass",
    "html": "<!DOCTYPE html>",
}
SUFFIXES = {"text": ".txt", "markdown": ".md", "latex": ".tex", "html": ".html"}


@pytest.fixture
def digits_like() -> Path:
    """An XOR-like set of forty samples in a file of the current folder."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    np.savez("data.npz", X=X, y=(X[:, 0] * X[:, 1] > 0).astype(float))
    return Path("data.npz")


@pytest.mark.parametrize("format_", STARTS)
def test_derive_prints_what_python_returns_in_every_format(run: Run, format_: str):
    code, out, err = run("derive", TWO_LAYER, "--format", format_)
    assert (code, err) == (0, "")
    assert out.lower().startswith(STARTS[format_].lower())
    assert out == sb.derive(TWO_LAYER).report(format_)


@pytest.mark.parametrize("format_", STARTS)
def test_derive_writes_the_format_that_the_suffix_says(run: Run, format_: str):
    name = f"report{SUFFIXES[format_]}"
    code, out, err = run("derive", TWO_LAYER, "-o", name)
    picture = "report-graph.svg" if format_ == "markdown" else ""
    told = f"{picture}: the picture\n" if picture else ""
    assert (code, out, err) == (0, f"{told}{name}: 2 gradients, derived and checked\n", "")
    text = Path(name).read_text(encoding="utf-8")
    shown = format_named(format_).files(sb.derive(TWO_LAYER).document(), Path(name))
    assert text == (shown[name] if picture else sb.derive(TWO_LAYER).report(format_))
    assert set(os.listdir()) == {name, *([picture] if picture else [])}


def test_a_format_that_is_named_goes_before_the_suffix(run: Run):
    assert run("derive", "x**2", "--format", "latex", "-o", "notes.txt").code == 0
    assert Path("notes.txt").read_text(encoding="utf-8").startswith(r"\documentclass")


def test_an_expression_with_declarations_is_the_network_of_the_file(run: Run):
    code, out, _ = run("derive", EXPRESSION, *LET, "--wrt", "W_1,W_2", "--format", "latex")
    assert code == 0
    factor = r"\left[W_{2}^{\top} \delta\odot a\odot \left(1 - a\right)\right]"
    assert rf"\frac{{\partial L}}{{\partial W_{{1}}}} &= {factor} x^{{\top}}" in out


def test_names_that_are_not_declared_are_scalars(run: Run):
    code, out, _ = run("derive", "(x + y)*z")
    assert code == 0
    assert "∂L/∂z = u" in out


def test_standard_input_is_read(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TWO_LAYER.read_bytes())))
    assert run("derive", "-").out == sb.derive(TWO_LAYER).text()


def test_wrt_chooses_parameters_inputs_and_values(run: Run):
    out = run("derive", TWO_LAYER, "--wrt", "x, a").out
    assert "∂L/∂x = W₁ᵀ" in out
    assert "∂L/∂a = W₂ᵀ" in out
    assert "∂L/∂W₁" not in out


def test_loss_chooses_what_is_differentiated(run: Run):
    out = run("derive", TWO_LAYER, "--loss", "yhat", "--wrt", "W_2").out
    assert "∂ŷₗ/∂W_(2,ki) = 1[l = k] aᵢ" in out
    assert run("check", EXAMPLES / "branches.net", "--loss", "left").out.startswith("gradient")


def test_gates_make_the_graph_finer(run: Run):
    net = EXAMPLES / "sigmoid_gates.net"
    assert "f = 1/u₇" in run("derive", net, "--gates", "elementary").out
    assert "∂f/∂w₂ = f(1 − f)" in run("derive", net, "--gates", "whole").out


@pytest.mark.slow
def test_a_python_function_is_a_network(run: Run):
    path = EXAMPLES / "two_layer_function.py"
    assert run("derive", f"{path}:two_layer").out == run("derive", path).out
    assert "ŷ = W₂ a" in run("derive", path).out


def test_check_prints_a_table_and_says_by_its_exit_code_whether_they_agree(run: Run, monkeypatch: pytest.MonkeyPatch):
    code, out, err = run("check", TWO_LAYER, "--points", "2", "--size", "h=5")
    assert (code, err) == (0, "")
    assert "dL/dW_1   (h, d)" in out
    assert "the worst of 2 points" in out
    assert "h = 5" in out
    from symbackprop.evaluate.verdict import Check

    monkeypatch.setattr(Check, "ok", False)
    assert run("check", TWO_LAYER).code == 1


def test_check_as_json(run: Run):
    code, out, _ = run("check", TWO_LAYER, "--json", "--wrt", "W_1")
    record = json.loads(out)
    assert code == 0
    assert record["ok"] is True
    assert [row["name"] for row in record["rows"]] == ["W_1"]
    assert record == json.loads(sb.check(TWO_LAYER, wrt="W_1").to_json())


def test_check_at_a_point(run: Run):
    code, out, _ = run("check", EXAMPLES / "gates.net", "--at", EXAMPLES / "gates.json")
    assert code == 0
    assert [line.split()[:3] for line in out.splitlines()[2:5]] == [
        ["df/dx", "()", "4"],
        ["df/dy", "()", "4"],
        ["df/dz", "()", "3"],
    ]


def test_a_picture_is_not_poured_into_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symbackprop.cli.to_terminal", lambda: True)
    code, out, err = run("draw", "(x + y)*z")
    assert (code, out) == (2, "")
    assert "name its file by -o picture.svg" in err


def test_draw_writes_a_picture_with_the_values_of_the_point(run: Run):
    net, at = EXAMPLES / "gates.net", EXAMPLES / "gates.json"
    code, out, err = run("draw", net, "--at", at, "-o", "graph.svg")
    assert (code, out, err) == (0, "graph.svg: drawn\n", "")
    drawn = Path("graph.svg").read_text(encoding="utf-8")
    assert drawn == sb.draw(net, at=json.loads(at.read_text()))
    assert drawn.startswith(SVG)
    assert run("draw", net, "--seed", "3").out.strip() == sb.draw(net, seed=3).strip()


def test_compile_writes_a_module_that_needs_numpy_alone(run: Run):
    code, _, err = run("compile", TWO_LAYER, "-o", "step.py")
    assert (code, err) == (0, "")
    source = Path("step.py").read_text(encoding="utf-8")
    assert source == sb.compile(TWO_LAYER).source_with("yhat")
    imported = [alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names]
    assert imported == ["numpy"]
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(ast.parse(source)))
    program = "import step, numpy as np; print(step.value_and_grad(np.zeros((3, 2)), np.ones((1, 3)), np.ones(2), np.zeros(1))[0])"
    shown = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.'); {program}"], capture_output=True, text=True
    )
    assert (shown.stdout.strip(), shown.stderr) == ("2.25", "")


def test_compile_takes_sizes_and_a_type(run: Run):
    out = run("compile", TWO_LAYER, "--size", "h=3", "--dtype", "float32", "--wrt", "W_1").out
    assert out == sb.compile(TWO_LAYER, sizes={"h": 3}, dtype="float32", wrt="W_1").source_with("yhat")


@pytest.mark.parametrize("sizes", [("h=3", "c=2"), ("h=3,c=2",), ("h = 3; c=2",), ("h=3 c=2",)])
def test_sizes_stand_apart_or_together(run: Run, sizes: tuple[str, ...]) -> None:
    given = [part for size in sizes for part in ("--size", size)]
    assert "with h = 3, c = 2" in run("check", TWO_LAYER, "--points", "1", *given).out


def test_compile_takes_a_loss(run: Run):
    out = run("compile", EXAMPLES / "linear_map.net", "--loss", "q").out
    assert out == sb.compile(sb.derive(EXAMPLES / "linear_map.net", of="q")).source


def test_train_saves_parameters_and_draws_a_curve(run: Run, digits_like: Path):
    options = ("--data", digits_like, "--epochs", "3", "--rate", "0.5", "--batch", "8", "--quiet")
    code, out, err = run("train", EXAMPLES / "xor.net", *options, "-o", "trained.npz", "--curve", "loss.svg")
    assert (code, err) == (0, "")
    assert out.startswith("trained 3 epochs on 32 samples: L from ")
    assert out.endswith("trained.npz: the parameters\nloss.svg: the loss curve\n")
    assert Path("loss.svg").read_text().startswith(SVG)
    with np.load("trained.npz") as archive:
        saved = dict(archive)
    again = sb.train(EXAMPLES / "xor.net", digits_like, epochs=3, rate=0.5, batch=8, progress=False)
    for name, array in again.parameters.items():
        np.testing.assert_array_equal(saved[name], array)
    assert run("train", EXAMPLES / "xor.net", *options, "--start", "trained.npz").code == 0


def test_train_shows_its_progress(run: Run, digits_like: Path):
    code, out, err = run("train", EXAMPLES / "xor.net", "--data", digits_like, "--epochs", "2")
    assert code == 0
    assert "trained 2 epochs" in out
    assert err.endswith("the parameters are not kept: -o FILE.npz saves them, for evaluate and predict\n")
    said = run("evaluate", EXAMPLES / "xor.net", "--data", digits_like)
    assert (
        said.code,
        "--parameters is missing: symbackprop train NET --data ... -o FILE.npz saves them; write symbackprop evaluate " in said.err,
    ) == (2, True)


def imported(names: tuple[str, ...], *command: str) -> tuple[str, str]:
    """What a command says, and which modules it has then imported, of these."""
    program = (
        "import sys\nfrom symbackprop.cli import main\n"
        "try:\n    main.main(sys.argv[1:], prog_name='symbackprop')\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {names!r} if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program, *command], capture_output=True, text=True, cwd=EXAMPLES.parent)
    return said.stdout + said.stderr, said.stdout.splitlines()[-1]


def test_help_and_refusals_import_neither_numpy_nor_sympy():
    heavy = ("numpy", "sympy", "ziamath", "importlib.metadata", "symbackprop.documents.document", "symbackprop.verbs")
    for command, shown in (
        (["--help"], "derive"),
        (["--version"], sb.__version__),
        (["derive", "examples/two_layr.net"], "Did you mean examples/two_layer.net?"),
    ):
        said, there = imported(heavy, *command)
        assert shown in said
        assert there == "[]"


@pytest.mark.slow
def test_commands_import_what_they_need_alone(tmp_path: Path):
    train = ["train", "examples/digits.net", "--data", "digits", "--epochs", "1", "--quiet", "-o", str(tmp_path / "d.npz")]
    _, there = imported(("sklearn", "scipy", "ziamath", "fontTools", "rich", "symbackprop.display"), *train)
    assert there == "[]"
    unasked = tuple(f"symbackprop.documents.{name}" for name in ("latex", "html", "beamer", "office", "pdf", "notebook"))
    assert imported(unasked, "derive", "(x + y)*z")[1] == "[]"


@pytest.mark.parametrize("place", ["/dev/null", "/dev/stdout"])
def test_a_device_that_holds_no_arrays_is_refused_before_training(run: Run, place: str) -> None:
    code, out, err = run("train", EXAMPLES / "xor.net", "--data", EXAMPLES / "xor.npz", "--quiet", "-o", place)
    assert (code, out) == (2, "")
    assert "arrays are kept in .npz or .safetensors files" in err


@pytest.mark.parametrize("name", ["derive", "draw", "check", "compile", "train"])
def test_every_subcommand_explains_itself(run: Run, name: str):
    assert name in run("--help").out
    code, out, _ = run(name, "--help")
    assert code == 0
    assert f"Usage: symbackprop {name} [OPTIONS] NET" in out
    for line in out.split("Options:")[1].splitlines():
        assert not line.strip().startswith("--") or len(line.split("  ")) > 1


@pytest.mark.slow
def test_a_reader_that_stops_early_is_no_error():
    pipe = f"{sys.executable} -c 'from symbackprop.cli import main; main()' derive {TWO_LAYER} | head -1"
    said = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, encoding="utf-8", cwd=EXAMPLES.parent)
    assert said.stdout == "L = (ŷ − y)² through σ(W₁ x) and W₂\n"
    assert said.stderr == ""


def test_a_second_derivative_is_derived_of_the_first(run: Run) -> None:
    done = run("derive", "sum(x * (A @ x)) / 2", "--let", "x: parameter[n]", "--let", "A: data[n, n]", "--wrt", "x", "--then", "x")
    assert done.code == 0
    assert "        g = (1/2)(A + Aᵀ) x    ∂L/∂x (n)" in done.out
    assert "∂²L/∂x ∂x = (1/2)(A + Aᵀ)      n × n" in done.out


def test_an_objective_is_derived_and_written(run: Run, tmp_path: Path) -> None:
    loss = ("sum((f - y)**2)/2", "--let", "f: parameter[n]", "--let", "y: data[n]")
    done = run("objective", *loss, "-o", "objective.py")
    assert done.code == 0
    assert "g = f − y" in done.out
    assert "def value_and_grad(f, y)" in (tmp_path / "objective.py").read_text(encoding="utf-8")
    assert "there are 0 parameters" in run("objective", "sum(f**2)", "--let", "f: data[n]").err


def test_a_second_derivative_names_the_first(run: Run) -> None:
    done = run("derive", "x*y", "--then", "x")
    assert done.code == 2
    assert "there are 2 gradients; say which to differentiate" in done.err
    assert "on the command line --wrt x" in " ".join(done.err.split())


@pytest.mark.parametrize(("command", "typed", "own"), [("train", "--lr", "--rate"), ("train", "--batch_size", "--batch"),
                                                       ("train", "--val", "--held-out"), ("check", "--random-state", "--seed")])  # fmt: skip
def test_what_other_tools_call_an_option_is_known(run: Run, command: str, typed: str, own: str):
    code, _, err = run(command, TWO_LAYER, typed, "1")
    assert code == 2
    assert f"there is no option {typed}; did you mean {own}?" in err


@pytest.mark.parametrize("command", ["derive", "verify", "train", "predict"])
def test_a_help_lists_what_few_need_behind_the_rest(run: Run, command: str):
    first, _, behind = run(command, "--help").out.partition("How NET is read:")
    assert "--loss" in first
    assert "--help" in first
    assert "--trace" not in first
    assert "--trace" in behind


def test_every_command_says_of_a_network_that_is_not_there(run: Run):
    named = [name for name, command in main.commands.items() if any(p.name == "net" for p in command.params)]
    assert {"train", "evaluate", "predict", "derive", "verify"} <= {*named}
    for name in named:
        given = ["nothing"] * sum(isinstance(p, Argument) and p.required and p.name != "net" for p in main.commands[name].params)
        for option in (p for p in main.commands[name].params if isinstance(p, Option) and p.required):
            given += [option.opts[0], "nothing.npz"]
        code, out, err = run(name, "nowhere.net", *given)
        assert (code, out) == (2, ""), name
        assert err.startswith("symbackprop: there is no file nowhere.net."), name


@pytest.mark.parametrize("path", [r"C:\nets\two_layer.net", "c:/nets/two_layer.net"])
def test_a_path_of_windows_is_a_path(run: Run, path: str):
    assert f"there is no file {path}" in run("check", path).err


IN_VAIN = """
import os, signal, time, weakref
from symbackprop.cli.shell import guarded

class Thing:
    pass

def send(_):
    os.kill(os.getpid(), signal.{})
    sum(range(100))  # where the signal is met: what it raises is lost

@guarded
def work():
    thing = Thing()
    own = weakref.ref(thing, send)
    del thing
    end = time.monotonic() + 20
    while time.monotonic() < end:
        time.sleep(0.01)
    print("went on", own)

work()
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_stops_the_work_wherever_it_comes(name: str) -> None:
    """One that came at the end of an import was lost behind a traceback, since Python ignores errors there."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", IN_VAIN.format(name)], capture_output=True, text=True, timeout=60, env=environment)
    assert run.returncode == 128 + getattr(signal, name)
    assert "nothing was written" in run.stderr
    assert "Traceback" not in run.stderr
    assert not run.stdout
