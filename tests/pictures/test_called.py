"""Every name in a picture is that of one of its boxes."""

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.core.loops import has_loops
from symbackprop.display.drawn import _labels, _nameless, unseen
from symbackprop.display.names import Names
from symbackprop.documents.spoken import Spoken

ROOT = Path(__file__).parents[2]
DRAWN = sorted({*(ROOT / "examples").rglob("*.net"), *(ROOT / "tests" / "networks").rglob("*.net")})


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_a_box_reads_no_value_without_a_box(path: Path) -> None:
    """What has no box is written out where it is read, within what is called by its formula as well."""
    network = sb.read(path)
    derivation = sb.derive(network, of=network.loss).told
    forward = derivation.forward
    if has_loops(forward):  # told at a step, by other names
        return
    hidden = unseen(derivation)
    labels = _labels(Names(forward), forward, hidden, _nameless(derivation, hidden))
    spoken = Spoken(Names(forward), forward)
    spoken.hear([label for label, _ in labels.values()])
    assert spoken.unsaid() == []
