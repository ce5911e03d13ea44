"""What is here and what is not: the packages that are needed, the extras, the tools of the machine, each with what it gives."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from typing import NamedTuple

import click

from symbackprop import __version__
from symbackprop.cli.shell import guarded, say

NEEDED = ("sympy", "numpy", "click", "rich", "ziamath", "fonttools", "latexify-py")


class Extra(NamedTuple):
    """An extra: the packages that it installs, each with the least version that will do, and what they give."""

    name: str
    packages: dict[str, str]
    gives: str


class Tool(NamedTuple):
    """A program of the machine: the names that it may have, what it gives, and where it comes from."""

    name: str
    programs: tuple[str, ...]
    gives: str
    get: str


EXTRAS = (
    Extra("pdf", {"typst": "0.14"}, "reports and pictures as PDF, pictures as PNG, without TeX"),
    Extra("office", {"pypandoc-binary": "1.13"}, "reports as Word, EPUB and slides of PowerPoint"),
    Extra(
        "digits",
        {"scikit-learn": "1.6"},
        "train --data digits; models of scikit-learn, and networks as its estimators",
    ),
    Extra("notebook", {"nbformat": "5.10", "nbclient": "0.10", "ipykernel": "6.29"}, "notebooks that are written and run"),
    Extra("plots", {"matplotlib": "3.9"}, "plots of your own beside those that are drawn here"),
    Extra("torch", {"torch": "2.14"}, "modules of PyTorch read, held against autograd, and given their parameters back"),
    Extra("jax", {"jax": "0.8"}, "functions of JAX read; their gradients verified against jax.grad"),
    Extra("onnx", {"onnx": "1.17"}, "models in ONNX files read and written"),
    Extra("mcp", {"mcp": "2"}, "symbackprop mcp: an assistant derives and verifies"),
)

TOOLS = (
    Tool("C compiler", ("cc", "gcc", "clang"), "steps compiled to C run in Python",
         "install one called cc, or pip install ziglang"),
    Tool("pdflatex", ("pdflatex",), "PDF set by TeX", "TeX Live or MiKTeX"),
    Tool("Chromium", ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"),
         "PDF printed by a browser", "install Chromium or Chrome"),
    Tool("npm", ("npm",), "symbackprop site fetches the browser's Python", "install Node.js, or see symbackprop site --pyodide"),
    Tool("node", ("node",), "symbackprop site compiles it: the page starts ten times as fast", "install Node.js 20 or newer"),
)  # fmt: skip


class Row(NamedTuple):
    """A line of the table: whether it is there, its name, what was found, what it gives, and how to get it."""

    there: bool
    name: str
    found: str
    gives: str
    get: str = ""


def extra_row(extra: Extra) -> Row:
    """What is there of an extra. A package that is older than the extra asks for counts as missing."""
    found = {package: _version(package) for package in extra.packages}
    short = [package for package, least in extra.packages.items() if _numbers(found[package]) < _numbers(least)]
    told = ", ".join(f"{package} {found[package] or 'missing'}{_needs(extra, package, found)}" for package in found)
    return Row(not short, extra.name, told, extra.gives, f'pip install "symbackprop[{extra.name}]"' if short else "")


def tool_row(tool: Tool) -> Row:
    """Where a tool is. The variable CC names a C compiler; the package ziglang has one."""
    named = os.environ.get("CC", "").split()[:1] if "cc" in tool.programs else []
    path = next((found for program in (*named, *tool.programs) if (found := shutil.which(program))), "")
    if not path and "cc" in tool.programs and (zig := _version("ziglang")):
        path = f"ziglang {zig}"
    return Row(bool(path), tool.name, path or "missing", tool.gives, "" if path else tool.get)


def rows() -> dict[str, list[Row]]:
    """The whole table, by its parts."""
    needed = {package: _version(package) for package in NEEDED}
    packages = [
        Row(bool(found), package, found or "missing", "", "" if found else f"pip install {package}")
        for package, found in needed.items()
        if found or package != "latexify-py"  # it is for Pythons before 3.14
    ]
    return {"Needed": packages, "Extras": [extra_row(e) for e in EXTRAS], "Tools": [tool_row(t) for t in TOOLS]}


@click.command()
@guarded
def doctor() -> None:
    """Tell which packages, extras and tools are here, what each gives, and how to get it."""
    say("\n".join(_lines()))


def _lines() -> Iterator[str]:
    yield f"symbackprop {__version__}, Python {platform.python_version()}, {sys.platform} {platform.machine()}".rstrip()
    for part, found in rows().items():
        yield ""
        yield part
        wide = max(len(row.name) for row in found)
        for row in found:
            yield f"  {'yes' if row.there else ' no'}  {row.name:{wide}}  {row.found}".rstrip()
            yield from (f"       {'':{wide}}  {line}" for line in (row.gives, row.get) if line)


def _version(package: str) -> str:
    """The version of an installed package; "" where there is none, or its own record of itself is damaged."""
    from importlib.metadata import PackageNotFoundError, version  # it takes a fifth of what --help takes

    try:
        return version(package) or ""
    except (PackageNotFoundError, OSError, ValueError, KeyError):
        return ""


def _numbers(text: str) -> tuple[int, ...]:
    """A version as numbers that can be compared; what is no number ends it."""
    found = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(number) for number in found[0].split(".")) if found else ()


def _needs(extra: Extra, package: str, found: dict[str, str]) -> str:
    least = extra.packages[package]
    return f" ({least} is needed)" if found[package] and _numbers(found[package]) < _numbers(least) else ""
