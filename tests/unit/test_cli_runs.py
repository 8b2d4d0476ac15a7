"""Runs of the `whisperx` command over many files: finished, skipped, interrupted, broken."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tiny import write_tiny_whisper
from whisperx.cli import progress
from whisperx.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

NO_VAD = ["--vad_method", "none"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_tiny_whisper(tmp_path_factory.mktemp("tiny")))


@pytest.fixture
def files(tmp_path: Path, wav: Callable[..., bytes], tone) -> Callable[[int], list[str]]:
    def make(count: int) -> list[str]:
        content = wav((tone(0.3) * 32767).astype(np.int16))
        paths = [tmp_path / "in" / f"{index:04}.wav" for index in range(count)]
        paths[0].parent.mkdir()
        for path in paths:
            path.write_bytes(content)
        return [str(path) for path in paths]

    return make


def test_existing_results_are_skipped(files, model, tmp_path, capsys):
    names = files(3)
    flags = ["--model", model, *NO_VAD, "-o", str(tmp_path / "out"), "-f", "txt", "--skip_existing"]
    assert main([*names[:2], *flags]) == 0
    first = tmp_path / "out" / "0000.txt"
    first.write_text("kept")
    (tmp_path / "out" / "0001.txt").unlink()
    assert main([*names, *flags]) == 0
    assert first.read_text() == "kept"
    assert (tmp_path / "out" / "0001.txt").read_text() != ""
    assert "2 done, 1 skipped, their results being there" in capsys.readouterr().err
    # Where only some of the formats are there, the file is done again.
    assert main([names[0], *flags, "-f", "all"]) == 0
    assert first.read_text() != "kept"


def test_output_name_is_for_one_recording(files, model, tmp_path, capsys):
    names = files(2)
    flags = ["--model", model, *NO_VAD, "-o", str(tmp_path / "out"), "-f", "txt"]
    assert main([names[0], *flags, "--output_name", "minutes"]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["minutes.txt"]
    assert main([*names, *flags, "--output_name", "minutes"]) == 1
    assert "2 were given" in capsys.readouterr().err
    assert main([names[0], *flags, "--output_name", "a/b"]) == 1
    assert "a name without folders" in capsys.readouterr().err


def test_inputs_with_one_stem_do_not_overwrite_each_other(files, model, tmp_path):
    first = Path(files(1)[0])
    second = tmp_path / "other" / "0000.wav"
    second.parent.mkdir()
    second.write_bytes(first.read_bytes())
    out = tmp_path / "out"
    assert main([str(first), str(second), "--model", model, *NO_VAD, "-o", str(out)]) == 0
    assert len(list(out.iterdir())) == 10


def test_plain_progress_lines(files, model, tmp_path, capsys):
    flags = ["--model", model, *NO_VAD, "-o", str(tmp_path / "out"), "--verbose", "False"]
    assert main([*files(2), *flags, "--print_progress", "True"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines.count("Progress: 100.00%...") == 2


def test_live_bars_only_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert type(progress.display(is_wanted=True, print_lines=False)) is progress.Display
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert type(progress.display(is_wanted=False, print_lines=False)) is progress.Display
    with progress.display(is_wanted=True, print_lines=False) as shown:
        shown.begin(0, "talk.wav")
        shown(0, "vad", 0.0, 60.0)
        shown(0, "asr", 30.0, 60.0)
        assert shown.rows() == ["talk.wav: recognizing 50%"]
        shown(0, "asr", 60.0, 60.0)
        assert shown.rows() == ["talk.wav: recognizing 100%"]
        shown.end(0)
        assert shown.rows() == []


@pytest.mark.slow
def test_many_files_some_of_them_broken_are_finished_and_reported(files, model, tmp_path, capsys):
    names = files(200)
    for name in names[::20]:
        Path(name).write_bytes(b"broken")
    out = tmp_path / "out"
    flags = ["--model", model, *NO_VAD, "-o", str(out), "-f", "txt", "--verbose", "False"]
    assert main([str(tmp_path / "in"), *flags, "--batch_size", "16"]) == 1
    assert len(list(out.iterdir())) == 190
    errors = capsys.readouterr().err.splitlines()
    assert sum("no recording that can be read" in line for line in errors) == 10
    assert errors[-1] == "whisperx: 190 done, 10 failed"


def test_an_interrupted_run_leaves_whole_files_and_goes_on(files, model, tmp_path):
    names = files(200)
    out = tmp_path / "out"
    flags = ["--model", model, *NO_VAD, "-o", str(out), "--batch_size", "1", "--skip_existing"]
    command = [sys.executable, "-m", "whisperx", str(tmp_path / "in"), *flags]
    run = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    deadline = time.monotonic() + 60
    while not (out.is_dir() and len(list(out.glob("*.json"))) >= 3):
        assert time.monotonic() < deadline
        assert run.poll() is None, run.stderr and run.stderr.read()
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "interrupted; finished files are kept" in errors
    assert "Traceback" not in errors
    found = list(out.iterdir())
    assert not [path for path in found if path.suffix == ".tmp"]
    assert 3 <= len(list(out.glob("*.json"))) < len(names)
    for path in out.glob("*.json"):
        assert json.loads(path.read_text("utf-8"))["segments"]
