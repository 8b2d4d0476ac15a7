"""Greedy decoding of real speech: the tokens that openai-whisper and transformers write.

Recorded by `record/record_greedy.py`; `benchmarks/parity_greedy.py` compares all windows.
"""

from __future__ import annotations

import greedy
import pytest
import windows

EVERY = 11
"""Every so many windows are decoded here: all lengths, as they are sorted by length."""


@pytest.fixture(scope="module")
def places():
    return greedy.recorded()[0]


@pytest.fixture(scope="module")
def modes():
    return greedy.recorded()[1]


def test_the_recording_is_worth_comparing_with(places, modes):
    assert len(places) >= 200
    for name, lists in modes.items():
        tokens = lists["tokens"]
        assert len({token for row in tokens for token in row}) > 300, name
        assert sum(len(row) < windows.LIMIT - 1 for row in tokens) > 180, "most end by themselves"
        assert len({tuple(row) for row in tokens}) > 180
    times = [sum(token >= 50363 for token in row) for row in modes["times"]["tokens"]]
    assert sum(count >= 2 for count in times) > 150


@pytest.fixture(scope="module")
def few(places, shared):
    """A recognizer that encodes each window once, and a few of the windows."""
    return greedy.recognizer(shared), greedy.sound(shared / "data", places[::EVERY])


@pytest.mark.slow
@pytest.mark.parametrize("name", windows.MODES)
def test_tokens_and_probabilities(name, few, modes):
    model, sounds = few
    ours = greedy.run(model, sounds, windows.MODES[name])
    assert len(ours) == 20
    lists = {what: rows[::EVERY] for what, rows in modes[name].items()}
    assert greedy.differences(ours, lists) == []
