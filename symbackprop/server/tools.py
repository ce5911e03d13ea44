"""The tools that an assistant sees, and the server that offers them."""

from __future__ import annotations

from importlib import import_module
from inspect import cleandoc
from typing import Any

from symbackprop import __version__
from symbackprop.core.errors import SymbackpropError
from symbackprop.server.worker import NoAnswerError, Worker

INSTRUCTIONS = """Gradients of neural networks by the chain rule. A network is text in Python's syntax and NumPy's vocabulary:
declarations (W: parameter[h, d], x: data[d], y: labels[k]), then equations (z = W @ x, L = sum(z**2)); the last scalar is the loss.
Sizes are names. A gradient has the shape of the tensor that it is the gradient of."""


class ServerError(SymbackpropError):
    """The server cannot start; the message says what is missing."""


def tools(worker: Worker, refusal: type[Exception]) -> list[Any]:
    """The tools as functions; what they say of themselves is what an assistant reads.

    refusal   what is raised for a question that has no answer, with the message that an assistant reads.
    """

    def ask(name: str, **arguments: Any) -> dict[str, Any]:
        try:
            return worker.ask(name, arguments)
        except NoAnswerError as refused:
            raise refusal(str(refused)) from None

    def derive(network: str, wrt: list[str] | str | None = None, of: str | None = None) -> dict[str, Any]:
        """Derive the gradients of a network step by step by the chain rule, checked by independent witnesses.

        network: text in the network language. wrt: the tensors to differentiate by; all parameters where it is not given.
        of: what is differentiated; the loss where it is not given.
        The answer: "gradients", each with its shape and its formula in LaTeX; "derivation", every step, in Markdown.
        """
        return ask("derive", network=network, wrt=wrt, of=of)

    def verify(
        network: str,
        claims: dict[str, str] | list[list[str]] | list[str] | str,
        of: str | None = None,
        symbols: dict[str, str] | None = None,
        allow: list[str] | None = None,
    ) -> dict[str, Any]:
        """Judge gradients that were derived by hand: right, wrong (where, why, with a small counterexample), or undecided.

        network: text in the network language. claims: {"W_1": "..."}, gradients by name, or the steps of a derivation,
        [["delta", "...", "dL/dz"], ["W_1", "..."]], each in LaTeX, in Python text or with several lines; or one text with a line
        "W_1 = ..." or a displayed formula for each step.
        of: what is differentiated where it is not the loss: a Jacobian. symbols: what the claims call otherwise, {"m": "n"}.
        allow: conventions that pass: "transpose", "layout", "sign", "N", "2".
        The answer: "verdict", "first_wrong_step", and for every claim its verdict, likely mistakes and the right formula.
        """
        return ask("verify", network=network, claims=claims, of=of, symbols=symbols, allow=allow)

    for tool in (derive, verify):
        tool.__doc__ = cleandoc(tool.__doc__ or "")
    return [derive, verify]


def server(worker: Worker) -> Any:
    """The server with its tools. Raises ServerError where the package mcp is not installed."""
    try:
        made = import_module("mcp.server").MCPServer("symbackprop", instructions=INSTRUCTIONS, version=__version__)
        refusal = import_module("mcp.server.mcpserver.exceptions").ToolError
    except (ImportError, AttributeError):  # an mcp older than 2 has no MCPServer
        raise ServerError('the server needs the package mcp, 2 or newer: pip install "symbackprop[mcp]"') from None
    for tool in tools(worker, refusal):
        made.tool()(tool)
    return made


def run() -> None:
    """Serve over standard input and output until the assistant closes them. Raises ServerError."""
    worker = Worker()
    try:
        server(worker).run()
    finally:
        worker.stop()
