"""What the report prints is read back: the box of every example network is a derivation, and a right one."""

from pathlib import Path

import pytest

import symbackprop as sb

EXAMPLES = Path(__file__).parents[2] / "examples"
SLOW = ("classifier", "digits")  # residues of many entries
DEAR = ("backpropagation_through_time", "kalman", "lstm_over_time")  # whose deltas stand for one another at every step: minutes
NETWORKS = [
    pytest.param(path, id=path.stem, marks=[] if path.parent == EXAMPLES and path.stem not in SLOW else pytest.mark.slow)
    for path in sorted(EXAMPLES.rglob("*.net"))
    if path.stem != "sigmoid_gates"  # taken apart into gates, whose steps have names that the judge does not know
    if path.stem not in DEAR
]


@pytest.mark.parametrize("path", NETWORKS)
@pytest.mark.slow
def test_what_is_printed_is_read_back_and_right(path: Path) -> None:
    network = sb.read(path)
    of = network.loss if network.program.shape(network.loss) else None
    derivation = sb.derive(network, of=of)
    names = {derivation.gradient(wrt): wrt for wrt in derivation.wrt}
    claims = [(names.get(line.name, f"line {k}"), line.latex()) for k, line in enumerate(derivation.box().lines)]
    assert claims or derivation.box().missing
    for judged in sb.verify(network, claims, of=of).claims if claims else ():
        if judged.verdict != "abbreviation":  # a definition that is no gradient by itself
            assert judged.right, f"{judged.name}: {judged.verdict}: {judged.given}"
