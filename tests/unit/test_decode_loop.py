"""The decoding loop over scripted scores: what comes out, when, and what is asked for when."""

from __future__ import annotations

import io

import numpy as np
import pytest

from fakes import (
    END,
    NO_TIMESTAMPS,
    SIZE,
    SPOKEN,
    START,
    TIMES,
    VOCABULARY,
    FakeDecoder,
    decode_all,
    encode,
    expected,
    request,
    scripted,
)
from whisperx._mlx import mx
from whisperx.asr.decode import DecodeBatch, Vocabulary, decode
from whisperx.asr.rules import SuppressAtStart, SuppressTokens, TimestampRules
from whisperx.asr.search import Greedy

LENGTHS = (3, 9, 1, 0, 6, 12, 2, 4, 20, 5, 7)
SCRIPTS = {seed: [(seed + place) % SPOKEN for place in range(n)] for seed, n in enumerate(LENGTHS)}


def assert_same(got, want):
    assert (got.id, got.tokens, got.ended) == (want.id, want.tokens, want.ended)
    assert got.avg_logprob == pytest.approx(want.avg_logprob, rel=1e-5)
    assert got.no_speech_prob == pytest.approx(want.no_speech_prob, rel=1e-4)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 8, 11, 50])
def test_every_row_writes_its_script_whatever_the_batch(batch_size):
    decoder = FakeDecoder(scripted(SCRIPTS))
    results = decode_all(map(request, SCRIPTS), batch_size, decoder=decoder)
    assert {seed: list(result.tokens) for seed, result in results.items()} == SCRIPTS
    assert all(result.ended for result in results.values())
    assert max(rows for rows, _ in decoder.calls) <= batch_size


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_scores_depend_on_all_tokens_before_and_still_do(batch_size):
    requests = [request(seed, [START] + [seed % 7] * (seed % 4)) for seed in range(20)]
    for got in decode_all(requests, batch_size).values():
        assert_same(got, expected(requests[got.id]))


def test_results_come_as_rows_end():
    batch = DecodeBatch(FakeDecoder(scripted(SCRIPTS)), Greedy(), [], VOCABULARY)
    order = [result.id for result in decode(batch, map(request, SCRIPTS), encode, 50)]
    assert order == sorted(SCRIPTS, key=lambda seed: (LENGTHS[seed], seed))


def test_no_requests_no_results_and_the_network_is_left_alone():
    decoder = FakeDecoder()
    assert decode_all([], 4, decoder=decoder) == {}
    assert decoder.calls == []


def test_requests_are_read_only_as_room_appears():
    read, sizes = [], []

    def requests():
        for seed in range(40):
            read.append(seed)
            yield request(seed)

    def encoding(joining):
        sizes.append(len(joining))
        return encode(joining)

    batch = DecodeBatch(FakeDecoder(), Greedy(), [], VOCABULARY)
    results = decode(batch, requests(), encoding, 8)
    assert read == []
    for done, _ in enumerate(results, start=1):
        # Of what was read, all but 8 rows have ended; those that ended in one step come together.
        assert len(read) <= 8 + done + 8
    assert len(read) == 40
    assert sizes[0] == 8
    assert all(size >= 2 for size in sizes[:-1]), "rows join a few at a time"


def test_a_reader_that_stops_early_costs_no_more_steps():
    decoder = FakeDecoder(scripted(SCRIPTS))
    batch = DecodeBatch(decoder, Greedy(), [], VOCABULARY)
    results = decode(batch, map(request, SCRIPTS), encode, 4)
    next(results)
    before = len(decoder.calls)
    del results
    assert len(decoder.calls) == before


def test_an_error_in_the_requests_reaches_the_caller():
    def requests():
        yield request(1)
        msg = "the second recording is broken"
        raise RuntimeError(msg)

    batch = DecodeBatch(FakeDecoder(), Greedy(), [], VOCABULARY)
    with pytest.raises(RuntimeError, match="second recording"):
        list(decode(batch, requests(), encode, 2))


class TestLimits:
    ENDLESS = staticmethod(scripted({0: [1] * 99, 1: [2] * 99, 2: [3, 4]}))

    @pytest.mark.parametrize("most", [1, 2, 7, 31, 32, 500])
    def test_max_new_tokens(self, most):
        decoder = FakeDecoder(self.ENDLESS)
        results = decode_all(map(request, range(3)), 3, decoder=decoder, max_new_tokens=most)
        assert results[0].tokens == (1,) * min(most, 31)
        assert results[1].tokens == (2,) * min(most, 31)
        assert results[2].tokens == (3, 4)[:most]
        assert [results[row].ended for row in range(3)] == [False, False, most > 2]

    @pytest.mark.parametrize("prompt", [1, 5, 30, 31])
    def test_the_prompt_counts_towards_the_decoders_limit(self, prompt):
        decoder = FakeDecoder(scripted({0: [1] * 99}, prompt))
        results = decode_all([request(0, [START] * prompt)], 1, decoder=decoder)
        assert len(results[0].tokens) == VOCABULARY.limit - prompt
        assert not results[0].ended

    def test_a_row_at_the_limit_does_not_stop_the_others(self):
        scripts = {seed: [seed] * (40 if seed % 2 else 15) for seed in range(8)}
        decoder = FakeDecoder(scripted(scripts))
        results = decode_all(map(request, scripts), 3, decoder=decoder)
        for seed, result in results.items():
            assert result.tokens == (seed,) * (31 if seed % 2 else 15)

    def test_the_mean_counts_end_of_text_and_an_unwritten_one(self):
        """As openai-whisper: the sum over what was chosen, divided by tokens plus one."""
        row = np.zeros(SIZE)
        row[1] = 5.0
        chosen = 5.0 - np.log(np.exp(row).sum())
        decoder = FakeDecoder(scripted({0: [1, 1, 1], 1: [1] * 99}))
        results = decode_all([request(0), request(1)], 2, decoder=decoder, max_new_tokens=4)
        assert results[0].avg_logprob == pytest.approx(4 * chosen / 4, rel=1e-5)
        assert results[1].avg_logprob == pytest.approx(4 * chosen / 5, rel=1e-5)


class TestNoSpeech:
    def test_is_read_where_start_of_transcript_stands(self):
        first, second = request(3, [1, 2, START, 5], 2), request(4, [START], 0)
        results = decode_all([first, second], 2)
        for one in (first, second):
            assert_same(results[one.id], expected(one))
        moved = decode_all([request(3, [1, 2, START, 5], 0)], 1)[3]
        assert moved.no_speech_prob != pytest.approx(results[3].no_speech_prob, rel=1e-3)

    def test_comes_before_the_rules(self):
        rules = [SuppressTokens((26,), SIZE)]
        plain, ruled = decode_all([request(5)], 1)[5], decode_all([request(5)], 1, rules=rules)[5]
        assert ruled.no_speech_prob == plain.no_speech_prob

    def test_is_none_without_a_token_for_it(self):
        words = Vocabulary(END, TIMES, None, 32)
        batch = DecodeBatch(FakeDecoder(), Greedy(), [], words)
        assert [r.no_speech_prob for r in decode(batch, [request(1)], encode, 2)] == [None]


class TestRules:
    def test_are_applied_in_order_with_the_rows_own_history(self):
        rules = [
            SuppressAtStart((0, END), SIZE),
            SuppressTokens((START, 26, NO_TIMESTAMPS), SIZE),
            TimestampRules(TIMES, NO_TIMESTAMPS, END, SIZE, 5),
        ]
        requests = [request(seed) for seed in range(30)]
        alone = {r.id: decode_all([r], 1, rules=rules)[r.id] for r in requests}
        together = decode_all(requests, 4, rules=rules)
        for seed, want in alone.items():
            assert_same(together[seed], want)
            assert TIMES <= want.tokens[0] <= TIMES + 5
            times = [token for token in want.tokens if token >= TIMES]
            assert times == sorted(times)
        plain = decode_all(requests, 4)
        assert any(plain[seed].tokens != alone[seed].tokens for seed in alone)

    def test_scores_are_normalized_after_the_rules(self):
        """With all but two tokens forbidden the mean is that of a choice between two."""
        rules = [SuppressTokens(tuple(t for t in range(SIZE) if t not in (1, END)), SIZE)]
        result = decode_all(
            [request(0)], 1, decoder=FakeDecoder(scripted({0: [1, 1]})), rules=rules
        )[0]
        assert result.avg_logprob == pytest.approx(-np.log1p(np.exp(-5)), rel=1e-5)


def test_a_long_run_keeps_a_short_memory():
    """Slots are given up as rows go: the cache does not grow with the number of requests."""
    slots = []

    class Watched(FakeDecoder):
        def __call__(self, tokens, state):
            slots.append(state.cursor)
            return super().__call__(tokens, state)

    decode_all(map(request, range(150)), 4, decoder=Watched())
    assert max(slots) < 3 * VOCABULARY.limit


def test_a_second_run_of_the_same_batch_starts_fresh():
    batch = DecodeBatch(FakeDecoder(), Greedy(), [], VOCABULARY)
    first = list(decode(batch, map(request, range(6)), encode, 3))
    assert len(batch) == 0
    second = list(decode(batch, map(request, range(6)), encode, 3))
    assert first == second


def test_no_graph_grows_from_step_to_step():
    """Whatever the rules look at: what waits to be computed is the newest step, not all steps."""
    batch = DecodeBatch(FakeDecoder(scripted({0: [1] * 30})), Greedy(), [], VOCABULARY)
    batch.extend([request(0)], encode([request(0)]))
    sizes = []
    for _ in range(20):
        batch.step()
        assert batch._device is not None
        history = batch._device.history
        graph = io.StringIO()
        mx.export_to_dot(graph, history.count, history.last_timestamp, history.previous)
        sizes.append(len(graph.getvalue()))
    assert sizes[-1] <= sizes[2]
