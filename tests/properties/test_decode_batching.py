"""A row's result does not depend on its neighbours: not on number, order or age of the others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import NO_TIMESTAMPS, SIZE, START, TIMES, decode_all, expected
from whisperx._mlx import mx, nn
from whisperx.asr.decode import DecodeBatch, Vocabulary, decode
from whisperx.asr.options import DecodeRequest
from whisperx.asr.rules import SuppressAtStart, TimestampRules
from whisperx.asr.search import Greedy
from whisperx.models.whisper import Whisper, WhisperConfig
from whisperx.types import Audio

prompts = st.lists(st.integers(0, 24), max_size=6).map(lambda before: [*before, START])
rows = st.lists(st.tuples(st.integers(0, 10**4), prompts), max_size=12)


@given(
    rows=rows,
    batch_size=st.integers(1, 9),
    most=st.none() | st.integers(1, 40),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=60)
def test_scripted_rows(rows, batch_size, most, seed):
    requests = [
        DecodeRequest(index, Audio(np.array([value], np.float32)), tuple(prompt), len(prompt) - 1)
        for index, (value, prompt) in enumerate(rows)
    ]
    shuffled = [requests[index] for index in np.random.RandomState(seed).permutation(len(rows))]
    results = decode_all(shuffled, batch_size, max_new_tokens=most)
    assert sorted(results) == list(range(len(rows)))
    for one in requests:
        got, want = results[one.id], expected(one, max_new_tokens=most)
        assert (got.tokens, got.ended) == (want.tokens, want.ended)
        assert got.avg_logprob == pytest.approx(want.avg_logprob, rel=1e-5)
        assert got.no_speech_prob == pytest.approx(want.no_speech_prob, rel=1e-4)


@given(seeds=st.lists(st.integers(0, 500), min_size=1, max_size=10), batch_size=st.integers(1, 6))
@settings(deadline=None, max_examples=25)
def test_scripted_rows_under_rules(seeds, batch_size):
    rules = [
        SuppressAtStart((0, 24), SIZE),
        TimestampRules(TIMES, NO_TIMESTAMPS, 24, SIZE, 4),
    ]
    requests = [
        DecodeRequest(index, Audio(np.array([seed], np.float32)), (START,))
        for index, seed in enumerate(seeds)
    ]
    together = decode_all(requests, batch_size, rules=rules)
    for one in requests:
        alone = decode_all([one], 1, rules=rules)[one.id]
        assert together[one.id].tokens == alone.tokens
        assert together[one.id].avg_logprob == pytest.approx(alone.avg_logprob, rel=1e-5)


CONFIG = WhisperConfig(
    d_model=16,
    encoder_layers=1,
    encoder_attention_heads=2,
    encoder_ffn_dim=32,
    decoder_layers=2,
    decoder_attention_heads=2,
    decoder_ffn_dim=32,
    vocab_size=30,
    num_mel_bins=8,
    max_source_positions=6,
    max_target_positions=20,
)
END = 20


@pytest.fixture(scope="module")
def network():
    """A random Whisper that writes varied texts of different lengths."""
    mx.random.seed(21)
    made = Whisper(CONFIG)
    # Far from the small numbers of a fresh layer, or every text would repeat its prompt.
    for module in made.modules():
        if isinstance(module, nn.Linear):
            shape = module.weight.shape
            module.weight = mx.random.normal(shape) * (4 / shape[1] ** 0.5)
            module.bias = mx.random.normal(shape[:1]) / 2
    table = mx.random.normal((30, 16))
    table = table * mx.where(mx.arange(30) == END, 2.0, 1.0)[:, None]
    made.decoder.embed_tokens.weight = table
    made.decoder.embed_positions.weight = mx.random.normal((20, 16))
    mx.eval(made)
    return made


def run(network: Whisper, requests: list[DecodeRequest], batch_size: int):
    def encode(joining):
        mels = [
            mx.random.normal((12, 8), key=mx.random.key(int(one.audio.samples[0])))
            for one in joining
        ]
        return network.encoder(mx.stack(mels))

    words = Vocabulary(end_of_text=END, timestamp_begin=25, no_speech=21, limit=20)
    batch = DecodeBatch(network.decoder, Greedy(), [], words)
    return {result.id: result for result in decode(batch, requests, encode, batch_size)}


@pytest.fixture(scope="module")
def alone(network):
    """Every one of the rows that the property picks from, decoded by itself."""
    found = {}
    for seed in range(12):
        for length in (1, 3, 4):
            one = DecodeRequest(0, Audio(np.array([seed], np.float32)), (22,) * length)
            found[seed, length] = run(network, [one], 1)[0]
    return found


def test_the_random_network_writes_texts_worth_comparing(alone):
    texts = [result.tokens for result in alone.values()]
    assert len(set(texts)) > 20
    assert len({len(text) for text in texts}) > 4
    assert {result.ended for result in alone.values()} == {True, False}


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 11), st.sampled_from([1, 3, 4])), min_size=1, max_size=10
    ),
    batch_size=st.integers(1, 7),
)
@settings(deadline=None, max_examples=20)
def test_rows_of_a_real_network(network, alone, rows, batch_size):
    requests = [
        DecodeRequest(index, Audio(np.array([seed], np.float32)), (22,) * length)
        for index, (seed, length) in enumerate(rows)
    ]
    results = run(network, requests, batch_size)
    for index, row in enumerate(rows):
        got, want = results[index], alone[row]
        assert (got.tokens, got.ended) == (want.tokens, want.ended)
        assert got.avg_logprob == pytest.approx(want.avg_logprob, abs=1e-4)
        assert got.no_speech_prob == pytest.approx(want.no_speech_prob, abs=1e-5)
