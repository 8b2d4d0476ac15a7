"""READ ME FIRST: recordings in, transcripts out.

Audio -> chunks of speech -> recognized text -> segments. Stages do not know each other; this file
is where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from whisperx.asr.options import DecodingOptions
from whisperx.asr.recognizer import Window
from whisperx.asr.segments import to_segments
from whisperx.audio.decode import decode
from whisperx.types import Audio, Chunk, Segment, Transcript
from whisperx.vad.detector import VadOptions, chunks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from whisperx.asr.recognizer import Recognizer
    from whisperx.audio.container import Encoded
    from whisperx.device import ComputePlan
    from whisperx.vad.detector import SpeechDetector


class Progress(Protocol):
    """Is told how far a recording is."""

    def __call__(self, recording: int, stage: str, done: float, total: float) -> None:
        """Called as work gets done.

        Args:
            recording: Its index.
            stage: `vad` or `asr`.
            done: Seconds of sound that the stage has behind it; at the end equal to `total`.
            total: Seconds of sound that the stage has to do.
        """
        ...


@dataclass(frozen=True)
class Pipeline:
    """Loaded stages and how to run them; calling it changes nothing in it.

    Attributes:
        plan: Where to compute, and how many chunks are decoded at a time.
        recognizer: Says what was said.
        detector: Says where there is speech; None for windows over everything.
        options: How to decode.
        vad: How to cut.
    """

    plan: ComputePlan
    recognizer: Recognizer
    detector: SpeechDetector | None = None
    options: DecodingOptions = field(default_factory=DecodingOptions)
    vad: VadOptions = field(default_factory=VadOptions)

    def __call__(
        self,
        audio: Audio | Encoded | NDArray[np.floating],
        progress: Progress | None = None,
    ) -> Transcript:
        """The transcript of one recording.

        Args:
            audio: The sound, or anything that `audio.decode` reads.
            progress: Is told how far it is.

        Raises:
            AudioError: if the recording cannot be read.
            OptionError: if the model cannot do what the options ask.
        """
        sound = audio if isinstance(audio, Audio) else decode(audio)
        return next(result.transcript for result in self.run([sound], progress))

    def run(
        self, recordings: Iterable[Audio], progress: Progress | None = None
    ) -> Iterator[Result]:
        """Transcribe many recordings, their chunks batched together.

        Args:
            recordings: Read one by one as room in the batch appears.
            progress: Is told how far each one is.

        Returns:
            Results, each as soon as its recording is whole; not always in order.

        Raises:
            OptionError: if the model cannot do what the options ask.
        """
        self.recognizer.check(self.options)
        self.plan.activate()  # MLX's default device belongs to the thread that computes
        jobs = _Jobs(self, recordings, progress)
        for decoded in self.recognizer.recognize(
            jobs.windows(), self.options, self.plan.batch_size
        ):
            job, place = jobs.owners.pop(decoded.id)
            chunk = job.chunks[place]
            job.put(place, to_segments(decoded, self.recognizer.tokenizer, chunk.start, chunk.end))
            yield from jobs.finished()
        yield from jobs.finished()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one recording.

    Attributes:
        recording: Its index.
        transcript: What was said.
        chunks: How it was cut.
    """

    recording: int
    transcript: Transcript
    chunks: tuple[Chunk, ...]


@dataclass(slots=True)
class _Job:
    """A recording on its way through the recognizer."""

    index: int
    language: str
    chunks: list[Chunk]
    progress: Progress | None
    parts: dict[int, list[Segment]] = field(default_factory=dict)
    done_seconds: float = 0.0

    @property
    def is_done(self) -> bool:
        return len(self.parts) == len(self.chunks)

    def put(self, place: int, segments: list[Segment]) -> None:
        """Take the segments of one chunk."""
        self.parts[place] = segments
        self.done_seconds += self.chunks[place].end - self.chunks[place].start
        self.tell()

    def tell(self) -> None:
        """Report how far the recording is."""
        if self.progress is None:
            return
        total = sum(chunk.end - chunk.start for chunk in self.chunks)
        self.progress(self.index, "asr", total if self.is_done else self.done_seconds, total)

    def result(self, model: str) -> Result:
        ordered = [segment for _, part in sorted(self.parts.items()) for segment in part]
        transcript = Transcript(tuple(ordered), self.language, model)
        return Result(self.index, transcript, tuple(self.chunks))


class _Jobs:
    """The recordings of one run: cut as they come, handed out chunk by chunk."""

    def __init__(
        self, pipeline: Pipeline, recordings: Iterable[Audio], progress: Progress | None
    ) -> None:
        self._pipeline = pipeline
        self._recordings = recordings
        self._progress = progress
        self._open: list[_Job] = []
        self.owners: dict[int, tuple[_Job, int]] = {}

    def windows(self) -> Iterator[Window]:
        """The chunks of all recordings; `owners` says whose the n-th one is."""
        count = 0
        for index, audio in enumerate(self._recordings):
            job = self._cut(index, audio)
            self._open.append(job)
            for place, chunk in enumerate(job.chunks):
                self.owners[count] = (job, place)
                count += 1
                yield Window(audio.cut(chunk.start, chunk.end), job.language)

    def finished(self) -> Iterator[Result]:
        """Results of the recordings that have become whole; each once."""
        for job in [job for job in self._open if job.is_done]:
            self._open.remove(job)
            yield job.result(self._pipeline.recognizer.name)

    def _cut(self, index: int, audio: Audio) -> _Job:
        pipeline = self._pipeline
        if self._progress is not None:
            self._progress(index, "vad", 0.0, audio.duration)
        chunks = chunks_of(audio, pipeline.detector, pipeline.vad)
        if self._progress is not None:
            self._progress(index, "vad", audio.duration, audio.duration)
        language = pipeline.options.language or pipeline.recognizer.detect_language(audio)[0]
        job = _Job(index, language, chunks, self._progress)
        job.tell()
        return job
