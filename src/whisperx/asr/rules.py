"""Logit rules: which tokens a row may write next. Vectorised over rows, on the device.

Source: the logit filters of openai-whisper (`decoding.py`), with the same results; here the
history is a few arrays a row instead of a walk over its tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from whisperx._mlx import mx

_NO_TIMESTAMP = -1


@dataclass(frozen=True)
class History:
    """What the rules need to know of the tokens that each row has written; each `(rows,)` int32.

    Attributes:
        count: How many tokens.
        last: The newest token, -1 if there is none.
        previous: The one before, -1 if there is none.
        last_timestamp: The newest timestamp token, -1 if there is none.
    """

    count: mx.array
    last: mx.array
    previous: mx.array
    last_timestamp: mx.array

    @classmethod
    def empty(cls, rows: int) -> History:
        """Of rows that have written nothing."""
        none = mx.full((rows,), -1, dtype=mx.int32)
        return cls(mx.zeros((rows,), dtype=mx.int32), none, none, none)

    def append(self, tokens: mx.array, timestamp_begin: int) -> History:
        """After `tokens` `(rows,)` were written."""
        newest = mx.where(tokens >= timestamp_begin, tokens, self.last_timestamp)
        return History(self.count + 1, tokens, self.last, newest)

    def select(self, rows: mx.array) -> History:
        """Of these rows, in this order."""
        return History(
            self.count[rows], self.last[rows], self.previous[rows], self.last_timestamp[rows]
        )

    def merge(self, other: History) -> History:
        """With the rows of `other` appended."""
        return History(
            mx.concatenate([self.count, other.count]),
            mx.concatenate([self.last, other.last]),
            mx.concatenate([self.previous, other.previous]),
            mx.concatenate([self.last_timestamp, other.last_timestamp]),
        )


class Rule(Protocol):
    """Forbids tokens."""

    def __call__(self, logits: mx.array, history: History) -> mx.array:
        """`logits` `(rows, vocabulary)` with forbidden tokens at minus infinity."""
        ...


def _forbidding(tokens: tuple[int, ...], vocabulary: int) -> mx.array:
    mask = mx.zeros((vocabulary,), dtype=mx.float32)
    if tokens:
        mask[mx.array(tokens)] = -mx.inf
    return mask


class SuppressTokens:
    """Never these tokens."""

    def __init__(self, tokens: tuple[int, ...], vocabulary: int) -> None:
        self._mask = _forbidding(tokens, vocabulary)

    def __call__(self, logits: mx.array, history: History) -> mx.array:
        """See `Rule`."""
        return logits + self._mask


class SuppressAtStart:
    """Not these tokens first: a blank, or the end of the text."""

    def __init__(self, tokens: tuple[int, ...], vocabulary: int) -> None:
        self._mask = _forbidding(tokens, vocabulary)

    def __call__(self, logits: mx.array, history: History) -> mx.array:
        """See `Rule`."""
        return mx.where((history.count == 0)[:, None], logits + self._mask, logits)


class TimestampRules:
    """Timestamps come first, in pairs, and never go back.

    They also win as a group: where all timestamps together are likelier than any single text
    token, the next token is a timestamp.

    Args:
        timestamp_begin: Id of `<|0.00|>`; all ids from there on are timestamps.
        no_timestamps: Id of the token that turns timestamps off.
        end_of_text: Id of end of text; all ids below it are text.
        vocabulary: Number of ids.
        max_initial_index: The first timestamp's index (of 0.02 s) is at most this.
    """

    def __init__(
        self,
        timestamp_begin: int,
        no_timestamps: int,
        end_of_text: int,
        vocabulary: int,
        max_initial_index: int,
    ) -> None:
        ids = mx.arange(vocabulary)
        self._ids = ids[None]
        self._begin = timestamp_begin
        self._is_timestamp = (ids >= timestamp_begin)[None]
        self._is_text = (ids < end_of_text)[None]
        self._never = (ids == no_timestamps)[None]
        latest = timestamp_begin + max_initial_index
        self._at_start = ((ids < timestamp_begin) | (ids > latest))[None]

    def __call__(self, logits: mx.array, history: History) -> mx.array:
        """See `Rule`."""
        logits = mx.where(self._never | self._forbidden(history), -mx.inf, logits)
        # Log-probabilities differ from logits by a constant per row, so logits compare as well.
        timestamps = mx.logsumexp(
            mx.where(self._is_timestamp, logits, -mx.inf), axis=-1, keepdims=True
        )
        best_text = mx.max(mx.where(self._is_timestamp, -mx.inf, logits), axis=-1, keepdims=True)
        return mx.where((timestamps > best_text) & ~self._is_timestamp, -mx.inf, logits)

    def _forbidden(self, history: History) -> mx.array:
        """`(rows, vocabulary)`: what order forbids."""
        count = history.count[:, None]
        after_timestamp = (count > 0) & (history.last[:, None] >= self._begin)
        pair_closed = (count < 2) | (history.previous[:, None] >= self._begin)
        ban_timestamps = after_timestamp & pair_closed & self._is_timestamp
        ban_text = after_timestamp & ~pair_closed & self._is_text
        # A segment may not end before it starts, nor be empty, nor the next start before its end.
        newest = history.last_timestamp[:, None]
        lowest = mx.where(after_timestamp & ~pair_closed, newest, newest + 1)
        backwards = (newest >= 0) & self._is_timestamp & (self._ids < lowest)
        return ban_timestamps | ban_text | backwards | ((count == 0) & self._at_start)
