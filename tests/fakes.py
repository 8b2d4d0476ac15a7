"""Stand-ins for the networks: scripted scores in, so that a test knows what must come out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from whisperx._mlx import mx, nn
from whisperx.asr.decode import DecodeBatch, Vocabulary, decode
from whisperx.asr.options import DecodedChunk, DecodeRequest
from whisperx.asr.search import Greedy
from whisperx.models.state import DecoderState
from whisperx.types import Audio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from whisperx.asr.rules import Rule

SPOKEN = 24
"""Ids below are text in a `FakeDecoder`'s vocabulary."""
END = 24
START = 25
NO_SPEECH = 26
NO_TIMESTAMPS = 27
TIMES = 28
"""The first of the timestamps."""
SIZE = 40

VOCABULARY = Vocabulary(end_of_text=END, timestamp_begin=TIMES, no_speech=NO_SPEECH, limit=32)


def hashed_scores(seed: int, tokens: Sequence[int]) -> np.ndarray:
    """`(SIZE,)` scores that depend on the row's seed and on every token so far, in order."""
    value = 1 + seed
    for token in tokens:
        value = (value * 1_000_003 + int(token) + 17) % (2**31 - 1)
    scores = np.random.RandomState(value).standard_normal(SIZE).astype(np.float32)
    scores[END] += 1.0  # texts end after a while
    return scores


def scripted(scripts: Mapping[int, Sequence[int]], prompt: int = 1) -> Callable[..., np.ndarray]:
    """Scores that write `scripts[seed]` after `prompt` tokens, then end of text."""

    def scores(seed: int, tokens: Sequence[int]) -> np.ndarray:
        place = len(tokens) - prompt
        script = scripts[seed]
        row = np.zeros(SIZE, np.float32)
        row[script[place] if 0 <= place < len(script) else END] = 5.0
        return row

    return scores


@dataclass
class FakeDecoder:
    """A decoder whose scores are a function of a row's seed and of its tokens.

    It really keeps its memory in a `DecoderState`: the tokens lie in the keys, the seed in the
    cross keys. So rows that are mixed up, shifted wrongly or stepped on come out wrong.

    Attributes:
        scores: `(seed, tokens)` -> `(SIZE,)`.
        calls: `(rows, tokens)` of every forward pass.
    """

    scores: Callable[[int, Sequence[int]], np.ndarray] = hashed_scores
    calls: list[tuple[int, int]] = field(default_factory=list)

    def start(self, features: mx.array, starts: list[int] | None = None) -> DecoderState:
        """Features are `(rows, 1, 1)`: the seeds."""
        seeds = features[:, None]
        return DecoderState([(seeds, seeds)], list(starts or [0] * features.shape[0]))

    def __call__(self, tokens: mx.array, state: DecoderState) -> mx.array:
        """The scores themselves as "hidden states" `(rows, tokens, SIZE)`."""
        rows, count = tokens.shape
        self.calls.append((rows, count))
        written = tokens.astype(mx.float32)[:, None, :, None]
        keys, values = state.write(0, written, written)
        assert mx.array_equal(keys, values)
        seeds = np.array(state.cross[0][0])[:, 0, 0, 0].astype(int)
        memory = np.array(keys)[:, 0, :, 0].astype(int)
        hidden = np.zeros((rows, count, SIZE), np.float32)
        for row in range(rows):
            for place in range(count):
                seen = memory[row, state.starts[row] : state.cursor + place + 1]
                hidden[row, place] = self.scores(int(seeds[row]), seen.tolist())
        state.advance(count)
        return mx.array(hidden)

    def logits(self, hidden: mx.array) -> mx.array:
        """The hidden states are the scores."""
        return hidden


def request(seed: int, prompt: Sequence[int] = (START,), sot_index: int = 0) -> DecodeRequest:
    """A request whose sound is its seed."""
    return DecodeRequest(seed, Audio(np.array([seed], np.float32)), tuple(prompt), sot_index)


def encode(requests: Sequence[DecodeRequest]) -> mx.array:
    """`(rows, 1, 1)`: the seeds of the requests."""
    return mx.array([[[float(request.audio.samples[0])]] for request in requests])


def decode_all(
    requests: Iterable[DecodeRequest],
    batch_size: int,
    *,
    decoder: FakeDecoder | None = None,
    rules: Sequence[Rule] = (),
    max_new_tokens: int | None = None,
) -> dict[int, DecodedChunk]:
    """Results of the real loop over a `FakeDecoder`, by id."""
    batch = DecodeBatch(decoder or FakeDecoder(), Greedy(), rules, VOCABULARY, max_new_tokens)
    results = list(decode(batch, requests, encode, batch_size))
    by_id = {result.id: result for result in results}
    assert len(by_id) == len(results), "a request came back twice"
    return by_id


def expected(
    one: DecodeRequest,
    scores: Callable[[int, Sequence[int]], np.ndarray] = hashed_scores,
    max_new_tokens: int | None = None,
) -> DecodedChunk:
    """What greedy decoding means, for one row without rules: no batch, no cache, no MLX."""
    room = VOCABULARY.limit - len(one.prompt)
    room = room if max_new_tokens is None else min(room, max_new_tokens)
    seed, tokens, total, ended = int(one.audio.samples[0]), list(one.prompt), 0.0, False
    while not ended and len(tokens) - len(one.prompt) < room:
        row = scores(seed, tokens).astype(np.float64)
        best = int(row.argmax())
        total += float(row[best] - np.log(np.exp(row).sum()))
        ended = best == END
        if not ended:
            tokens.append(best)
    first = scores(seed, one.prompt[: one.sot_index + 1]).astype(np.float64)
    silence = float(np.exp(first[NO_SPEECH]) / np.exp(first).sum())
    written = tuple(tokens[len(one.prompt) :])
    return DecodedChunk(one.id, written, total / (len(written) + 1), silence, ended)


def parameters_of(network: nn.Module) -> dict[str, mx.array]:
    """Every parameter by its name."""
    from mlx.utils import tree_flatten  # once MLX is there: it must be loaded by whisperx._mlx

    return dict(tree_flatten(network.parameters()))
