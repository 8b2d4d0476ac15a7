"""What engines are compared on: which recordings, cut where, and what is said in them."""

from __future__ import annotations

import difflib
import itertools
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from corpora import Recording

    Timed = tuple[str, float, float]  # a word, where it begins and where it ends (seconds)

SEED = 20


@dataclass(frozen=True, slots=True)
class Case:
    """Recordings that an engine transcribes in one process.

    Attributes:
        name: Short, for files and the command line.
        title: For the table.
        files: The sound.
        references: What is said in each.
        corpora: Where each is from.
        seconds: Length of all together.
        licences: Of the sound, each once.
        with_slow: Whether engines take part that are too slow for the long case.
    """

    name: str
    title: str
    files: tuple[Path, ...]
    references: tuple[str, ...]
    corpora: tuple[str, ...]
    seconds: float
    licences: tuple[str, ...]
    with_slow: bool


def whole(name: str, title: str, chosen: Sequence[Recording], *, with_slow: bool) -> Case:
    """A case of whole recordings."""
    return Case(
        name,
        title,
        tuple(recording.audio for recording in chosen),
        tuple(recording.text or "" for recording in chosen),
        tuple(recording.corpus for recording in chosen),
        sum(recording.duration for recording in chosen),
        tuple(sorted({recording.licence for recording in chosen})),
        with_slow,
    )


def beginning(
    name: str, title: str, recording: Recording, limit: float, cut: Callable[[float], Path]
) -> Case:
    """A case of a recording's first `limit` seconds at most, cut between two words.

    Args:
        name: As in `Case`.
        title: As in `Case`.
        recording: With words and their times.
        limit: Longest length in seconds.
        cut: Makes the file of so many first seconds.
    """
    words = [
        (word.text, word.start, word.end)
        for word in recording.words
        if word.start is not None and word.end is not None
    ]
    end = quiet_end(words, limit)
    said = text_before(recording.text or "", words, end)
    return Case(
        name,
        title,
        files=(cut(end),),
        references=(said,),
        corpora=(recording.corpus,),
        seconds=end,
        licences=(recording.licence,),
        with_slow=True,
    )


def spread_choice(candidates: Iterable[Recording], count: int) -> list[Recording]:
    """So many recordings, as even over the corpora as they allow; the same ones every time."""
    groups: defaultdict[str, list[Recording]] = defaultdict(list)
    for recording in candidates:
        groups[recording.corpus].append(recording)
    order = random.Random(SEED)
    for name in sorted(groups):
        order.shuffle(groups[name])
    chosen: list[Recording] = []
    while len(chosen) < count and any(groups.values()):
        chosen += [groups[name].pop() for name in sorted(groups) if groups[name]]
    return chosen[:count]


def quiet_end(words: Sequence[Timed], limit: float, search: float = 15.0) -> float:
    """The middle of the longest pause in the last `search` seconds before `limit`.

    Raises:
        ValueError: if no two words lie there.
    """
    pauses = [
        (start - end, (end + start) / 2)
        for (_, _, end), (_, start, _) in itertools.pairwise(words)
        if limit - search <= end and start <= limit
    ]
    if not pauses:
        msg = f"no two words lie between {limit - search:g} and {limit:g} s"
        raise ValueError(msg)
    return max(pauses)[1]


def text_before(text: str, words: Sequence[Timed], end: float) -> str:
    """The part of `text` that is said before `end` (seconds).

    The words may be written otherwise than in the text: numbers spelled, names unknown. What lies
    between words that agree is split where the agreeing ones are.
    """
    written = text.split()
    spoken = [_bare(word) for word, _, _ in words]
    count = sum(over <= end for _, _, over in words)
    matcher = difflib.SequenceMatcher(None, [_bare(one) for one in written], spoken, autojunk=False)
    here = 0
    for block in matcher.get_matching_blocks():
        if block.b >= count:
            break
        here = block.a + min(block.size, count - block.b)
    return " ".join(written[:here])


def _bare(word: str) -> str:
    return "".join(sign for sign in word.lower() if sign.isalnum())
