"""Which token comes next."""

from __future__ import annotations

from typing import Protocol

from whisperx._mlx import mx


class Search(Protocol):
    """A way to choose the next token of every row."""

    def choose(self, logprobs: mx.array) -> mx.array:
        """Next tokens `(rows,)` int32 from log-probabilities `(rows, vocabulary)`."""
        ...


class Greedy:
    """The likeliest token, always."""

    def choose(self, logprobs: mx.array) -> mx.array:
        """See `Search`."""
        return mx.argmax(logprobs, axis=-1).astype(mx.int32)
