"""What an assistant is answered: text in, plain JSON out, within limits of length and time; nothing is opened or run."""

import asyncio
import json
from importlib import import_module
from types import ModuleType

import pytest

from symbackprop.server import tools
from symbackprop.server.answers import LONGEST, MOST, AskedOtherwiseError, AskedTooMuchError, answer, kinds_of
from symbackprop.server.kinds import is_of
from symbackprop.server.worker import NoAnswerError, Worker
from tests.command import EXAMPLES, Run

NET = (EXAMPLES / "verify" / "two_layer.net").read_text()
SMALL = "w: parameter[d]\nx: data[d]\nL = sum(w*x)**2"


def test_a_derivation_is_answered_in_plain_json() -> None:
    found = json.loads(json.dumps(answer("derive", {"network": SMALL, "wrt": ["w"]})))
    assert found["gradients"]["w"]["shape"] == ["d"]
    assert r"\frac{\partial L}{\partial w}" in found["gradients"]["w"]["latex"]
    assert "# " in found["derivation"]


def test_claims_are_answered_with_their_evidence() -> None:
    found = json.loads(json.dumps(answer("verify", {"network": SMALL, "claims": {"w": "2*sum(w*x)*x"}})))
    assert found["verdict"] == "right, identity"
    steps = [["s", "2*sum(w*x)", "abbreviation"], ["w", "s*w"]]
    found = answer("verify", {"network": SMALL, "claims": steps, "allow": ["sign"], "symbols": {"q": "w"}})
    assert found["first_wrong_step"] == 1
    assert found["claims"][1]["mistakes"][0]["name"] == "wrong tensor"


@pytest.mark.parametrize(
    "claims",
    [
        "s = 2*sum(w*x)\nw = s*x",
        ["s = 2*sum(w*x)", "w = s*x"],
        r"$$s = 2 w^\top x$$ and so $$\frac{\partial L}{\partial w} = s x$$",
    ],
)
def test_claims_may_come_as_text(claims: str | list[str]) -> None:
    found = answer("verify", {"network": SMALL, "claims": claims})
    assert (found["verdict"], found["first_wrong_step"], len(found["claims"])) == ("right, identity", None, 2)


def test_a_text_without_claims_is_refused_and_names_may_be_a_text() -> None:
    with pytest.raises(ValueError, match="line 1 is no step"):
        answer("verify", {"network": SMALL, "claims": "nonsense"})
    assert list(answer("derive", {"network": SMALL, "wrt": "w, x"})["gradients"]) == ["w", "x"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"network": "examples/xor.net"}, "'examples/xor.net': no file is opened here; give the text of the network itself"),
        ({"network": "/etc/passwd"}, "<text>:1:"),
        ({"network": "L = __import__('os').getcwd()"}, "<text>:1:"),
        ({"network": "x" * (LONGEST + 1)}, "at most 20,000 are read"),
        ({"network": SMALL, "wrt": ["v"]}, "there is no v"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_the_mend(arguments: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        answer("derive", arguments)


def test_too_many_claims_are_refused() -> None:
    with pytest.raises(AskedTooMuchError, match=f"at most {MOST}"):
        answer("verify", {"network": SMALL, "claims": [["w", "x"]] * (MOST + 1)})


KINDS = {
    "derive": [({"wrt": 5}, "wrt=5; give a list of texts or a text or null"), ({"of": ["L"]}, "give a text or null"), ({"loss": "L"}, "derive has no 'loss'; it has network, wrt, of, lang"), ({"lang": 1}, "give a text")],
    "verify": [({}, "verify needs claims: give an object of texts or a list of lists of texts or a list of texts or a text"), ({"claims": [[1, 2]]}, "claims="), ({"claims": 5}, "claims=")],
    "picture": [({"width": float("nan")}, "width=nan; give a number"), ({"width": True}, "width=True"), ({"at": [1]}, "give an object of values or null")],
    "file": [({"format": {}}, "give a text"), ({"format": None}, "give a text")],
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_parts_of_another_kind_are_refused_by_name(name: str) -> None:
    network = "network" if name in ("derive", "verify") else "text"
    for arguments, said in KINDS[name]:
        with pytest.raises(AskedOtherwiseError) as refused:
            answer(name, {network: SMALL, **arguments})
        assert said in str(refused.value)
    with pytest.raises(AskedOtherwiseError, match=f"{network}=7; give a text"):
        answer(name, {network: 7})


@pytest.mark.slow
def test_a_question_that_takes_too_long_ends_alone() -> None:
    worker = Worker()
    try:
        with pytest.raises(NoAnswerError, match="there is no v"):
            worker.ask("derive", {"network": SMALL, "wrt": ["v"]})
        worker.seconds = 0.0
        with pytest.raises(NoAnswerError, match="more than 0 s"):
            worker.ask("verify", {"network": NET, "claims": {"W_1": "x"}})
        worker.seconds = 30.0
        assert worker.ask("derive", {"network": SMALL})["of"] == "L"
    finally:
        worker.stop()


def test_without_the_package_the_command_says_how_to_install_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> ModuleType:
        if name.startswith("mcp"):
            raise ImportError(name)
        return import_module(name)

    monkeypatch.setattr(tools, "import_module", missing)
    outcome = run("mcp")
    assert outcome.code == 2
    assert 'pip install "symbackprop[mcp]"' in outcome.err


@pytest.mark.parametrize("name", tools.TOOLS)
def test_what_a_tool_says_of_its_parts_and_its_answer_is_what_they_are(name: str) -> None:
    asked = {"network": SMALL, **({"claims": {"w": "x"}} if name == "verify" else {})}
    tool, found = tools.TOOLS[name], answer(name, asked)
    assert tool.parts.keys() == kinds_of(name).keys()
    assert tool.holds.keys() == found.keys()
    for part, (kind, _) in tool.holds.items():
        assert is_of(found[part], kind), part
    described = json.loads(json.dumps(tools.described(name)))
    assert described["inputSchema"]["required"] == list(asked)
    assert all(part["description"] for side in ("inputSchema", "outputSchema") for part in described[side]["properties"].values())


def test_an_answer_is_in_the_language_that_was_asked_for() -> None:
    korean = answer("derive", {"network": SMALL, "lang": "ko"})
    assert "기울기" in korean["derivation"].splitlines()[0]
    assert answer("verify", {"network": SMALL, "claims": {"w": "x"}, "lang": "ko"})["told"].startswith("∂L/∂w  틀림")
    with pytest.raises(ValueError, match='there is no language "kr"'):
        answer("derive", {"network": SMALL, "lang": "kr"})


def test_an_assistant_finds_the_tools_and_is_answered(mcp: ModuleType) -> None:
    worker = Worker()

    async def talk() -> tuple[list[str], dict, list[tuple[bool, str]]]:
        client = import_module("mcp.client.client").Client
        async with client(tools.server(worker)) as assistant:
            names = [tool.name for tool in (await assistant.list_tools()).tools]
            right = await assistant.call_tool("verify", {"network": SMALL, "claims": {"w": "2*sum(w*x)*x"}})
            asked = (
                ("derive", {"network": "L = open('x')"}),
                ("derive", {"network": SMALL, "loss": "L"}),
                ("derive", {}),
                ("derive", {"network": 3}),
                ("derive", {"network": SMALL, "wrt": "v", "lang": "ko"}),
                ("drive", {"network": SMALL}),
            )
            refused = [await assistant.call_tool(name, given) for name, given in asked]
            return names, right.structured_content, [(bool(one.is_error), one.content[0].text) for one in refused]

    try:
        names, right, refused = asyncio.run(talk())
    finally:
        worker.stop()
    assert names == ["derive", "verify"]
    assert right["verdict"] == "right, identity"
    assert all(is_error for is_error, _ in refused)
    said = (
        "<text>:1:",
        "derive has no 'loss'",
        "derive needs network: give a text",
        "network=3; give a text",
        "미분할 v가 없다",
        "there is no tool drive",
    )
    for (_, text), start in zip(refused, said, strict=True):
        assert start in text.splitlines()[0]
