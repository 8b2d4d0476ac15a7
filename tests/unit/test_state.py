"""What a decoder remembers: slots, rows that are kept, rows that join."""

from __future__ import annotations

import numpy as np
import pytest

from whisperx._mlx import mx
from whisperx.models.state import DecoderState

LAYERS, HEADS, WIDTH = 2, 3, 4


def fresh(rows: int, starts: list[int] | None = None) -> DecoderState:
    """An empty state whose cross keys name their row."""
    audio = mx.broadcast_to(mx.arange(rows)[:, None, None, None], (rows, HEADS, 5, WIDTH))
    return DecoderState([(audio, -audio)] * LAYERS, starts or [0] * rows)


def token(value: float, rows: int, count: int = 1) -> mx.array:
    """Keys that name row and token: `value + place`, plus 100 for each row."""
    places = value + mx.arange(count)[None, None, :, None]
    owners = 100.0 * mx.arange(rows)[:, None, None, None]
    return mx.broadcast_to(places + owners, (rows, HEADS, count, WIDTH))


def write(state: DecoderState, value: float, count: int = 1) -> list[mx.array]:
    """Write tokens into every layer; each layer's keys as attention would see them."""
    rows, seen = len(state.starts), []
    for layer in range(LAYERS):
        keys, values = state.write(
            layer, token(value, rows, count) + layer, -token(value, rows, count)
        )
        assert keys.shape == values.shape == (rows, HEADS, state.cursor + count, WIDTH)
        seen.append(keys)
    state.advance(count)
    return seen


def row_tokens(state: DecoderState, row: int) -> list[float]:
    """What the first layer holds of one row, padding left out."""
    return np.array(state.keys[0][row, 0, state.starts[row] : state.cursor, 0]).tolist()


def test_tokens_are_found_in_the_order_they_came():
    state = fresh(2)
    seen = write(state, 1.0, 3)
    for value in range(4, 200):  # past several growths of the buffers
        seen = write(state, float(value))
    assert state.cursor == 199
    assert state.lengths == [199, 199]
    assert seen[0][0, 0, :, 0].tolist() == [float(n) for n in range(1, 200)]
    assert seen[1][1, 2, :, 3].tolist() == [float(n + 101) for n in range(1, 200)]
    assert state.keys[0].shape[2] % 64 == 0
    assert np.array(state.values[0])[0, 0, :3, 0].tolist() == [-1.0, -2.0, -3.0]


def test_positions_count_from_each_rows_start():
    state = fresh(3, [0, 2, 1])
    assert state.positions(4).tolist() == [[0, 1, 2, 3], [0, 0, 0, 1], [0, 0, 1, 2]]
    state.advance(4)
    assert state.positions(1).tolist() == [[4], [2], [3]]
    assert state.lengths == [4, 2, 3]


def test_no_mask_is_needed_without_padding():
    state = fresh(2)
    assert state.mask(3) == "causal"
    state.advance(3)
    assert state.mask(1) is None


def test_the_mask_hides_the_future_and_the_padding():
    mask = fresh(2, [0, 2]).mask(4)
    assert isinstance(mask, mx.array)
    assert mask.shape == (2, 1, 4, 4)
    rows = np.array(mask)[:, 0].astype(int).tolist()
    assert rows[0] == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]]
    # Padding sees itself alone, so that no softmax is empty.
    assert rows[1] == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]


def test_the_mask_of_a_later_step():
    state = fresh(2, [0, 2])
    state.advance(4)
    mask = state.mask(1)
    assert isinstance(mask, mx.array)
    assert np.array(mask)[:, 0].astype(int).tolist() == [[[1, 1, 1, 1, 1]], [[0, 0, 1, 1, 1]]]


def test_select_keeps_rows_in_the_order_asked_and_gives_up_slots():
    state = fresh(3, [0, 4, 2])
    for value in range(7):
        write(state, float(value))
    before = [row_tokens(state, row) for row in range(3)]
    state.select([1, 2])
    assert state.starts == [2, 0]
    assert state.cursor == 5
    assert [row_tokens(state, row) for row in range(2)] == [before[1], before[2]]
    assert state.cross[1][0][:, 0, 0, 0].tolist() == [1, 2]
    assert state.cross[0][1][:, 0, 0, 0].tolist() == [-1, -2]
    write(state, 50.0)
    assert row_tokens(state, 0) == [*before[1], 50.0]
    assert row_tokens(state, 1) == [*before[2], 150.0]


@pytest.mark.parametrize(("old", "new"), [(9, 3), (3, 9), (5, 5), (70, 2), (2, 130)])
def test_merge_lines_up_the_newest_tokens(old, new):
    left, right = fresh(2, [0, 1]), fresh(3, [1, 0, 0])
    write(left, 0.0, old)
    write(right, 1000.0, new)
    expected = [row_tokens(left, row) for row in range(2)]
    expected += [row_tokens(right, row) for row in range(3)]
    left.merge(right)
    assert left.cursor == max(old, new)
    assert left.lengths == [old, old - 1, new - 1, new, new]
    assert [row_tokens(left, row) for row in range(5)] == expected
    assert left.cross[0][0][:, 0, 0, 0].tolist() == [0, 1, 0, 1, 2]
    write(left, 5000.0)
    for row in range(5):
        assert row_tokens(left, row) == [*expected[row], 5000.0 + 100 * row]


def test_merge_into_rows_that_were_selected():
    left, right = fresh(3, [0, 3, 5]), fresh(1)
    write(left, 0.0, 8)
    left.select([2, 1])
    write(right, 1000.0, 2)
    kept = [row_tokens(left, row) for row in range(2)]
    left.merge(right)
    assert [row_tokens(left, row) for row in range(3)] == [*kept, [1000.0, 1001.0]]
