"""Which rules the recognizer makes of the options, and which options it refuses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from whisperx._mlx import mx
from whisperx.asr.options import DecodingOptions
from whisperx.asr.recognizer import Recognizer
from whisperx.asr.rules import History, TimestampRules
from whisperx.errors import OptionError
from whisperx.text.tokenizer import Tokenizer
from whisperx.types import Audio
from whisperx.weights import catalog

SIZE = 51_864
SYMBOLS = (9, 11, 25)
CONTROLS = {50257, 50357, 50358, 50359, 50360, 50361}


@pytest.fixture(scope="module")
def recognizer():
    network = SimpleNamespace(config=SimpleNamespace(vocab_size=SIZE))
    tokenizer = Tokenizer.from_folder(catalog.bundled_folder())
    return Recognizer(cast("Any", network), tokenizer, "test", SYMBOLS)


def forbidden(recognizer: Recognizer, *, at_start: bool, **options: Any) -> set[int]:
    """Ids that the rules without timestamps leave no chance."""
    history = History.empty(1)
    if not at_start:
        history = history.append(mx.array([300], dtype=mx.int32), 50363)
    scores = mx.zeros((1, SIZE))
    for rule in recognizer._rules(DecodingOptions(**options)):
        scores = rule(scores, history)
    return set(np.flatnonzero(np.isneginf(np.array(scores)[0])).tolist())


def test_the_models_list_is_the_default(recognizer):
    assert forbidden(recognizer, at_start=False) == {*SYMBOLS} | CONTROLS
    assert forbidden(recognizer, at_start=True) == {*SYMBOLS} | CONTROLS | {220, 50256}


def test_an_own_list_takes_the_place_of_the_symbols(recognizer):
    assert forbidden(recognizer, at_start=False, suppress_tokens=(5, 7)) == {5, 7} | CONTROLS
    both = forbidden(recognizer, at_start=False, suppress_tokens=(-1, 300))
    assert both == {300, *SYMBOLS} | CONTROLS


def test_rules_can_be_turned_off(recognizer):
    assert forbidden(recognizer, at_start=True, suppress_tokens=()) == {220, 50256}
    nothing = {"suppress_tokens": (), "suppress_blank": False}
    assert forbidden(recognizer, at_start=True, **nothing) == set()


def test_timestamps_come_last_of_the_rules(recognizer):
    rules = recognizer._rules(DecodingOptions(timestamps=True))
    assert isinstance(rules[-1], TimestampRules)
    assert not any(isinstance(r, TimestampRules) for r in recognizer._rules(DecodingOptions()))


@pytest.mark.parametrize(("limit", "last"), [(0.0, 0), (1.0, 50), (0.5, 25), (29.0, 1450)])
def test_the_first_time_is_at_most(recognizer, limit, last):
    options = DecodingOptions(timestamps=True, max_initial_timestamp=limit)
    scores = np.array(recognizer._rules(options)[-1](mx.zeros((1, SIZE)), History.empty(1)))[0]
    assert np.flatnonzero(np.isfinite(scores)).tolist() == list(range(50363, 50364 + last))


def test_a_token_that_the_model_does_not_have_is_refused(recognizer):
    recognizer.check(DecodingOptions(suppress_tokens=(SIZE - 1,)))
    with pytest.raises(OptionError, match=r"Token 51864 cannot be suppressed.*end at 51863"):
        recognizer.check(DecodingOptions(suppress_tokens=(3, SIZE)))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (DecodingOptions(language="de"), "knows English only, not 'de'"),
        (DecodingOptions(task="translate"), "nothing for it to translate"),
    ],
)
def test_an_english_model_refuses_the_rest(recognizer, options, match):
    with pytest.raises(OptionError, match=match):
        recognizer.check(options)


class ScriptedDecoder:
    """Whatever it hears, it scores text highest, then German, then French."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        scores = np.zeros(SIZE, np.float32)
        scores[300] = 9.0
        scores[tokenizer.language_token("de")] = 4.0
        scores[tokenizer.language_token("fr")] = 3.0
        self.scores = mx.array(scores)
        self.heard: list[list[list[int]]] = []

    def start(self, features: mx.array) -> None:
        assert features.shape == (1, 3000, 80)

    def __call__(self, tokens: mx.array, state: None) -> mx.array:
        self.heard.append(np.array(tokens).tolist())
        return mx.zeros((1, 1, 4))

    def logits(self, hidden: mx.array) -> mx.array:
        return self.scores


def test_the_language_is_the_likeliest_of_all_languages_after_start_of_transcript():
    tokenizer = Tokenizer.from_folder(catalog.bundled_folder(), multilingual=True)
    decoder = ScriptedDecoder(tokenizer)
    network = SimpleNamespace(
        config=SimpleNamespace(num_mel_bins=80), decoder=decoder, encoder=lambda mel: mel
    )
    made = Recognizer(cast("Any", network), tokenizer, "test", SYMBOLS)
    code, probability = made.detect_language(Audio(np.zeros(16_000, np.float32)))
    others = len(tokenizer.language_codes) - 2
    assert code == "de"
    assert probability == pytest.approx(np.exp(4) / (np.exp(4) + np.exp(3) + others), rel=1e-4)
    assert decoder.heard == [[[tokenizer.sot]]]


def test_an_english_model_needs_no_detection(recognizer):
    assert recognizer.detect_language(Audio(np.zeros(16_000, np.float32))) == ("en", 1.0)
