"""Parsed flags -> engine -> pipeline -> files."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from whisperx.asr.options import DecodingOptions
from whisperx.audio.decode import decode
from whisperx.cli.inputs import Input, expand
from whisperx.cli.progress import display
from whisperx.engine.engine import Engine
from whisperx.errors import OptionError, WhisperXError
from whisperx.languages import parse_language
from whisperx.vad import segments
from whisperx.vad.detector import VadOptions
from whisperx.writers.write import ALL, output_stems, replace_text, write

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator, Iterator

    from whisperx.cli.progress import Display
    from whisperx.pipeline import Result
    from whisperx.types import Audio, Transcript

_LOG = logging.getLogger("whisperx.cli")


def run(arguments: argparse.Namespace) -> int:
    """Transcribe the files; one that fails does not stop the others.

    Returns:
        0, or 1 if a file failed.

    Raises:
        WhisperXError: if nothing can be done at all.
    """
    with _logging(arguments):
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    options = DecodingOptions(
        task=arguments.task,
        language=parse_language(arguments.language) if arguments.language else None,
    )
    vad = _vad_options(arguments)
    inputs, problems = expand(arguments.audio)
    with display(is_wanted=arguments.verbose, print_lines=arguments.print_progress) as shown:
        files = _Files(inputs, arguments, shown)
        for problem in problems:
            files.fail(problem)
        if files.has_work:
            engine = Engine(
                arguments.model,
                device=arguments.device,
                compute_type=arguments.compute_type,
                batch_size=arguments.batch_size,
                cache=Path(arguments.model_dir) if arguments.model_dir else None,
                local_only=arguments.model_cache_only,
            )
            for result in engine.pipeline(options, vad).run(files.sounds(), shown):
                files.finish(result)
        return files.report()


def _vad_options(arguments: argparse.Namespace) -> VadOptions:
    given = None
    if arguments.clip_timestamps is not None:
        given = tuple(segments.parse(arguments.clip_timestamps))
    return VadOptions(
        arguments.vad_method,
        arguments.vad_onset,
        arguments.vad_offset,
        float(arguments.chunk_size),
        given,
    )


class _Files:
    """The files of a run: what is to be done, what became of each, and where results go."""

    def __init__(self, inputs: list[Input], arguments: argparse.Namespace, shown: Display) -> None:
        self._arguments = arguments
        self._shown = shown
        self._stems = _stems(inputs, arguments.output_name)
        self._inputs = inputs
        self._waiting = [index for index in range(len(inputs)) if not self._is_there(index)]
        self._heard: list[int] = []
        self._done = 0
        self._failed = 0

    @property
    def has_work(self) -> bool:
        """Whether any file is still to be transcribed."""
        return bool(self._waiting)

    def sounds(self) -> Iterator[Audio]:
        """Read the files one by one; those that cannot be read are told and left out."""
        arguments = self._arguments
        for index in self._waiting:
            item = self._inputs[index]
            _LOG.info("reading %s", item.name)
            try:
                audio = decode(
                    item.source(), track=arguments.audio_track, channel=arguments.audio_channel
                )
                if arguments.clip_timestamps is not None:
                    # A segment past this file's end is this file's trouble, not the run's.
                    segments.fit(segments.parse(arguments.clip_timestamps), audio.end)
            except WhisperXError as error:
                self.fail(_about(item, error))
                continue
            self._shown.begin(len(self._heard), item.path.name)
            self._heard.append(index)
            yield audio

    def finish(self, result: Result) -> None:
        """Print and write what became of one file."""
        self._shown.end(result.recording)
        index = self._heard[result.recording]
        if self._arguments.verbose:
            _print(result.transcript)
        if not result.transcript.segments:
            _LOG.warning("%s: no speech was found", self._inputs[index].name)
        try:
            self._write(index, result)
        except (WhisperXError, OSError) as error:
            self.fail(f"{self._inputs[index].name}: its results cannot be written: {error}")
            return
        self._done += 1

    def fail(self, sentence: str) -> None:
        """Say what went wrong with one file; the run goes on."""
        self._failed += 1
        sys.stderr.write(f"whisperx: error: {sentence}\n")

    def report(self) -> int:
        """Sum the run up where anything failed or was skipped; the exit status."""
        skipped = len(self._inputs) - len(self._waiting)
        counts = [f"{self._done} done"]
        counts += [f"{skipped} skipped, their results being there"] if skipped else []
        counts += [f"{self._failed} failed"] if self._failed else []
        if len(counts) > 1 and len(self._inputs) > 1:
            sys.stderr.write(f"whisperx: {', '.join(counts)}\n")
        return 1 if self._failed else 0

    def _write(self, index: int, result: Result) -> None:
        arguments = self._arguments
        if arguments.vad_dump:
            folder = Path(arguments.output_dir)
            folder.mkdir(parents=True, exist_ok=True)
            regions = [region for chunk in result.chunks for region in chunk.regions]
            replace_text(folder / f"{self._stems[index]}.vad.json", segments.dump(regions))
        write(result.transcript, arguments.output_dir, self._stems[index], arguments.output_format)

    def _is_there(self, index: int) -> bool:
        """Whether all results of a file exist; a result that exists is whole."""
        if not self._arguments.skip_existing:
            return False
        chosen = self._arguments.output_format
        endings = ALL if chosen == "all" else (chosen,)
        folder = Path(self._arguments.output_dir)
        return all((folder / f"{self._stems[index]}.{ending}").is_file() for ending in endings)


def _stems(inputs: list[Input], output_name: str | None) -> list[str]:
    """What the results of each file are called, without ending."""
    if output_name is None:
        return output_stems([str(item.path) for item in inputs])
    if len(inputs) > 1:
        msg = f"--output_name names the results of one recording, and {len(inputs)} were given."
        raise OptionError(msg)
    if Path(output_name).name != output_name:
        msg = f"--output_name is a name without folders, not {output_name!r}; see --output_dir."
        raise OptionError(msg)
    return [output_name] * len(inputs)


def _about(item: Input, error: WhisperXError) -> str:
    """The error's sentence, with the file's name in it."""
    sentence = str(error)
    return sentence if item.path.name in sentence else f"{item.name}: {sentence}"


def _print(transcript: Transcript) -> None:
    for segment in transcript.segments:
        line = f"Transcript: [{segment.start} --> {segment.end}] {segment.text.strip()}"
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


@contextmanager
def _logging(arguments: argparse.Namespace) -> Generator[None, None, None]:
    """Let this package's messages go to standard error while the command runs."""
    level = arguments.log_level or ("info" if arguments.verbose else "warning")
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("whisperx: %(levelname)s: %(message)s"))
    logger = logging.getLogger("whisperx")
    before = logger.handlers, logger.level, logger.propagate
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(level.upper())
    try:
        yield
    finally:
        logger.handlers, logger.propagate = before[0], before[2]
        logger.setLevel(before[1])
