"""The judge on its own claims: no right one called wrong, no wrong one called right; how often it names the mistake, and how fast.

python benchmarks/bench_claims.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import symbackprop as sb

sys.path.insert(0, str(Path(__file__).parent))

from claims import DERIVATIONS, NETWORKS


def run() -> tuple[list[str], dict[str, int], list[float]]:
    """What was judged falsely or not, in lines; the counts; and the seconds of each claim after the first of its network."""
    told: list[str] = []
    count = dict.fromkeys(
        ("right", "right judged right", "right called wrong", "wrong", "wrong judged wrong", "wrong called right", "named"), 0
    )
    seconds: list[float] = []
    for name, (text, claims) in NETWORKS.items():
        network = sb.read(text.strip())
        for wrt, claim, mistake in claims:
            start = time.perf_counter()
            result = sb.verify(network, {wrt: claim})
            seconds.append(time.perf_counter() - start)
            told += judged(f"{name}, by {wrt}: {claim!r}", mistake, result, count)
    return told, count, seconds


def judged(what: str, mistake: str, result: sb.verify, count: dict[str, int]) -> list[str]:  # type: ignore[valid-type]
    """Count one verdict; a line for what is not as it should be."""
    claim = result.claims[0]
    kind = "wrong" if mistake else "right"
    count[kind] += 1
    if not mistake:
        count["right judged right"] += claim.right
        count["right called wrong"] += claim.wrong
        return [] if claim.right else [f"{what}: {claim.verdict}"]
    count["wrong judged wrong"] += claim.wrong
    count["wrong called right"] += claim.right
    names = {m.name for m in claim.mistakes}
    named = bool(names & set(mistake.split("|"))) or mistake == claim.verdict.partition(":")[0]
    count["named"] += named
    if not claim.wrong:
        return [f"{what}: {claim.verdict}"]
    return [] if named else [f"{what}: {claim.verdict[:60]}, named {sorted(names)}, not {mistake}"]


def derivations() -> tuple[list[str], int, int]:
    """Derivations whose first wrong step is not found, in lines; how many there are, and how many were told rightly."""
    told, count, found = [], 0, 0
    for name, (steps, faults) in DERIVATIONS.items():
        network = sb.read(NETWORKS[name][0].strip())
        for place, claim in [(None, ""), *faults]:
            written = [(n, claim, w) if k == place else (n, c, w) for k, (n, c, w) in enumerate(steps)]
            result = sb.verify(network, written)
            count += 1
            found += result.first_wrong_step == place
            if result.first_wrong_step != place:
                told.append(f"{name}, step {place} = {claim!r}: {result.first_wrong_step} is told to be the first wrong step")
    return told, count, found


def test_no_right_claim_is_called_wrong_and_no_wrong_one_right() -> None:
    told, count, _ = run()
    assert not count["right called wrong"], told
    assert not count["wrong called right"], told


if __name__ == "__main__":
    lines, counts, times = run()
    print(*lines, sep="\n")
    print(
        f"{counts['right']} right claims: {counts['right judged right']} judged right, {counts['right called wrong']} called wrong"
    )
    print(
        f"{counts['wrong']} wrong claims: {counts['wrong judged wrong']} judged wrong, {counts['wrong called right']} called right"
    )
    print(f"mistake named among the first three: {counts['named']} of {counts['wrong']}")
    missed, total, hits = derivations()
    print(*missed, sep="\n")
    print(f"first wrong step found, or none where there is none: {hits} of {total} derivations")
    print(f"seconds a claim: median {sorted(times)[len(times) // 2]:.2f}, largest {max(times):.2f}")
