"""What holds for regions and chunks whatever the scores are."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whisperx.types import Chunk, SpeechRegion
from whisperx.vad.auto import AutoRule, auto_regions
from whisperx.vad.chunks import fixed, merge, separate
from whisperx.vad.hysteresis import HysteresisRule, SileroRule, score_regions, silero_regions
from whisperx.vad.segments import dump, fit, parse

ROUNDING = 1e-6
STEP = 0.1

levels = st.sampled_from([0.0, 0.1, 0.25, 0.34, 0.36, 0.49, 0.5, 0.51, 0.75, 1.0])
# Runs of one level, so that there is speech long enough to be kept and to be cut.
scores = st.lists(st.tuples(levels, st.integers(1, 60)), max_size=12).map(
    lambda runs: np.array([level for level, length in runs for _ in range(length)], np.float32)
)
thresholds = st.sampled_from([0.2, 0.35, 0.5, 0.7])
sizes = st.floats(1, 40)


@st.composite
def disjoint_regions(draw: st.DrawFn) -> list[SpeechRegion]:
    """In order, some of them touching, on whole milliseconds."""
    found: list[SpeechRegion] = []
    clock = 0
    for gap, length in draw(
        st.lists(
            st.tuples(st.integers(0, 20_000), st.integers(10, 90_000)), min_size=1, max_size=20
        )
    ):
        found.append(SpeechRegion((clock + gap) / 1000, (clock + gap + length) / 1000))
        clock += gap + length
    return found


regions = disjoint_regions()


def check_in_order(found: list[SpeechRegion], duration: float, longest: float) -> None:
    for region in found:
        assert 0 <= region.start < region.end <= duration + ROUNDING
        assert region.end - region.start <= longest + ROUNDING
    for left, right in pairwise(found):
        assert left.end <= right.start


def check_chunks(chunks: list[Chunk], found: list[SpeechRegion], size: float) -> None:
    """No chunk is too long and together they hold all speech, in order."""
    inside = [region for chunk in chunks for region in chunk.regions]
    for chunk in chunks:
        assert (chunk.start, chunk.end) == (chunk.regions[0].start, chunk.regions[-1].end)
        assert chunk.end - chunk.start <= size + ROUNDING
    for left, right in pairwise(inside):
        assert left.end <= right.start
    for region in found:
        parts = [part for part in inside if region.start <= part.start and part.end <= region.end]
        assert parts[0].start == region.start
        assert parts[-1].end == region.end
        assert all(left.end == right.start for left, right in pairwise(parts))
    total = sum(region.end - region.start for region in found)
    assert sum(part.end - part.start for part in inside) == pytest.approx(total)


@given(scores, thresholds, st.none() | thresholds, st.floats(0.5, 10), st.integers(0, 511))
def test_silero_regions(
    given_scores: np.ndarray, onset: float, offset: float | None, longest: float, missing: int
) -> None:
    samples = max(len(given_scores) * 512 - missing, 0)
    rule = SileroRule(onset=onset, offset=offset, max_speech=longest)
    found = silero_regions(given_scores, samples, rule)
    check_in_order(found, samples / 16_000, longest)
    check_chunks(merge(found, longest), found, longest)


@given(scores, thresholds, st.floats(0.5, 10), st.integers(0, 511), st.integers(0, 2**32 - 1))
def test_auto_regions(
    given_scores: np.ndarray, onset: float, longest: float, missing: int, seed: int
) -> None:
    samples = max(len(given_scores) * 512 - missing, 0)
    levels = np.random.default_rng(seed).uniform(-80, 0, len(given_scores)).astype(np.float32)
    found = auto_regions(given_scores, levels, samples, AutoRule(onset, max_speech=longest))
    check_in_order(found, samples / 16_000, longest)
    check_chunks(merge(found, longest), found, longest)
    # What Silero's own rule keeps is kept.
    usual = silero_regions(given_scores, samples, SileroRule(onset))
    for region in usual:
        parts = [min(r.end, region.end) - max(r.start, region.start) for r in found]
        kept = sum(part for part in parts if part > 0)
        assert kept == pytest.approx(region.end - region.start)


@given(scores, thresholds, st.none() | thresholds, st.floats(0.5, 10))
def test_score_regions(
    given_scores: np.ndarray, onset: float, offset: float | None, longest: float
) -> None:
    rule = HysteresisRule(onset, offset, longest)
    found = score_regions(given_scores, rule, frame_start=0.0, frame_duration=STEP, frame_step=STEP)
    middles = (np.arange(len(given_scores)) + 0.5) * STEP
    check_in_order(found, len(given_scores) * STEP, longest)
    check_chunks(merge(found, longest), found, longest)
    if offset is None or offset <= onset:
        # Frames over the onset are speech; one at the very end has no length yet.
        for middle in middles[:-1][given_scores[:-1] > onset]:
            assert any(r.start - ROUNDING <= middle <= r.end + ROUNDING for r in found)


@given(regions, sizes)
def test_merged_chunks(found: list[SpeechRegion], size: float) -> None:
    chunks = merge(found, size)
    check_chunks(chunks, found, size)
    for left, right in pairwise(chunks):
        assert right.regions[0].end - left.start > size, "the next region would have fitted"


@given(regions, sizes)
def test_separate_chunks(found: list[SpeechRegion], size: float) -> None:
    chunks = separate(found, size)
    check_chunks(chunks, found, size)
    assert all(len(chunk.regions) == 1 for chunk in chunks)


@given(st.floats(0.001, 2_000), sizes)
def test_fixed_windows(duration: float, size: float) -> None:
    chunks = fixed(duration, size)
    assert chunks[0].start == 0
    assert chunks[-1].end == duration
    assert all(chunk.end - chunk.start <= size + ROUNDING for chunk in chunks)
    assert all(left.end == right.start for left, right in pairwise(chunks))


@given(regions)
def test_dump_reads_back(
    tmp_path_factory: pytest.TempPathFactory, found: list[SpeechRegion]
) -> None:
    path = tmp_path_factory.mktemp("dump") / "regions.json"
    path.write_text(dump(found))
    assert parse(str(path)) == found
    assert fit(parse(str(path)), found[-1].end) == found


@given(regions)
def test_listed_seconds_read_back(found: list[SpeechRegion]) -> None:
    assert parse(",".join(f"{r.start!r},{r.end!r}" for r in found)) == found


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 90)), min_size=1, max_size=10))
def test_given_regions_become_disjoint(pieces: list[tuple[float, float]]) -> None:
    spans = [(start, start + length) for start, length in pieces]
    found = parse(",".join(f"{start!r},{end!r}" for start, end in spans))
    check_in_order(found, math.inf, math.inf)
    for start, end in spans:
        assert any(region.start <= start and end <= region.end for region in found)
