"""What the program of every engine shares: arguments in, times and texts out as JSON.

Runs in the engine's own environment, so it imports nothing that is not Python's own.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Transcribe = Callable[[list[str]], list[str]]


def run(
    load: Callable[[argparse.Namespace], Transcribe],
    packages: tuple[str, ...],
    notes: dict[str, Any] | None = None,
) -> None:
    """Load an engine, transcribe the files named on the command line, write the report.

    Args:
        load: Makes, from the arguments, a function that gives the text of each file, in order.
            Imports of the engine belong into it, so that they are counted as loading.
        packages: Whose versions the report names.
        notes: What else the report shall say; may be filled while `load` runs.
    """
    options = _arguments()
    begun = time.perf_counter()
    transcribe = load(options)
    loaded = time.perf_counter()
    texts = transcribe(options.files)
    done = time.perf_counter()
    report = {
        "load_seconds": loaded - begun,
        "transcribe_seconds": done - loaded,
        "texts": texts,
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in packages},
        "notes": notes or {},
    }
    options.out.write_text(json.dumps(report), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--model", required=True, help="folder of the weights")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True, help="JSON file for the report")
    parser.add_argument("--blas-of", type=Path, help="source folder of the package with our BLAS")
    return parser.parse_args()
