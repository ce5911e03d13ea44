"""What a worker of the browser calls: JSON in, JSON out. There may be no NumPy, and then what needs it is refused by name."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial

from symbackprop.core.errors import SymbackpropError
from symbackprop.documents.languages import refusal
from symbackprop.server import page
from symbackprop.server.answer import Answer, Fault
from symbackprop.server.answers import answer
from symbackprop.server.kinds import Data

NUMBERS = "numpy"
NO_NUMBERS = (
    "this needs NumPy, which this page is without: networks in LaTeX, checks, pictures, verdicts, compiled code are had by "
    "symbackprop serve"
)
WARM = "x: data[d]\nW: parameter[h, d]\nL = sum(sigmoid(W @ x)**2)\n"


def ask(name: str, question: str) -> str:
    """The answer of a name (those of `answers`) to a question; what cannot be answered is told as faults, never raised."""
    return json.dumps(_answered(name, question), ensure_ascii=False)


def _answered(name: str, question: str) -> Data:
    asked = json.loads(question)
    refused = partial(_refused, asked.get("lang"))
    try:
        return answer(name, asked)
    except SymbackpropError as fault:
        return refused(fault)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != NUMBERS:
            return refused(f"{missing.name} is not part of this page: this cannot be answered here")
        return {**refused(NO_NUMBERS), "lacks": NUMBERS}
    except (MemoryError, RecursionError):
        return refused("this takes more memory than there is; ask about a smaller network")
    except Exception as fault:  # whatever it is, the next question is answered
        return refused(f"a fault of symbackprop's own ({type(fault).__name__}): this cannot be answered")


def able() -> None:
    """Arrays have come: what was derived without them is derived anew, and proved."""
    page.forget()


def warm() -> None:
    """Import what the first formulas need, before somebody waits for them."""
    with suppress(SymbackpropError):
        page.formulas(WARM)


def _refused(lang: str | None, why: SymbackpropError | str) -> Data:
    told = refusal(SymbackpropError(why) if isinstance(why, str) else why, lang)
    return Answer(None, (Fault(told, told),)).head()
