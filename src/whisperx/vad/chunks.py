"""SpeechRegions -> Chunks, the pieces that the recognizer hears in one go."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from whisperx.errors import OptionError
from whisperx.types import Chunk, SpeechRegion

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOLERANCE = 1e-6  # seconds: what rounding may add to a region that was cut to `chunk_size`


def merge(regions: Iterable[SpeechRegion], chunk_size: float) -> list[Chunk]:
    """Neighbouring regions in chunks of at most `chunk_size` seconds, as full as they get.

    A chunk reaches from the start of its first region to the end of its last, so the silence
    between them is in it. A region that is too long for a chunk is first cut into equal pieces.

    Args:
        regions: In order and disjoint.
        chunk_size: Longest chunk in seconds.

    Raises:
        OptionError: if `chunk_size` is not above 0.

    Source: the merge step of Bain et al., "WhisperX" (2023). WhisperX leaves a region that is too
    long as it is, and the recognizer then drops its end; its own detectors make no such region.
    """
    chunks: list[Chunk] = []
    group: list[SpeechRegion] = []
    for region in regions:
        for piece in _pieces(region, chunk_size):
            if group and piece.end - group[0].start > chunk_size:
                chunks.append(_chunk(group))
                group = []
            group.append(piece)
    return [*chunks, _chunk(group)] if group else chunks


def separate(regions: Iterable[SpeechRegion], chunk_size: float) -> list[Chunk]:
    """Every region in a chunk of its own; one that is too long in equal pieces.

    For regions that the user gave: what they took apart stays apart.

    Raises:
        OptionError: if `chunk_size` is not above 0.
    """
    return [_chunk([piece]) for region in regions for piece in _pieces(region, chunk_size)]


def fixed(duration: float, chunk_size: float, start: float = 0.0) -> list[Chunk]:
    """Windows of `chunk_size` seconds over the whole recording; the last is what is left.

    Args:
        duration: Length of the recording in seconds.
        chunk_size: Longest chunk in seconds.
        start: Where the recording begins in its source.

    Raises:
        OptionError: if `chunk_size` is not above 0.
    """
    _check(chunk_size)
    if duration <= 0:
        return []
    count = max(math.ceil((duration - _TOLERANCE) / chunk_size), 1)
    bounds = [*(k * chunk_size for k in range(count)), duration]
    return [_chunk([SpeechRegion(start + first, start + last)]) for first, last in pairwise(bounds)]


def _check(chunk_size: float) -> None:
    if not 0 < chunk_size < math.inf:
        msg = f"the chunk size is {chunk_size} s; give a number of seconds above 0, such as 30"
        raise OptionError(msg)


def _chunk(regions: list[SpeechRegion]) -> Chunk:
    return Chunk(regions[0].start, regions[-1].end, tuple(regions))


def _pieces(region: SpeechRegion, chunk_size: float) -> list[SpeechRegion]:
    """The region, or the fewest equal parts of it that fit into a chunk."""
    _check(chunk_size)
    length = region.end - region.start
    if length <= chunk_size + _TOLERANCE:
        return [region]
    count = math.ceil(length / chunk_size)
    bounds = [*(region.start + length * k / count for k in range(count)), region.end]
    return [SpeechRegion(start, end) for start, end in pairwise(bounds)]
