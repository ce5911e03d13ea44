"""What helps in the shell: what is installed, the examples, completion, help with an example, and the file that was meant."""

import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from click.shell_completion import BashComplete

import symbackprop as sb
from symbackprop.cli import installed, main
from symbackprop.cli.completing import NAME, SHELLS, VARIABLE
from symbackprop.core.machine.files import near_file
from symbackprop.server.gallery import gallery
from tests.command import EXAMPLES, Run

DEVELOPING = {"test", "dev", "bench", "browser", "docs"}  # extras that give a user nothing


def commands(group: Any = main, before: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    found = {}
    for name, command in group.commands.items():
        found[*before, name] = command
        if isinstance(command, click.Group):
            found |= commands(command, (*before, name))
    return found


# -- doctor ---------------------------------------------------------------------------------------------------------------


def test_each_extra_has_a_row_with_the_versions_that_it_asks_for() -> None:
    project = tomllib.loads((EXAMPLES.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {name: packages for name, packages in project["optional-dependencies"].items() if name not in DEVELOPING}
    rows = {extra.name: extra.packages for extra in installed.EXTRAS}
    assert rows.keys() == asked.keys()
    for name, packages in asked.items():
        assert [p.partition(",")[0] for p in packages] == [f"{p}>={least}" for p, least in rows[name].items()]
    needed = {p.partition(";")[0].partition(">")[0] for p in project["dependencies"]}
    assert needed - {"pytest"} == set(installed.NEEDED)


def test_what_is_missing_and_what_is_too_old_is_told_with_how_to_get_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"sympy": "1.14.0", "typst": "0.13.9", "mcp": "2rc1", "nbformat": "5.10.4"}
    monkeypatch.setattr(installed, "_version", lambda package: versions.get(package, ""))
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setenv("CC", "")
    code, out, err = run("doctor")
    assert (code, err) == (0, "")
    assert "typst 0.13.9 (0.14 is needed)" in out
    assert 'pip install "symbackprop[pdf]"' in out
    assert "nbformat 5.10.4, nbclient missing" in out
    assert " no  C compiler" in out
    assert 'pip install "symbackprop[mcp]"' not in out
    assert "latexify" not in out
    assert out.isascii()


def test_a_package_with_a_damaged_record_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(package: str) -> str:
        raise KeyError("Version")

    monkeypatch.setattr(importlib.metadata, "version", damaged)
    assert not any(row.there for row in installed.rows()["Extras"])


def test_what_a_package_index_reads_is_of_this_version() -> None:
    cited = dict(
        line.split(": ", 1) for line in (EXAMPLES.parent / "CITATION.cff").read_text(encoding="utf-8").splitlines() if ": " in line
    )
    assert (cited["title"], cited["version"], cited["license"]) == ("symbackprop", sb.__version__, "MIT")
    project = tomllib.loads((EXAMPLES.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {NAME: "symbackprop.__main__:main"}
    for path in project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]:
        assert (EXAMPLES.parent / path[1:]).exists()


# -- examples -------------------------------------------------------------------------------------------------------------


def test_examples_are_listed_and_shown(run: Run) -> None:
    listed = run("examples", "list").out
    assert [line.split()[0] for line in listed.splitlines()] == [one.name for one in gallery()]
    assert run("examples").out == listed
    assert run("examples", "show", "layers/lstm.net").out == (EXAMPLES / "layers/lstm.net").read_text(encoding="utf-8")
    assert "there is no example 'xr'; did you mean xor?" in run("examples", "show", "xr").err
    assert run("examples", "show", "lstm").out == run("examples", "show", "layers/lstm").out
    assert run("examples", "show", "examples/xor.net").out == run("examples", "show", "xor").out
    assert "did you mean lstm?" in run("examples", "show", "lsmt").err


def test_examples_are_copied_with_what_belongs_to_them_and_nothing_is_overwritten(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("examples", "copy", "xor", "sigmoid_gates", "--to", tmp_path)
    assert code == 0
    assert sorted(os.listdir(tmp_path)) == ["sigmoid_gates.json", "sigmoid_gates.net", "xor.net", "xor.npz"]
    assert (tmp_path / "xor.npz").read_bytes() == (EXAMPLES / "xor.npz").read_bytes()
    assert len(out.splitlines()) == 4
    again = run("examples", "copy", "two_layer", "xor", "--to", tmp_path)
    assert (again.code, "xor.net is there already" in again.err) == (2, True)
    assert not (tmp_path / "two_layer.net").exists()
    assert "make it first" in run("examples", "copy", "xor", "--to", tmp_path / "none").err


# -- help and completion --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_each_command_shows_an_example_that_it_understands(run: Run, words: tuple[str, ...]) -> None:
    code, out, _ = run(*words, "--help")
    assert (code, "Example" in out) == (0, True)
    command = commands()[words]
    shown = (command.epilog or "").partition("Example: ")[2]
    assert (
        f"  Example{(command.epilog or '').partition('Example')[2].partition(chr(10))[0]}\n" in f"{out}\n"
    )  # one line, to be copied
    if shown:
        first, *given = shlex.split(shown)
        assert (first, given[: len(words)]) == (NAME, list(words)[: len(given)])
        command.make_context("shown", given[len(words) :]).close()


@pytest.mark.parametrize("command", [main, main.commands["examples"]], ids=lambda one: one.name)
def test_a_list_of_commands_says_each_in_a_whole_sentence(run: Run, command: click.Group) -> None:
    out = " ".join(run(*([command.name] if command is not main else []), "--help").out.split())
    assert "..." not in out.partition("Commands:")[2].partition("Example")[0]
    for inner in command.commands.values():
        assert " ".join((inner.help or "").split()).partition(". ")[0].rstrip(".") in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("derve", "x"), "there is no command derve; did you mean derive?"),
        (("two_layer.net",), "there is no command two_layer.net; to derive it: symbackprop derive two_layer.net"),
        (("x**2 + y",), "there is no command x**2 + y; to derive it: symbackprop derive 'x**2 + y'"),
        (("grads", "x"), "there is no command grads; see symbackprop --help"),
        (("examples", "cpy"), "there is no command cpy; did you mean copy?"),
        (("derive", "x", "--detial", "full"), "there is no option --detial; did you mean --detail?"),
        (("derive", "x", "--shade"), "there is no option --shade; see symbackprop derive --help"),
        (("derive", "x", "--detail", "breif"), '--detail "breif": did you mean brief?'),
        (("derive", "x", "--lang", "kr"), '--lang "kr": there are en, ko'),
        (("derive", "x", "--detail"), "--detail needs a value: --detail brief|normal|full"),
        (("derive", "x", "-o", "a.html", "-o", "b.html"), "-o is given more than once: write it once"),
        (("derive", "x", "--wrt", "W", "--wrt", "b"), "--wrt is given more than once: write it once, with commas between the names"),
        (("derive", "x", "-o", ""), "-o needs a value: -o FILE"),
        (("check", "x", "--size"), "--size needs a value: --size NAME=NUMBER"),
        (("derive", "x", "--product=3"), "--product takes no value: write --product alone"),
        (("derive",), "NET is missing; write symbackprop derive two_layer.net -o report.html"),
        (("verify", "x"), 'CLAIMS is missing; write symbackprop verify two_layer.net "W_2 = outer(2*(yhat - y), a)"'),
        (("completion",), "SHELL is missing; write symbackprop completion bash"),
        (("check", "x", "--points", "0"), '--points "0": write a whole number from 1'),
        (("verify", "x", "y", "--jobs", "many"), '--jobs "many": write a whole number from 1 to 64'),
        (("train", "x", "--epochs", "ten"), '--epochs "ten": write a whole number'),
        (("train", "x", "--rate", "a"), '--rate "a": write a number, such as 0.1'),
        (("verify", "x", "y", "--time-limit", "0"), '--time-limit "0.0": write a number from 0.1 to 86400'),
        (("derive", "x", "*", "y"), '"* y" is too much; put what belongs together in quotes, and see symbackprop derive --help'),
        (("derive", "x", "\N{EN DASH}lang", "ko"), '"\N{EN DASH}lang ko": an option begins with two hyphens, --lang ko'),
    ],
)  # fmt: skip
def test_words_that_no_command_takes_are_told_what_to_write(run: Run, words: tuple[str, ...], said: str) -> None:
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    usage, told = err.splitlines()
    assert usage.startswith("Usage: symbackprop ")
    assert told == f"symbackprop: {said}"
    korean = run(words[0], "--lang", "ko", *words[1:]).err if words[0] == "derive" and "--lang" not in words else "쓰는 법: "
    assert korean.startswith("쓰는 법: ")
    assert not re.search(r"\b(is|write|there|mean|needs)\b", korean)


def completed(*words: str) -> set[str]:
    return {item.value for item in BashComplete(main, {}, NAME, VARIABLE).get_completions([*words[:-1]], words[-1])}


def test_words_are_completed_as_the_parser_knows_them() -> None:
    assert completed("de") == {"derive"}
    assert completed("derive", "x.net", "--det") == {"--detail"}
    assert completed("derive", "x.net", "--detail", "") == {"brief", "normal", "full"}
    assert completed("examples", "copy", "layers/l") == {"layers/lstm", "layers/layer_norm"}
    net = str(EXAMPLES / "two_layer.net")
    assert completed("derive", net, "--wrt", "W_") == {"W_1", "W_2"}
    assert completed("check", net, "--wrt", "W_1,") == {"W_1,W_2", "W_1,x", "W_1,y"}
    assert completed("derive", net, "--loss", "") == {"a", "yhat", "L"}
    assert completed("check", "x*y", "--let", "x: parameter[n]", "--size", "") == {"n="}
    assert completed("derive", "x*", "--wrt", "") == completed("derive", "--wrt", "") == set()  # nothing is told at a prompt
    for words in (["derive"], ["verify", "x.net"], ["derive", "-o"], ["train", "x.net", "--data"], ["predict"]):
        assert [i.type for i in BashComplete(main, {}, NAME, VARIABLE).get_completions(words, "ne")] == ["file"], words


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_printed_for_a_shell_asks_the_command(run: Run, shell: str) -> None:
    code, out, _ = run("completion", shell)
    assert code == 0
    assert VARIABLE in out
    if program := shutil.which(shell):
        assert subprocess.run([program, "-n"], input=out, text=True, capture_output=True).stderr == ""


# -- the file that was meant ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("two_layer", "two_layer.net"),  # not two_layer.md
        ("two_layr.net", "two_layer.net"),
        ("Two_Layer.NET", "two_layer.net"),
        ("nest/xor.net", "nets/xor.net"),
        ("nets/xro.net", "nets/xor.net"),
        ("nets", None),  # a folder
        ("nothing/like/it.net", None),
        ("zzzz", None),
        ("a\0b", None),
    ],
)
def test_a_file_that_is_not_there_suggests_the_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, meant: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    for name in ("two_layer.net", "two_layer.md", ".two_layr.net", "nets/xor.net"):
        (tmp_path / name).write_text("L = x**2\n")
    assert near_file(asked) == meant


def test_each_command_that_opens_a_file_suggests_the_nearest(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("examples", "copy", "xor", "two_layer")
    Path("point.json").write_text("{}")
    Path("loss.py").write_text("def loss(w):\n    return w\n")
    for words, meant in (
        (("derive", "two_layr.net"), "two_layer.net"),
        (("check", "xor.net", "--at", "piont.json"), "point.json"),
        (("verify", "xor.net", "piont.json"), "point.json"),
        (("train", "xor.net", "--data", "xro.npz"), "xor.npz"),
        (("derive", "lss.py:loss", "--trace", "point.json"), "loss.py"),
        (("verify", "xor.net", "nothing", "--csv", "a.csv"), None),
        (("verify", "xor.net", "two_layr.txt"), None),  # a network holds no claims
    ):
        code, _, err = run(*words)
        assert code == 2
        assert (f"id you mean {meant}?" in err) == (meant is not None), err
    with pytest.raises(sb.NotationError, match=r"Did you mean two_layer\.net\?"):
        sb.read("two_layr.net")


def test_an_example_that_is_not_here_is_copied_from_the_package(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for asked, name in (
        ("examples/two_layer.net", "two_layer"),
        ("xor", "xor"),
        ("nets/lsmt.net", "layers/lstm"),
        ("layers/gru", "layers/gru"),
    ):
        code, _, err = run("derive", asked)
        assert (code, err.partition(". ")[2]) == (2, f"The package has an example {name}: symbackprop examples copy {name}\n")
        assert run(*shlex.split(err.partition(": ")[2].partition(": symbackprop ")[2])).code == 0  # the mend works
        assert f"Did you mean {name.rpartition('/')[2]}.net?" in run("derive", asked).err or run("derive", asked).code == 0
    both = run("examples", "copy", "residual", "two_layer", "verify/two_layer")
    assert (both.code, "two_layer and verify/two_layer both have two_layer.net" in both.err) == (2, True)
    assert not Path("residual.net").exists()
