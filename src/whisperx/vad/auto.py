"""Silero's scores and how loud it is -> SpeechRegions that lose no word.

A word that is cut away cannot be recognized, while sound without speech costs time and, rarely, an
invented word. So a pause is left out only where it is safe to:

1. Speech is what scores over `0.2 * onset`, if it reaches `0.4 * onset` somewhere.
2. Both its ends move outwards by 0.19 s.
3. A pause stays if it is as loud as the recording's sure speech (what scores over `onset`): not
   more than 4 dB under its usual level. In such noise the network misses words, also whole
   sentences on end; where it is quieter, hardly any.
4. What is too long for the recognizer is cut where the score is lowest.

The numbers were chosen with `benchmarks/vad_study.py`, which also says what this keeps and loses.
Moving the ends to the quietest place within 0.26 s instead cut more words and kept no less; the
level added nothing to the choice of cuts (`dev/LOG.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whisperx.errors import OptionError
from whisperx.types import SAMPLE_RATE, SpeechRegion
from whisperx.vad import energy
from whisperx.vad.hysteresis import SILERO_FRAME_SAMPLES, check_longest, check_thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Mask = NDArray[np.bool_]

_FRAME = SILERO_FRAME_SAMPLES / SAMPLE_RATE  # seconds
_BEGIN_SHARE = 0.4
_END_SHARE = 0.2
_PADDING = 6  # frames
_LOUD_MARGIN = 4.0  # decibels
_LOUD_SPREAD = 3  # frames
_CUT_SMOOTHING = 4  # frames


@dataclass(frozen=True, slots=True)
class AutoRule:
    """When scores and levels are speech.

    Attributes:
        onset: A score over this is speech without doubt.
        offset: Speech ends under this score; None means `0.2 * onset`.
        max_speech: No region is longer, in seconds.

    Raises:
        OptionError: if a threshold is not between 0 and 1 or the length is not above 0.
    """

    onset: float = 0.5
    offset: float | None = None
    max_speech: float = 30.0

    def __post_init__(self) -> None:
        check_thresholds(self.onset, self.offset)
        check_longest(self.max_speech)


def auto_regions(
    probabilities: Floats, levels: Floats, sample_count: int, rule: AutoRule
) -> list[SpeechRegion]:
    """What to recognize, in order and disjoint; stretches that were cut touch each other.

    Args:
        probabilities: `(frames,)`, Silero's for each 512 samples.
        levels: `(frames,)`, from `energy.levels`, of the same sound.
        sample_count: How many samples the recording has.
        rule: Thresholds and the longest region.

    Raises:
        OptionError: if the three do not fit each other.
    """
    expected = (-(-sample_count // SILERO_FRAME_SAMPLES),)
    if not probabilities.shape == levels.shape == expected:
        msg = (
            f"{sample_count} samples need scores and levels of shape {expected}, "
            f"not {probabilities.shape} and {levels.shape}"
        )
        raise OptionError(msg)
    kept = _near(_likely(probabilities, rule), _PADDING)
    kept |= _masked(probabilities, levels, rule)
    cost = _smooth(probabilities)
    longest = int(rule.max_speech / _FRAME + 1e-6)
    bounds = [
        part for first, last in _runs(kept) for part in _parts(first, last, cost, max(longest, 2))
    ]
    return [
        SpeechRegion(first * _FRAME, min(last * SILERO_FRAME_SAMPLES, sample_count) / SAMPLE_RATE)
        for first, last in bounds
    ]


def _likely(probabilities: Floats, rule: AutoRule) -> Mask:
    """Frames of runs over the low threshold that reach the higher one."""
    low = _END_SHARE * rule.onset if rule.offset is None else rule.offset
    kept = np.zeros(len(probabilities), bool)
    for first, last in _runs(probabilities >= low):
        if probabilities[first:last].max() >= _BEGIN_SHARE * rule.onset:
            kept[first:last] = True
    return kept


def _masked(probabilities: Floats, levels: Floats, rule: AutoRule) -> Mask:
    """Frames that are loud enough to hide speech, if there is any in the recording."""
    sure = probabilities >= rule.onset
    if not sure.any():
        return sure
    usual = float(np.median(levels[sure]))
    return energy.spread(levels, _LOUD_SPREAD) >= usual - _LOUD_MARGIN


def _near(mask: Mask, frames: int) -> Mask:
    """Which frames lie within so many frames of a marked one."""
    marked = np.concatenate([[0], np.cumsum(mask)])
    places = np.arange(len(mask))
    return (
        marked[np.minimum(places + frames + 1, len(mask))] > marked[np.maximum(places - frames, 0)]
    )


def _runs(mask: Mask) -> list[tuple[int, int]]:
    """Where the mask is set, as (first frame, frame after the last)."""
    steps = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    firsts, lasts = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))


def _smooth(probabilities: Floats) -> Floats:
    """The mean score around each frame."""
    if not len(probabilities):
        return probabilities
    width = 2 * _CUT_SMOOTHING + 1
    padded = np.pad(probabilities, _CUT_SMOOTHING, mode="edge")
    return np.convolve(padded, np.full(width, 1 / width), "valid").astype(np.float32)


def _parts(first: int, last: int, cost: Floats, longest: int) -> list[tuple[int, int]]:
    """The run in parts of at most `longest` frames; none but the last is under half of that."""
    parts: list[tuple[int, int]] = []
    while last - first > longest:
        half = first + longest // 2 + 1
        cut = half + int(np.argmin(cost[half : first + longest + 1]))
        parts.append((first, cut))
        first = cut
    return [*parts, (first, last)]
