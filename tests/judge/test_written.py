"""Claims as students, teachers and papers write them: a right one is never called wrong, a wrong one never right."""

import pytest

import symbackprop as sb
from tests.judge.written_claims import WRITTEN
from tests.judge.written_further import WRITTEN as FURTHER

ALL = {**WRITTEN, **FURTHER}


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_what_is_right_is_right_and_what_is_wrong_is_not(name: str) -> None:
    text, claims = ALL[name]
    network = sb.read(text)
    for wrt, claim, kind in claims:
        (judged,) = sb.verify(network, {wrt: claim}).claims
        found = "right" if judged.right else "open" if judged.open and kind == "open" else "wrong"
        assert found == kind, (wrt, claim, judged.verdict)
