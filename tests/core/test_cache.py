"""The folder for what can be made again is bounded, and what was used longest ago goes; whoever finds something gone makes it again."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symbackprop.core.machine import cache as cached
from symbackprop.core.machine.cache import cache_folder, keep, kept, lasting_folder, made_once, make_room
from tests.sources import ROOT

DAY = 86_400
FILES = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 90), st.sampled_from([".json", ".so", ".txt"])), max_size=12)
OF_A_PROCESS = """
import sys
from contextlib import suppress
from symbackprop.core.machine import cache

cache.ROOM = 20_000
seed, missed, folder = int(sys.argv[1]), 0, cache.cache_folder()
for k in range(300):
    key = cache.digest_of(b"%d" % ((7 * k + seed) % 40)).decode()
    for name, content in ((f"{key}.json", key.encode() * 20), (f"{key}.so", b"so" + key.encode() * 20)):
        if name.endswith(".so"):
            found = cache.made_once(folder / name, lambda at: (at / "made").write_bytes(content) and at / "made")
            with suppress(FileNotFoundError):  # gone meanwhile
                assert found.read_bytes() == content
            continue
        told = cache.kept(name)
        missed += told is None
        assert told in (None, content)
        cache.keep(name, content)
print(missed)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = lasting_folder()
    assert found is not None
    assert found == tmp_path / "symbackprop"
    return found


def named(word: str) -> str:
    """A name as what is kept has it: a digest before the ending."""
    stem, dot, ending = word.partition(".")
    return f"{hashlib.sha256(stem.encode()).hexdigest()}{dot}{ending}"


def put(path: Path, size: int, days: float) -> Path:
    path.write_bytes(b"x" * size)
    return aged(path, days)


def aged(path: Path, days: float) -> Path:
    used = time.time() - days * DAY
    os.utime(path, (used, used))
    return path


@given(FILES)
def test_what_was_used_longest_ago_makes_room(files: list[tuple[int, int, str]]) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(cached, "ROOM", 100)
        made = [
            (days + k / 100, size, put(Path(name, named(f"{k}{end}")), size, days + k / 100))
            for k, (size, days, end) in enumerate(files)
        ]
        make_room(Path(name))
        others = [path for *_, path in made if path.suffix == ".txt"]
        assert all(path.exists() for path in others), "what is not ours was taken away"
        ours = sorted(one for one in made if one[2].suffix != ".txt")
        young = [one for one in ours if one[0] <= cached.UNUSED / DAY]
        left = [one for one in ours if one[2].exists()]
        assert left == young[: len(left)], "not what was used longest ago went"
        all_of_them, held = sum(size for _, size, _ in ours), sum(size for _, size, _ in left)
        assert held <= 100
        if all_of_them <= 100:
            assert left == young, "there was room for it"
        elif len(left) < len(young):
            assert held + young[len(left)][1] > 75, "more went than had to"


def test_a_file_that_is_read_was_used_now(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "ROOM", 350)
    first, second, third, fourth = names = [named(f"{k}.json") for k in range(4)]
    for name, days in ((first, 3), (second, 2), (third, 1)):
        keep(name, b"x" * 35)
        aged(folder / name, days)
    assert kept(first)
    keep(fourth, b"x" * 35)
    assert [name for name in names if kept(name)] == [first, fourth]
    before = (folder / first).stat().st_mtime_ns
    assert kept(first)
    assert (folder / first).stat().st_mtime_ns == before, "a note for each reading"
    assert kept(named("nothing.json")) is None
    monkeypatch.setattr(cached, "LARGEST", 30)
    keep(named("large.json"), b"x" * 35)
    assert kept(named("large.json")) is None


OTHERS = [
    ".json", ".so", "notes.json", "libmine.so", ".download.part", "notes.part", ".hidden", f"{'0' * 63}.json", f"{'0' * 64}.json.old",
    "making-of/film.txt", "making-of_films/film.txt", f"making-{'0' * 64}-of", f"making-{'0' * 64}-abcdefgh.txt", f"{'0' * 64}.so/a.txt",
]  # fmt: skip


def others(folder: Path) -> list[Path]:
    """What a person has put there, long ago."""
    found = [folder / name for name in OTHERS]
    for path in found:
        path.parent.mkdir(exist_ok=True)
        put(path, 3, 400)
        if path.parent != folder:
            aged(path.parent, 400)
    return found


def test_what_others_put_there_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "ROOM", 0)
    theirs = others(folder)
    keep(named("a.json"), b"x")
    assert all(path.exists() for path in theirs)
    assert kept(named("a.json")) is None


def test_a_folder_that_is_a_link_is_not_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "project").mkdir(mode=0o700)
    try:
        (tmp_path / "symbackprop").symlink_to(tmp_path / "project", target_is_directory=True)
    except OSError:
        pytest.skip("this system gives no right to make links")
    left = put(tmp_path / "project" / named("a.json"), 3, 400)
    keep(named("b.json"), b"x")
    assert kept(named("b.json")) == b"x"
    assert left.exists()


def test_what_killed_processes_left_goes_and_what_is_being_made_stays(folder: Path) -> None:
    left = folder / f"{cached.MAKING.format(named('a'))}ab_d3f9h"
    left.mkdir()
    part = put(folder / f".{named('a')[:40]}.0123456789ab.part", 3, 1)
    put(left / "step.c", 3, 1)
    aged(left, 1)
    making: list[Path] = []

    def make(at: Path) -> Path:
        make_room(folder)
        assert at.exists()
        making.append(at)
        return put(at / "step.so", 3, 0)

    place = folder / named("a.so")
    assert made_once(place, make).read_bytes() == b"xxx"
    assert cached.OF_MAKING.fullmatch(making[0].name)
    assert {*folder.iterdir()} == {place, place.with_suffix(".digest")}
    assert not part.exists()


def test_what_a_clock_that_was_ahead_has_written_goes_before_what_is_new_and_grows_old(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = [put(folder / named(f"{k}.json"), 100, -400 - k) for k in range(5)]
    new, old = put(folder / named("new.json"), 100, 0), put(folder / named("old.json"), 100, 50)
    make_room(folder)
    now = time.time()
    assert all(now - cached.NOTED < path.stat().st_mtime < now for path in ahead)
    for path in ahead:
        aged(path, -400)
    monkeypatch.setattr(cached, "ROOM", 350)
    make_room(folder)
    assert new.exists()
    assert not old.exists()
    assert sum(path.exists() for path in ahead) == 1


@given(st.binary(min_size=1, max_size=60), st.data())
def test_what_is_not_whole_is_made_again(content: bytes, data: st.DataObject) -> None:
    def make(at: Path) -> Path:
        (at / "made").write_bytes(content)
        return at / "made"

    def spoil(place: Path) -> None:
        whole = place.read_bytes()
        k = data.draw(st.integers(0, len(whole) - 1))
        place.write_bytes(data.draw(st.sampled_from([whole[:k], whole[:k] + bytes([whole[k] ^ 1]) + whole[k + 1 :], whole + b"0"])))

    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", name)
        place = cache_folder() / named("a.so")
        for spoilt in (place, place.with_suffix(".digest")):
            made_once(place, make)
            spoil(spoilt)
            assert made_once(place, make).read_bytes() == content
            assert made_once(place, lambda _: pytest.fail("made again")) == place
        keep(named("a.json"), content)
        assert kept(named("a.json")) == content
        spoil(place.with_name(named("a.json")))
        assert kept(named("a.json")) is None


def test_several_processes_keep_and_make_room_at_once(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", OF_A_PROCESS]
    running = [
        subprocess.Popen([*command, str(k)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for k in range(3)
    ]
    for process in running:
        out, err = process.communicate()
        assert not process.returncode, err
        assert int(out) > 13, "nothing had to go"
    left = list(folder.iterdir())
    assert left
    assert all(cached.KEPT.fullmatch(path.name) for path in left)
    assert sum(path.stat().st_size for path in left) <= 22_000


def test_a_temporary_folder_goes_with_its_process_and_not_with_a_fork_of_it() -> None:
    code = (
        "import os, sys\nfrom symbackprop.core.machine.cache import cache_folder, lasting_folder\n"
        "assert lasting_folder() is None\nfolder = cache_folder()\n"
        "if hasattr(os, 'fork'):\n    child = os.fork()\n    if not child:\n        sys.exit()\n    os.waitpid(child, 0)\n"
        "assert folder == cache_folder() and folder.is_dir()\nprint(folder)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": "/dev/null", "LOCALAPPDATA": "/dev/null"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert not done.returncode, done.stderr
    assert not Path(done.stdout.strip()).exists()


def test_a_user_without_a_home_has_a_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.chdir(tmp_path)
    for named in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", named)
        assert lasting_folder() is None
        assert cache_folder().is_dir()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("system", ["darwin", "win32", "linux"])
def test_a_person_says_where_on_every_system(system: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cached.sys, "platform", system)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local") if system == "win32" else "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "said"))
    assert lasting_folder() == tmp_path / "said" / "symbackprop"
    monkeypatch.delenv("XDG_CACHE_HOME")
    usual = {"darwin": "home/Library/Caches", "win32": "local", "linux": "home/.cache"}[system]
    assert lasting_folder() == tmp_path / usual / "symbackprop"


def test_a_temporary_folder_that_somebody_took_away_is_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    first = cache_folder()
    assert first == cache_folder() != lasting_folder()
    shutil.rmtree(first)
    assert cache_folder().is_dir()
