from __future__ import annotations

import pytest
from benchmarks.scoring import Scored, WordErrors, by_corpus, table, word_errors

from whisperx.text.normalizers import plain


def count(reference, hypothesis, normalize=plain):
    return word_errors([Scored("c", reference, hypothesis)], normalize)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "kinds"),
    [
        ("the cat sat", "the cat sat", (0, 0, 0)),
        ("the cat sat", "the hat sat", (1, 0, 0)),
        ("the cat sat", "the sat", (0, 1, 0)),
        ("the cat sat", "the big cat sat", (0, 0, 1)),
        ("the cat sat", "", (0, 3, 0)),
        ("a b c d e f", "x b d e f g", (1, 1, 1)),
    ],
)
def test_kinds_of_error(reference, hypothesis, kinds):
    found = count(reference, hypothesis)
    assert (found.substitutions, found.deletions, found.insertions) == kinds
    assert found.words == len(reference.split())
    assert found.rate == sum(kinds) / found.words


def test_texts_are_normalized_first():
    assert count("The cat, sat!", "the CAT sat").errors == 0
    assert count("The cat", "the cat", str).substitutions == 1


def test_more_errors_than_words():
    assert count("a", "b c d").rate == 3.0


def test_nothing_said():
    assert count("", "") == WordErrors(1, 0, 0, 0, 0)
    found = count("...", "a b")
    assert (found.words, found.insertions, found.rate) == (0, 2, None)
    assert word_errors([], plain) == WordErrors(0, 0, 0, 0, 0)


def test_all_is_counted_over_words_not_over_rates():
    pairs = [
        Scored("short", "a", "b"),
        Scored("long", "a b c d e f g h i", "a b c d e f g h i"),
        Scored("short", "a", "a"),
    ]
    counted = by_corpus(pairs, plain)
    assert list(counted) == ["long", "short", "all"]
    assert counted["short"].rate == 0.5
    assert counted["all"].rate == 1 / 11
    assert counted["all"].utterances == 3


def test_table_shows_percent_and_counts():
    lines = table({"c": WordErrors(2, 8, 1, 2, 3), "empty": WordErrors(1, 0, 0, 0, 0)}).splitlines()
    assert lines[1].split() == ["c", "2", "8", "75.00", "1", "2", "3"]
    assert lines[2].split() == ["empty", "1", "0", "-", "0", "0", "0"]
