"""Tokens of one window -> segments with times."""

from __future__ import annotations

import pytest

from whisperx.asr.options import DecodedChunk
from whisperx.asr.segments import to_segments
from whisperx.text.tokenizer import Tokenizer
from whisperx.weights import catalog


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.from_folder(catalog.bundled_folder())


@pytest.fixture(scope="module")
def cut(tokenizer):
    """Segments `(text, start, end)` of a window from 100 s to 110 s; floats are timestamps."""

    def make(*pieces: str | float | int, start=100.0, end=110.0):
        tokens: list[int] = []
        for piece in pieces:
            if isinstance(piece, str):
                tokens += tokenizer.encode(piece)
            elif isinstance(piece, float):
                tokens.append(tokenizer.timestamp_id(piece))
            else:
                tokens.append(piece)
        decoded = DecodedChunk(0, tuple(tokens), -0.25, 0.1, ended=True)
        segments = to_segments(decoded, tokenizer, start, end)
        assert all(segment.avg_logprob == -0.25 for segment in segments)
        return [(segment.text, segment.start, segment.end) for segment in segments]

    return make


def test_without_timestamps_there_is_one_segment_as_long_as_the_window(cut):
    assert cut(" Hello there.") == [(" Hello there.", 100.0, 110.0)]


@pytest.mark.parametrize("pieces", [(), (" ",), (0.0, 2.0), (0.0, " ", 2.0)])
def test_nothing_written_is_no_segment(cut, pieces):
    assert cut(*pieces) == []


def test_each_pair_of_timestamps_bounds_a_segment(cut):
    assert cut(0.5, " One.", 2.0, 2.0, " Two.", 3.5, 4.0, " Three.", 9.98) == [
        (" One.", 100.5, 102.0),
        (" Two.", 102.0, 103.5),
        (" Three.", 104.0, 109.98),
    ]


def test_text_after_the_last_pair_runs_to_the_end(cut):
    assert cut(0.0, " One.", 2.0, 3.0, " Two") == [(" One.", 100.0, 102.0), (" Two", 103.0, 110.0)]
    assert cut(0.0, " One.", 2.0, " Two") == [(" One.", 100.0, 102.0), (" Two", 102.0, 110.0)]
    assert cut(" One.", 2.0) == [(" One.", 100.0, 102.0)]


def test_times_beyond_a_short_windows_end_are_pulled_back(cut):
    """The model hears 30 s of which the last are silence, and may write times in there."""
    assert cut(1.0, " One.", 14.0, 20.0, " Two.", 21.0) == [
        (" One.", 101.0, 110.0),
        (" Two.", 110.0, 110.0),
    ]


def test_control_tokens_are_no_text(cut, tokenizer):
    assert cut(tokenizer.no_timestamps, " One.", tokenizer.sot) == [(" One.", 100.0, 110.0)]


def test_times_are_rounded_to_milliseconds(cut):
    [(_, start, end)] = cut(0.1, " One.", 0.3, start=1 / 3, end=2.0)
    assert (start, end) == (0.433, 0.633)
