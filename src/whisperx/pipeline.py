"""READ ME FIRST: recordings in, transcripts out.

Audio -> windows -> recognized text -> segments. Stages do not know each other; this file is
where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from whisperx.asr.options import DecodingOptions
from whisperx.asr.recognizer import Window, windows_of
from whisperx.asr.segments import to_segments
from whisperx.types import Audio, Segment, Transcript

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from whisperx.asr.recognizer import Recognizer


@dataclass(frozen=True)
class Pipeline:
    """Loaded stages and how to run them; calling it changes nothing in it.

    Attributes:
        recognizer: Says what was said.
        options: How to decode.
        batch_size: The most windows that are decoded at a time.
    """

    recognizer: Recognizer
    options: DecodingOptions = field(default_factory=DecodingOptions)
    batch_size: int = 8

    def __call__(self, audio: Audio) -> Transcript:
        """The transcript of one recording.

        Raises:
            AudioError: if there is no sound in it.
            OptionError: if the model cannot do what the options ask.
        """
        return next(transcript for _, transcript in self.run([audio]))

    def run(self, recordings: Iterable[Audio]) -> Iterator[tuple[int, Transcript]]:
        """Transcribe many recordings, their windows batched together.

        Args:
            recordings: Read one by one as room in the batch appears.

        Returns:
            Pairs of the recording's index and its transcript, each as soon as it is whole.

        Raises:
            AudioError: if there is no sound in one of them.
            OptionError: if the model cannot do what the options ask.
        """
        self.recognizer.check(self.options)
        owners: list[tuple[_Job, int]] = []
        windows = self._windows(recordings, owners)
        for decoded in self.recognizer.recognize(windows, self.options, self.batch_size):
            job, place = owners[decoded.id]
            start, end = job.spans[place]
            job.parts[place] = to_segments(decoded, self.recognizer.tokenizer, start, end)
            if len(job.parts) == len(job.spans):
                yield job.index, job.transcript(self.recognizer.name)

    def _windows(
        self, recordings: Iterable[Audio], owners: list[tuple[_Job, int]]
    ) -> Iterator[Window]:
        """All windows of all recordings; notes in `owners` whose they are."""
        for index, audio in enumerate(recordings):
            pieces = list(windows_of(audio))
            language = self.options.language or self.recognizer.detect_language(audio)[0]
            job = _Job(index, language, [(piece.start, piece.end) for piece in pieces])
            for place, piece in enumerate(pieces):
                owners.append((job, place))
                yield Window(piece, language)


@dataclass(slots=True)
class _Job:
    """A recording on its way through the recognizer."""

    index: int
    language: str
    spans: list[tuple[float, float]]
    parts: dict[int, list[Segment]] = field(default_factory=dict)

    def transcript(self, model: str) -> Transcript:
        ordered = [segment for _, part in sorted(self.parts.items()) for segment in part]
        return Transcript(tuple(ordered), self.language, model)
