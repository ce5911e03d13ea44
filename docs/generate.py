"""Write the real output into the documents: `python docs/generate.py`. A test holds that nothing here is out of date.

A ```console block holds commands after "$ " and, below each, what it printed. README.md and docs/*.md are rewritten in place;
docs/pictures/ is drawn anew.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ["README.md", "docs/language.md", "docs/derivatives.md"]
PICTURES = {
    "docs/pictures/sigmoid_gates.svg": "draw examples/sigmoid_gates.net --at examples/sigmoid_gates.json",
    "docs/pictures/two_layer.svg": "draw examples/two_layer.net --size d=3 --size h=4 --size c=2",
}


def output_of(command: str) -> str:
    """What a symbackprop command prints, run in the current folder."""
    from symbackprop.cli import main

    words = shlex.split(command)
    if words[0] != "symbackprop":
        raise ValueError(f"only symbackprop commands stand in console blocks, not {command}")
    result = CliRunner().invoke(main, words[1:], prog_name="symbackprop")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def with_output(text: str) -> str:
    """A document with the output of its commands as it is now."""

    def block(match: re.Match[str]) -> str:
        lines: list[str] = []
        for part in re.split(r"(?m)^(?=\$ )", match[2])[1:]:
            command, _, old = part.partition("\n")
            printed = output_of(command[2:]).rstrip("\n").splitlines()
            shown = old.rstrip("\n").splitlines()
            lines += [command, *excerpt(printed, shown)]
        return f"```{match[1]}\n" + "\n".join(line.rstrip() for line in lines) + "\n```"

    return re.sub(r"(?ms)^```(console)\n(.*?)^```", block, text)


def excerpt(printed: list[str], shown: list[str]) -> list[str]:
    """The printed lines, without those that "..." stands for at the top and at the bottom of what was shown before."""
    if shown[-1:] == ["..."] and shown[-2] in printed:
        printed = [*printed[: printed.index(shown[-2]) + 1], "..."]
    if shown[:1] == ["..."] and shown[1] in printed:
        printed = ["...", *printed[printed.index(shown[1]) :]]
    return printed


def documents() -> Iterator[tuple[Path, str]]:
    """Each document and picture, and what it should hold."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "examples", Path(folder) / "examples")
        here = os.getcwd()
        os.chdir(folder)
        try:
            for name in DOCUMENTS:
                yield ROOT / name, with_output((ROOT / name).read_text(encoding="utf-8"))
            for name, command in PICTURES.items():
                yield ROOT / name, output_of("symbackprop " + command)
        finally:
            os.chdir(here)


def reference_pages() -> Iterator[tuple[Path, str]]:
    """The reference and its pictures, and what they should hold."""
    import catalogue

    yield ROOT / "docs" / "reference.md", catalogue.page()
    for name in catalogue.pictured():
        yield ROOT / "docs" / "pictures" / "functions" / f"{name}.svg", catalogue.curve(name)


if __name__ == "__main__":
    for path, text in (*documents(), *reference_pages()):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)} written\n")
