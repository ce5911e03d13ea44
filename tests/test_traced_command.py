"""--trace: a function of a file is run on an example, and every command that reads a network takes it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symbackprop as sb
from tests.command import Run

SOURCE = """
from dataclasses import dataclass

import numpy as np

print("made by the file")


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def loss(params, X, y, reg=0.01):
    p = softmax(np.tanh(X @ params["W1"] + params["b1"]) @ params["W2"])
    total = -np.log(p[np.arange(len(y)), y]).mean()
    for name in params:
        if name.startswith("W"):
            total += reg * np.sum(params[name] ** 2)
    return total, p


def layers_in_a_list(layers, x, *, steps=1):
    for _ in range(steps):
        for W in layers:
            x = np.tanh(W @ x)
    return x @ x


def scalars(x, y):
    return {"product": x * y, "sum": x + y}


def branch(w):
    while w[0] > 0:
        return w @ w
    return (w**3 + w).sum()


def fails(w):
    return w.nothing()


@dataclass
class Line:
    w: np.ndarray

    def loss(self, X, t):
        return np.mean((X @ self.w - t) ** 2)


line = Line(np.array([0.5, -1.0]))
"""


@pytest.fixture(autouse=True)
def files(run: Run) -> None:
    """A file of functions, and an example, in the current folder."""
    rng = np.random.default_rng(0)
    Path("nets.py").write_text(SOURCE, encoding="utf-8")
    params = {"params.W1": rng.normal(size=(3, 4)), "params.b1": np.zeros(4), "params.W2": rng.normal(size=(4, 3))}
    np.savez("example.npz", X=rng.normal(size=(5, 3)), y=np.array([0, 1, 2, 1, 0]), **params)


def written(name: str, **values: object) -> str:
    Path(name).write_text(json.dumps(values), encoding="utf-8")
    return name


def test_a_function_is_run_and_derived_by_the_paths_of_the_example(run: Run) -> None:
    code, out, err = run(
        "derive", "nets.py:layers_in_a_list", "--trace", written("x.json", layers=[[[1.0]]], x=[0.5]), "--detail", "brief"
    )
    assert (code, err) == (0, "made by the file\n")  # standard output holds the report alone
    assert out.startswith("The gradients of L")
    assert not [name for name in os.listdir() if "cache" in name]


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["check", "--learnt", "W1", "--wrt", "X"],
        ["draw", "-o", "a.svg"],
        ["compile", "-o", "step.py"],
        ["verify", "W2 = h.T @ d"],
        ["train", "--epochs", "2", "--quiet", "-o", "w.npz"],
    ],
    ids=lambda words: "-".join(words[:2]),
)  # fmt: skip
def test_every_command_that_reads_a_network_takes_it(run: Run, command: list[str]) -> None:
    code, out, err = run(command[0], "nets.py:loss", *command[1:], "--trace", "example.npz")
    assert code == (3 if command[0] == "verify" else 0), err  # nothing says what d is
    assert out


def test_a_trained_one_is_evaluated_and_predicts(run: Run) -> None:
    with np.load("example.npz") as held:
        rows = dict(held)
    np.savez("data.npz", X=rows["X"], y=rows["y"])
    assert run("train", "nets.py:loss", "--trace", "example.npz", "--epochs", "2", "--quiet", "-o", "w.npz").code == 0
    again = ("nets.py:loss", "--trace", "example.npz", "--parameters", "w.npz", "--data", "data.npz")
    assert "on 5 samples" in run("evaluate", *again).out
    assert len(run("predict", *again, "--value", "p").out.strip().split("\n")) == 5


def test_a_method_of_an_object_that_the_file_makes(run: Run) -> None:
    example = written("line.json", X=[[1.0, 2], [0.1, 0.2]], t=[1, 2.0])
    assert "dL/dw" in run("check", "nets.py:line.loss", "--trace", example).out


def test_lists_are_counted_by_their_names_and_whole_numbers_are_settings(run: Run) -> None:
    np.savez("layers.npz", **{"layers.0": np.eye(3), "layers.1": np.ones((3, 3)) / 5, "x": np.array([0.1, 0.2, 0.3]), "steps": 2})
    code, out, _ = run("check", "nets.py:layers_in_a_list", "--trace", "layers.npz")
    assert code == 0
    assert "dL/dlayers_0" in out
    assert "dL/dlayers_1" in out
    same = written("layers.json", layers={"0": np.eye(3).tolist(), "1": np.ones((3, 3)).tolist()}, x=[0.1, 0.2, 0.3])
    assert run("check", "nets.py:layers_in_a_list", "--trace", same, "--learnt", "layers_1").code == 0


def test_numbers_are_differentiated_by_and_the_loss_is_named_by_its_key(run: Run) -> None:
    example = written("scalars.json", x=2.0, y=3.0)
    out = run("derive", "nets.py:scalars", "--trace", example, "--loss", "product", "--detail", "brief").out
    assert "∂L/∂x = y" in out


def test_gates_and_units_are_those_of_a_network(run: Run) -> None:
    scalars = ("compile", "nets.py:branch", "--trace", written("w.json", w=[-0.5, 2.0]), "--branches", "example")
    assert run(*scalars, "--gates", "elementary").out != run(*scalars).out


def test_a_branch_is_refused_or_followed(run: Run) -> None:
    example = written("w.json", w=[0.5, 2.0])
    assert run("check", "nets.py:branch", "--trace", example).code == 2
    assert run("check", "nets.py:branch", "--trace", example, "--branches", "example").code == 0


@pytest.mark.parametrize(
    "lacks", ["y", "params.b1", "X params.W2", "params.W1 params.b1 params.W2", "params.W1 params.b1 params.W2 y"]
)
def test_what_an_example_lacks_is_saved_as_the_mend_says(run: Run, lacks: str) -> None:
    held = dict(np.load("example.npz"))
    less: dict[str, Any] = {name: array for name, array in held.items() if name not in lacks.split()}
    np.savez("less.npz", **less)
    code, _, err = run("check", "nets.py:loss", "--trace", "less.npz")
    assert code == 2
    call = re.search(r'np\.savez\("example\.npz", (.*?\}?)\)(?:, or write JSON)?[.\n]', err)
    assert call is not None, err
    saved = eval(f"dict({call[1]})", {"dict": dict, **{name.rpartition(".")[2]: array for name, array in held.items()}})
    assert saved.keys() == held.keys()
    np.savez("more.npz", **saved)
    assert run("check", "nets.py:loss", "--trace", "more.npz").code == 0


REFUSED = {
    (
        "nets.py:layers_in_a_list",
        "scalars.json",
    ): 'np.savez("example.npz", layers=layers, x=x), or write JSON; an entry of a dict is',
    ("nets.py:los", "example.npz"): "nets.py: there is no los in it; did you mean loss?",
    ("nets.py:Line.loss", "example.npz"): "Line.loss needs an object; make one in the file, model = Line(...), and name",
    ("nets.py:Line", "example.npz"): "Line is no function; name one",
    ("nets.py", "example.npz"): "there are 6 functions; name one, nets.py:fails",
    ("nets.py:loss", "w.json"): "--trace w.json: loss is called with params, X, y as well; save them by np.savez(",
    ("nets.py:branch", "scalars.json"): "--trace scalars.json: branch is called with w as well",
    ("nets.py:branch", "more.json"): "--trace more.json: branch has no argument ww; did you mean w?",
    ("nets.py:branch", "none.json"): "--trace none.json: No such file",
    ("nets.py:branch", "list.json"): "--trace list.json: write an object with an entry for each argument",
    ("nets.py:branch", "clash.npz"): "--trace clash.npz: a is an array, and a.b an entry of it; leave one of them out",
    ("nets.py:fails", "w.json"): "nets.py:41:5: fails raised AttributeError: a traced array has no 'nothing'",
    ("nothing.py:f", "w.json"): "there is no file nothing.py",
    ("x*y", "w.json"): "--trace runs a function of yours: name it, FILE.py:loss",
    ("ends.py:f", "w.json"): 'ends.py ends the process; put what it runs under if __name__ == "__main__":',
    ("raises.py:f", "w.json"): "raises.py:1:1: raises.py raised ZeroDivisionError: division by zero",
}


@pytest.mark.parametrize(("net", "example"), REFUSED)
def test_what_does_not_fit_is_one_message_with_the_mend(run: Run, net: str, example: str) -> None:
    written("w.json", w=[0.5, 2.0])
    written("more.json", w=[0.5, 2.0], ww=1)
    written("scalars.json", x=2.0)
    Path("list.json").write_text("[1, 2]", encoding="utf-8")
    Path("ends.py").write_text("import sys\nsys.exit(0)\n", encoding="utf-8")
    Path("raises.py").write_text("1 / 0\n", encoding="utf-8")
    np.savez("clash.npz", **{"a": np.ones(2), "a.b": np.ones(2)})
    code, out, err = run("check", net, "--trace", example)
    assert (code, out) == (2, "")
    assert REFUSED[net, example] in err
    assert "Traceback" not in err


def test_what_is_read_is_not_run_and_its_refusals_say_how_it_would_be(run: Run) -> None:
    code, _, err = run("check", "nets.py:loss")
    assert code == 2
    assert "made by the file" not in err
    assert "et it run: --trace example.npz, which np.savez(" in err
    assert "--learnt says what is learnt of a function that --trace runs" in run("check", "x**2", "--learnt", "x").err
    assert "--let declares names of an expression" in run("check", "nets.py:loss", "--trace", "a.npz", "--let", "x: data[n]").err


ARRAYS = {
    "W1": np.ones((3, 4)),
    "b1": np.zeros(4),
    "W2": np.ones((4, 3)),
    "X": np.ones((5, 3)),
    "y": np.arange(5) % 3,
    "t": np.ones(5),
}


@pytest.mark.parametrize("name", ["loss", "Line.loss", "line.loss"])
def test_a_refusal_to_read_says_what_to_save_and_how_to_run_it(run: Run, name: str) -> None:
    """What it says is done, with arrays of one's own, and is enough."""
    Path("example.npz").unlink()
    _, _, err = run("check", f"nets.py:{name}")
    call = re.search(r"which (np\.savez\(.*\)) writes", err)
    assert call
    eval(call[1], {"np": np, **ARRAYS, "X": ARRAYS["X"][:, : 3 if name == "loss" else 2]})  # its own words, of arrays above
    if name != "loss":
        assert (
            "is a method, which is run and not read. Let the file make an object, model = Line(...), and run nets.py:model.loss"
            in err
        )
    net = "nets.py:loss" if name == "loss" else "nets.py:line.loss"
    code, out, err = run("check", net, "--trace", "example.npz")
    assert (code, err.replace("made by the file\n", "")) == (0, ""), out


def test_texts_and_targets_are_saved_and_objects_are_told_to_be_traced_in_python(run: Run) -> None:
    """What the refusal says is done, and is enough."""
    Path("modes.py").write_text(
        "import numpy as np\n"
        "def cost(x, param, y=None):\n"
        "    try:\n        x = 2 * x if param['mode'] == 'twice' else x\n    finally:\n        pass\n"
        "    return x if y is None else np.sum((x - y) ** 2)\n"
        "def of(layer, x):\n    return np.sum(layer.forward(x))\n"
    )
    _, _, err = run("check", "modes.py:cost")
    call = re.search(r"which (np\.savez\(.*\)) writes", err)
    assert call
    eval(call[1], {"np": np, "x": np.ones(3), "y": np.zeros(3), "mode": "twice"})  # its own words, of arrays above
    code, _, err = run("derive", "modes.py:cost", "--trace", "example.npz", "--wrt", "x", "--detail", "brief")
    assert code == 0, err
    assert "sb.trace(of, layer, x) in Python, where layer can be any object" in run("check", "modes.py:of").err


def test_python_says_the_same_of_a_function_that_cannot_be_read() -> None:
    def tries(w):  # type: ignore[no-untyped-def]
        try:
            return w**2
        finally:
            pass

    with pytest.raises(sb.NotationError, match=r"et it run: sb\.trace\(tries, w\)"):
        sb.network(tries)
