"""The modules of the package, each parsed once in a process: tests of the house ask what they say."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "symbackprop"


def name_of(path: Path) -> str:
    """The dotted name of a module, without the leading `symbackprop`: '' for the table of contents."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def tree(module: str) -> ast.Module:
    """What a module says; parsed where a test asks for it, as no process runs the tests of all of them."""
    return ast.parse(MODULES[module].read_text(encoding="utf-8"), str(MODULES[module]))


def statements(node: ast.AST, types: bool = True) -> Iterator[ast.AST]:
    """Every statement in a node, however deep; without `types` but those under `if TYPE_CHECKING`. Expressions hold none."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case) and (types or not _is_for_types(child)):
            yield child
            yield from statements(child, types)


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
