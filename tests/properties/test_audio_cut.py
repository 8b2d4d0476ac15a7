"""What holds for every cut of every `Audio`."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from whisperx.types import SAMPLE_RATE, Audio

SECONDS = st.floats(-3, 6, allow_nan=False)


@st.composite
def audios(draw: st.DrawFn) -> Audio:
    length = draw(st.integers(0, 40_000))
    # The samples count up, so that each tells where it was.
    return Audio(np.arange(length, dtype=np.float32), draw(st.floats(0, 2)))


@given(audios(), SECONDS, SECONDS)
def test_a_cut_lies_inside_and_inside_what_was_asked(audio: Audio, start: float, end: float):
    cut = audio.cut(start, end)
    half = 0.5 / SAMPLE_RATE + 1e-9
    assert audio.start <= cut.start + 1e-9
    assert cut.end <= audio.end + 1e-9
    if len(cut.samples):
        assert cut.start >= start - half
        assert cut.end <= end + half


@given(audios(), SECONDS, SECONDS)
def test_a_cut_keeps_each_sample_at_its_time(audio: Audio, start: float, end: float):
    cut = audio.cut(start, end)
    first = round((cut.start - audio.start) * SAMPLE_RATE)
    assert np.array_equal(cut.samples, audio.samples[first : first + len(cut.samples)])


@given(audios(), SECONDS)
def test_two_cuts_that_meet_are_the_whole(audio: Audio, middle: float):
    left = audio.cut(audio.start, middle)
    right = audio.cut(middle, audio.end)
    if middle < audio.start:
        assert len(left.samples) == 0
    assert np.array_equal(np.concatenate([left.samples, right.samples]), audio.samples)


@given(audios(), SECONDS, SECONDS)
def test_cutting_again_changes_nothing(audio: Audio, start: float, end: float):
    once = audio.cut(start, end)
    again = once.cut(start, end)
    assert np.array_equal(once.samples, again.samples)


@given(audios())
def test_cutting_all_gives_all(audio: Audio):
    whole = audio.cut(audio.start, audio.end)
    assert np.array_equal(whole.samples, audio.samples)
    assert whole.start == audio.start
