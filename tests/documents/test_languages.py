"""Every sentence of a report is told, and every catalogue says it: with the same parts, and nothing that nobody says."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import symbackprop as sb
from symbackprop.algebra.box import MADE_OF_MISSING
from symbackprop.algebra.lines import NO_PRODUCT
from symbackprop.algebra.step_product import BOTH_SIDES, SEVERAL
from symbackprop.core.choices import LANGUAGES as CODES
from symbackprop.core.errors import SymbackpropError
from symbackprop.core.functions import ELEMENTWISE
from symbackprop.core.functions.matrices import MATRIX_FUNCTIONS
from symbackprop.core.functions.operations import REDUCTIONS
from symbackprop.documents.formats import FORMATS
from symbackprop.documents.formats.text import Text
from symbackprop.documents.languages import ENGLISH, LANGUAGES, NETWORKS, PATTERNS, REFUSALS, Language, LanguageError, language
from symbackprop.documents.languages.korean import with_particle
from symbackprop.evaluate.verdict import NOTES
from symbackprop.formulas.names import letter
from symbackprop.formulas.told import Said, several, told
from symbackprop.judge.mistakes import name as mistake
from symbackprop.judge.proofs.proved import TOO_LONG, UNPROVED
from symbackprop.judge.verdicts.verdict import KINDS
from symbackprop.judge.weighing.conventions import LAYOUTS
from symbackprop.notation.errors import NotationError, Place
from symbackprop.server.answer import answer
from tests.documents.sample import SAMPLE
from tests.judge.networks_to_judge import network
from tests.test_house import MODULES, tree

OTHERS = [row for row in LANGUAGES.values() if row is not ENGLISH]
ROOMS = (
    "cli.misused",
    "cli.shell",
    "cli.judging",
    "display",
    "documents",
    "pictures",
    "presenter",
    "judge",
    "notation.claims",
    "formulas.told",
)  # where the sentences of reports are told
PLACE = re.compile(r"\{(\d+)(?:\|\w+)?\}")
TELLS = re.compile(r"\b(?:[Tt]old|words|say|NoFormError|NoRecursionError)\(")
FORMULA = re.compile(r"[\w']+\([-\w]*\) = [\w'()-]+(?:(?: =|,) [\w'()-]+)*(?: = [\w'()-]+)*$")  # relu'(0) = 0


KINKS = {row.kink for row in (*ELEMENTWISE.values(), *REDUCTIONS.values()) if row.kink}


def literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def called(node: ast.AST) -> str:
    """The name of the function that a call with arguments calls."""
    func = node.func if isinstance(node, ast.Call) and node.args else None
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


@cache
def messages() -> set[str]:
    """Every pattern that the page of a report may show."""
    found = {
        *NOTES,
        NO_PRODUCT,
        MADE_OF_MISSING,
        SEVERAL,
        BOTH_SIDES,
        TOO_LONG,
        UNPROVED,
        *(row.kink for row in (*ELEMENTWISE.values(), *REDUCTIONS.values()) if row.kink),
        *KINDS,
        *(mistake.ONE, mistake.EVERYWHERE, mistake.SEVERAL),
        *(text for layout in LAYOUTS for text in (layout.sentence, layout.mend) if text),
        *(row.said[0] for row in MATRIX_FUNCTIONS.values() if row.said),
    }
    for module, path in MODULES.items():
        for node in ast.walk(tree(module)) if TELLS.search(path.read_text(encoding="utf-8")) else ():
            name = called(node)
            told_here = name in ("told", "Told") and module.startswith((*ROOMS, "formulas.build"))
            words_here = name == "words" and module.startswith(("documents", "display", "pictures", "formulas.build"))
            said_here = name == "say" and module.startswith("judge.mistakes")
            if told_here or words_here or said_here or name in ("NoFormError", "NoRecursionError"):
                assert isinstance(node, ast.Call)
                found |= set(literals(node.args[0]))
    return {text for text in found if re.search("[A-Za-z]", text.replace("{}", "")) and not FORMULA.match(text)}


@pytest.mark.slow
def test_there_are_messages() -> None:
    assert "The gradients" in messages()
    assert "entries that tie for the maximum share the slope equally" in messages()
    assert tuple(LANGUAGES) == CODES


EXAMPLES = Path(__file__).parents[2] / "examples"
COMPOSED = {"Write {} = ...", "{}, and {}", "minus {}"}  # their words are put together
FAULTS = ("Fault", "Unknown", "Unfit", "Unranged", "NotUnderstood", "DoesNotFit", "NotationError")


def patterns_of(node: ast.expr) -> Iterator[str]:
    """The sentences that an expression may be, with {} for what stands in them."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.BinOp):
        yield from (left + right for left in patterns_of(node.left) for right in patterns_of(node.right))
    else:
        yield from literals(node)


@cache
def in_modules(room: str) -> tuple[frozenset[str], frozenset[str]]:
    """The sentences of the faults of a room, and all texts in it."""
    faults, texts = set[str](), set[str]()
    for module in (m for m in MODULES if m.startswith(room)):
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.expr):
                texts |= set(patterns_of(node))
            if isinstance(node, ast.Call) and called(node) in FAULTS:
                faults |= {text for argument in node.args[called(node) == "Unknown" :][:2] for text in patterns_of(argument)}
    return frozenset(text for text in faults if re.search("[A-Za-z]{2} ", text.replace("{}", ""))), frozenset(texts)


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
def test_a_catalogue_has_the_patterns_of_every_fault_of_a_claim(row) -> None:
    known = row.sections[PATTERNS]
    faults, texts = in_modules("notation.claims")
    assert not faults - known.keys() - {"symbols: {}: {}"}
    of_code = in_modules("judge.functions")[1] | texts
    loose = [re.compile(".*?".join(map(re.escape, text.split("{}")))) for text in of_code if len(text) > 10]
    unused = {p for p in known if not any(p in text for text in of_code) and not any(e.search(p) for e in loose)}
    assert unused <= COMPOSED


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
def test_a_catalogue_says_every_fault_of_a_network_in_latex(row) -> None:
    faults, _ = in_modules("notation.latex")
    assert faults
    assert not unsaid(set(faults), row)
    said = row.refused(NotationError("x is not declared.", "Declare it in a line of its own: x: data[n]."))
    assert said == "x를 선언하지 않았다. 한 줄로 따로 선언한다: x: data[n]."


def written_in(path: Path) -> Iterator[str]:
    """The texts of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant | ast.JoinedStr):
            yield from patterns_of(node)


REFUSING = (
    "SymbackpropError", "DerivationError", "FileError", "ClaimsError", "NoAnswerError", "LanguageError", "ShapeError", "ShapesDiffer",
    "ArgumentError", "TrainingError", "FormatError", "OfficeError", "PdfError", "DrawingError", "SizeError", "CheckFailedError", "ProgramError",
    "NotationError", "NotRead", "unread",
)  # fmt: skip
SAID = (
    "backends.arguments", "cli", "core.derivation", "core.differentiate", "core.machine.files", "display", "documents", "judge.verify", "judge.in_numbers",
    "judge.texts.code", "judge.texts.files", "judge.sides.goals", "judge.exercise", "judge.submissions", "language", "notation.annotations", "notation.calls",
    "notation.composed", "notation.containers", "notation.declarations", "notation.declare", "notation.helpers", "notation.loops",
    "notation.python_function", "notation.rounds", "notation.scipy", "notation.statements", "notation.sympy", "notation.torch_words",
    "notation.trace", "notation.units", "notation.words", "presenter", "server.magic", "training", "verbs",
)  # fmt: skip
"""The rooms whose refusals every catalogue says, all of them; of others it says what is met most often."""


def refusals_of(room: str) -> set[str]:
    """The messages that a room refuses with, and what its tables say of words that are not in the language."""
    found = set[str]()
    for node in (node for m in MODULES if m.startswith(room) for node in ast.walk(tree(m))):
        if isinstance(node, ast.Call) and called(node) in (*REFUSING, "fault"):
            found |= {text for argument in node.args for text in patterns_of(argument)}
        if room == "notation.words" and isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            rows = [row.elts for row in node.value.values if isinstance(row, ast.Tuple)]
            found |= {text for row in rows for part in row for text in patterns_of(part)}
    return {text for text in found if re.search("[A-Za-z]{2} ", text.replace("{}", ""))}


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
@pytest.mark.parametrize("room", SAID)
def test_a_catalogue_has_the_patterns_of_every_refusal_of_a_room(room: str, row) -> None:
    assert refusals_of(room)
    assert not unsaid(refusals_of(room), row)


def unsaid(texts: set[str], row) -> set[str]:
    """The texts that no pattern of a catalogue says again."""
    known = {pattern for section in (PATTERNS, NETWORKS, REFUSALS) for pattern in row.sections[section]}
    return {text for text in texts if text not in known and row.refused(SymbackpropError(text)) == text}


NOTED = ("notation.notes", "notation.trace.said")
"""Beside the readers of models, the rooms whose texts are all for people: refusals put together of parts, tables of mends, notes."""
TO_MACHINES = re.compile(r"\\d|\|.*\||Tensor\[\]|of a graph that is read and never run|bound of \{}|does not require grad")
"""Regular expressions, schemas and names of sizes."""


def sentences_in(module: str) -> set[str]:
    """The texts of a module that have words in them, without its documentation."""
    nodes = list(ast.walk(tree(module)))
    inside = [part for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values]
    documentation = [node.value for node in nodes if isinstance(node, ast.Expr)]
    left = {id(node) for node in (*inside, *documentation)}
    written = (node for node in nodes if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in left)
    texts = {text for node in written for text in patterns_of(node)}
    return {text for text in texts if re.search("[A-Za-z]{2}.* | .*[A-Za-z]{2}", text) and not TO_MACHINES.search(text)}


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
@pytest.mark.parametrize("room", [pytest.param("notation.models", marks=pytest.mark.slow), *NOTED])
def test_a_catalogue_says_every_sentence_of_the_readers_of_models_and_every_note(room: str, row) -> None:
    texts = {text for module in MODULES if module.startswith(room) for text in sentences_in(module)}
    assert texts
    assert not unsaid(texts, row)


OF_PYTHON = {
    "Permission denied", "No such file or directory", "invalid syntax", "{} was never closed", "{}: missing a required argument: {}. It is written {}",
    "{}: too many positional arguments. It is written {}", "{}: axis {} is out of range: {} is {}, its axes are none",
    "{}: got an unexpected keyword argument {}. It is written {}",
}  # fmt: skip
"""What Python and the system say themselves, and where a word alone is put into a sentence."""


def left_over(pattern: str, sentences: list[tuple[str, str]]) -> str:
    """The words of a pattern that none of the sentences says; each comes with its longest piece, in small letters."""
    for longest, sentence in sentences:
        if longest in pattern.casefold():
            pattern = re.sub(".{0,60}?".join(map(re.escape, sentence.split("{}"))), "|", pattern, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z]", "", pattern)


@pytest.mark.slow
@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
def test_a_catalogue_has_no_refusal_that_nobody_says(row) -> None:
    """Every pattern stands in the source, or is put together of sentences that stand there."""
    texts = {re.sub(r"{\d}", "{}", text).strip(" ;,") for module in MODULES.values() for text in written_in(module)}
    sentences = sorted(
        (text for text in texts if re.search("[a-z]{3}.* | .*[a-z]{3}", text) and len(text) < 400),
        key=lambda text: (-len(text), text),
    )
    known = [(max(sentence.casefold().split("{}"), key=len), sentence) for sentence in sentences]
    composed = {pattern for pattern in row.sections[REFUSALS] if pattern not in texts}
    assert not {pattern for pattern in composed if left_over(pattern, known)} - OF_PYTHON


SHAPES = st.lists(st.sampled_from("abdhkmn"), max_size=3).map(lambda sizes: f"({', '.join(sizes)},)")
PARTS = st.one_of(st.sampled_from(["W_1", "x", "z.T", "yhat[2]", "3", "relu(z)", "--size", "two.net"]), SHAPES)


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_a_refusal_that_is_said_again_keeps_its_parts_and_its_place(row, data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(sorted(row.sections[REFUSALS])))
    parts = [data.draw(PARTS) for _ in range(pattern.count("{}"))]
    first, *rest = pattern.split("{}")
    text = first + "".join(part + words for part, words in zip(parts, rest, strict=True))
    place = Place("two.net", 2, 3, 4, "z = W_1 @ x")
    plain = row.refused(NotationError(text, "", place))
    assert plain != str(NotationError(text, "", place))
    assert plain.startswith("two.net:2:3: ")
    assert plain.endswith("    z = W_1 @ x\n      ^^^^")
    assert all(part in plain for part in parts)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x: data[n]\nz = y\nL = sum(z)", "<text>:2:5: y가 정의되지 않았다. "),
        ("W: parameter[h, d]\nL = sum(W.T @ W.T)", "W.T @ W.T: 안쪽 크기가 다르다. W.T는 (d, h), W.T는 (d, h)이다. W.T @ W를 뜻하였는가?"),
        ("W: parameter[h, d]\nv: data[h, h]\nL = sum(W + v)", "W + v: 모양을 브로드캐스트할 수 없다. W는 (h, d), v는 (h, h)이다. "),
        ("W: paramter[h]\nL = sum(W)", "paramter는 텐서의 종류가 아니다. parameter를 뜻하였는가?"),
        ("W: parameter(h)\nL = sum(W)", "크기는 대괄호 안에 적는다. parameter[h]로 적는다."),
        ("W: parameter[h]\nwhile W: 1", "while은(는) 이 언어에 없다. "),
        ("W: parameter[h]\nL = sigmod(W)", "sigmod은(는) 이 언어의 함수가 아니다. sigmoid을(를) 뜻하였는가?"),
        ("W: parameter[h]\nL = W[0, 0]", "모양이 (h,)인 W의 첨자: 첨자가 축보다 많다"),
    ],
    ids=["undeclared", "inner sizes", "broadcast", "kind", "brackets", "statement", "function", "index"],
)  # fmt: skip
def test_what_is_refused_is_said_in_korean_by_the_answer_as_well(text: str, said: str) -> None:
    with pytest.raises(NotationError) as refused:
        sb.read(text)
    message = LANGUAGES["ko"].refused(refused.value)
    assert said in message
    assert not english(message)
    assert ENGLISH.refused(refused.value) == str(refused.value)
    fault = answer(text, lang="ko").faults[0]
    assert fault.message == message
    assert " ".join(filter(None, [fault.fault, fault.mend])) in message


def test_a_sentence_that_nobody_translated_stays_english_as_a_whole() -> None:
    korean = LANGUAGES["ko"]
    for text in ("Write the sizes of what is left out.", "W takes what nobody knows."):
        assert korean.refused(SymbackpropError(text)) == text
    assert korean.refused(SymbackpropError("nobody translated this. Did you mean W?")) == "nobody translated this. W를 뜻하였는가?"


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
@pytest.mark.parametrize("section", [PATTERNS, NETWORKS, REFUSALS])
def test_the_translation_of_a_pattern_has_its_parts(row, section: str) -> None:
    for pattern, said in row.sections[section].items():
        assert {int(place[1]) for place in PLACE.finditer(said)} == set(range(pattern.count("{}"))), pattern
        assert said.endswith(".") >= pattern.endswith("."), pattern
        assert all(row.particle("W", place) for place in re.findall(r"\{\d+\|(.+?)\}", said))


def test_a_sentence_with_its_parts_in_it_is_said_again() -> None:
    korean = LANGUAGES["ko"]
    assert korean.words(Said("W stands nowhere in this network.")) == "이 신경망에는 W가 없다."
    assert korean.words(Said("it is 3 times the gradient, 3 being the number of rows of W: 1/3 is missing")).startswith(
        "기울기의 3배이다. 3은 W의 행의 수"
    )
    assert korean.words(Said(") is expected here.")) == "여기에는 )가 와야 한다."
    assert korean.words(Said("no pattern made this")) == ENGLISH.words(Said("no pattern made this")) == "no pattern made this"


NET = """W_1: parameter[h, d]
c_1: parameter[h]
W_2: parameter[k, h]
x: data[d]
t: data[k]
z_1 = W_1 @ x + c_1
a_1 = sigmoid(z_1)
yhat = W_2 @ a_1
L = sum((yhat - t)**2)
"""
WRONG = {
    "W_1": r"2 W_2^\top (\hat y - t) q^\top",
    "W_2": r"(\hat y - t a_1^\top",
    "c_1": r"\foo{W_2} a_1",
    "z_1": "a_1 x",
    "a_1": r"\sum W_2",
    "yhat": r"\frac{a}{",
}


def test_no_english_stands_on_the_page_of_claims_that_are_not_read_or_have_a_wrong_shape() -> None:
    verdict = sb.verify(sb.read(NET), WRONG)
    assert {claim.kind for claim in verdict.claims} >= {"not understood", "wrong shape"}
    assert not english(verdict.report("text", lang="ko"))


def english(text: str) -> list[str]:
    """Runs of words that are English in a page in another language; names and code have no two in a row."""
    return re.findall(r"\b[a-z]{2,} [a-z]{2,} [a-z]{2,}", text)


def test_no_english_stands_on_the_page_of_a_backward_pass() -> None:
    def loss(W, x, y):
        return float(np.sum((W @ x - y) ** 2)) / 3

    def raising(W, x, y):
        raise ValueError("0")

    def writing(W, x, y):
        x += 1
        return 2 / 3 * np.outer(W @ x - y, x)

    passes = [
        *(lambda W, x, y, c=c: c * np.outer(W @ x - y, x) for c in (2 / 3, 1, 2, -2 / 3, 4 / 3, 0)),
        lambda W, x, y: -2 / 3 * np.outer(W @ x - y, x).T,
        lambda W, x, y: np.ones((2, 2)),
        raising,
        writing,
    ]
    rng = np.random.default_rng(0)
    for one in passes:
        verdict = sb.verify_function(loss, one, rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=3), wrt="W")
        assert not english(verdict.report("text", lang="ko")), verdict.report("text", lang="ko")


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
def test_a_catalogue_says_every_message_and_no_other(row) -> None:
    assert not messages() - row.catalogue.keys()
    assert not row.catalogue.keys() - messages()


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
def test_a_translation_has_the_parts_of_its_message(row) -> None:
    for pattern, said in row.catalogue.items():
        places = {int(place[1]) for place in PLACE.finditer(said)}
        assert places == set(range(pattern.count("{}"))), pattern
        assert not set("{}") & set(PLACE.sub("", said)), said
        assert said.endswith(".") >= pattern.endswith("."), pattern


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: row.code)
def test_the_particles_of_a_translation_are_known(row) -> None:
    for text in row.catalogue.values():
        for particle in re.findall(r"\{\d+\|(.+?)\}", text):
            assert row.particle("W", particle), text


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith(ROOMS)])
def test_what_is_told_is_told_word_by_word(module: str) -> None:
    """Only rows of tables give patterns that do not stand in the call."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "told":
            assert list(literals(node.args[0])), ast.unparse(node)


SHOWN = [
    *(pytest.param(EXAMPLES / f"{name}.net", detail, id=f"{name}-{detail}") for name, detail in (
        ("two_layer_biases", "normal"), ("collapse", "full"), ("threshold", "normal"), ("residual", "full"), ("classifier", "normal"))),
    *(pytest.param(path, detail, marks=pytest.mark.slow, id=f"{path.stem}-{detail}")
      for path in sorted(EXAMPLES.rglob("*.net")) for detail in ("normal", "full") if "loss" in path.read_text(encoding="utf-8")),
]  # fmt: skip


class Untold(Text):
    """Keeps the words that no catalogue has: formulas and code pass by other leaves."""

    said: ClassVar[list[str]] = []

    def text(self, text: str) -> str:
        self.said.append(text)
        return text

    def mono(self, text: str) -> str:
        return text


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language whose sentences are their parts alone."""
    row = Language("zz", "silence")
    places = {pattern: "".join(f"{{{k}}}" for k in range(pattern.count("{}"))) for pattern in messages()}
    monkeypatch.setattr(Language, "catalogue", property(lambda one: places if one is row else {}))
    monkeypatch.setitem(LANGUAGES, "zz", row)


@pytest.mark.parametrize(("path", "detail"), SHOWN)
def test_every_sentence_of_an_example_is_told(path: Path, detail: str, silent: None) -> None:
    """In a language whose sentences are their parts alone, no words are left but those of the network's author."""
    network = sb.read(str(path))
    derived = sb.derive(network, of=network.loss if network.program.shape(network.loss) else None)
    title = (derived.network.title if derived.network else None) or ""
    assert not {text for text in untold(derived.document(detail=detail)) if text not in title} - KINKS


JUDGED = {
    "claims": {"W_2": "outer(yhat - t, a_1)", "W_1": r"(W_2^\top(\hat y - t) \odot a_1 \odot (1 + a_1)) x^\top", "c_1": r"\frac{1}{2} Q"},
    "one right": {"W_2": "outer(yhat - t, a_1)"},
    "one transposed": {"W_2": "outer(a_1, yhat - t)"},
    "steps": [("delta_2", r"\delta_2 = \hat y - t"), ("delta_1", r"\delta_1 = W_2^\top \delta_2 \odot a_1", "z_1"),
              ("dW_1", r"\delta_1 x^\top")],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("claims", JUDGED.values(), ids=JUDGED)
def test_every_sentence_of_a_verdict_is_told(claims, silent: None) -> None:
    """But for what is read of a claim that is not understood: the fault is the reader's, with its place."""
    verdict = sb.verify(network("two_layer"), claims)
    assert not untold(replace(verdict.document(), title=""))
    lines = [line for line, _ in verdict.lines("zz")]
    names = {m.name for claim in verdict.claims for m in claim.mistakes}
    assert not [line for line in lines if re.search(r"[a-z]{3}", re.sub("|".join(map(re.escape, names)) or "$", "", line))]


@pytest.mark.slow
def test_a_verdict_in_korean_has_its_formulas() -> None:
    page = sb.verify(network("two_layer"), JUDGED["claims"]).report("html", lang="ko")
    assert "가장 그럴듯한 원인: " in page
    assert '<html lang="ko">' in page


def untold(document) -> set[str]:
    """The words of a document that no catalogue has."""
    Untold.said.clear()
    Untold.write(replace(document, lang="zz"))
    return {text for text in Untold.said if re.search(r"[A-Za-z]{2}", text)}


@pytest.mark.slow
def test_the_words_of_a_picture_are_korean_in_a_korean_report() -> None:
    derived = sb.derive(str(EXAMPLES / "two_layer.net"))
    for name in ("html", "latex"):
        written = derived.report(name, lang="ko")
        drawn = written[written.index("<svg" if name == "html" else r"\begin{tikzpicture}") :]
        assert "손실의 기울기" in drawn
        assert "gradient of the loss" not in drawn
    assert "gradient of the loss" in derived.report("latex")


def test_a_report_in_korean_has_the_same_formulas() -> None:
    derived = sb.derive(str(EXAMPLES / "two_layer.net"))
    english, korean = (derived.report("html", lang=code) for code in CODES)
    formulas = [sorted(re.findall(r"<math[^>]*>(.*?)</math>", page)) for page in (english, korean)]
    assert formulas[0] == formulas[1]
    assert '<html lang="ko">' in korean
    assert "야코비 행렬" in korean


@pytest.mark.parametrize("row", [row for row in FORMATS if not row.binary], ids=lambda row: row.name)
@pytest.mark.parametrize("code", CODES)
def test_every_format_writes_every_language(row, code: str) -> None:
    written = row.write(replace(SAMPLE, lang=code))
    assert ("참고" in written) == (code == "ko")
    assert ("kotex" in written) == (code == "ko" and "usepackage" in written)


def test_a_language_that_is_not_there_is_refused_with_the_mend() -> None:
    with pytest.raises(LanguageError, match='there is no language "kr": there are en, ko'):
        language("kr")
    with pytest.raises(LanguageError, match="did you mean en"):
        sb.derive(str(EXAMPLES / "gates.net")).report("html", lang="En")


@pytest.mark.parametrize(
    ("word", "said"),
    [("W", "W는"), ("L", "L은"), ("x₁", "x₁은"), ("ŷ", "ŷ은"), ("z", "z는"), ("값", "값은"), ("기울기", "기울기는"), ("sigmoid", "sigmoid은(는)"),
     ("W₂ᵀ", "W₂ᵀ는"), ("", "는"), ("rowsum(X)", "rowsum(X)는"), ("diag(d, n)", "diag(d, n)은"), ("softmax(noise)", "softmax(noise)은(는)"),
     ("scores", "scores는"), ("kernel", "kernel은"), ("w, s, b, v", "w, s, b, v는"), ("softmax(S) − Y", "softmax(S) − Y는")],
)  # fmt: skip
def test_a_particle_follows_the_last_sound(word: str, said: str) -> None:
    assert word + with_particle(word, "은") == said


def test_a_particle_after_l_is_short() -> None:
    assert with_particle("L", "으로") == with_particle("z", "으로") == "로"
    assert with_particle("값", "으로") == "으로"


def test_a_sentence_is_said_with_its_parts_in_the_order_of_the_language() -> None:
    said = told(
        "{} is used for every {}: its gradient is the sum over {}.", letter("b"), several([letter("n"), letter("t")]), letter("n")
    )
    assert ENGLISH.words(said) == "b is used for every n and t: its gradient is the sum over n." == str(said)
    assert LANGUAGES["ko"].words(said) == "b는 모든 n, t에 똑같이 쓰이므로, 기울기는 n에 대한 합이다."
