"""The tools that an assistant sees, and the server that offers them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

from symbackprop import __version__
from symbackprop.core.errors import SymbackpropError
from symbackprop.server.answers import kinds_of, needed_of
from symbackprop.server.kinds import Data, schema
from symbackprop.server.worker import NoAnswerError, Worker

INSTRUCTIONS = """Gradients of neural networks by the chain rule. A network is text in Python's syntax and NumPy's vocabulary:
declarations (W: parameter[h, d], x: data[d], y: labels[k]), then equations (z = W @ x, L = sum(z**2)); the last scalar is the loss.
Or it is LaTeX as papers write it, with its sets: L = \\sum_i (w^\\top x_i - y_i)^2, w, x_i \\in \\mathbb{R}^d.
Sizes are names. A gradient has the shape of the tensor that it is the gradient of."""
STARTED = "symbackprop mcp speaks the Model Context Protocol with the assistant that starts it; Ctrl-C ends it."
NETWORK = "Text in the network language: declarations, then equations, a line each. Or LaTeX."
LANG = '"en" or "ko": the language of the sentences, and of what is refused.'


class ServerError(SymbackpropError):
    """The server cannot start; the message says what is missing."""


class Tool(NamedTuple):
    """What an assistant reads of a question that it may ask: what it does, its parts, and what the answer holds."""

    does: str
    parts: Mapping[str, str]
    holds: Mapping[str, tuple[Any, str]]


TOOLS = {
    "derive": Tool(
        "Derive the gradients of a network step by step by the chain rule, checked by independent witnesses. No file is opened.",
        {
            "network": NETWORK,
            "wrt": "The tensors to differentiate by, a list of names or names and commas; all parameters where it is not given.",
            "of": "What is differentiated; the last scalar where it is not given. Of what has axes: a Jacobian.",
            "lang": LANG,
        },
        {
            "ok": (bool, "True: what cannot be derived is an error of the tool, with its place and its mend."),
            "faults": (list[Any], "Empty."),
            "of": (str, "What was differentiated."),
            "wrt": (list[str], "What it was differentiated by."),
            "tensors": (list[Any], "Each tensor with its name, kind (data, labels, parameter, value) and shape."),
            "gradients": (dict[str, Any], "By name: shape, latex, definitions (what it needs, in order) and entries, all LaTeX."),
            "remarks": (list[str], "What to know of the derivation, such as the slope that was chosen at a kink."),
            "notes": (list[str], "What was noticed while the network was read."),
            "source": (str, "Where the network comes from; empty for a text."),
            "derivation": (str, "Every step, with the table of the check, in Markdown."),
        },
    ),
    "verify": Tool(
        "Judge gradients that were derived by hand: right, wrong (where, why, with a small counterexample), or undecided. "
        "Nothing of the claims is run.",
        {
            "network": NETWORK,
            "claims": 'Gradients by name, {"W_1": "..."}; or steps, [["delta", "...", "dL/dz"], ["W_1", "..."]]; '
            'or text with a line "W_1 = ..." or a displayed formula for each step. Each is LaTeX, or Python with NumPy\'s words.',
            "of": "What is differentiated where it is not the loss: a Jacobian.",
            "symbols": 'What the claims call otherwise: {"m": "n"}.',
            "allow": 'Conventions that pass: "transpose", "layout", "sign", "N", "2", "left".',
            "lang": LANG,
        },
        {
            "told": (str, "The verdict on every claim in words."),
            "verdict": (str, "On all claims: right, wrong, up to convention, undecided or not understood, and why."),
            "exit_code": (int, "0: all right; 1: something wrong; 3: something undecided or not understood."),
            "steps": (bool, "Whether the claims were judged as the steps of a derivation."),
            "first_wrong_step": (int | None, "Its place, counted from 0; null where none is wrong."),
            "claims": (
                list[Any],
                "Of each claim: its verdict, how it was understood, likely mistakes, a counterexample, what is right.",
            ),
        },
    ),
}


def described(name: str) -> Data:
    """A tool as the protocol describes it."""
    tool, kinds = TOOLS[name], kinds_of(name)
    return {
        "name": name,
        "description": tool.does,
        "inputSchema": {
            "type": "object",
            "properties": {part: {**schema(kind), "description": tool.parts[part]} for part, kind in kinds.items()},
            "required": needed_of(name),
            "additionalProperties": False,
        },
        "outputSchema": {
            "type": "object",
            "properties": {part: {**schema(kind), "description": said} for part, (kind, said) in tool.holds.items()},
            "required": list(tool.holds),
        },
        "annotations": {"readOnlyHint": True, "openWorldHint": False},
    }


def server(worker: Worker) -> Any:
    """The server with its tools. Raises ServerError where the package mcp is not installed."""
    try:
        served, kinds, threads = (import_module(name) for name in ("mcp.server.lowlevel", "mcp_types", "anyio.to_thread"))
    except ImportError:  # an mcp older than 2 has no mcp_types
        raise ServerError('the server needs the package mcp, 2 or newer: pip install "symbackprop[mcp]"') from None

    async def listed(context: Any, asked: Any) -> Any:
        return kinds.ListToolsResult(tools=[kinds.Tool.model_validate(described(name)) for name in TOOLS])

    async def called(context: Any, asked: Any) -> Any:
        said, found = await threads.run_sync(partial(_answered, worker, asked.name, asked.arguments or {}))
        told = [kinds.TextContent(type="text", text=said)]
        return kinds.CallToolResult(content=told, structured_content=found, is_error=found is None)

    return served.Server("symbackprop", version=__version__, instructions=INSTRUCTIONS, on_list_tools=listed, on_call_tool=called)


def run() -> None:
    """Serve over standard input and output until the assistant closes them. Raises ServerError."""
    worker = Worker()
    made = server(worker)
    if sys.stdin is not None and sys.stdin.isatty():
        print(STARTED, file=sys.stderr)

    async def talk() -> None:
        async with import_module("mcp.server.stdio").stdio_server() as (asked, answered):
            await made.run(asked, answered, made.create_initialization_options())

    try:
        import_module("anyio").run(talk)
    finally:
        worker.stop()


def _answered(worker: Worker, name: str, arguments: Mapping[str, Any]) -> tuple[str, Data | None]:
    """The answer as text and as data; where there is none, what was refused, and None."""
    if name not in TOOLS:
        return f"there is no tool {name}; there are {', '.join(TOOLS)}", None
    try:
        found = worker.ask(name, arguments)
    except NoAnswerError as refused:
        return str(refused), None
    return json.dumps(found, ensure_ascii=False), found
