"""Every name that a report of a loop prints is one that it says: an equation of it stands somewhere on the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.documents.formats.text import Text
from symbackprop.verbs import PRESENTER
from tests.loops.test_handed_on import CASES, HEAD
from tests.loops.test_network_at_steps import TEXTS
from tests.loops.test_random_functions import function_of

BELOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def undefined(derivation: Derivation, text: str) -> list[str]:
    """The numbered names that nobody gave, u_7, which stand in a text and on the left of no equation there."""
    tensors, found = derivation.forward.tensors, []
    stems = {re.split(r"_|\d", t.name)[0] for t in tensors.values() if t.has_name or t.kind != "value"}
    for tensor in tensors.values():
        own = re.fullmatch(r"([a-z])_(\d+)", tensor.name)
        if tensor.kind != "value" or tensor.has_name or own is None or own[1] in stems:
            continue
        name = rf"(?<![A-Za-z_]){own[1]}(?:{own[2].translate(BELOW)}(?![₀-₉])|_{own[2]}(?!\d)|_\({own[2]}[,)][^ =]*)"
        if re.search(name, text) and not re.search(rf"(?m)(?:^(?:    [A-Z][a-z ]+)? *|,   ){name}[^ =]* = ", text):
            found.append(tensor.name)
    return found


def report(path: Path, text: str) -> tuple[Derivation, str]:
    derivation = sb.derive(sb.read(function_of(path, text)))
    return derivation, Text.write(PRESENTER.draft(derivation.told, "normal", "en"))


def test_a_report_says_what_it_speaks_of(tmp_path: Path) -> None:
    assert not undefined(*report(tmp_path / "by_an_entry.py", HEAD + CASES["by_an_entry"][0]))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "seed"), [("loops", 17), ("loops", 24), ("more", 11), ("branches", 2)])
def test_reports_of_random_loops_say_what_they_speak_of(tmp_path: Path, kind: str, seed: int) -> None:
    assert not undefined(*report(tmp_path / f"{kind}_{seed}.py", TEXTS[kind](seed)))
