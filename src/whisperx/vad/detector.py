"""Where is speech: a detector by name, and what its regions become."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from whisperx.errors import OptionError
from whisperx.types import Chunk, SpeechRegion
from whisperx.vad import chunks, energy, segments
from whisperx.vad.auto import AutoRule, auto_regions
from whisperx.vad.hysteresis import SileroRule, silero_regions
from whisperx.vad.silero import speech_probabilities
from whisperx.weights.silero import silero

if TYPE_CHECKING:
    from whisperx.models.silero import SileroVad
    from whisperx.types import Audio

VadMethod = Literal["silero", "auto", "none"]

MAX_CHUNK_SECONDS = 30.0
"""Whisper hears no more than this at a time."""


@dataclass(frozen=True, slots=True)
class VadOptions:
    """How a recording is cut into chunks.

    Attributes:
        method: `silero`, `auto` to leave out only what surely has no speech, or `none` for fixed
            windows over everything.
        onset: Speech begins at this score.
        offset: Speech ends under this one; None takes the detector's own.
        chunk_size: The longest chunk (seconds), at most 30.
        given: Regions that take the place of a detector's, each a chunk of its own.

    Raises:
        OptionError: if a value makes no sense.
    """

    method: VadMethod = "silero"
    onset: float = 0.5
    offset: float | None = None
    chunk_size: float = MAX_CHUNK_SECONDS
    given: tuple[SpeechRegion, ...] | None = None

    def __post_init__(self) -> None:
        if self.method not in get_args(VadMethod):
            known = ", ".join(get_args(VadMethod))
            msg = f"There is no VAD method {self.method!r}; choose one of {known}."
            raise OptionError(msg)
        if not 0 < self.chunk_size <= MAX_CHUNK_SECONDS:
            msg = f"The chunk size is {self.chunk_size} s; Whisper hears 0 to 30 s at a time."
            raise OptionError(msg)


class SpeechDetector(Protocol):
    """Finds speech."""

    def regions(self, audio: Audio, options: VadOptions) -> list[SpeechRegion]:
        """The stretches of speech in order and disjoint, in seconds of the source."""
        ...


class SileroDetector:
    """Silero's network, with its own rule for what is speech."""

    def __init__(self, network: SileroVad) -> None:
        self._network = network

    def regions(self, audio: Audio, options: VadOptions) -> list[SpeechRegion]:
        """See `SpeechDetector`."""
        (probabilities,) = speech_probabilities(self._network, [audio.samples])
        rule = SileroRule(options.onset, options.offset, max_speech=options.chunk_size)
        return [
            SpeechRegion(audio.start + region.start, audio.start + region.end)
            for region in silero_regions(probabilities, len(audio.samples), rule)
        ]


class AutoDetector:
    """Silero's network, heard at a level it can hear, with a rule that loses no word.

    The rule looks at the recording and not at the machine: the network takes seconds for an hour of
    sound on a CPU and on a GPU alike, so nothing is gained by leaving it out.
    """

    def __init__(self, network: SileroVad) -> None:
        self._network = network

    def regions(self, audio: Audio, options: VadOptions) -> list[SpeechRegion]:
        """See `SpeechDetector`."""
        levels = energy.levels(audio.samples)
        if energy.is_silent(levels):
            return []
        heard = energy.audible(audio.samples, levels)
        (probabilities,) = speech_probabilities(self._network, [heard])
        rule = AutoRule(options.onset, options.offset, max_speech=options.chunk_size)
        return [
            SpeechRegion(audio.start + region.start, audio.start + region.end)
            for region in auto_regions(probabilities, levels, len(audio.samples), rule)
        ]


def load_detector(method: VadMethod) -> SpeechDetector | None:
    """The detector of that name; None for `none`.

    Raises:
        ModelError: if its weights cannot be loaded.
    """
    if method == "none":
        return None
    return SileroDetector(silero()) if method == "silero" else AutoDetector(silero())


def chunks_of(audio: Audio, detector: SpeechDetector | None, options: VadOptions) -> list[Chunk]:
    """The chunks of a recording, in order.

    Regions that the user gave stay apart; a detector's are merged up to the chunk size; without
    either, windows of the chunk size cover everything.

    Raises:
        OptionError: if a given region begins after the recording ends.
    """
    if options.given is not None:
        return chunks.separate(segments.fit(options.given, audio.end), options.chunk_size)
    if detector is None:
        return chunks.fixed(audio.duration, options.chunk_size, audio.start)
    return chunks.merge(detector.regions(audio, options), options.chunk_size)
