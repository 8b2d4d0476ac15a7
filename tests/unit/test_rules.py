"""Logit rules against a plain re-telling of Whisper's, one row and one token at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whisperx._mlx import mx
from whisperx.asr.rules import History, SuppressAtStart, SuppressTokens, TimestampRules

TEXT, END, NO_TIMES, TIMES, SIZE = 6, 6, 8, 9, 21
"""Ids 0-5 are text, 6 ends it, 7 and 8 are controls, 9-20 are timestamps."""


def oracle(scores: np.ndarray, written: list[int], max_initial: int) -> np.ndarray:
    """What Whisper's timestamp rules leave of one row of scores.

    1. The token that turns timestamps off never comes.
    2. At the start only a timestamp may come, and none later than the limit.
    3. After a timestamp that closes a segment (text stands before it) no text may come: it is
       followed by the start of the next segment or by the end. After any other timestamp, the
       first token's included, no timestamp may come.
    4. Times do not go back. The start of a segment may equal the end of the one before; the end
       must lie after the start.
    5. If the timestamps together are likelier than the best other token, only they remain.
    """
    left = scores.astype(np.float64).copy()
    left[NO_TIMES] = -np.inf
    if not written:
        left[:TIMES] = -np.inf
        left[TIMES + max_initial + 1 :] = -np.inf
    elif written[-1] >= TIMES:
        closes_a_segment = len(written) > 1 and written[-2] < TIMES
        if closes_a_segment:
            left[:END] = -np.inf
        else:
            left[TIMES:] = -np.inf
    times = [token for token in written if token >= TIMES]
    if times:
        may_repeat = written[-1] >= TIMES and len(written) > 1 and written[-2] < TIMES
        left[TIMES : times[-1] + (0 if may_repeat else 1)] = -np.inf
    with np.errstate(divide="ignore"):
        together = np.log(np.exp(left[TIMES:]).sum())
    if together > left[:TIMES].max():
        left[:TIMES] = -np.inf
    return left


def history_of(rows: list[list[int]]) -> History:
    """The histories of rows of any length, each built token by token."""
    whole = None
    for row in rows:
        history = History.empty(1)
        for token in row:
            history = history.append(mx.array([token], dtype=mx.int32), TIMES)
        whole = history if whole is None else whole.merge(history)
    assert whole is not None
    return whole


def rules(max_initial: int) -> TimestampRules:
    return TimestampRules(TIMES, NO_TIMES, END, SIZE, max_initial)


def check(rows: list[list[int]], scores: np.ndarray, max_initial: int) -> None:
    got = np.array(rules(max_initial)(mx.array(scores), history_of(rows)))
    for row, written in enumerate(rows):
        expected = oracle(scores[row], written, max_initial)
        assert (np.isneginf(got[row]) == np.isneginf(expected)).all(), (written, max_initial)
        kept = ~np.isneginf(expected)
        assert (got[row][kept] == scores[row][kept]).all()


histories = st.lists(
    st.lists(st.integers(0, SIZE - 1) | st.integers(TIMES, SIZE - 1), max_size=7),
    min_size=1,
    max_size=6,
)


@given(rows=histories, seed=st.integers(0, 10**6), bias=st.floats(-6, 6), limit=st.integers(0, 11))
@settings(deadline=None)
def test_timestamp_rules_agree_with_the_oracle_on_any_history(rows, seed, bias, limit):
    scores = np.random.RandomState(seed).standard_normal((len(rows), SIZE)).astype(np.float32)
    scores[:, TIMES:] += np.float32(bias)  # so that rule 5 is met on both sides
    check(rows, scores, limit)


@given(seed=st.integers(0, 10**6), limit=st.integers(0, 11))
@settings(deadline=None, max_examples=30)
def test_texts_written_under_the_rules_are_well_formed(seed, limit):
    """Sample by the rules alone: what comes out is a list of closed segments, never backwards."""
    rng = np.random.RandomState(seed)
    history, written, rule = History.empty(1), [], rules(limit)
    for _ in range(40):
        scores = (rng.standard_normal((1, SIZE)) * 2).astype(np.float32)
        scores[0, 7] = -20
        check([written], scores, limit)
        token = int(np.array(rule(mx.array(scores), history))[0].argmax())
        written.append(token)
        history = history.append(mx.array([token], dtype=mx.int32), TIMES)
        if token == END:
            break
    times = [token for token in written if token >= TIMES]
    assert TIMES <= written[0] <= TIMES + limit
    assert times == sorted(times)
    assert all(token != NO_TIMES for token in written)


@pytest.mark.parametrize(
    ("written", "allowed"),
    [
        ([], {9, 10, 11}),
        ([9], {0, 1, 2, 3, 4, 5, 6, 7}),
        ([9, 1], {0, 1, 2, 3, 4, 5, 6, 7, *range(10, 21)}),
        ([9, 1, 12], {6, 7, *range(12, 21)}),
        ([9, 1, 12, 12], {0, 1, 2, 3, 4, 5, 6, 7}),
        ([9, 1, 12, 12, 1], {0, 1, 2, 3, 4, 5, 6, 7, *range(13, 21)}),
        ([9, 1, 20, 20, 1], {0, 1, 2, 3, 4, 5, 6, 7}),
        ([9, 1, 20], {6, 7, 20}),
    ],
)
def test_what_may_follow(written, allowed):
    """By hand: the same rules, and an oracle that was wrong in the same way would be noticed."""
    scores = np.zeros((1, SIZE), np.float32)
    scores[0, TIMES:] = -9  # so that timestamps do not win as a group
    got = np.array(rules(2)(mx.array(scores), history_of([written])))[0]
    assert set(np.flatnonzero(~np.isneginf(got)).tolist()) == allowed


def test_timestamps_win_only_as_a_group():
    scores = np.full((2, SIZE), -20, np.float32)
    scores[:, 1] = 0.0
    scores[0, TIMES + 3 : TIMES + 6] = -1.0  # exp(-1) * 3 > 1
    scores[1, TIMES + 3 : TIMES + 6] = -1.2  # exp(-1.2) * 3 < 1
    got = np.array(rules(50)(mx.array(scores), history_of([[9, 1], [9, 1]])))
    assert np.isneginf(got[0, :TIMES]).all()
    assert got[1, 1] == 0.0


def test_suppressed_tokens_never_come_and_others_keep_their_score():
    scores = mx.array(np.arange(12, dtype=np.float32).reshape(2, 6))
    got = np.array(SuppressTokens((0, 5), 6)(scores, history_of([[], [1, 2]])))
    assert np.isneginf(got[:, [0, 5]]).all()
    assert (got[:, 1:5] == np.array(scores)[:, 1:5]).all()
    assert mx.array_equal(SuppressTokens((), 6)(scores, History.empty(2)), scores)


def test_blank_is_suppressed_at_the_start_only():
    scores = mx.zeros((3, 6))
    got = np.array(SuppressAtStart((2, 4), 6)(scores, history_of([[], [1], [2, 4]])))
    assert np.isneginf(got[0, [2, 4]]).all()
    assert np.isfinite(got[0, [0, 1, 3, 5]]).all()
    assert np.isfinite(got[1:]).all()


def test_histories_are_picked_and_joined_by_row():
    rows = [[], [9], [9, 1], [9, 1, 12], [1, 2]]
    picked = history_of(rows).select(mx.array([3, 0, 2]))
    again = history_of([rows[3], rows[0], rows[2]])
    for name in ("count", "last", "previous", "last_timestamp"):
        assert mx.array_equal(getattr(picked, name), getattr(again, name)), name
    both = picked.merge(history_of([rows[4]]))
    assert both.count.tolist() == [3, 0, 2, 2]
    assert both.last.tolist() == [12, -1, 1, 2]
    assert both.previous.tolist() == [1, -1, 9, 1]
    assert both.last_timestamp.tolist() == [12, -1, 9, -1]
