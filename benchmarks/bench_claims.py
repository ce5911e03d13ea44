"""The judge on its own claims: no right one called wrong, no wrong one called right; how often it names the mistake, and how fast.

python benchmarks/bench_claims.py
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import symbackprop as sb

sys.path.insert(0, str(Path(__file__).parent))

from claims import DERIVATIONS, NETWORKS
from hard import HARD, HARD_DERIVATIONS
from held_out import HELD_OUT, HELD_OUT_DERIVATIONS
from lectures import LECTURES

Networks = Mapping[str, tuple[str, Sequence[tuple[str, str, str]]]]
KINDS = ("right", "right judged right", "right called wrong", "wrong", "wrong judged wrong", "wrong called right", "named", "read")


class Run:
    """What is made of a set of claims.

    told      what was judged falsely, in lines.
    count     how many there are of each kind.
    seconds   of processor time, of right and of wrong claims; "first": of the first claim of each network, which is read before.
    """

    def __init__(self, networks: Networks) -> None:
        self.told: list[str] = []
        self.count = dict.fromkeys(KINDS, 0)
        self.seconds: dict[str, list[float]] = {"first": [], "right": [], "wrong": []}
        for name, (text, claims) in networks.items():
            network = sb.read(text.strip())
            for k, (wrt, claim, mistake) in enumerate(claims):
                start = process_time()
                result = sb.verify(network, {wrt: claim})
                kind = "first" if k == 0 else "wrong" if mistake else "right"
                self.seconds[kind].append(process_time() - start)
                self.judged(f"{name}, by {wrt}: {claim!r}", mistake, result.claims[0])

    def judged(self, what: str, mistake: str, claim: Any) -> None:
        """Count one verdict; a line for what is not as it should be."""
        count = self.count
        count["wrong" if mistake else "right"] += 1
        count["read"] += not claim.verdict.startswith("not understood")
        if not mistake:
            count["right judged right"] += claim.right
            count["right called wrong"] += claim.wrong
            self.told += [] if claim.right else [f"{what}: {claim.verdict}"]
            return
        count["wrong judged wrong"] += claim.wrong
        count["wrong called right"] += claim.right
        names = {m.name for m in claim.mistakes}
        named = bool(names & set(mistake.split("|"))) or claim.verdict.partition(":")[0] in mistake.split("|")
        count["named"] += named
        if not claim.wrong:
            self.told.append(f"{what}: {claim.verdict}")
        elif not named:
            self.told.append(f"{what}: {claim.verdict[:60]}, named {sorted(names)}, not {mistake}")

    def lines(self) -> list[str]:
        """The figures, a line each."""
        n = self.count
        all_ = n["right"] + n["wrong"]
        out = [
            f"understood: {n['read']} of {all_} claims",
            f"{n['right']} right claims: {n['right judged right']} judged right, {n['right called wrong']} called wrong",
            f"{n['wrong']} wrong claims: {n['wrong judged wrong']} judged wrong, {n['wrong called right']} called right",
            f"mistake named among the first three: {n['named']} of {n['wrong']}",
        ]
        for kind, times in ((kind, times) for kind, times in self.seconds.items() if times):
            ordered = sorted(times)
            out.append(f"seconds of a {kind} claim: median {ordered[len(ordered) // 2]:.2f}, largest {ordered[-1]:.2f}")
        return out


def derivations(networks: Networks, steps_of: Mapping[str, Any]) -> tuple[list[str], int, int]:
    """Derivations whose first wrong step is not found, in lines; how many there are, and how many were told rightly."""
    told, count, found = [], 0, 0
    for name, (steps, faults) in steps_of.items():
        network = sb.read(networks[name][0].strip())
        for place, claim in [(None, ""), *faults]:
            written = [(n, claim, w) if k == place else (n, c, w) for k, (n, c, w) in enumerate(steps)]
            result = sb.verify(network, written)
            count += 1
            found += result.first_wrong_step == place
            if result.first_wrong_step != place:
                told.append(f"{name}, step {place} = {claim!r}: {result.first_wrong_step} is told to be the first wrong step")
    return told, count, found


def sheet(size: int) -> float:
    """Processor seconds of so many claims about one network in one call, half of them wrong."""
    network = sb.read(NETWORKS["two_layer"][0].strip())
    steps = []
    for k in range(size):
        factor = f"{k}/{k + 1}*" if k % 2 else f"{2 * k + 2}/{2 * k + 2}*"
        steps.append((f"s_{k}", f"{factor}outer(yhat - t, a_1)", "dL/dW_2"))
    start = process_time()
    sb.verify(network, steps)
    return process_time() - start


def test_no_right_claim_is_called_wrong_and_no_wrong_one_right() -> None:
    for networks in (NETWORKS, HELD_OUT, HARD, LECTURES):
        run = Run(networks)
        assert not run.count["right called wrong"], run.told
        assert not run.count["wrong called right"], run.told


def main() -> None:
    for title, networks, steps in (
        ("claims of the project's own", NETWORKS, DERIVATIONS),
        ("claims held out", HELD_OUT, HELD_OUT_DERIVATIONS),
        ("harder claims", HARD, HARD_DERIVATIONS),
        ("claims of lectures", LECTURES, {}),
    ):
        run = Run(networks)
        missed, total, hits = derivations(networks, steps)
        print(f"== {title}", *run.told, *missed, *run.lines(), sep="\n")
        print(f"first wrong step found, or none where there is none: {hits} of {total} derivations")
    sizes = (25, 50, 100)
    print("== a sheet of claims about one network:", *(f"{n} claims {sheet(n):.1f} s" for n in sizes), sep="\n")


if __name__ == "__main__":
    main()
