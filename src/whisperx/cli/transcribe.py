"""Parsed flags -> engine -> pipeline -> files."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from whisperx.asr.options import DecodingOptions
from whisperx.audio.decode import decode
from whisperx.cli.inputs import Input, expand
from whisperx.engine.engine import Engine
from whisperx.errors import WhisperXError
from whisperx.languages import parse_language
from whisperx.writers.write import output_stems, write

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from whisperx.types import Audio, Transcript


def run(arguments: argparse.Namespace) -> int:
    """Transcribe the files; one that fails does not stop the others.

    Returns:
        0, or 1 if a file failed.

    Raises:
        WhisperXError: if nothing can be done at all.
    """
    _set_up_logging(arguments)
    options = DecodingOptions(
        task=arguments.task,
        language=parse_language(arguments.language) if arguments.language else None,
    )
    engine = Engine(
        arguments.model,
        device=arguments.device,
        compute_type=arguments.compute_type,
        batch_size=arguments.batch_size,
        cache=Path(arguments.model_dir) if arguments.model_dir else None,
        local_only=arguments.model_cache_only,
    )
    inputs, problems = expand(arguments.audio)
    files = _Files(inputs, arguments)
    for problem in problems:
        files.fail(problem)
    for index, transcript in engine.pipeline(options).run(files.sounds()):
        files.finish(index, transcript)
    return files.report()


class _Files:
    """The files of a run: what became of each, and where results go."""

    def __init__(self, inputs: list[Input], arguments: argparse.Namespace) -> None:
        self._inputs = inputs
        self._stems = output_stems([str(item.path) for item in inputs])
        self._folder: str = arguments.output_dir
        self._format: str = arguments.output_format
        self._is_printing: bool = arguments.verbose
        self._heard: list[int] = []
        self._done = 0
        self._failed = 0

    def sounds(self) -> Iterator[Audio]:
        """Read the files one by one; those that cannot be read are told and left out."""
        for index, item in enumerate(self._inputs):
            try:
                audio = decode(item.source())
            except WhisperXError as error:
                self.fail(str(error))
                continue
            self._heard.append(index)
            yield audio

    def finish(self, heard: int, transcript: Transcript) -> None:
        """Print and write the transcript of the file that was heard as number `heard`."""
        index = self._heard[heard]
        if self._is_printing:
            for segment in transcript.segments:
                line = f"Transcript: [{segment.start} --> {segment.end}] {segment.text.strip()}"
                sys.stdout.write(line + "\n")
            sys.stdout.flush()
        try:
            write(transcript, self._folder, self._stems[index], self._format)
        except (WhisperXError, OSError) as error:
            self.fail(f"{self._inputs[index].name} cannot be written: {error}")
            return
        self._done += 1

    def fail(self, sentence: str) -> None:
        """Say what went wrong with one file; the run goes on."""
        self._failed += 1
        sys.stderr.write(f"whisperx: error: {sentence}\n")

    def report(self) -> int:
        """Sum the run up where anything failed; the exit status."""
        if self._failed and self._done + self._failed > 1:
            sys.stderr.write(f"whisperx: {self._done} done, {self._failed} failed\n")
        return 1 if self._failed else 0


def _set_up_logging(arguments: argparse.Namespace) -> None:
    """Messages of this package go to standard error; other libraries' settings stay."""
    level = arguments.log_level or ("info" if arguments.verbose else "warning")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("whisperx: %(levelname)s: %(message)s"))
    logger = logging.getLogger("whisperx")
    logger.handlers = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False
