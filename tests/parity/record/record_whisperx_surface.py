"""Record what WhisperX offers its users. Needs whisperx 3.8.6.

    python tests/parity/record/record_whisperx_surface.py

Writes `tests/compat/fixtures/whisperx-<version>.json`: the command line (names, defaults, choices,
types; no help sentences), the public names and signatures of its modules, and what its writers
and `load_model` take as options. Nothing is loaded or downloaded.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import sys
import textwrap
import types
from datetime import date
from pathlib import Path
from unittest import mock

import whisperx
from whisperx import __main__ as command
from whisperx import asr, utils

VERSION = importlib.metadata.version("whisperx")
FIXTURE = Path(__file__).parents[3] / f"tests/compat/fixtures/whisperx-{VERSION}.json"


def parser() -> argparse.ArgumentParser:
    """The parser that WhisperX's command line builds, caught before it parses."""
    caught: list[argparse.ArgumentParser] = []

    class Caught(Exception):  # noqa: N818 - no error, a way out
        pass

    def parse_args(self: argparse.ArgumentParser, *_args: object) -> None:
        caught.append(self)
        raise Caught

    with mock.patch.object(argparse.ArgumentParser, "parse_args", parse_args):
        try:
            command.cli()
        except Caught:
            return caught[0]
    raise AssertionError("WhisperX did not parse its arguments")


def flag(action: argparse.Action) -> dict:
    return {
        "names": action.option_strings or [action.dest],
        "dest": action.dest,
        "action": type(action).__name__.strip("_"),
        "type": getattr(action.type, "__name__", None),
        "default": action.default,
        "choices": None if action.choices is None else list(action.choices),
        "nargs": action.nargs,
        "const": action.const,
        "required": action.required,
    }


def signature(function: object) -> list[dict] | None:
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    return [
        {
            "name": parameter.name,
            "kind": parameter.kind.name,
            "default": None if parameter.default is parameter.empty else repr(parameter.default),
        }
        for parameter in found.parameters.values()
    ]


def described(value: object) -> dict:
    """Kind and shape of one public name."""
    if inspect.isclass(value):
        return class_of(value)
    if inspect.isroutine(value):
        return {"kind": "function", "parameters": signature(value)}
    entry: dict = {"kind": "constant", "type": type(value).__name__}
    if isinstance(value, (int, float, str, bool, type(None))):
        entry["value"] = value
    elif isinstance(value, (list, tuple, dict, set)):
        entry["length"] = len(value)
    return entry


def class_of(value: type) -> dict:
    entry: dict = {"kind": "class", "bases": [base.__name__ for base in value.__bases__]}
    if hasattr(value, "__required_keys__"):
        # Postponed annotations hide which keys may be missing; those keys say so themselves.
        entry["keys"] = {
            key: "NotRequired" not in str(annotation)
            for key, annotation in inspect.get_annotations(value).items()
        }
        return entry
    if dataclasses.is_dataclass(value):
        entry["fields"] = [field.name for field in dataclasses.fields(value)]
    entry["parameters"] = signature(value)
    entry["methods"] = {
        name: signature(member)
        for name, member in vars(value).items()
        if (not name.startswith("_") or name == "__call__")
        and isinstance(member, (types.FunctionType, staticmethod, classmethod))
    }
    entry["attributes"] = sorted(
        name
        for name, member in vars(value).items()
        if not name.startswith("_")
        and not isinstance(member, (types.FunctionType, staticmethod, classmethod))
    )
    return entry


def names_of(module: types.ModuleType) -> dict[str, dict]:
    """What the module itself defines: not what it imports, not loggers."""
    source = ast.parse(inspect.getsource(module))
    own: list[str] = []
    for node in ast.walk(source):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            own.append(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            own.extend(target.id for target in targets if isinstance(target, ast.Name))
    if module.__name__ == "whisperx.vads":
        own = ["Pyannote", "Silero", "Vad"]
    return {
        name: described(vars(module)[name])
        for name in dict.fromkeys(own)
        if not name.startswith("_")
        and name != "logger"
        and name in vars(module)
        and not inspect.ismodule(vars(module)[name])
    }


def modules() -> dict[str, dict]:
    found = {"whisperx": names_of(whisperx)}
    for entry in pkgutil.walk_packages(whisperx.__path__, "whisperx."):
        found[entry.name] = names_of(importlib.import_module(entry.name))
    return dict(sorted(found.items()))


def literal(function: object, variable: str) -> dict:
    """The dictionary display that a function assigns to a name; values as written."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == variable
            and isinstance(node.value, ast.Dict)
        ):
            pairs = zip(node.value.keys, node.value.values, strict=True)
            return {ast.literal_eval(key): ast.unparse(value) for key, value in pairs}
    raise AssertionError(f"{variable} is no longer a dictionary in the source")


def writer_options() -> list[str]:
    """Every key that a writer reads from its options."""
    tree = ast.parse(inspect.getsource(utils))
    return sorted(
        {
            node.slice.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id == "options"
            and isinstance(node.slice, ast.Constant)
        }
    )


def main() -> None:
    surface = {
        "provenance": {
            "program": f"tests/parity/record/{Path(__file__).name}",
            "date": date.today().isoformat(),
            "python": sys.version.split()[0],
            "whisperx": VERSION,
            "note": "the default of --device is that of a machine without CUDA",
        },
        "command_line": [flag(action) for action in parser()._actions],
        "modules": modules(),
        "asr_options": literal(asr.load_model, "default_asr_options"),
        "vad_options": literal(asr.load_model, "default_vad_options"),
        "output_formats": {
            "all": list(literal(utils.get_writer, "writers")),
            "optional": list(literal(utils.get_writer, "optional_writers")),
        },
        "writer_options": writer_options(),
    }
    FIXTURE.parent.mkdir(parents=True, exist_ok=True)
    FIXTURE.write_text(json.dumps(surface, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(surface['command_line'])} flags, {len(surface['modules'])} modules")


if __name__ == "__main__":
    main()
