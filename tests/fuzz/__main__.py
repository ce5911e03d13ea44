"""`python -m tests.fuzz COUNT [--first N]`: so many inputs, one line for each that is met wrongly. `--only N` raises what N raises."""

import argparse
import os
import tempfile
import warnings

from tests.fuzz.inputs import made
from tests.fuzz.watch import fault_of, warm


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Inputs that nobody would write.")
    words.add_argument("count", type=int, nargs="?", default=20_000)
    words.add_argument("--first", type=int, default=0, help="the number of the first input")
    words.add_argument("--only", type=int, help="do this one alone, and show its traceback")
    given = words.parse_args()
    warnings.simplefilter("error")
    warnings.filterwarnings(
        "ignore", "path is deprecated", DeprecationWarning
    )  # as the tests do: of ziamath, in some versions of Python
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        if given.only is not None:
            made(given.only)[1]()
            return 0
        wrong = 0
        warm()
        for seed in range(given.first, given.first + given.count):
            if fault := fault_of(seed):
                wrong += 1
                print(fault, flush=True)
        print(f"{given.count:,} inputs, {wrong} met wrongly")
        os.chdir("/")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
