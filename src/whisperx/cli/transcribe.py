"""Parsed flags -> engine -> pipeline -> files."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from whisperx.asr.options import DecodingOptions
from whisperx.audio.decode import decode
from whisperx.engine.engine import Engine
from whisperx.errors import WhisperXError
from whisperx.languages import parse_language

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from whisperx.types import Audio, Transcript

_LOG = logging.getLogger("whisperx.cli")


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
    files = _Files([Path(name) for name in arguments.audio])
    for index, transcript in engine.pipeline(options).run(files.sounds()):
        files.write(index, transcript, arguments)
    return files.report()


class _Files:
    """The input files of a run, what became of each, and where results go."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._sounding: list[Path] = []
        self._failures: list[str] = []

    def sounds(self) -> Iterator[Audio]:
        """The files that can be read; those that cannot are noted."""
        for path in self._paths:
            try:
                audio = decode(path)
            except WhisperXError as error:
                self._fail(str(error))
                continue
            self._sounding.append(path)
            yield audio
