"""The engines that `bench_peers.py` compares, and running one in a process of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
ON_LINUX = sys.platform == "linux"
BATCH_SIZE = 8


@dataclass(frozen=True, slots=True)
class Engine:
    """One way to transcribe.

    Attributes:
        label: For the table.
        program: File in `peers/`.
        environment: Which interpreter; `ours` is this one.
        layout: Of the weights, as `peers/convert.py` knows it; None: as they are.
        with_our_blas: Whether our BLAS is put under it.
        is_slow: Whether it runs once only, and not in the long case.
    """

    label: str
    program: str
    environment: str
    layout: str | None = None
    with_our_blas: bool = False
    is_slow: bool = False


def _engines() -> dict[str, Engine]:
    engines = {
        "ours": Engine("whisperx-mlx", "run_ours.py", "ours"),
        "faster-whisper": Engine(
            "faster-whisper, batched", "run_faster_whisper.py", "faster-whisper", "ctranslate2"
        ),
        "whisperx": Engine(
            "WhisperX, without alignment", "run_whisperx.py", "whisperx", "ctranslate2"
        ),
        # The wheel for Linux computes with a reference BLAS, some 30 times slower in products.
        "mlx-whisper": Engine(
            "mlx-whisper, as published",
            "run_mlx_whisper.py",
            "mlx-whisper",
            "mlx-whisper",
            is_slow=ON_LINUX,
        ),
    }
    if ON_LINUX:
        engines["mlx-whisper-blas"] = Engine(
            "mlx-whisper, with our BLAS",
            "run_mlx_whisper.py",
            "mlx-whisper",
            "mlx-whisper",
            with_our_blas=True,
        )
    return engines


ENGINES = _engines()
CONVERTED_IN = {"ctranslate2": "whisperx", "mlx-whisper": "mlx-whisper"}
"""The environment that has what a layout's conversion needs."""


class Bench:
    """Runs engines.

    Attributes:
        about: Versions and notes of each engine that has run.
    """

    def __init__(self, model: Path, folder: Path) -> None:
        """Take weights in Hugging Face's layout and a folder for temporary files."""
        self._model = model
        self._folder = folder
        self._layouts: dict[str, Path] = {}
        self.about: dict[str, dict[str, Any]] = {}

    def run(self, name: str, files: tuple[Path, ...]) -> tuple[dict[str, float], list[str]]:
        """Transcribe files in a fresh process.

        Returns:
            Seconds and peak memory of the process, and the text of each file.
        """
        engine, out = ENGINES[name], self._folder / "run.json"
        out.unlink(missing_ok=True)
        command = [
            str(_interpreter(engine.environment)), str(HERE / "peers" / engine.program),
            "--model", str(self._weights(engine.layout)), "--batch-size", str(BATCH_SIZE),
            "--threads", str(os.cpu_count()), "--out", str(out),
        ]  # fmt: skip
        if engine.with_our_blas:
            command += ["--blas-of", str(REPOSITORY / "src")]
        measured = _run_process([*command, *map(str, files)], engine.environment)
        report = json.loads(out.read_text("utf-8"))
        self.about[name] = {"versions": report["versions"], "notes": report["notes"]}
        for what in ("load_seconds", "transcribe_seconds"):
            measured[what] = round(report[what], 3)
        return measured, report["texts"]

    def _weights(self, layout: str | None) -> Path:
        """The weights in a layout, converted when first asked for."""
        if layout is None:
            return self._model
        if layout not in self._layouts:
            target = self._folder / layout
            environment = CONVERTED_IN[layout]
            program = [str(_interpreter(environment)), str(HERE / "peers/convert.py")]
            _run_process([*program, layout, str(self._model), str(target)], environment)
            self._layouts[layout] = target
        return self._layouts[layout]


def _run_process(command: list[str], environment: str) -> dict[str, float]:
    """Run a program to its end; seconds and peak memory of it and of what it started.

    Raises:
        SystemExit: if it fails, with the end of what it wrote.
    """
    variables = dict(os.environ, HF_HUB_OFFLINE="1", PYANNOTE_METRICS_ENABLED="0")
    if environment != "ours":
        variables.pop("PYTHONPATH", None)  # one of them is named whisperx too
    with tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=said, env=variables)
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            text = said.read().decode(errors="replace")
            sys.exit(f"{shlex.join(command)} ended with {process.returncode}:\n{text[-3000:]}")
    return {
        "wall_seconds": round(wall_seconds, 3),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_mib": mib(usage.ru_maxrss),
    }


def _interpreter(environment: str) -> Path:
    """The Python of an environment.

    Raises:
        SystemExit: if there is none.
    """
    if environment == "ours":
        return Path(sys.executable)
    variable = "WHISPERX_BENCH_PYTHON_" + environment.upper().replace("-", "_")
    given = os.environ.get(variable)
    python = Path(given or REPOSITORY / f".venv-bench-{environment}/bin/python")
    if not python.is_file():
        sys.exit(f"There is no {python}: make bench makes it, or {variable} names another.")
    return python


def mib(maximum_resident: int) -> float:
    """Linux counts in KiB, macOS in bytes."""
    return round(maximum_resident / (1024 if ON_LINUX else 1024**2), 1)
