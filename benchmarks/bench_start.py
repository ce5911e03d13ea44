"""How soon a fresh process answers: the import, the first derivation of the two-layer network, its report, the command line.

`import sympy` is beside them, since nothing is derived without it.
"""

import subprocess
import sys
from pathlib import Path

import pytest

NET = "examples/two_layer.net"
DERIVE = f"import symbackprop as sb; d = sb.derive({NET!r})"
PROGRAMS = {
    "python": "pass",
    "import sympy": "import sympy",
    "import symbackprop": "import symbackprop",
    "derive": DERIVE,
    "derive and print": f"{DERIVE}; print(d); print([(g.latex(), g.index()) for g in d.gradients.values()])",
}


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)


@pytest.mark.parametrize("what", PROGRAMS)
def bench_process(benchmark, what: str) -> None:
    """A few lines of Python, as a whole process."""
    benchmark.pedantic(lambda: _run("-c", PROGRAMS[what]), rounds=5)


def bench_help(benchmark) -> None:
    """`symbackprop --help`, as a whole process."""
    benchmark.pedantic(lambda: _run("-m", "symbackprop", "--help"), rounds=5)


def bench_check(benchmark) -> None:
    """`symbackprop check` of the two-layer network, as a whole process."""
    benchmark.pedantic(lambda: _run("-m", "symbackprop", "check", NET), rounds=3)


@pytest.mark.parametrize("suffix", ["txt", "tex", "html"])
def bench_report(benchmark, tmp_path: Path, suffix: str) -> None:
    """`symbackprop derive` of the two-layer network into a file, its check included, as a whole process."""
    benchmark.pedantic(lambda: _run("-m", "symbackprop", "derive", NET, "-o", str(tmp_path / f"report.{suffix}")), rounds=3)
