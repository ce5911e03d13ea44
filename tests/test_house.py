"""The rules of the house: which module may import which, what no module may call, and what no file may say."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import symbackprop as sb
from tests.sources import MODULES, ROOT, statements, tree

# The floors, lowest first; a room that is not named here lies on the floor of the room that holds it. A module imports from
# its own floor and from those below, and never in a circle.
FLOORS = [
    {
        "core.errors",
        "core.renaming",
        "core.naming",
        "core.letters",
        "core.choices",
        "core.expressions",
        "core.machine",
    },
    {"core.program", "core.functions"},
    {"core"},
    {"algebra"},
    {"formulas"},
    {"language.tensors"},
    {"language.lower"},
    {"language.operations", "language.loop"},
    {"language.layers", "language.losses", "language.gated"},
    {"language"},
    {"notation"},
    {"evaluate", "display", "plan"},
    {"backends"},
    {"pictures"},
    {"documents"},
    {"judge.texts", "judge.proofs", "judge.witnesses"},
    {"judge.weighing"},
    {"judge.sides"},
    {"judge.mistakes"},
    {"judge.verdicts"},
    {"judge.steps"},
    {"judge"},
    {"training"},
    {"presenter"},
    {"verbs"},
    {"pytest_plugin", "server"},
    {"cli.shell"},
    {"cli"},
    {"__main__"},
]

# The rooms at the top, lowest first, and what each may import beside itself. Nothing imports a room that stands after it.
HOUSE: dict[str, set[str]] = {
    "core": set(),
    "algebra": {"core"},
    "formulas": {"core"},  # the error that all errors are
    "language": {"core"},
    "notation": {"core", "formulas", "language"},
    "evaluate": {"core"},
    "plan": {"core"},
    "backends": {"core", "evaluate", "plan"},
    "display": {"core", "algebra", "formulas"},
    "pictures": {"core", "formulas", "display"},
    "documents": {"core", "formulas", "display", "pictures"},
    "judge": {"core", "language", "algebra", "formulas", "notation", "evaluate", "backends", "display", "documents"},
    "training": {"core", "evaluate", "backends", "pictures"},
    "presenter": {"core", "language", "algebra", "formulas", "evaluate", "backends", "display", "pictures", "documents", "judge"},
    "verbs": {"core", "language", "notation", "evaluate", "backends", "judge", "training", "presenter"},
    "server": {"core", "formulas", "notation", "documents", "judge", "presenter", "verbs"},
    "pytest_plugin": {"core", "judge", "verbs"},
    "cli": {"core", "formulas", "notation", "documents", "judge", "training", "verbs", "server"},
    "__main__": {"cli"},
}
MOST_ROOMS = 18

# What runs text or stored objects as code. The exceptions are (module, name): why.
RUNS_TEXT = {"eval", "exec", "sympify", "parse_expr", "parse_latex", "lambdify", "nsimplify", "system", "popen"}
RUNS_TEXT_WHEN_CALLED = {"S"}  # S.One is a number, S("...") reads Python
RUNS_TEXT_BY_IMPORT = {"pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
RUNS_TEXT_BY_OPTION = {"allow_pickle", "shell"}
EXCEPTIONS = {("backends.executed", "exec"): "runs the source that was generated, in which every identifier was generated too"}

LONGEST_MODULE = 400  # lines: what is read in one sitting

# Places on somebody's machine, and package registries: a file of the project names neither.
ELSEWHERE = re.compile(
    rb"(?<![\w.~<>{}$)/-])/(?:work|tmp|root|home|Users|opt|mnt|var/folders)/[\w.]"
    rb"|\b[A-Z]:\\+Users\b"
    rb"|\b(?:pypi\.org|pythonhosted\.org|npmjs\.(?:org|com))"
)

INSIDE = sorted(MODULES.keys() - {""})


def targets(node: ast.AST, module: str) -> Iterator[str]:
    """The modules of the package that an import statement asks for; '' where it asks the table of contents."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            first, _, rest = alias.name.partition(".")
            if first == "symbackprop":
                yield rest
    elif isinstance(node, ast.ImportFrom):
        if node.level:
            folder = MODULES[module].parent.relative_to(ROOT).parts
            base = [*folder[: len(folder) + 1 - node.level], *filter(None, [node.module])]
        else:
            base = (node.module or "").split(".")
        if base[0] == "symbackprop":
            for alias in node.names:
                path = ".".join([*base[1:], alias.name])
                if path in MODULES:
                    yield path
                elif path != "__version__":
                    yield ".".join(base[1:])


def imports(module: str, nodes: Iterator[ast.AST]) -> set[str]:
    return {target for node in nodes for target in targets(node, module)}


@cache
def asked(module: str) -> set[str]:
    """The modules that a module asks for anywhere in it."""
    return imports(module, statements(tree(module)))


def floor(module: str) -> int:
    """The height of the floor that names the module, or the nearest room that holds it."""
    room = module
    while room:
        for height, rooms in enumerate(FLOORS):
            if room in rooms:
                return height
        room = room.rpartition(".")[0]
    raise AssertionError(f"symbackprop/{module} has no floor: add it to FLOORS in tests/test_house.py")


def test_a_module_has_a_floor_and_imports_from_it_or_below() -> None:
    for module in INSIDE:
        here = floor(module)
        for target in sorted(asked(module)):
            assert target, f"{module} imports from symbackprop itself: import from the module that defines the name"
            assert floor(target) <= here, f"{module} imports {target}, which lives on a higher floor"


def room(module: str) -> str:
    return module.partition(".")[0]


def test_a_room_imports_what_the_house_allows() -> None:
    """Imports inside functions and those for types alone count as any other."""
    for module in INSIDE:
        others = {room(target) for target in asked(module)} - {room(module)}
        assert others <= HOUSE[room(module)], f"{module} imports {', '.join(sorted(others - HOUSE[room(module)]))}"


def test_the_house_has_few_rooms_and_its_arrows_go_down() -> None:
    assert {room(module) for module in INSIDE} <= set(HOUSE)
    assert len(HOUSE.keys() - {"__main__"}) <= MOST_ROOMS  # "python -m" is a door of cli, no room
    for place, (name, below) in enumerate(HOUSE.items()):
        assert below <= set(list(HOUSE)[:place]), f"{name} may import what stands after it"


def test_no_module_imports_itself_in_a_circle() -> None:
    """Imports inside functions count. Two modules of one room may know each other's types."""
    assert_no_circle({module: imports(module, statements(tree(module), types=False)) - {module} for module in MODULES if module})


def assert_no_circle(graph: dict[str, set[str]]) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"imports go round: {' <- '.join(error.args[1])}")


def test_the_floors_name_each_module_once() -> None:
    named = [unit for units in FLOORS for unit in units]
    assert len(named) == len(set(named))
    missing = sorted(set(named) - set(INSIDE))
    assert not missing, f"FLOORS names modules that are not there: {', '.join(missing)}"


def what_runs_text(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The line and the name of everything in a module that may run text or stored objects as code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in RUNS_TEXT:
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and node.attr in RUNS_TEXT:
            yield node.lineno, node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            named = {alias.name for alias in node.names} & RUNS_TEXT
            asked = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
            for name in named | ({name.partition(".")[0] for name in asked} & RUNS_TEXT_BY_IMPORT):
                yield node.lineno, name
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "id", getattr(node.func, "attr", None))
            if called in RUNS_TEXT_WHEN_CALLED:
                yield node.lineno, called
            for option in node.keywords:
                if option.arg in RUNS_TEXT_BY_OPTION and ast.unparse(option.value) != "False":
                    yield node.lineno, option.arg


def test_no_module_runs_text() -> None:
    found = {(module, name): line for module in MODULES for line, name in what_runs_text(tree(module))}
    told = [f"{MODULES[module].relative_to(ROOT)}:{found[module, name]}: {name}" for module, name in found.keys() - EXCEPTIONS]
    assert not told, f"these run text as code: {'; '.join(sorted(told))}"
    unused = EXCEPTIONS.keys() - found.keys()
    assert not unused, f"EXCEPTIONS that nothing uses: {sorted(unused)}"


@pytest.mark.parametrize(
    "line",
    [
        "eval(x)",
        "sympy.sympify(x)",
        "map(eval, x)",
        "from sympy import lambdify as f",
        "import pickle",
        "from dill import loads",
        "import pickle.x as q",
        "S('x')",
        "np.load(x, allow_pickle=True)",
        "run(x, shell=yes)",
        "os.system(x)",
    ],
)
def test_what_runs_text_is_found(line: str) -> None:
    assert list(what_runs_text(ast.parse(line)))


@pytest.mark.parametrize("line", ["S.One", "np.load(x, allow_pickle=False)", "evaluate(x)", "x = 'eval'", "executor.submit(f)"])
def test_what_runs_no_text_is_left_alone(line: str) -> None:
    assert not list(what_runs_text(ast.parse(line)))


def files() -> Iterator[Path]:
    """The files of the project: neither what running it makes nor the hidden folders of tools, but for .ci."""
    for top in ROOT.iterdir():
        if top.name not in {"build", "dist", "demo", ".git"} and (top.is_file() or top.name == ".ci" or top.name[0] != "."):
            inside = top.rglob("*") if top.is_dir() else [top]
            yield from (path for path in inside if path.is_file() and "__pycache__" not in path.parts)


def test_the_project_speaks_of_itself_alone() -> None:
    read = {path.relative_to(ROOT): path.read_bytes() for path in files()}
    assert Path("pyproject.toml") in read
    told = [
        f"{path}:{text[: place.start()].count(10) + 1}: {place[0].decode()}"
        for path, text in read.items()
        for place in ELSEWHERE.finditer(text)
    ]
    assert not told, f"these name a place on somebody's machine or a registry: {'; '.join(told)}"


@pytest.mark.parametrize("place", ["work/main", "tmp/w", "home/ann/x", "root/.venv", "Users/ann"])
def test_a_place_on_a_machine_is_found(place: str) -> None:
    assert ELSEWHERE.search(f"see /{place}".encode())
    assert ELSEWHERE.search(f'open("/{place}")'.encode())
    assert not ELSEWHERE.search(f"https://example.org/{place}".encode())
    assert not ELSEWHERE.search(f"examples/{place} ~/{place}".encode())


COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def hidden(tree: ast.Module) -> Iterator[str]:
    """Names of the module that one comprehension of a function binds and another reads, which Python 3.12 mistakes for each other."""
    own = {
        name
        for node in tree.body
        for name in (getattr(node, "name", None), *(a.asname or a.name for a in getattr(node, "names", [])))
    }
    for function in (node for node in statements(tree) if isinstance(node, ast.FunctionDef)):
        within: dict[str, set[int]] = {}
        for node in (node for node in ast.walk(function) if isinstance(node, COMPREHENSIONS)):
            for name in {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)} & own:
                within.setdefault(name, set()).update(map(id, ast.walk(node)))
        if within:
            yield from (n.id for n in ast.walk(function) if isinstance(n, ast.Name) and id(n) not in within.get(n.id, {id(n)}))


def test_a_comprehension_hides_no_name_that_its_function_reads() -> None:
    assert list(
        hidden(ast.parse("def part(x): ...\ndef f(x):\n    y = [part for part in x]\n    return [part(a) for a in y]"))
    ) == ["part"]
    assert {module: found for module in MODULES if (found := set(hidden(tree(module))))} == {}


def test_a_module_is_short_enough_to_read() -> None:
    lines = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES.values()}
    assert not {path: count for path, count in lines.items() if count >= LONGEST_MODULE}, "split these"


@pytest.mark.parametrize("name", sb.PUBLIC)
def test_a_public_name_is_there_and_says_what_it_does(name: str) -> None:
    assert says_what_it_does(getattr(sb, name)), f"sb.{name} has no docstring"


def test_every_function_of_the_language_is_there_and_says_what_it_does() -> None:
    language = importlib.import_module(f"symbackprop.{sb.LANGUAGE}")
    silent = [name for name in language.__all__ if not says_what_it_does(getattr(sb, name))]
    assert not silent, f"no docstring: {', '.join(silent)}"
    # sb.trace takes a function, and of a tensor it is the language's trace
    assert set(language.__all__) & sb.PUBLIC.keys() == {"trace"}, "one name, two meanings"


def says_what_it_does(thing: object) -> bool:
    """A docstring of its own or of its class in this package, not that of a built-in type."""
    ours = type(thing).__module__.startswith("symbackprop")
    return bool(thing.__doc__) and (ours or thing.__doc__ != type(thing).__doc__)


def test_no_submodule_hides_a_public_name() -> None:
    language = importlib.import_module(f"symbackprop.{sb.LANGUAGE}")
    units = {module.partition(".")[0] for module in INSIDE}
    assert not units & {*sb.PUBLIC, *language.__all__}


def test_the_table_of_contents_the_types_and_the_star_agree() -> None:
    [checking] = [node for node in tree("").body if isinstance(node, ast.If)]
    typed = {alias.name: node.module for node in checking.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert typed.pop("Any") == "typing"
    assert typed.pop("*") == f"symbackprop.{sb.LANGUAGE}"
    assert typed == {name: f"symbackprop.{module}" for name, module in sb.PUBLIC.items()}
    assert sb.__all__ == list(sb.PUBLIC)
    assert set(sb.PUBLIC) <= set(dir(sb))


def _process(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def _imported(code: str, names: set[str]) -> str:
    """Which of `names` a process that runs `code` has imported beyond what the environment imports by itself."""
    return _process(f"import sys; before = set(sys.modules); {code}; print(*sorted({names} & set(sys.modules) - before))")


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = {
        "sympy",
        "numpy",
        "click",
        "rich",
        "inspect",
        "dataclasses",
        "typing",
        "re",
        "enum",
        "symbackprop.core",
        "symbackprop.language",
    }
    assert _imported("import symbackprop", heavy) == ""


DERIVED = "import symbackprop as sb; d = sb.derive('examples/two_layer.net')"
SHOWN = f"{DERIVED}; [g.index() for g in d.gradients.values()]; str(d); d.remarks"  # lines of the box are proved at numbers
ABOVE = {f"symbackprop.{unit}" for unit in ("evaluate", "backends", "judge", "training", "documents", "pictures", "cli")}
HEAVY = ABOVE | {
    "numpy", "sympy.codegen", "fontTools", "ziamath", "ziafont", "latex2mathml", "latexify", "rich", "click", "pytest", "asyncio",
    "symbackprop.formulas.ink", "symbackprop.formulas.mathml", "symbackprop.notation.sympy.input", "symbackprop.notation.claims",
    "symbackprop.notation.loops.respelled", "symbackprop.notation.slips",
}  # fmt: skip


def test_deriving_imports_nothing_that_shows_it() -> None:
    assert _imported(DERIVED, {*HEAVY, "symbackprop.display", "symbackprop.formulas"}) == ""


@pytest.mark.slow
def test_printing_imports_neither_numbers_nor_pages() -> None:
    assert _imported(SHOWN, HEAVY) == ""


@pytest.mark.slow
def test_a_derivation_works_out_no_row_that_it_does_not_read() -> None:
    columns = "{n for n, row in ELEMENTWISE.items() if {'formula', 'stable', 'bounded', 'tidy'} & set(vars(row))}"
    read = _process(f"{SHOWN}; from symbackprop.core.functions import ELEMENTWISE; print({columns})")
    assert read == "{'sigmoid'}"


@pytest.mark.slow
def test_a_test_runner_is_imported_by_its_plugin_alone() -> None:
    assert not any("pytest_plugin" in asked(module) for module in MODULES)
    trees = [tree(name) for name in MODULES if name not in ("pytest_plugin", "notation.written")]
    named = {alias.name for tree in trees for node in statements(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "" for tree in trees for node in statements(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in named if name.partition(".")[0] in {"pytest", "latexify"}}


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'symbackprop' has no attribute 'sigmod'"):
        sb.sigmod  # noqa: B018
    with pytest.raises(AttributeError, match="__wrapped__"):
        sb.__wrapped__  # noqa: B018
