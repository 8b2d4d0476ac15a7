"""Which recordings the greedy comparison decodes; recorder, test and benchmark pick alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DEV_CLIPS = 145
LONG = "long/LJ001.opus"
LONG_SECONDS = (4, 9, 13, 18, 24, 30)
LONG_WINDOWS = 40
LIMIT = 224
"""Tokens a window may have in all three implementations; openai-whisper's own default."""


def chosen(data: Path) -> list[tuple[str, float, float]]:
    """Recordings below `data` with start and length of each window, the shortest first.

    The clips of `dev-en` are taken at even distances in order of name, so that every corpus is
    among them, with all of LJ Speech and windows of several lengths from `LONG`.
    """
    lines = (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    lengths = {
        row["audio"]: row["duration_s"] for row in map(json.loads, lines) if row["split"] == "dev"
    }
    names = sorted(lengths)
    kept = {names[index * len(names) // DEV_CLIPS] for index in range(DEV_CLIPS)}
    kept |= {name for name in names if "/LJ" in name or "/ljspeech" in name}
    found = [(name, 0.0, lengths[name]) for name in kept]
    found += [
        (LONG, 30.0 * index, float(LONG_SECONDS[index % len(LONG_SECONDS)]))
        for index in range(LONG_WINDOWS)
    ]
    return sorted(found, key=lambda window: (window[2], window[0], window[1]))


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
        small[name] = {**lists, "tokens": tokens}
        if "transformers" in lists:
            small[name]["transformers"] = [
                None if row == other else row
                for row, other in zip(lists["transformers"], lists["tokens"], strict=True)
            ]
    return small


def expected(modes: dict[str, dict[str, list]], name: str) -> dict[str, list]:
    """What `compact` left out put back, for one mode."""
    lists = modes[name]
    ruled = modes[name.removesuffix("-free")]["tokens"]
    tokens = [
        other if row is None else row for row, other in zip(lists["tokens"], ruled, strict=True)
    ]
    full = {**lists, "tokens": tokens}
    if "transformers" in lists:
        full["transformers"] = [
            other if row is None else row
            for row, other in zip(lists["transformers"], tokens, strict=True)
        ]
    return full
