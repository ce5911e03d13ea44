"""Whatever comes in is done or refused by one error of ours, within seconds, and no text of it is executed.

`python -m tests.fuzz 1000000` goes further, `python -m tests.fuzz --only 4711` shows one input again.
"""

from pathlib import Path

import pytest

from tests.fuzz.watch import fault_of, warm

QUICK, CHUNKS, CHUNK = 250, 8, 2_500


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warm()
    monkeypatch.chdir(tmp_path)


def assert_met(first: int, last: int) -> None:
    faults = [fault for seed in range(first, last) if (fault := fault_of(seed))]
    assert not faults, "\n".join([f"{len(faults)} inputs:", *faults[:20]])


@pytest.mark.slow
def test_a_few_hundred_inputs() -> None:
    assert_met(0, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_twenty_thousand_inputs(chunk: int) -> None:
    assert_met(chunk * CHUNK, (chunk + 1) * CHUNK)
