"""The plugin for pytest: assert_gradient, assert_layer, and files of claims of which each step is a test.

`NAME.claims.md` (or .tex, .json, .py) is collected where `NAME.net` lies beside it. Whatever fails, its message is the verdict.
What judges is imported by the first test that asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from symbackprop.core.errors import SymbackpropError

if TYPE_CHECKING:
    from symbackprop.judge.verdicts.verdict import Judged, Verification

SUFFIXES = (".md", ".tex", ".json", ".py")
ALLOW = "symbackprop_allow"


def assert_gradient(
    net: Any, wrt: str | Sequence[str], function: Callable[..., Any], of: str | None = None, allow: Iterable[str] = ()
) -> None:
    """Fail, with the verdict, unless a function computes the gradient of a network.

    net        what sb.read takes.
    wrt        the tensor that the gradient is by, or several.
    function   its parameters are tensors of the network by name, inputs or values; it is given arrays, and returns the gradient,
               or of several a tuple in their order or a dict by name.
    of         what is differentiated, where it is not the loss.
    allow      conventions that pass: "transpose", "layout", "sign", "N", "2".
    """
    __tracebackhide__ = True
    from symbackprop.judge.functions.called import verify_called
    from symbackprop.verbs import read

    try:
        verdict = verify_called(read(net), wrt, function, of, allow)
    except SymbackpropError as refused:
        raise refused.with_traceback(None) from None  # what is shown is the line of the test
    if verdict.exit_code:
        pytest.fail(str(verdict), pytrace=False)


def assert_layer(
    forward: Callable[..., Any], backward: Callable[..., Any], *inputs: Any, wrt: Any = None, allow: Iterable[str] = ()
) -> None:
    """Fail, with the verdict of sb.verify_layer, unless `backward` is the vector-Jacobian product of `forward` at `inputs`."""
    __tracebackhide__ = True
    from symbackprop.judge.functions import verify_layer

    try:
        verdict = verify_layer(forward, backward, *inputs, wrt=wrt, allow=tuple(allow))
    except SymbackpropError as refused:
        raise refused.with_traceback(None) from None
    if not verdict.ok:
        pytest.fail(str(verdict), pytrace=False)


@pytest.fixture(name="assert_gradient", scope="session")
def _assert_gradient() -> Callable[..., None]:
    """symbackprop's assert_gradient(net, wrt, function)."""
    return assert_gradient


@pytest.fixture(name="assert_layer", scope="session")
def _assert_layer() -> Callable[..., None]:
    """symbackprop's assert_layer(forward, backward, *inputs)."""
    return assert_layer


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one setting: which conventions pass in files of claims."""
    parser.addini(ALLOW, "Conventions by which a claim passes: transpose, layout, sign, N, 2.", type="args", default=[])


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A file of claims with its network beside it."""
    if file_path.suffix in SUFFIXES and file_path.stem.endswith(".claims"):
        return ClaimsFile.from_parent(parent, path=file_path)
    return None


class ClaimsFile(pytest.File):
    """The claims of one file, judged together when the first of them is asked for."""

    @cached_property
    def claims(self) -> Any:
        from symbackprop.judge.texts.files import read_claims

        return read_claims(self.path)

    @cached_property
    def verdict(self) -> Verification:
        from symbackprop.verbs import read, verify

        return verify(read(self.network), self.claims, allow=self.config.getini(ALLOW))

    @property
    def network(self) -> Path:
        return self.path.with_name(f"{self.path.name.partition('.')[0]}.net")

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each step."""
        if not self.network.is_file():
            raise self.CollectError(f"{self.path.name}: its network, {self.network.name}, does not lie beside it")
        try:
            names = [claim if isinstance(claim, str) else claim[0] for claim in self.claims]
        except SymbackpropError as refused:
            raise self.CollectError(str(refused)) from None
        for k, name in enumerate(names):
            yield Step.from_parent(self, name=f"{k} {name}", number=k)


class NotRight(Exception):
    """A step that is not right; the message is its verdict."""


class Step(pytest.Item):
    """One claim of a file. What follows rightly from a wrong step is expected to fail, and no second fault."""

    parent: ClaimsFile

    def __init__(self, *, number: int, **about: Any) -> None:
        super().__init__(**about)
        self.number = number

    def runtest(self) -> None:
        judged: Judged = self.parent.verdict[self.number]
        if judged.verdict == "wrong, carried forward":
            pytest.xfail("\n".join(judged.notes))
        if judged.wrong or judged.open:
            raise NotRight("\n".join([f"{judged.name}: {judged.verdict}", *(line for line, _ in judged.lines())]))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The verdict; of what cannot be read, the refusal."""
        if isinstance(excinfo.value, NotRight | SymbackpropError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        return self.path, None, f"{self.path.name}: step {self.name}"
