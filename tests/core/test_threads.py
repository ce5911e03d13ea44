"""A command that proves and checks multiplies small matrices by one thread."""

import os

import pytest
from click.testing import CliRunner

from symbackprop.cli import main

THREADS = "OPENBLAS_NUM_THREADS"


@pytest.mark.parametrize(("before", "after"), [("", "1"), ("4", "4")])
def test_a_derivation_asks_for_one_thread_unless_the_environment_says_otherwise(
    before: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(THREADS, before or "0")  # it is put back at the end
    if not before:
        monkeypatch.delenv(THREADS)
    assert CliRunner().invoke(main, ["derive", "x*y"]).exit_code == 0
    assert os.environ[THREADS] == after
