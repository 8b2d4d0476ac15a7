"""What `auto` keeps, on scores and levels that a test can read."""

from __future__ import annotations

import numpy as np
import pytest

from whisperx.errors import OptionError
from whisperx.vad.auto import AutoRule, auto_regions

FRAME = 0.032
RULE = AutoRule()


def track(*runs: tuple[float, int]) -> np.ndarray:
    """Runs of (value, frames)."""
    return np.concatenate([np.full(frames, value, np.float32) for value, frames in runs])


def frames(scores: np.ndarray, levels: np.ndarray | None = None, rule: AutoRule = RULE):
    """Regions as (first frame, frame after the last)."""
    levels = np.full(len(scores), -60, np.float32) if levels is None else levels
    found = auto_regions(scores, levels, 512 * len(scores), rule)
    return [(round(r.start / FRAME), round(r.end / FRAME)) for r in found]


def test_speech_is_kept_with_room_on_both_sides():
    quiet = track((-60, 100), (-20, 20), (-60, 100))
    assert frames(track((0.01, 100), (0.9, 20), (0.01, 100)), quiet) == [(94, 126)]


def test_doubtful_speech_is_kept_if_it_reaches_the_higher_threshold():
    assert frames(track((0.01, 50), (0.11, 10), (0.21, 1), (0.11, 9), (0.01, 50))) == [(44, 76)]
    assert frames(track((0.01, 50), (0.19, 20), (0.01, 50))) == []


def test_thresholds_follow_the_onset():
    scores = track((0.01, 50), (0.25, 20), (0.01, 50))
    assert frames(scores, rule=AutoRule(onset=0.5)) == [(44, 76)]
    assert frames(scores, rule=AutoRule(onset=0.7)) == []


def test_a_given_offset_says_where_speech_ends():
    scores = track((0.01, 50), (0.9, 20), (0.3, 20), (0.01, 50))
    quiet = np.full(len(scores), -60, np.float32)
    quiet[50:70] = -20
    assert frames(scores, quiet) == [(44, 96)]
    assert frames(scores, quiet, AutoRule(offset=0.35)) == [(44, 76)]


def test_a_pause_stays_only_where_it_is_as_loud_as_speech():
    scores = track((0.9, 50), (0.0, 600))
    silent = track((-20, 50), (-60, 600))
    below = track((-20, 50), (-25, 600))
    loud = track((-20, 50), (-60, 300), (-23, 300))
    assert frames(scores, silent) == [(0, 56)]
    assert frames(scores, below) == [(0, 56)]
    assert frames(scores, loud) == [(0, 56), (347, 650)]


def test_without_sure_speech_loudness_keeps_nothing():
    scores = track((0.0, 100), (0.3, 10), (0.0, 100))
    assert frames(scores, np.full(210, -20, np.float32)) == [(94, 116)]


def test_what_is_too_long_is_cut_where_the_score_is_lowest():
    scores = track((0.9, 700), (0.3, 10), (0.9, 700))
    cuts = frames(scores)
    assert [cut[0] for cut in cuts[1:]] == [cut[1] for cut in cuts[:-1]]
    assert 702 <= cuts[0][1] <= 708
    assert (cuts[0][0], cuts[-1][1]) == (0, 1410)
    assert all(last - first <= 30 / FRAME for first, last in cuts)


def test_the_last_region_ends_with_the_recording():
    (region,) = auto_regions(track((0.9, 10)), track((-20, 10)), 9 * 512 + 1, RULE)
    assert (region.start, region.end) == (0, (9 * 512 + 1) / 16_000)


def test_nothing_is_no_speech():
    assert frames(np.zeros(0, np.float32)) == []
    assert frames(np.zeros(100, np.float32)) == []


@pytest.mark.parametrize("rule", [{"onset": 0}, {"onset": 1}, {"offset": 1.5}, {"max_speech": 0}])
def test_a_rule_that_makes_no_sense_is_refused(rule):
    with pytest.raises(OptionError):
        AutoRule(**rule)


def test_scores_and_levels_must_fit_the_sound():
    with pytest.raises(OptionError, match="need scores and levels"):
        auto_regions(np.zeros(3, np.float32), np.zeros(4, np.float32), 3 * 512, RULE)
