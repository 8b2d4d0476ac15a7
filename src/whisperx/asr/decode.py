"""THE decoding loop: rows come, write a token a step, and go when they have ended.

Strategies decide which token comes next (`search`), rules which may (`rules`); nothing else
decodes. A row's result does not depend on its neighbours.

Source: the loop of openai-whisper's `DecodingTask`, over a batch whose rows need not be of one
age; batching by value objects that extend and filter follows mlx-lm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import numpy as np

from whisperx._mlx import mx
from whisperx.asr.options import DecodedChunk, DecodeRequest
from whisperx.asr.rules import History, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from whisperx.asr.search import Search
    from whisperx.models.state import DecoderState


class DecoderNetwork(Protocol):
    """What the loop needs of a decoder; `models.whisper.Decoder` is one."""

    def start(self, features: mx.array, starts: list[int] | None = None) -> DecoderState:
        """An empty state over `features` `(rows, frames, width)`."""
        ...

    def __call__(self, tokens: mx.array, state: DecoderState) -> mx.array:
        """Hidden states `(rows, tokens, width)` of `tokens` `(rows, tokens)`."""
        ...

    def logits(self, hidden: mx.array) -> mx.array:
        """Scores `(..., vocabulary)` in float32 of hidden states `(..., width)`."""
        ...


@dataclass(frozen=True)
class Vocabulary:
    """The ids that the loop itself must know.

    Attributes:
        end_of_text: Ends a row.
        timestamp_begin: This and all above are timestamps.
        no_speech: Its probability right after start-of-transcript says there is no speech.
        limit: How many tokens a row may hold, prompt included.
    """

    end_of_text: int
    timestamp_begin: int
    no_speech: int | None
    limit: int


@dataclass(slots=True)
class _Row:
    """What is known of a row on the host."""

    request: DecodeRequest
    no_speech_prob: float | None
    room: int
    tokens: list[int] = field(default_factory=list)
    sum_logprob: float = 0.0
    done: bool = False

    def take(self, token: int, logprob: float, end_of_text: int) -> DecodedChunk | None:
        """Add a token; the result if that ended the row."""
        self.sum_logprob += logprob
        ended = token == end_of_text
        if not ended:
            self.tokens.append(token)
        if not ended and len(self.tokens) < self.room:
            return None
        self.done = True
        average = self.sum_logprob / (len(self.tokens) + 1)
        return DecodedChunk(
            self.request.id, tuple(self.tokens), average, self.no_speech_prob, ended
        )


@dataclass(slots=True)
class _Device:
    """What is known of all rows on the device: caches, history, and the tokens just chosen."""

    state: DecoderState
    history: History
    tokens: mx.array
    logprobs: mx.array


class DecodeBatch:
    """Rows that are decoded together.

    The next step is always in flight before the tokens of the last are read, so the device never
    waits for Python. Rows that ended stay until a quarter of the batch has: shrinking copies the
    caches of all others.
    """

    def __init__(
        self,
        decoder: DecoderNetwork,
        search: Search,
        rules: Sequence[Rule],
        vocabulary: Vocabulary,
        max_new_tokens: int | None = None,
    ) -> None:
        self._decoder = decoder
        self._search = search
        self._rules = rules
        self._vocabulary = vocabulary
        self._max_new_tokens = max_new_tokens
        self._rows: list[_Row] = []
        self._device: _Device | None = None

    def __len__(self) -> int:
        """How many rows are still being decoded."""
        return sum(not row.done for row in self._rows)

    def extend(self, requests: Sequence[DecodeRequest], features: mx.array) -> None:
        """Let new rows join.

        Args:
            requests: What to decode.
            features: What the encoder heard, `(len(requests), frames, width)`.
        """
        longest = max(len(request.prompt) for request in requests)
        starts = [longest - len(request.prompt) for request in requests]
        pad = self._vocabulary.end_of_text
        prompts = [
            [pad] * start + list(request.prompt)
            for start, request in zip(starts, requests, strict=True)
        ]
        state = self._decoder.start(features, starts)
        hidden = self._decoder(mx.array(prompts, dtype=mx.int32), state)
        no_speech = self._no_speech(hidden, requests, starts)
        new = self._choose(hidden, state, History.empty(len(requests)))
        self._rows += [
            _Row(request, probability, self._room(request))
            for request, probability in zip(requests, no_speech, strict=True)
        ]
        self._device = new if self._device is None else _merge(self._device, new)

    def step(self) -> list[DecodedChunk]:
        """Write one token per row; give back the rows that ended with it."""
        assert self._device is not None  # noqa: S101 - callers step only batches that have rows
        chosen, logprobs = self._device.tokens, self._device.logprobs
        hidden = self._decoder(chosen[:, None], self._device.state)
        self._device = self._choose(hidden, self._device.state, self._device.history)
        finished = [
            result
            for row, token, logprob in zip(
                self._rows, np.array(chosen).tolist(), np.array(logprobs).tolist(), strict=True
            )
            if not row.done
            and (result := row.take(token, logprob, self._vocabulary.end_of_text)) is not None
        ]
        self._shrink()
        return finished

    def _room(self, request: DecodeRequest) -> int:
        room = self._vocabulary.limit - len(request.prompt)
        return room if self._max_new_tokens is None else min(room, self._max_new_tokens)

    def _choose(self, hidden: mx.array, state: DecoderState, history: History) -> _Device:
        """Choose the token that follows the newest hidden state of every row."""
        logits = self._decoder.logits(hidden[:, -1])
        for rule in self._rules:
            logits = rule(logits, history)
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        tokens = self._search.choose(logprobs)
        scores = mx.take_along_axis(logprobs, tokens[:, None], axis=-1)[:, 0]
        history = history.append(tokens, self._vocabulary.timestamp_begin)
        # The history too: rules that never look at a part of it would let its graph grow for ever.
        mx.async_eval(tokens, scores, history.count, history.last_timestamp)
        return _Device(state, history, tokens, scores)

    def _no_speech(
        self, hidden: mx.array, requests: Sequence[DecodeRequest], starts: list[int]
    ) -> list[float] | list[None]:
        if self._vocabulary.no_speech is None:
            return [None] * len(requests)
        where = [start + request.sot_index for start, request in zip(starts, requests, strict=True)]
        at_sot = hidden[mx.arange(len(requests)), mx.array(where)]
        probabilities = mx.softmax(self._decoder.logits(at_sot), axis=-1)
        return np.array(probabilities[:, self._vocabulary.no_speech]).tolist()

    def _shrink(self) -> None:
        alive = [index for index, row in enumerate(self._rows) if not row.done]
        if not alive:
            self._rows, self._device = [], None
        elif 4 * (len(self._rows) - len(alive)) >= len(self._rows) and self._device is not None:
            self._rows = [self._rows[index] for index in alive]
            self._device = _select(self._device, alive)


def decode(
    batch: DecodeBatch,
    requests: Iterable[DecodeRequest],
    encode: Callable[[Sequence[DecodeRequest]], mx.array],
    batch_size: int,
) -> Iterator[DecodedChunk]:
    """Decode all requests, at most `batch_size` at a time; results come as rows end.

    Args:
        batch: An empty batch.
        requests: Read only as room appears.
        encode: Requests -> features `(len(requests), frames, width)`.
        batch_size: The most rows at a time.
    """
    waiting = iter(requests)
    while True:
        room = batch_size - len(batch)
        # Joining a few at a time keeps the encoder's batches large.
        if 4 * room >= batch_size and (joining := list(islice(waiting, room))):
            batch.extend(joining, encode(joining))
        if not len(batch):
            return
        yield from batch.step()


def _merge(device: _Device, new: _Device) -> _Device:
    device.state.merge(new.state)
    return _Device(
        device.state,
        device.history.merge(new.history),
        mx.concatenate([device.tokens, new.tokens]),
        mx.concatenate([device.logprobs, new.logprobs]),
    )


def _select(device: _Device, rows: list[int]) -> _Device:
    index = mx.array(rows, dtype=mx.int32)
    device.state.select(rows)
    return _Device(
        device.state, device.history.select(index), device.tokens[index], device.logprobs[index]
    )
