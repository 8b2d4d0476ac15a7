"""Our tokenizer against openai-whisper's on the full vocabularies; needs openai-whisper."""

from __future__ import annotations

import random
import re

import pytest

from whisperx.text.tokenizer import Tokenizer

pytestmark = [
    pytest.mark.parity,
    pytest.mark.slow,
    # openai-whisper leaves its vocabulary file open.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module", params=["english", "multilingual_99", "multilingual_100"])
def both(request, tmp_path_factory):
    from record.record_tokenizer import write_folder

    folder = tmp_path_factory.mktemp(request.param)
    original = write_folder(folder, request.param)
    return original, Tokenizer.from_folder(folder), Tokenizer.from_folder(folder / "old")


def test_special_ids(both):
    from record.record_tokenizer import ids_of_interest

    original, ours, old = both
    for name, token in ids_of_interest(original).items():
        assert getattr(ours, name) == getattr(old, name) == token
    # openai-whisper lists them in the order of a set.
    languages = dict(zip(original.all_language_codes, original.all_language_tokens, strict=True))
    assert sorted(ours.language_tokens) == list(ours.language_tokens)
    assert dict(zip(ours.language_codes, ours.language_tokens, strict=True)) == languages
    assert (old.language_codes, old.language_tokens) == (ours.language_codes, ours.language_tokens)
    assert ours.is_multilingual == old.is_multilingual == (len(original.sot_sequence) > 1)
    prompt = original.sot_sequence_including_notimestamps
    assert ours.sot_sequence("en") == old.sot_sequence("en") == prompt


def test_suppressed_ids(both):
    from record.record_tokenizer import whisperx_numerals

    original, ours, old = both
    assert ours.non_speech_tokens == old.non_speech_tokens == original.non_speech_tokens
    assert list(ours.numeral_tokens) == whisperx_numerals(original)


def test_encode_decode_and_words(both):
    from record.record_tokenizer import TEXTS

    original, ours, old = both
    for text in TEXTS:
        ids = original.encode(text)
        assert ours.encode(text) == old.encode(text) == ids
        assert ours.decode(ids) == old.decode(ids) == text
        words, groups = original.split_to_word_tokens(ids)
        expected = [(word, tuple(group)) for word, group in zip(words, groups, strict=True)]
        assert ours.split_to_word_tokens(ids, "en") == expected


def test_random_ids_decode_alike(both):
    original, ours, old = both
    rng = random.Random(1)
    for _ in range(2000):
        ids = [rng.randrange(original.encoding.n_vocab) for _ in range(rng.randrange(1, 20))]
        text = original.decode_with_timestamps(ids)
        assert ours.decode_with_timestamps(ids) == text
        if not re.search("nospeech", text):  # old files write it otherwise
            assert old.decode_with_timestamps(ids) == text
        assert ours.decode(ids) == original.decode([i for i in ids if i < original.eot])
