"""Which recordings the greedy comparison decodes; recorder, test and benchmark pick alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DEV_WINDOWS = 190
LONG = "long/LJ001.opus"
LONG_WINDOWS = 42
LIMIT = 224
"""Tokens a window may have in all three implementations; openai-whisper's own default."""


def chosen(data: Path) -> list[tuple[str, float]]:
    """Recordings below `data` and where their window starts: all corpora of `dev-en`, then `LONG`.

    The clips of `dev-en` are taken at even distances in order of name, so that every corpus and
    length is among them.
    """
    lines = (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    names = sorted(row["audio"] for row in map(json.loads, lines) if row["split"] == "dev")
    every = [names[index * len(names) // DEV_WINDOWS] for index in range(DEV_WINDOWS)]
    kept = sorted({*every, *(name for name in names if "/ljspeech" in name or "LJ" in name)})
    return [(name, 0.0) for name in kept] + [(LONG, 30.0 * i) for i in range(LONG_WINDOWS)]


@dataclass(frozen=True)
class Mode:
    """How to decode: with timestamps or not, with Whisper's suppress lists or with none."""

    timestamps: bool
    rules: bool


MODES = {
    "text": Mode(timestamps=False, rules=True),
    "times": Mode(timestamps=True, rules=True),
    "text-free": Mode(timestamps=False, rules=False),
    "times-free": Mode(timestamps=True, rules=False),
}


def compact(results: dict[str, dict[str, list]]) -> dict[str, dict[str, list]]:
    """The same with null for a token list that equals one stored before it (see `expected`)."""
    small: dict[str, dict[str, list]] = {}
    for name, lists in results.items():
        ruled = results[name.removesuffix("-free")]["tokens"]
        tokens = [
            None if name.endswith("-free") and row == other else row
            for row, other in zip(lists["tokens"], ruled, strict=True)
        ]
        second = [
            None if row == other else row
            for row, other in zip(lists["transformers"], lists["tokens"], strict=True)
        ]
        small[name] = {**lists, "tokens": tokens, "transformers": second}
    return small


def expected(modes: dict[str, dict[str, list]], name: str) -> dict[str, list]:
    """What `compact` left out put back, for one mode."""
    lists = modes[name]
    ruled = modes[name.removesuffix("-free")]["tokens"]
    tokens = [
        other if row is None else row for row, other in zip(lists["tokens"], ruled, strict=True)
    ]
    second = [
        other if row is None else row
        for row, other in zip(lists["transformers"], tokens, strict=True)
    ]
    return {**lists, "tokens": tokens, "transformers": second}
