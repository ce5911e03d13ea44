"""Hostile submissions: each ends with a verdict, nothing of it outlives it, and the next one is judged."""

import os
import socket
from pathlib import Path

import pytest

from symbackprop.judge.submissions.found import Submission
from symbackprop.judge.submissions.marks import Marked
from symbackprop.judge.submissions.sandbox import Limits, Sandbox, SubmissionFailed
from symbackprop.judge.submissions.worker import Task, judged
from symbackprop.verbs import read
from tests.judge.submissions.hostile import COSTLY, QUICK, RIGHT

NET = "w: parameter[d]\nx: data[d]\ny: data[()]\nL = (w @ x - y)**2"


@pytest.fixture(scope="module")
def task() -> Task:
    return Task(read(NET), {"w": 1.0}, "L", run=True, limits=Limits(seconds=3.0, memory=1 << 29))


def result(task: Task, folder: Path, source: str) -> Marked:
    path = folder / "mine.py"
    path.write_text(source)
    return judged(task, Submission("mine.py", "mine", path))


@pytest.mark.slow
def test_a_right_one_and_a_wrong_one(task: Task, tmp_path: Path) -> None:
    right = result(task, tmp_path, RIGHT)
    assert (right.verdict, right.earned, right.code) == ("right, numeric", 1.0, 0)
    wrong = result(task, tmp_path, RIGHT.replace("2*(w @ x - y)*x", "w @ x - y"))
    assert (wrong.verdict, wrong.earned, wrong.code) == ("wrong shape", 0.0, 1)
    wrong = result(task, tmp_path, RIGHT.replace("2*", "(w @ x)*"))
    assert wrong.reason.startswith("it fails at w = [")


@pytest.mark.parametrize("name", QUICK)
@pytest.mark.slow
def test_it_ends_with_what_is_said_of_it(task: Task, tmp_path: Path, name: str) -> None:
    source, said = QUICK[name]
    found = result(task, tmp_path, source)
    assert found.earned == 0.0
    assert not found.verdict.startswith("right")
    assert said in found.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", COSTLY)
def test_it_is_stopped_where_it_goes_beyond_its_limits(task: Task, tmp_path: Path, name: str) -> None:
    source, said = COSTLY[name]
    found = result(task, tmp_path, source)
    assert found.earned == 0.0
    assert said in found.reason


LOOKS = """
import os, signal, socket
def tried(deed):
    try:
        deed()
        return 1.0
    except (OSError, PermissionError):
        return 0.0
def gradient(outside, port, inside):
    with open("here", "w") as file:
        file.write("mine")
    return {
        "wrote outside": tried(lambda: open(outside + "/there", "w")),
        "saw": float(len(os.listdir(outside))) if tried(lambda: os.listdir(outside)) else 0.0,
        "called out": tried(lambda: socket.create_connection(("127.0.0.1", int(port)), 1)),
        "killed its parent": tried(lambda: os.kill(os.getppid() or 1 << 21, signal.SIGKILL)),
        "killed the marker": tried(lambda: os.kill(int(inside), signal.SIGKILL)),
        "secrets": float("SECRET" in os.environ),
        "descriptors": float(len(os.listdir("/proc/self/fd"))),
        "home": float(os.path.realpath(os.environ["HOME"]) == os.getcwd()),
    }
"""


@pytest.mark.parametrize("namespaces", [True, False])
def test_what_it_may_do_is_what_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, namespaces: bool) -> None:
    monkeypatch.setenv("SECRET", "x")
    (tmp_path / "other.py").write_text("theirs")
    victim = os.fork()
    if victim == 0:
        import time

        time.sleep(20)
        os._exit(0)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Sandbox(LOOKS, Limits(5.0, namespaces=namespaces), [tmp_path]) as sandbox,
    ):
        about = {"outside": str(tmp_path), "port": server.getsockname()[1], "inside": victim}
        walls, folder = set(sandbox.walls), sandbox.folder
        told = sandbox.call("gradient", about)["by name"]
    assert not Path(folder).exists()
    alive = os.waitpid(victim, os.WNOHANG) == (0, 0)
    if alive:
        os.kill(victim, 9)
        os.waitpid(victim, 0)
    assert told["secrets"] == 0.0
    assert told["home"] == 1.0
    assert told["descriptors"] <= 6  # three streams, two lines, and the folder that is read
    assert told["called out"] == ("network" not in walls)
    if {"processes", "user"} & walls:
        assert alive
        assert told["killed the marker"] == 0.0
    if {"files", "user"} & walls:
        assert told["wrote outside"] == 0.0
        assert not (tmp_path / "there").exists()
    if "submissions" in walls:
        assert told["saw"] == 0.0
    assert namespaces or not walls & {"network", "processes", "files", "submissions"}


ORPHAN = """
import os, time
def gradient(name):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                time.sleep(0.01)
        os._exit(0)
    return 1.0
"""


@pytest.mark.parametrize("namespaces", [True, False])
def test_a_grandchild_does_not_outlive_it(namespaces: bool) -> None:
    with Sandbox(ORPHAN, Limits(5.0, namespaces=namespaces)) as sandbox:
        assert sandbox.call("gradient", {"name": 1}) == 1.0
        assert running_in(sandbox.folder)
    assert not running_in(sandbox.folder)


def running_in(folder: str) -> list[str]:
    """The processes whose environment names the folder as their home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"HOME={folder}\0".encode() in environment:
            found.append(process.name)
    return found


def test_what_raised_may_be_asked_again_and_what_ended_not() -> None:
    source = "import os\ndef gradient(x):\n    return os._exit(3) if x > 1 else 1/float(x)\n"
    with Sandbox(source, Limits(5.0)) as sandbox:
        with pytest.raises(SubmissionFailed, match="it raised ZeroDivisionError"):
            sandbox.call("gradient", {"x": 0})
        assert sandbox.call("gradient", {"x": 0.5}) == 2.0
        for x in (2.0, 0.5):
            with pytest.raises(SubmissionFailed, match="it ended before it answered"):
                sandbox.call("gradient", {"x": x})
