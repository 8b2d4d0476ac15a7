"""The nouns that the stages hand to each other: frozen, in seconds, without MLX.

Times are seconds from the start of the recording. `None` stands where something is not known;
NaN never does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples a second of every `Audio`; all models here were trained at this rate."""


@dataclass(frozen=True, slots=True)
class Audio:
    """Mono sound.

    Attributes:
        samples: `(n,)` float32 in [-1, 1] at `SAMPLE_RATE`.
        start: Where `samples[0]` lies in the source.
    """

    samples: NDArray[np.float32]
    start: float = 0.0

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def end(self) -> float:
        """Where the sound ends in the source."""
        return self.start + self.duration

    def cut(self, start: float, end: float) -> Audio:
        """The part from `start` to `end` (seconds of the source), clipped to what there is."""
        first = min(max(round((start - self.start) * SAMPLE_RATE), 0), len(self.samples))
        last = min(max(round((end - self.start) * SAMPLE_RATE), first), len(self.samples))
        return Audio(self.samples[first:last], self.start + first / SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class SpeechRegion:
    """A stretch of speech.

    Raises:
        ValueError: if it ends before it starts.
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.start <= self.end:
            msg = f"a region cannot end ({self.end}) before it starts ({self.start})"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of the recording that is recognized in one go.

    Attributes:
        start: Where it begins.
        end: Where it ends, at most 30 s after `start` for Whisper.
        regions: The stretches of speech inside it, in order.

    Raises:
        ValueError: if it ends before it starts.
    """

    start: float
    end: float
    regions: tuple[SpeechRegion, ...] = ()

    def __post_init__(self) -> None:
        if not self.start <= self.end:
            msg = f"a chunk cannot end ({self.end}) before it starts ({self.start})"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its time.

    Attributes:
        text: The word as written, punctuation attached, no surrounding space.
        start: Where it begins.
        end: Where it ends.
        score: How sure the aligner is, in [0, 1].
        speaker: Who said it.
    """

    text: str
    start: float | None = None
    end: float | None = None
    score: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of transcript.

    Attributes:
        text: As the recognizer wrote it, with its leading space.
        start: Where it begins.
        end: Where it ends.
        avg_logprob: Mean log-probability of its tokens, end of text counted; None if not known.
        words: Its words in order; empty before alignment.
        speaker: Who said it.
    """

    text: str
    start: float
    end: float
    avg_logprob: float | None = None
    words: tuple[Word, ...] = ()
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in one recording.

    Attributes:
        segments: In order of time.
        language: Code of the language that was recognized, as in `languages.LANGUAGES`.
        model: Name of the model that wrote it.
    """

    segments: tuple[Segment, ...]
    language: str
    model: str | None = None

    @property
    def text(self) -> str:
        """All segments' text, joined."""
        return "".join(segment.text for segment in self.segments).strip()
