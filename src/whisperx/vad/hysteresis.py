"""Speech scores per frame -> SpeechRegions: two thresholds, and cuts where speech runs on.

Speech begins when the score rises over `onset` and ends when it falls under `offset`. Two rules
say the rest, as WhisperX's two detectors have it: Silero's own (`SileroRule`, shortest speech and
silence, padding) and the one for pyannote's scores (`HysteresisRule`, cut at the lowest score).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from whisperx.errors import OptionError
from whisperx.types import SAMPLE_RATE, SpeechRegion

if TYPE_CHECKING:
    from numpy.typing import NDArray

SILERO_FRAME_SAMPLES = 512
"""Samples that one probability of Silero speaks for."""


def check_thresholds(onset: float, offset: float | None) -> None:
    """Refuse thresholds that are no probabilities.

    Raises:
        OptionError: if one is not between 0 and 1.
    """
    for name, value in (("onset", onset), ("offset", offset)):
        if value is not None and not 0 < value < 1:
            msg = f"the VAD {name} is {value}; give a number between 0 and 1, both excluded"
            raise OptionError(msg)


def check_longest(seconds: float) -> None:
    """Refuse a longest region that nothing fits into.

    Raises:
        OptionError: if it is not above 0.
    """
    if not seconds > 0:
        msg = f"speech of at most {seconds} s was asked for; give a number of seconds above 0"
        raise OptionError(msg)


@dataclass(frozen=True, slots=True)
class SileroRule:
    """When Silero's probabilities are speech; the defaults are silero-vad's and WhisperX's.

    Attributes:
        onset: Speech begins at this probability.
        offset: Speech may end under this one. None means 0.15 under `onset`, but not under 0.01,
            which is all that WhisperX ever uses: it has `--vad_offset` but not for Silero.
        max_speech: No region is longer, in seconds; may be infinite.
        min_speech: Shorter speech is dropped.
        min_silence: Shorter silence does not end speech.
        min_pause: Speech that runs on is cut at the longest pause that is longer than this.
        padding: Both ends move outwards by so much, neighbours sharing what lies between them.

    Raises:
        OptionError: if a threshold is not between 0 and 1 or a time is negative.
    """

    onset: float = 0.5
    offset: float | None = None
    max_speech: float = 30.0
    min_speech: float = 0.25
    min_silence: float = 0.1
    min_pause: float = 0.098
    padding: float = 0.03

    def __post_init__(self) -> None:
        check_thresholds(self.onset, self.offset)
        check_longest(self.max_speech)
        for name in ("min_speech", "min_silence", "min_pause", "padding"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                msg = f"{name} is {value}; give a number of seconds, 0 or more"
                raise OptionError(msg)


@dataclass(frozen=True, slots=True)
class HysteresisRule:
    """When speech scores are speech; the defaults are WhisperX's for pyannote.

    Attributes:
        onset: Speech begins above this score.
        offset: Speech ends under this one; None means at `onset`.
        max_duration: Longer speech is cut, in seconds; may be infinite.

    Raises:
        OptionError: if a threshold is not between 0 and 1, or `max_duration` is not above 0.
    """

    onset: float = 0.5
    offset: float | None = 0.363
    max_duration: float = 30.0

    def __post_init__(self) -> None:
        check_thresholds(self.onset, self.offset)
        check_longest(self.max_duration)


def silero_regions(
    probabilities: NDArray[np.floating], sample_count: int, rule: SileroRule
) -> list[SpeechRegion]:
    """The speech in Silero's probabilities, in order and disjoint.

    Args:
        probabilities: `(frames,)`, one for every 512 samples at 16 kHz, the last padded.
        sample_count: How many samples the recording has.
        rule: Thresholds and times.

    Raises:
        OptionError: if the number of probabilities does not fit the number of samples.

    Source: `get_speech_timestamps` of silero-vad 6.2 with its defaults, which gives the same
    samples; the cut at the last pause, which it keeps for old callers, is left out.
    """
    expected = -(-sample_count // SILERO_FRAME_SAMPLES)
    if probabilities.shape != (expected,):
        msg = (
            f"{sample_count} samples need {expected} probabilities in one row, "
            f"but their shape is {probabilities.shape}"
        )
        raise OptionError(msg)
    spans = _silero_spans(probabilities, sample_count, rule)
    return [
        SpeechRegion(start / SAMPLE_RATE, end / SAMPLE_RATE)
        for start, end in _padded(spans, sample_count, _samples(rule.padding))
    ]


def _samples(seconds: float) -> float:
    # 0.098 s are 1568 samples and not 1568.0000000000002; other times may have a fraction.
    return round(seconds * SAMPLE_RATE, 6)


@dataclass(slots=True)
class _Speech:
    """Speech that has begun: where, which pauses it had, and the silence that may end it."""

    start: int
    silence: int | None = None
    pauses: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def resume(self, here: int, min_pause: float) -> None:
        """There is speech `here`: the silence before it, if long enough, was a pause."""
        if self.silence is not None and here - self.silence > min_pause:
            self.pauses.append((self.silence, here))
        self.silence = None

    def quiet_since(self, here: int) -> int:
        """There is no speech `here`: since when not."""
        if self.silence is None:
            self.silence = here
        return self.silence

    def longest_pause(self) -> tuple[int, int]:
        """The first of the longest pauses, as (where speech stopped, where it resumed)."""
        return max(self.pauses, key=lambda pause: pause[1] - pause[0])


def _silero_spans(
    probabilities: NDArray[np.floating], sample_count: int, rule: SileroRule
) -> list[tuple[int, int]]:
    """Where speech is, in samples, before padding."""
    offset = max(rule.onset - 0.15, 0.01) if rule.offset is None else rule.offset
    min_speech, min_silence = _samples(rule.min_speech), _samples(rule.min_silence)
    min_pause = _samples(rule.min_pause)
    longest = _samples(rule.max_speech) - SILERO_FRAME_SAMPLES - 2 * _samples(rule.padding)
    spans: list[tuple[int, int]] = []
    speech: _Speech | None = None
    for frame, probability in enumerate(probabilities.tolist()):
        here = frame * SILERO_FRAME_SAMPLES
        if speech is None:
            if probability >= rule.onset:
                speech = _Speech(here)
            continue
        if probability >= rule.onset:
            speech.resume(here, min_pause)
        if here - speech.start > longest:
            spans.append((speech.start, speech.longest_pause()[0] if speech.pauses else here))
            speech = _Speech(speech.longest_pause()[1]) if speech.pauses else None
        if speech is None or probability >= offset:
            continue
        end = speech.quiet_since(here)
        if here - end >= min_silence:
            if end - speech.start > min_speech:
                spans.append((speech.start, end))
            speech = None
    if speech is not None and sample_count - speech.start > min_speech:
        spans.append((speech.start, sample_count))
    return spans


def _padded(
    spans: list[tuple[int, int]], sample_count: int, padding: float
) -> list[tuple[int, int]]:
    """The spans made longer at both ends; where two come close, each gets half of the gap."""
    starts = [start for start, _ in spans]
    ends = [end for _, end in spans]
    if spans:
        starts[0] = int(max(0, starts[0] - padding))
        ends[-1] = int(min(sample_count, ends[-1] + padding))
    for left in range(len(spans) - 1):
        gap = starts[left + 1] - ends[left]
        if gap < 2 * padding:
            ends[left] += gap // 2
            starts[left + 1] -= gap // 2
        else:
            ends[left] = int(ends[left] + padding)
            starts[left + 1] = int(starts[left + 1] - padding)
    return list(zip(starts, ends, strict=True))


def score_regions(
    scores: NDArray[np.floating],
    rule: HysteresisRule,
    *,
    frame_start: float,
    frame_duration: float,
    frame_step: float,
) -> list[SpeechRegion]:
    """The speech in a row of scores, in order; regions that were cut touch each other.

    A region reaches from the middle of its first frame to the middle of the first frame that is
    no longer speech. One that lasts over `max_duration` is cut where the score is lowest in its
    second half.

    Args:
        scores: `(frames,)`, how much each frame is speech. Thresholds are compared in its dtype.
        rule: Thresholds and the longest duration.
        frame_start: Where the first frame begins, in seconds.
        frame_duration: How long a frame lasts.
        frame_step: How far apart frames begin.

    Raises:
        OptionError: if `max_duration` is shorter than 4 frames.

    Source: Gelly and Gauvain, "Minimum Word Error Training of RNN-based Voice Activity Detection"
    (2015), with the cut of Bain et al., "WhisperX" (2023); results are those of WhisperX's
    `Binarize`, reached by looking up where the score next crosses a threshold.
    """
    if rule.max_duration < 4 * frame_step:
        msg = (
            f"speech of at most {rule.max_duration} s was asked for, but a score stands for "
            f"{frame_step} s; allow at least 4 times that"
        )
        raise OptionError(msg)
    frames = _Frames.of(scores, rule, frame_start, frame_duration, frame_step)
    spans: list[tuple[int, int]] = []
    first = _next(frames.above, 0)
    while first is not None:
        more = frames.follow(first, rule.max_duration)
        spans.extend(more)
        first = _next(frames.above, more[-1][1] + 1)
    # A region that begins in the last frame has no length yet.
    return [
        SpeechRegion(float(frames.middles[first]), float(frames.middles[last]))
        for first, last in spans
        if first < last
    ]


def _next(frames: NDArray[np.intp], first: int) -> int | None:
    """The first of these sorted frame numbers that is `first` or later."""
    place = int(np.searchsorted(frames, first))
    return int(frames[place]) if place < len(frames) else None


@dataclass(frozen=True, slots=True)
class _Frames:
    """Scores with the middles of their frames, and which frames cross a threshold."""

    scores: NDArray[np.floating]
    middles: NDArray[np.float64]
    above: NDArray[np.intp]
    below: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        scores: NDArray[np.floating],
        rule: HysteresisRule,
        start: float,
        duration: float,
        step: float,
    ) -> _Frames:
        begins = start + np.arange(len(scores)) * step
        offset = rule.onset if rule.offset is None else rule.offset
        return cls(
            scores=scores,
            middles=0.5 * (begins + (begins + duration)),
            above=np.flatnonzero(scores > rule.onset),
            below=np.flatnonzero(scores < offset),
        )

    def follow(self, first: int, max_duration: float) -> list[tuple[int, int]]:
        """Speech that begins at frame `first`, as (first, last) frames, cut where it is too long.

        The frame that makes speech too long is not asked whether speech has ended there.
        """
        spans: list[tuple[int, int]] = []
        begin = searched = first
        unread = first + 1
        while True:
            fall = _next(self.below, unread)
            last = len(self.scores) - 1 if fall is None else fall
            durations = self.middles[unread : last + 1] - self.middles[begin]
            late = unread + int(np.searchsorted(durations, max_duration, side="right"))
            if late > last:
                return [*spans, (begin, last)]
            half = searched + (late - searched) // 2
            cut = half + int(np.argmin(self.scores[half:late]))
            spans.append((begin, cut))
            begin, searched, unread = cut, cut + 1, late + 1
