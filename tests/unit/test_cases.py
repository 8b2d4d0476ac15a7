from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.cases import quiet_end, spread_choice, text_before
from benchmarks.corpora import Recording

WORDS = [
    ("in", 0.0, 1.0),
    ("fourteen", 1.0, 2.0),
    ("fifty", 2.0, 3.0),
    ("unk", 3.5, 4.0),
    ("printed", 4.2, 5.0),
    ("books", 6.0, 7.0),
]
TEXT = "In 1450 Gutenberg printed books."


def recording(corpus, number):
    return Recording(
        Path(f"{number}.wav"), str(number), "text", "en", None, 1.0, corpus, "dev", "CC0", "there"
    )


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (0.5, ""),
        (1.0, "In"),
        (5.5, "In 1450 Gutenberg printed"),
        (9.0, "In 1450 Gutenberg printed books."),
    ],
)
def test_text_before_a_cut(end, said):
    assert text_before(TEXT, WORDS, end) == said


def test_cut_lies_in_the_longest_pause_before_the_limit():
    assert quiet_end(WORDS, 7.0) == 5.5
    assert quiet_end(WORDS, 5.5) == 3.25


def test_pauses_long_before_the_limit_do_not_count():
    assert quiet_end(WORDS, 4.5, search=0.6) == 4.1


def test_no_words_at_the_limit():
    with pytest.raises(ValueError, match="no two words"):
        quiet_end(WORDS, 100.0)


def test_choice_is_even_over_corpora_and_the_same_every_time():
    candidates = [recording("many", number) for number in range(50)]
    candidates += [recording("few", number) for number in range(50, 52)]
    chosen = spread_choice(candidates, 6)
    assert [one.corpus for one in chosen] == ["few", "many", "few", "many", "many", "many"]
    assert chosen == spread_choice(candidates, 6)
    assert len({one.name for one in chosen}) == 6


def test_choice_of_more_than_there_are():
    assert len(spread_choice([recording("few", number) for number in range(3)], 9)) == 3
