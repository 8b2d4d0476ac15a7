"""What the user named on the command line -> the recordings meant by it."""

from __future__ import annotations

import glob
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

STANDARD_INPUT = "-"

# fmt: off
EXTENSIONS = frozenset({
    ".3gp", ".aac", ".ac3", ".aif", ".aiff", ".amr", ".ape", ".au", ".avi", ".caf", ".flac",
    ".flv", ".m4a", ".m4b", ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpeg",
    ".mpg", ".mts", ".oga", ".ogg", ".ogv", ".opus", ".ts", ".wav", ".weba", ".webm", ".wma",
    ".wmv", ".wv",
})
# fmt: on
"""What counts as a recording where a whole folder is given."""


@dataclass(frozen=True, slots=True)
class Input:
    """One recording to transcribe.

    Attributes:
        path: Where it is; for standard input a made-up name that its results get.
        is_stdin: Whether it comes through standard input.
    """

    path: Path
    is_stdin: bool = False

    def source(self) -> Path | bytes:
        """What `audio.decode` reads."""
        return sys.stdin.buffer.read() if self.is_stdin else self.path

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return "standard input" if self.is_stdin else str(self.path)


def expand(names: Iterable[str]) -> tuple[list[Input], list[str]]:
    """The recordings that the names stand for, each once, in the order given.

    A folder stands for all recordings in it and below, by extension; a pattern with `*`, `?` or
    `[` for what it matches, where no file has that very name; `-` for standard input. A file that
    is not there stays in the list: reading it will say so.

    Returns:
        The recordings, and one sentence for each name that stands for nothing.
    """
    inputs: dict[Path, Input] = {}
    problems: list[str] = []
    for name in names:
        found = _expand(name)
        if not found:
            problems.append(f"{name} stands for nothing: no recording is in it or matches it.")
        for item in found:
            inputs.setdefault(item.path, item)
    return list(inputs.values()), problems


def _expand(name: str) -> list[Input]:
    path = Path(name)
    if name == STANDARD_INPUT:
        return [Input(Path("stdin"), is_stdin=True)]
    if path.is_dir():
        below = sorted(file for file in path.rglob("*") if file.suffix.lower() in EXTENSIONS)
        return [Input(file) for file in below if file.is_file()]
    if glob.has_magic(name) and not path.exists():
        matches = (Path(match) for match in sorted(glob.glob(name, recursive=True)))
        return [Input(match) for match in matches if match.is_file()]
    return [Input(path)]
