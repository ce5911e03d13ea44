"""What a person asks of a result by the word of another library, and what to write here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from symbackprop.core.choices import nearest

VERBS = ("derive", "check", "verify", "compile", "train", "draw", "exercise")  # functions of the package

# a word -> what does it, the first that the result has; `{}` is the result
_WORDS = {
    "latex to_latex tex to_tex": ("latex()", "box().latex()", "sb.derive({}).latex()"),
    "html to_html": ("html()", 'save("report.html")', "sb.derive({}).html()"),
    "pdf to_pdf": ('save("report.pdf")', 'sb.derive({}).save("report.pdf")'),
    "markdown to_markdown md to_md": ("markdown()", 'report("markdown")', "sb.derive({}).markdown()"),
    "text to_text show display summary explain": ("report()", "table()", "sb.derive({}).report()"),
    "save to_file write export": ('save("report.html")', 'sb.derive({}).save("report.html")'),
    "plot graph picture visualize visualise": ("sb.draw({})",),
    "diff differentiate grad grads gradient gradients backward backprop": (
        "gradients",
        "value_and_grad(W=W, x=x)",
        "sb.derive({}).gradients",
    ),
    "hessian": ('sb.derive({}, of="W")', 'sb.derive(sb.derive({}), of="W")'),
    "hvp hessp hessian_vector_product": ('sb.derive(sb.derive({}, "x"), vector="v")',),
    "jacobian": ('sb.derive(net, of="y")',),
    "parameters inputs params weights data variables shapes symbols": ("program.inputs",),
    "subs eval numpy value numeric lambdify compute": ("evaluate(W=W, x=x)", "value(W=W, x=x)", "sb.compile({})(W=W, x=x)"),
    "code source to_python python numpy_source": ("source", "sb.compile({}).source"),
    "predict": ("outputs(W=W, x=x)", "sb.compile({}).outputs(W=W, x=x)"),
    "fit": ("sb.train({}, data)",),
    "correct right valid passed success is_correct": ("ok",),
}
_OF = {word: forms for words, forms in _WORDS.items() for word in words.split()}


class Result:
    """A result of a verb. Where it has no attribute of a name, the error says what to write."""

    if not TYPE_CHECKING:  # a checker of types finds such names itself

        def __getattr__(self, name: str) -> Any:
            kind = type(self)
            if hasattr(kind, name):  # a property of its own that ended in an AttributeError
                return object.__getattribute__(self, name)
            told = "" if name.startswith("_") else f"; {_mend(kind, name)}"
            raise AttributeError(f"{kind.__name__!r} object has no attribute {name!r}{told}")


def _mend(kind: type, name: str) -> str:
    own = [known for known in {*dir(kind), *getattr(kind, "__dataclass_fields__", ())} if not known.startswith("_")]
    one = {"Network": "net", "GradientView": "gradient"}.get(kind.__name__, kind.__name__.lower())
    for form in (f"sb.{name}({{}})",) if name in VERBS else _OF.get(name.lower(), ()):
        head = re.match(r"\w+", form)
        if head and (head[0] == "sb" or head[0] in own):
            return f"write {form.format(one) if head[0] == 'sb' else f'{one}.{form}'}"
    near = nearest(name, sorted(own))
    return f"did you mean {near}?" if near else f"it has {', '.join(sorted(own))}"


def in_the_package(name: str, known: Iterable[str]) -> str:
    """What to write where the package has no function of a name: the deed itself, or the name that was most likely meant."""
    form = next((form for form in _OF.get(name.lower(), ()) if form.startswith("sb.")), None)
    near = nearest(name, known)
    return f"; write {form.format('net')}" if form else f"; did you mean {near}?" if near else ""
