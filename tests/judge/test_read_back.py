"""What the report prints is read back: the LaTeX of every gradient of every example network is a claim, and a right one."""

from pathlib import Path

import pytest

import symbackprop as sb
from symbackprop.judge.claims import Judge, truth_of
from symbackprop.judge.goals import asked

EXAMPLES = Path(__file__).parents[2] / "examples"
UNREAD = {  # what is refused, since the formula alone does not say it: the range of an index, the part of a path
    ("conv1d", "W"): "stands nowhere",
    ("conv2d", "K"): "stands nowhere",
    ("max_pool2d", "K"): "stands nowhere",
    ("gru", "c"): "has no meaning here",
    ("skip_gram_loss", "C"): "has no meaning here",
}


NETWORKS = [
    pytest.param(path, id=path.stem, marks=[] if path.parent == EXAMPLES else pytest.mark.slow)
    for path in sorted(EXAMPLES.rglob("*.net"))
]


@pytest.mark.parametrize("path", NETWORKS)
def test_what_is_printed_is_read_back_and_right(path: Path) -> None:
    network = sb.read(path)
    derivation = sb.derive(network, of=network.loss if network.program.shape(network.loss) else None)
    truth = truth_of(network, network.loss, {})
    judge = Judge(truth, {}, ())
    for wrt, gradient in derivation.gradients.items():
        judged = judge.alone(asked(truth, wrt), gradient.latex())
        if (path.stem, wrt) in UNREAD:
            assert judged.kind == "not understood"
            assert UNREAD[path.stem, wrt] in judged.reason
        else:
            assert judged.right, f"{wrt}: {judged.verdict}: {gradient.latex()}"
