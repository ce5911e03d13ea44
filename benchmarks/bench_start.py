"""How soon the command line answers."""

import subprocess
import sys


def bench_help(benchmark) -> None:
    """`symbackprop --help`, as a whole process."""
    benchmark(lambda: subprocess.run([sys.executable, "-m", "symbackprop", "--help"], capture_output=True, check=True))


def bench_two_layers(benchmark) -> None:
    """`symbackprop check` of the two-layer network, as a whole process."""
    command = [sys.executable, "-m", "symbackprop", "check", "examples/two_layer.net"]
    benchmark.pedantic(lambda: subprocess.run(command, capture_output=True, check=True), rounds=3)
