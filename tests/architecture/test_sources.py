"""House rules that can be read off the syntax trees."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest
from repository import PACKAGE, ROOT, modules, shown, tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_LINES = 400
FUNCTION_LINES = 80
FUNCTION_LINES_WITHOUT_DOCSTRING = 60

SOURCES = sorted(modules().values())
PROGRAMS = sorted(
    path
    for folder in ("src", "tests", "benchmarks", "examples", "tools")
    for path in (ROOT / folder).rglob("*.py")
)
Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def test_there_are_sources() -> None:
    assert PACKAGE / "__init__.py" in SOURCES


@pytest.mark.parametrize("path", PROGRAMS, ids=shown)
def test_no_file_is_too_long(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE_LINES, f"{lines} lines; split it along its ideas"


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_no_function_is_too_long(path: Path) -> None:
    long = [
        f"line {node.lineno}: {node.name} has {_lines(node)} lines"
        for node in ast.walk(tree(path))
        if isinstance(node, Function)
        and (
            _lines(node) > FUNCTION_LINES
            or _lines(node) - _docstring_lines(node) > FUNCTION_LINES_WITHOUT_DOCSTRING
        )
    ]
    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_every_public_name_has_a_docstring(path: Path) -> None:
    bare = [name for name, node in _public(tree(path), path.stem) if not ast.get_docstring(node)]
    assert not bare


@pytest.mark.parametrize(
    ("call", "place"),
    [
        ("mx.load", "weights/checkpoint.py"),
        ("load_weights", "weights/load.py"),
        ("nn.quantize", "weights/load.py"),
    ],
)
def test_one_place_reads_weights_and_one_fills_networks(call: str, place: str) -> None:
    places = {
        shown(path)
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and (ast.unparse(node.func) == call or ast.unparse(node.func).endswith(f".{call}"))
    }
    assert places <= {f"src/whisperx/{place}"}


def test_networks_keep_no_state() -> None:
    """A call never writes to `self`: whatever changes is passed in and handed back.

    `set_...` is how a loader hands a network its constants.
    """
    writes = [
        f"{shown(path)}:{target.lineno}: {ast.unparse(target)} in {function.name}"
        for path in SOURCES
        if path.parent == PACKAGE / "models" and path.name != "state.py"
        for function in ast.walk(tree(path))
        if isinstance(function, Function)
        and function.name not in {"__init__", "__post_init__"}
        and not function.name.startswith("set_")
        for node in ast.walk(function)
        for target in _targets(node)
        if ast.unparse(target).startswith("self.")
    ]
    assert not writes


def test_models_read_no_files() -> None:
    opened = [
        f"{shown(path)}:{node.lineno}"
        for path in SOURCES
        if path.parent == PACKAGE / "models"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"open", "Path", "mx.load"}
    ]
    assert not opened


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return 0
    return (first.end_lineno or first.lineno) - first.lineno + 1


Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _public(node: Documented, name: str) -> Iterator[tuple[str, Documented]]:
    yield name, node
    for child in ast.iter_child_nodes(node):
        is_documented = isinstance(child, (ast.ClassDef, *Function))
        if is_documented and not child.name.startswith("_") and not _is_overload(child):
            if isinstance(child, ast.ClassDef):
                yield from _public(child, f"{name}.{child.name}")
            else:
                yield f"{name}.{child.name}", child


def _is_overload(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(item).endswith("overload") for item in node.decorator_list)


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    if isinstance(node, (ast.AugAssign, ast.AnnAssign)):
        return [node.target]
    return []
