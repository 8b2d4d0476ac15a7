"""What an import costs and changes, seen in a fresh interpreter."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from itertools import chain

import pytest
from repository import modules, tree

HEAVY = ["av", "huggingface_hub", "mlx", "numpy", "pandas", "rich", "scipy", "tokenizers"]
FOREIGN = ["jax", "onnxruntime", "tensorflow", "torch", "torchaudio", "transformers"]

REPORT = f"""
print("LOADED", json.dumps([name for name in {HEAVY + FOREIGN} if name in sys.modules]))
"""
HELP = f"""
import json, runpy, sys
sys.argv = ["whisperx", "--help"]
try:
    runpy.run_module("whisperx", run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
else:
    raise AssertionError("--help did not end the program")
{REPORT}"""
QUIET_IMPORT = """
import logging, os, signal, sys, threading, warnings
def state():
    return (
        dict(os.environ), threading.active_count(), list(logging.root.handlers),
        logging.root.level, list(warnings.filters), signal.getsignal(signal.SIGINT), os.getcwd(),
    )
before = state()
import whisperx
assert state() == before
"""


def test_import_whisperx_imports_nothing_heavy() -> None:
    assert _loaded(f"import json, sys, whisperx\n{REPORT}") == []


def test_help_imports_nothing_heavy() -> None:
    assert _loaded(HELP) == []


def test_import_whisperx_changes_nothing() -> None:
    assert _run(QUIET_IMPORT) == ""


def _handed_on() -> list[tuple[str, str]]:
    """(package, name) of every name that some package hands on lazily, through `attach`."""
    return sorted(
        (module, name)
        for module, path in modules().items()
        if path.name == "__init__.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "attach"
        for name in dir(importlib.import_module(module))
    )


@pytest.mark.parametrize(("package", "name"), _handed_on())
def test_every_name_handed_on_can_be_had(package: str, name: str) -> None:
    assert getattr(importlib.import_module(package), name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    import whisperx

    with pytest.raises(AttributeError, match="no attribute 'nothing_of_this_name'"):
        _ = whisperx.nothing_of_this_name


def test_no_module_needs_another_framework() -> None:
    """Importing every module of the package, server aside, leaves the others unloaded."""
    names = [name for name in modules() if "server" not in name and "__main__" not in name]
    code = f"import importlib, json, sys\nfor name in {names}: importlib.import_module(name)\n"
    assert set(_loaded(code + REPORT)).isdisjoint(FOREIGN)


def _loaded(code: str) -> list[str]:
    lines = _run(code).splitlines()
    return list(chain.from_iterable(json.loads(x[7:]) for x in lines if x.startswith("LOADED ")))


def _run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
