"""A run that was stopped, by a signal or by none that it could hear, goes on bit for bit; another network's is refused."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import symbackprop as sb
from symbackprop.core.machine.files import FileError
from symbackprop.training import Diverged, TrainingError
from symbackprop.training.checkpoint import Keeper
from symbackprop.training.model import Model
from symbackprop.training.optimiser import OPTIMISERS
from symbackprop.training.storage import read_arrays, write_arrays
from symbackprop.training.using import evaluate

ROOT = Path(__file__).parents[2]
NET = "X: data[n, 2]\ny: data[n]\nw: parameter[2]\nV: parameter[h, 2]\nL = mean((tanh(X @ V.T) @ V @ w - y)**2)"
SETTINGS = {
    "epochs": 6, "rate": 0.05, "batch": 7, "seed": 3, "held_out": 0.25, "momentum": 0.9, "decay": 0.01, "schedule": "cosine",
    "patience": 5,
}  # fmt: skip


@pytest.fixture(scope="module")
def data() -> dict[str, np.ndarray]:
    X = np.random.default_rng(0).standard_normal((40, 2))
    return {"X": X, "y": np.sin(X[:, 0]) + 0.1 * X[:, 1]}


@pytest.fixture(autouse=True)
def every_step_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("symbackprop.training.checkpoint.SECONDS", 0)
    monkeypatch.setattr("symbackprop.training.checkpoint.PART", 0)
    monkeypatch.chdir(tmp_path)


def train(data, net=NET, **settings):
    return sb.train(net, data, sizes={"h": 3}, progress=False, **settings)


def assert_same(one, other) -> None:
    assert one.losses == other.losses
    assert one.kept == other.kept
    for name, w in one.parameters.items():
        assert np.array_equal(w, other.parameters[name])


@pytest.fixture(scope="module")
def whole(data):
    return train(data, **SETTINGS)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_goes_on_bit_for_bit(data, optimiser: str) -> None:
    momentum = {"momentum": 0.9} if "velocity" in OPTIMISERS[optimiser].slots else {}
    settings = {"optimiser": optimiser, "rate": 0.01, "batch": 7, **momentum}
    whole = train(data, epochs=5, **settings)
    train(data, epochs=2, checkpoint="run.npz", **settings)
    assert_same(train(data, resume="run.npz", epochs=5), whole)


def test_a_state_of_other_parameters_is_refused(data) -> None:
    train(data, epochs=1, momentum=0.5, checkpoint="run.npz")
    arrays = read_arrays("run.npz")
    write_arrays("run.npz", arrays | {"state/velocity": np.zeros(3)})
    with pytest.raises(TrainingError, match="the optimiser remembers"):
        train(data, resume="run.npz", epochs=2)


@pytest.mark.parametrize("step", [1, 4, 5, 6, 17, 30])
def test_a_run_that_was_stopped_goes_on_bit_for_bit(data, whole, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    steps, gradient = [], Model.gradient

    def interrupted(self, *arguments):
        steps.append(1)
        if len(steps) == step:
            signal.raise_signal(signal.SIGINT)
        return gradient(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Model, "gradient", interrupted)
        stopped = train(data, checkpoint="run.npz", **SETTINGS)
    assert stopped.stopped == "Ctrl-C"
    again = train(data, resume="run.npz")
    assert_same(again, whole)
    assert_same(train(data, resume="run.npz"), whole)  # of a run that has ended nothing is left to do
    assert os.listdir() == ["run.npz"]


@pytest.mark.parametrize("writes", [1, 3, 5])
def test_a_loss_that_grew_within_the_first_epoch_stops_a_run_that_goes_on(writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).standard_normal((80, 2))
    net, given = "X: data[n, 2]\ny: data[n]\nw: parameter[2]\nL = mean((X @ w - y)**2)", {"X": X, "y": X @ [1.0, 2.0]}
    settings = {"batch": 16, "held_out": 0, "epochs": 3, "rate": 50.0}
    with pytest.raises(Diverged, match="before the first step") as whole:
        sb.train(net, given, progress=False, **settings)
    calls, write = [], Keeper.write

    def killed(self, run) -> None:
        calls.append(1)
        if len(calls) > writes:
            raise OSError("killed")
        write(self, run)

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "write", killed)
        with pytest.raises(OSError, match="killed"):
            sb.train(net, given, progress=False, checkpoint="run.npz", **settings)
    with pytest.raises(Diverged) as resumed:
        sb.train(net, given, progress=False, resume="run.npz")
    assert str(resumed.value) == str(whole.value)


def test_a_run_that_was_killed_between_two_writes_goes_on_bit_for_bit(data, whole, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, write = [], Keeper.write

    def killed(self, run) -> None:
        calls.append(1)
        if len(calls) == 12:
            raise OSError("killed")
        write(self, run)

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "write", killed)
        with pytest.raises(OSError, match="killed"):
            train(data, checkpoint="run.safetensors", **SETTINGS)
    assert_same(train(data, resume="run.safetensors"), whole)


@pytest.mark.parametrize("full", [range(2, 5), range(2, 1000)])
def test_a_disk_that_becomes_full_ends_no_training(data, whole, full: range, monkeypatch, capsys) -> None:
    calls, write = [], Keeper.write

    def written(self, run) -> None:
        calls.append(1)
        if len(calls) in full:
            raise FileError("run.npz: cannot be written")
        write(self, run)

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "write", written)
        found = train(data, checkpoint="run.npz", **SETTINGS)
    assert_same(found, whole)
    assert found.unkept == ("run.npz: cannot be written" if 1000 - 1 in full else "")
    assert capsys.readouterr().err == "run.npz: cannot be written. Training goes on, and it is tried again\n"
    assert_same(train(data, resume="run.npz"), whole)  # of what was written before, or at the end


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_a_run_writes_over_no_other_one_that_began_on_its_checkpoint(data, whole, suffix: str, monkeypatch, capsys) -> None:
    calls, write, path = [], Keeper.write, f"run.{suffix}"
    other = []

    def written(self, run) -> None:
        calls.append(1)
        if len(calls) == 4:
            other.append(train(data, checkpoint=path, **SETTINGS | {"seed": 8}))
        write(self, run)

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "write", written)
        found = train(data, checkpoint=path, **SETTINGS)
    assert_same(found, whole)
    told = f"{path}: another run has written it meanwhile; give each a checkpoint of its own"
    assert found.unkept == told
    assert capsys.readouterr().err == f"{told}. Training goes on, and it is tried again\n"
    assert_same(train(data, resume=path), other[0])


def test_a_checkpoint_that_was_taken_away_or_copied_is_written_again(data, whole, monkeypatch) -> None:
    calls, write = [], Keeper.write

    def written(self, run) -> None:
        calls.append(1)
        if len(calls) == 4:
            os.remove("run.npz")
        if len(calls) == 8:  # the same from another disk
            Path("copy.npz").write_bytes(Path("run.npz").read_bytes())
            os.replace("copy.npz", "run.npz")
        if len(calls) == 12:
            Path("run.npz").write_text("no checkpoint")
        write(self, run)

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "write", written)
        found = train(data, checkpoint="run.npz", **SETTINGS)
    assert found.unkept == ""
    assert_same(train(data, resume="run.npz"), whole)


LIMITED = """
import resource, sys
import numpy as np
import symbackprop as sb
from symbackprop.training import checkpoint, progress

def limited(self, number, loss, held_out):
    if number == 5:  # in the midst of training, files may hold no more than this
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))

progress.Lines.epoch, checkpoint.SECONDS, checkpoint.PART = limited, 0, 0
found = sb.train(sys.argv[1], "data.npz", checkpoint="run.npz", log="run.jsonl", epochs=40, rate=0.05, sizes={"h": 3})
print(found.unkept)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the system has no such limit")
def test_what_the_system_does_not_write_is_told_with_its_mend_and_what_was_written_stays(data) -> None:
    np.savez("data.npz", **data)
    told = subprocess.run([sys.executable, "-c", LIMITED, NET], capture_output=True, text=True, check=True)
    mend = "File too large; raise the limit on the size of files, ulimit -f, or write less"
    assert f"run.npz: cannot be written: {mend}. Training goes on, and it is tried again" in told.stderr
    assert f"run.jsonl: the log cannot be written: {mend}. Training goes on" in told.stderr
    assert told.stdout == f"run.npz: cannot be written: {mend}\n"
    assert "Traceback" not in told.stderr
    assert_same(train(data, resume="run.npz", epochs=12), train(data, rate=0.05, epochs=12))


def test_a_signal_after_the_last_step_throws_nothing_away(data, whole, monkeypatch) -> None:
    keep = Keeper.keep

    def signalled(self, run, told) -> None:
        if run.epoch == SETTINGS["epochs"]:
            signal.raise_signal(signal.SIGINT)
        keep(self, run, told)

    monkeypatch.setattr(Keeper, "keep", signalled)
    assert_same(train(data, checkpoint="run.npz", **SETTINGS), whole)


def test_more_epochs_may_be_asked_for(data) -> None:
    settings = SETTINGS | {"schedule": "constant", "patience": None}
    settings = {name: value for name, value in settings.items() if value is not None}
    train(data, checkpoint="run.npz", **settings | {"epochs": 2})
    assert_same(train(data, resume="run.npz", epochs=6), train(data, **settings))


OTHERS = {
    "another function": (NET.replace("tanh", "sin"), {}, "run.npz: L is another equation than in the checkpoint; "),
    "another shape": (NET.replace("V: parameter[h, 2]", "V: parameter[2, h]").replace("V.T) @ V @ w", "V) @ V.T @ w"), {},
                      "the parameter V has the shape (h, 2) in the checkpoint, and (2, h) in the network"),
    "another name": (NET.replace("w", "u"), {}, "the parameter u is in the network only"),
    "another rate": (NET, {"rate": 1.0}, "it was trained with rate=0.05, not 1.0; leave rate out"),
    "other epochs": (NET, {"epochs": 9}, "it was trained with epochs=6, not 9, since the schedule cosine runs over all of them"),
    "a beginning": (NET, {"start": {}}, "start and resume both say where to begin; give one of them"),
}  # fmt: skip


@pytest.mark.parametrize(("net", "settings", "words"), OTHERS.values(), ids=OTHERS)
def test_what_is_no_continuation_is_refused_with_what_differs(data, net: str, settings: dict, words: str) -> None:
    train(data, checkpoint="run.npz", **SETTINGS | {"epochs": 6})
    before = Path("run.npz").read_bytes()
    with pytest.raises(TrainingError) as refused:
        train(data, net, resume="run.npz", **settings)
    assert words in str(refused.value)
    assert Path("run.npz").read_bytes() == before


def test_another_number_is_another_network(data) -> None:
    def net(rate: float) -> str:
        return NET.replace("L = mean(", f"k = {rate}\nL = k*sum(w**2) + mean(")

    train(data, net(0.5), checkpoint="run.npz", **SETTINGS)
    with pytest.raises(TrainingError, match=r"run.npz: L is another equation than in the checkpoint"):
        train(data, net(0.25), resume="run.npz")


def test_other_data_are_refused(data) -> None:
    train(data, checkpoint="run.npz", **SETTINGS)
    with pytest.raises(TrainingError, match=r"run.npz: the data are others"):
        train(data | {"y": data["y"] + 1}, resume="run.npz")
    with pytest.raises(TrainingError, match=r"run.npz: the number of samples was 40 in the checkpoint, and is 20"):
        train({"X": data["X"][:20], "y": data["y"][:20]}, resume="run.npz")


def test_its_parameters_are_used_and_what_is_no_checkpoint_is_refused(data) -> None:
    trained = train(data, checkpoint="run.npz", **SETTINGS)
    assert evaluate(sb.read(NET), "run.npz", data).loss == trained.evaluate(data).loss
    trained.save("w.npz")
    arrays = read_arrays("run.npz")
    write_arrays("damaged.npz", arrays | {"about": np.frombuffer(b'{"epoch": []}', np.uint8)})
    for name in ("w.npz", "damaged.npz"):
        with pytest.raises(TrainingError, match=f"{name}: this is no checkpoint; give a file that checkpoint= wrote"):
            train(data, resume=name)


@pytest.mark.slow
def test_a_process_that_is_killed_at_any_moment_goes_on_bit_for_bit(data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symbackprop.training.checkpoint.SECONDS", 1)
    np.savez("data.npz", **data)
    Path("net.net").write_text(NET)
    command = [
        sys.executable, "-m", "symbackprop", "train", "net.net", "--data", "data.npz", "--size", "h=3", "--rate", "0.01",
        "--momentum", "0.9", "--quiet",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    times = 20
    epochs = 400 * times
    whole = sb.train("net.net", "data.npz", sizes={"h": 3}, rate=0.01, momentum=0.9, epochs=epochs, progress=False)
    rng = np.random.default_rng(0)
    for number in range(times):
        begin = ["--resume", "run.npz"] if Path("run.npz").exists() else ["--checkpoint", "run.npz", "--epochs", str(epochs)]
        process = subprocess.Popen([*command, *begin], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        end = time.monotonic() + 60
        while not Path("run.npz").exists() and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 1.5))
        process.send_signal(signal.SIGKILL if number % 2 else signal.SIGTERM)
        _, complaint = process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGTERM), complaint
        assert b"Traceback" not in complaint
    assert_same(sb.train("net.net", "data.npz", sizes={"h": 3}, resume="run.npz", progress=False), whole)


@pytest.mark.parametrize("given", ["resume", "start"])
def test_a_file_of_parameters_that_is_none_is_not_to_be_written_over_with_data(data, given: str) -> None:
    Path("run.npz").write_text("cut short")
    with pytest.raises(TrainingError, match=r"^run.npz: this is not an .npz file; give one that training wrote$"):
        train(data, **{given: "run.npz"})
