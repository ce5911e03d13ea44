"""A derivation as data: the same numbers and formulas that the report shows, and faults with their place."""

import json

import pytest

import symbackprop as sb
from symbackprop.core.derivation import Derivation
from symbackprop.server.answer import answer
from tests.command import EXAMPLES, Run

SMALL = "w: parameter[d]\nx: data[d]\nL = sum(w*x)**2\n"


@pytest.mark.parametrize("path", ["two_layer.net", "layers/rnn.net", "gates.net"])
def test_an_answer_holds_the_report_and_the_check(path: str) -> None:
    found = answer(EXAMPLES / path)
    told = json.loads(found.to_json())
    assert found.ok
    assert told["check"]["ok"]
    derivation = sb.derive(EXAMPLES / path)
    assert told["gradients"] == {
        w: {
            "shape": [str(n) for n in view.shape],
            "latex": view.latex(),
            "definitions": list(view.definitions),
            "entries": view.index(),
        }
        for w, view in derivation.gradients.items()
    }
    kinds = [block["kind"] for block in told["report"]["blocks"]]
    assert {"section", "formulas", "step", "table", "figure"} <= set(kinds)
    rows = [row for block in told["report"]["blocks"] if block["kind"] == "formulas" for row in block["rows"]]
    assert all(row["latex"] and row["mathml"].startswith("<math") for row in rows)


def test_what_is_wrong_is_data_as_well() -> None:
    found = answer(SMALL.replace("sum", "sumn"))
    (fault,) = found.faults
    assert (found.ok, found.derivation) == (False, None)
    assert (fault.line, fault.column, fault.length, fault.write) == (3, 5, 4, "sum")
    assert fault.message.startswith("<text>:3:5: sumn is not a function of the language.")
    assert json.loads(found.to_json()) == found.head()
    assert answer(SMALL, wrt="v").faults[0].message.startswith("there is no v")


def test_a_derivation_that_fails_its_check_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Derivation, *args: object, **options: object) -> str:
        raise sb.CheckFailedError("the derived gradients fail their check")

    monkeypatch.setattr(Derivation, "report", fails)
    assert answer(SMALL).data()["faults"][0]["message"] == "the derived gradients fail their check"


def test_the_shell_tells_the_same(run: Run) -> None:
    told = run("derive", EXAMPLES / "gates.net", "--format", "json")
    assert told.code == 0
    assert json.loads(told.out) == answer(EXAMPLES / "gates.net").data()["report"]
