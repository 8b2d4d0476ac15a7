"""Word errors of transcripts against what was said, by corpus."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jiwer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ALL = "all"
"""Name of the row that holds every corpus together."""


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Errors of some transcripts, counted in words.

    Attributes:
        utterances: Number of transcripts.
        words: Number of words that were said.
        substitutions: Words that became another.
        deletions: Words that are missing.
        insertions: Words that were not said.
    """

    utterances: int
    words: int
    substitutions: int
    deletions: int
    insertions: int

    @property
    def errors(self) -> int:
        """All three kinds together."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def rate(self) -> float | None:
        """Errors per word said, above 1 if there are more; None where nothing was said."""
        return self.errors / self.words if self.words else None


@dataclass(frozen=True, slots=True)
class Scored:
    """One transcript beside its reference.

    Attributes:
        corpus: Where the recording is from.
        reference: What was said.
        hypothesis: What was recognized.
    """

    corpus: str
    reference: str
    hypothesis: str


def word_errors(pairs: Iterable[Scored], normalize: Callable[[str], str]) -> WordErrors:
    """Errors over all pairs together, each text normalized first.

    Source: word error rate by minimum edit distance, counted by jiwer.
    """
    references, hypotheses = [], []
    for pair in pairs:
        references.append(normalize(pair.reference))
        hypotheses.append(normalize(pair.hypothesis))
    if not references:
        return WordErrors(0, 0, 0, 0, 0)
    found = jiwer.process_words(references, hypotheses)
    return WordErrors(
        utterances=len(references),
        words=found.hits + found.substitutions + found.deletions,
        substitutions=found.substitutions,
        deletions=found.deletions,
        insertions=found.insertions,
    )


def by_corpus(pairs: Iterable[Scored], normalize: Callable[[str], str]) -> dict[str, WordErrors]:
    """Errors of each corpus, in alphabetical order, and of `ALL` of them."""
    pairs = list(pairs)
    groups: defaultdict[str, list[Scored]] = defaultdict(list)
    for pair in pairs:
        groups[pair.corpus].append(pair)
    counted = {corpus: word_errors(groups[corpus], normalize) for corpus in sorted(groups)}
    return counted | {ALL: word_errors(pairs, normalize)}


def table(counted: dict[str, WordErrors]) -> str:
    """The counts as text, one line a corpus, rates in percent."""
    lines = [f"{'corpus':<16}{'utts':>6}{'words':>7}{'WER %':>8}{'sub':>6}{'del':>6}{'ins':>6}"]
    for corpus, errors in counted.items():
        rate = "-" if errors.rate is None else f"{100 * errors.rate:.2f}"
        lines.append(
            f"{corpus:<16}{errors.utterances:>6}{errors.words:>7}{rate:>8}"
            f"{errors.substitutions:>6}{errors.deletions:>6}{errors.insertions:>6}"
        )
    return "\n".join(lines)
