"""Networks of real size: the time to read, derive and compile them, one step, the check along directions, and the peak memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from real_networks import NETWORKS

CHILD = """
import resource, sys, time
sys.path[:0] = {path!r}
import numpy, sympy
import symbackprop as sb
from symbackprop.evaluate import points
from symbackprop.evaluate.sizes import draw_sizes
from real_networks import NETWORKS
write, sizes = NETWORKS[{name!r}]
marks = [time.perf_counter()]
def mark(): marks.append(time.perf_counter())
net = sb.read(write()); mark()
derivation = sb.derive(net); mark()
compiled = sb.compile(derivation, sizes); compiled.source; mark()
at = draw_sizes(net.program, sizes)
where = points.point(net.program, at)
parameters = {{t.name for t in net.program.parameters}}
given = [{{n: a for n, a in where.items() if (n in parameters) == mine}} for mine in (True, False)]
compiled.value_and_grad(*given); marks[-1] = time.perf_counter()
compiled.value_and_grad(*given); mark()
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
verdict = sb.check(derivation, sizes=sizes, points=1).ok; mark()
read, derive, compile_, step, check = (b - a for a, b in zip(marks, marks[1:]))
print(f"{name:32} {{len(derivation.program.equations):6}} equations  read {{read:5.2f}} s  derive {{derive:5.2f}} s  "
      f"compile {{compile_:5.2f}} s  step {{1e3 * step:7.1f}} ms  check {{check:6.1f}} s {{'ok' if verdict else 'WRONG'}}  "
      f"memory {{memory:5.0f}} MB to the step, {{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:5.0f}} MB with the check")
sys.exit(0 if verdict else 1)
"""


@pytest.mark.parametrize("name", NETWORKS)
def bench_real_size(name: str) -> None:
    """Each network in a process of its own, so that its peak memory is its own."""
    here = Path(__file__).resolve().parent
    child = CHILD.format(path=[str(here), str(here.parent)], name=name)
    one_core = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=False, env=one_core)
    print("\n" + done.stdout.strip() + done.stderr[-2000:], end="")
    assert done.returncode == 0
