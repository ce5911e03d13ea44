"""Every sentence of a report is told, and every catalogue says it: with the same parts, and nothing that nobody says."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import ClassVar

import pytest

import symbackprop as sb
from symbackprop.algebra.box import MADE_OF_MISSING
from symbackprop.algebra.lines import NO_PRODUCT
from symbackprop.algebra.step_product import BOTH_SIDES, SEVERAL
from symbackprop.core.choices import LANGUAGES as CODES
from symbackprop.core.functions import ELEMENTWISE
from symbackprop.core.functions.matrices import MATRIX_FUNCTIONS
from symbackprop.core.functions.operations import REDUCTIONS
from symbackprop.documents.formats import FORMATS
from symbackprop.documents.languages import ENGLISH, LANGUAGES, Language, LanguageError, language
from symbackprop.documents.languages.korean import with_particle
from symbackprop.documents.text import Text
from symbackprop.evaluate.verdict import NOTES
from symbackprop.formulas.names import letter
from symbackprop.formulas.told import several, told
from symbackprop.judge.conventions import LAYOUTS
from symbackprop.judge.mistakes.name import OPENINGS
from symbackprop.judge.proved import UNPROVED
from symbackprop.judge.verdict import KINDS
from tests.documents.sample import SAMPLE
from tests.judge.networks_to_judge import network
from tests.test_house import MODULES, tree

OTHERS = [row for row in LANGUAGES.values() if row is not ENGLISH]
ROOMS = (
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
        UNPROVED,
        *(row.kink for row in (*ELEMENTWISE.values(), *REDUCTIONS.values()) if row.kink),
        *KINDS,
        *OPENINGS,
        *(text for layout in LAYOUTS for text in (layout.sentence, layout.mend) if text),
        *(row.said for row in MATRIX_FUNCTIONS.values() if row.said),
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


def test_there_are_messages() -> None:
    assert "The gradients" in messages()
    assert "entries that tie for the maximum share the slope equally" in messages()
    assert tuple(LANGUAGES) == CODES


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


EXAMPLES = Path(__file__).parents[2] / "examples"
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
    "steps": [("delta_2", r"\delta_2 = \hat y - t"), ("delta_1", r"\delta_1 = W_2^\top \delta_2 \odot a_1", "dL/dz_1"),
              ("dW_1", r"\delta_1 x^\top")],
}  # fmt: skip


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
     ("W₂ᵀ", "W₂ᵀ는"), ("", "는")],
)  # fmt: skip
def test_a_particle_follows_the_last_sound(word: str, said: str) -> None:
    assert word + with_particle(word, "은") == said


def test_a_particle_after_l_is_short() -> None:
    assert with_particle("L", "으로") == with_particle("z", "으로") == "로"
    assert with_particle("값", "으로") == "으로"


def test_a_sentence_is_said_with_its_parts_in_the_order_of_the_language() -> None:
    said = told(
        "{} serves every {}: its gradient is the sum over {}.", letter("b"), several([letter("n"), letter("t")]), letter("n")
    )
    assert ENGLISH.words(said) == "b serves every n and t: its gradient is the sum over n." == str(said)
    assert LANGUAGES["ko"].words(said) == "b는 모든 n, t에 똑같이 쓰이므로, 기울기는 n에 대한 합이다."
