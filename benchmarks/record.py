"""Measure training steps on this machine and keep what was found: `python benchmarks/record.py` writes benchmarks/results.json.

Every figure is the least processor time of interleaved runs on one thread: other programs can only make a step slower. A further run on the same
machine keeps what was less before. The page of the documents and its pictures are written from the file by `python benchmarks/page.py`,
so that nothing else depends on a machine.
"""

import gc
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import bench_step  # first: it sets the threads
import numpy as np
from step_networks import CASES, Case, TorchWords, dense
from waits import WAITS

import symbackprop as sb

RESULTS = Path(__file__).with_name("results.json")
SECONDS = 5.0  # how long a case takes
TOGETHER = (
    0.05  # calls are timed together for so many seconds: of threads that a library computes on, the clock is late by up to some ms
)
WIDTHS, DEPTHS, BATCHES = (16, 64, 256, 1024, 2048), (2, 8, 32, 128), (1, 16, 128, 1024, 4096)
GROWTH: dict[str, dict[int, Case]] = {
    "width": {w: dense([w, w, 10], 32) for w in WIDTHS},
    "depth": {d: dense([64] * d + [10], 32) for d in DEPTHS},
    "batch": {b: dense([64, 128, 10], b) for b in BATCHES},
}
WEIGHED = (
    "784-256-128-10, batch 128",
    "2048-2048-2048-1000, batch 256",
    "LeNet 28x28, batch 64",
    "transformer block, 8 x 64 x 128",
    "tanh RNN, 32 steps",
    "LSTM, 32 steps",
    "tanh RNN, all 128 states",
    "GPT, 4 blocks, 4 x 64 x 128",
    "convolutions in 8 groups of 8, 16 x 16, batch 16",
    "PINN of Burgers' equation, 512 x 32",
)


def least(found: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The least time of each contender in microseconds: in turn, each many times in a row, as in training."""
    best: dict[str, float] = {}
    for word, step in found.items():
        begun = time.process_time()
        for _ in range(3):
            step()
        best[word] = time.process_time() - begun
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        for word, step in found.items():
            calls = max(1, int(TOGETHER / best[word]))
            begun = time.process_time()
            for _ in range(calls):
                step()
            best[word] = min(best[word], (time.process_time() - begun) / calls)
    return {word: round(1e6 * t, 3) for word, t in best.items()}


def resident(field: str) -> int:
    """A line of the process's own memory account, in bytes: VmRSS now, VmHWM at most since it was set back."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(field)))


def grown(make: Callable[[], Callable[[], object]]) -> int:
    """By how much the resident memory is larger at its peak, from before a step is made until it was run three times."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is now what is resident
    before = resident("VmRSS")
    step = make()
    for _ in range(3):
        step()
    return resident("VmHWM") - before


def memory(name: str) -> dict[str, int]:
    """The memory of a bound step, and by how much a process grows with the same step in torch: parameters, data, gradients, all."""
    case = CASES[name]
    compiled = sb.compile(case.text, case.sizes, dtype=case.dtype)
    arrays = {k: a.astype(case.dtype) if a.dtype.kind == "f" else a for k, a in bench_step.arrays_of(compiled.program).items()}
    own, data = (
        {k: a for k, a in arrays.items() if (compiled.program.tensors[k].kind == "parameter") is kind} for kind in (True, False)
    )
    words = TorchWords()
    words.step(CASES["64-32-10, batch 32"], *_small(words))[0]()  # the library itself is loaded before
    return {"torch": grown(lambda: words.step(case, own, data)[0]), "bound": compiled.bind(arrays).bytes}


def _small(words: TorchWords) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    case = CASES["64-32-10, batch 32"]
    program = sb.compile(case.text, case.sizes, dtype=case.dtype).program
    arrays = {k: a.astype(case.dtype) for k, a in bench_step.arrays_of(program).items()}
    own = {t.name for t in program.parameters}
    return {k: a for k, a in arrays.items() if k in own}, {k: a for k, a in arrays.items() if k not in own}


def machine() -> dict[str, str]:
    """What the figures depend on."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), ""
    )
    found = {"processor": model or platform.processor(), "system": platform.system(), "Python": platform.python_version()}
    for package in ("numpy", "jax", "torch"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def merged(old: dict[str, float], new: dict[str, float]) -> dict[str, float]:
    """The lesser of two times of each contender."""
    return {word: min(new.get(word, float("inf")), old.get(word, float("inf"))) for word in {**old, **new}}


def sooner(old: float | dict[str, float] | None, new: float | dict[str, float]) -> float | dict[str, float]:
    """The same of one time, or of several by a word."""
    if isinstance(new, dict):
        return merged(old, new) if isinstance(old, dict) else new
    return min(old, new) if isinstance(old, float) else new


def main(parts: list[str]) -> None:
    """Measure the parts named: memory, growth, a word of WAITS, or steps whose names begin so; all where none is."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if results.get("machine") != machine():
        results = {"machine": machine(), "steps": {}, "growth": {word: {} for word in GROWTH}, "memory": {}, "waits": {}}
    results["state"] = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0])}  # of the last run
    if not parts or "memory" in parts:
        results["memory"] = {name: json.loads(alone("weigh", name)) for name in WEIGHED}
        keep(results)
    for name, case in CASES.items():
        if not parts or any(name.startswith(part) for part in parts):
            times = least(bench_step.contenders(name, case))
            print(name, times, flush=True)
            results["steps"][name] = merged(results["steps"].get(name, {}), times)
            keep(results)
    for word, wait in WAITS.items():
        if not parts or word in parts:
            found, before = wait(), results.setdefault("waits", {}).get(word, {})
            results["waits"][word] = {name: sooner(before.get(name), new) for name, new in found.items()}
            keep(results)
    if not parts or "growth" in parts:
        for word, cases in GROWTH.items():
            for n, case in cases.items():
                times = least(bench_step.contenders(f"{word} {n}", case))
                results["growth"][word][str(n)] = merged(results["growth"][word].get(str(n), {}), times)
                keep(results)


def keep(results: dict[str, Any]) -> None:
    """Write what there is: a run that is stopped loses only the case that it measures."""
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def alone(*arguments: str) -> str:
    """What a fresh process of this script prints: its memory was used by nothing before."""
    return subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    if sys.argv[1:2] == ["weigh"]:
        print(json.dumps(memory(sys.argv[2])))
    else:
        main(sys.argv[1:])
