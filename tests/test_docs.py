"""The documentation and the layout of the tests agree with the code."""

import ast
import importlib.metadata
import importlib.util
import pathlib
import re

import pytest

import tfmts_compat
from tfmts_compat._rules import precedence
from tfmts_compat._rules.departures import DEPARTURES
from tfmts_compat.parity.departures import ALL

ROOT = pathlib.Path(__file__).parent.parent


# The table of departures in docs/contract.md: number -> (what upstream does, test, its file).
CONTRACT = {
    number: (upstream, prefix, file)
    for number, upstream, prefix, file in re.findall(
        r"^\| (D\d+) \|[^|]*\|([^|]*)\|[^|]*\| `(test_d\d+_)…` in (tests/\S+) \|$",
        (ROOT / "docs" / "contract.md").read_text(encoding="utf-8"),
        re.M,
    )
}


def test_the_contract_has_a_row_for_every_departure():
    assert list(CONTRACT) == list(DEPARTURES)
    rules = {*precedence.CHECKPOINTS.values(), *precedence.SUMMARIES.values()}
    assert {rule.departure for rule in rules if rule.departure} <= set(DEPARTURES)


def test_the_contract_names_the_version_since_which_upstream_differs():
    for number, departure in DEPARTURES.items():
        named = re.findall(r"since TensorFlow (\d+)\.(\d+)", CONTRACT[number][0])
        since = [] if departure.since is None else [departure.since]
        assert [(int(major), int(minor)) for major, minor in named] == since, number


def test_the_page_of_names_lists_every_name():
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    listed = re.findall(r"`(\w+)`(?=,|\.\n| \|)", page)
    assert set(tfmts_compat.__all__) <= set(listed)


def test_the_parity_suite_knows_the_departures_of_the_contract():
    # C2 is clause 2; the trace of a run with threads (D7) differs from run to run.
    assert {departure.number for departure in ALL} - {"C2"} == set(DEPARTURES) - {"D7"}


def test_every_departure_has_the_test_its_row_names():
    for number, (_, prefix, file) in CONTRACT.items():
        assert prefix == f"test_{number.lower()}_"
        assert f"def {prefix}" in (ROOT / file).read_text()


# _program.process and startup change the functions and modules of a whole process, so
# commands/test_run runs them in processes of their own; _build is the subject of test_session.
TESTED_ELSEWHERE = {"_program/process", "_program/startup/sitecustomize", "_build", "__main__"}


def test_every_module_has_a_test_module():
    package = ROOT / "tfmts_compat"
    missing = []
    for path in package.rglob("*.py"):
        module = path.relative_to(package).with_suffix("")
        if path.stem == "__init__" or module.as_posix() in TESTED_ELSEWHERE:
            continue
        if module.parts[0] in ("migrate", "parity"):  # some of their tests cover several modules
            continue
        folders = [folder.lstrip("_") for folder in module.parts[:-1]]
        test = ROOT.joinpath("tests", *folders, f"test_{module.name.lstrip('_')}.py")
        if not test.exists():
            missing.append(test.relative_to(ROOT).as_posix())
    assert missing == []


# From top to bottom. A line imports only lines below it; lines with several names do not know
# each other.
FLOORS = (
    ("__main__",),
    ("cli",),
    ("parity", "commands"),
    ("_program", "migrate"),
    ("_install",),
    ("_session",),
    ("_build",),
    ("_preflight",),
    ("_extensions",),
    ("_checkpoints",),
    ("_rules", "_upstream"),
    ("_warnings",),
)


def test_a_folder_imports_only_what_is_below_it():
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    wrong = []
    for path in (ROOT / "tfmts_compat").rglob("*.py"):
        here = path.relative_to(ROOT / "tfmts_compat").with_suffix("").parts[0]
        if here == "__init__":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in getattr(node, "names", [])]
            if isinstance(node, ast.ImportFrom) and node.module == "tfmts_compat":
                imported = names
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported = [node.module.partition("tfmts_compat.")[2].split(".")[0]]
            else:
                continue
            for name in imported:
                if name in floor and name != here and floor[name] <= floor[here]:
                    wrong.append(f"{path.name}:{node.lineno} imports {name}")
    assert wrong == []


# Private names of other objects that are read outside _upstream.
PRIVATE_NAMES = {
    "sys._getframe": "documented by Python, which has no public name for it",
    "sys._xoptions": "documented by Python, which has no public name for it",
    "old._fields": "documented by Python: the fields of a node of ast",
    "subprocess._args_from_interpreter_flags": "Python has no public function for it",
    "raw._sess": "a scenario that takes the session apart, as programs do",
}


def test_only_upstream_reads_private_names_of_other_objects():
    found = set()
    for path in (ROOT / "tfmts_compat").rglob("*.py"):
        if path.parent.name == "_upstream":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                owner, name = node.value, node.attr
            elif isinstance(node, ast.Call) and len(node.args) > 1:  # getattr, hasattr, setattr
                owner, name = node.args[0], getattr(node.args[1], "value", None)
                if getattr(node.func, "id", "") not in ("getattr", "hasattr", "setattr"):
                    continue
            else:
                continue
            owner = getattr(getattr(owner, "func", owner), "id", "an expression")
            if re.match(r"_(?!.*__$)", str(name)) and owner not in ("self", "cls", "super"):
                found.add(f"{owner}.{name}")
    assert found == set(PRIVATE_NAMES)


def module(*path):
    spec = importlib.util.spec_from_file_location(path[-1], ROOT.joinpath(*path))
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_the_page_of_clients_is_written_from_the_result_of_each():
    clients = module("tests", "clients", "compare.py").CLIENTS
    results = ROOT / "tests" / "clients" / "results"
    assert {path.stem for path in results.iterdir()} == set(clients)
    assert (ROOT / "docs" / "clients.md").read_text() == module("docs", "clients.py").page()


def test_every_relative_link_has_its_file_and_heading():
    links = [
        (page, *link.partition("#")[::2])
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 50
    for page, path, anchor in links:
        target = page.parent / path if path else page
        assert target.exists(), (page.name, path)
        assert not anchor or anchor in find_anchors(target), (page.name, path, anchor)


def find_anchors(page):
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings]


def test_every_heading_that_a_message_names_exists():
    named = {
        link
        for path in (ROOT / "tfmts_compat").rglob("*.py")
        for link in re.findall(r"(docs/\w+\.md)#([\w-]+)", path.read_text(encoding="utf-8"))
    }
    assert len(named) >= 3
    for page, anchor in named:
        assert anchor in find_anchors(ROOT / page), (page, anchor)


def test_the_readme_on_the_package_index_has_only_absolute_links():
    try:
        readme = importlib.metadata.metadata("tfmts_compat").get_payload()
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("needs the built wheel")
    links = re.findall(r"\]\(([^)]+)\)", readme)
    assert len(links) > 10
    assert [link for link in links if not link.startswith("https://")] == []
