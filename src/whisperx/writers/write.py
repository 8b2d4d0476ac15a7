"""Format name -> writer, and transcripts into files that are whole or not there."""

from __future__ import annotations

import os
import secrets
import unicodedata
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final, Protocol

from whisperx.errors import OptionError
from whisperx.text.captions import CaptionOptions
from whisperx.writers.captions import srt, vtt
from whisperx.writers.json_file import json_text
from whisperx.writers.plain import aud, tsv, txt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from whisperx.types import Transcript


class Writer(Protocol):
    """Makes the whole text of a file."""

    def __call__(self, transcript: Transcript, options: CaptionOptions, /) -> str:
        """The text of the transcript in one format."""
        ...


FORMATS: Final[Mapping[str, Writer]] = {
    "txt": txt,
    "vtt": vtt,
    "srt": srt,
    "tsv": tsv,
    "json": json_text,
    "aud": aud,
}
"""Every format; its name is also the ending of its files."""

ALL: Final[tuple[str, ...]] = ("txt", "vtt", "srt", "tsv", "json")
"""What `all` stands for, in WhisperX's order: Audacity labels only on request."""


def writer(name: str) -> Writer:
    """The writer of a format.

    Raises:
        OptionError: if there is no such format.
    """
    if name not in FORMATS:
        msg = f"there is no output format {name!r}; choose one of {', '.join(FORMATS)} or all"
        raise OptionError(msg)
    return FORMATS[name]


def write(
    transcript: Transcript,
    folder: str | os.PathLike[str],
    stem: str,
    name: str = "all",
    options: CaptionOptions | None = None,
) -> list[Path]:
    """Write `<folder>/<stem>.<format>`; the paths that were written.

    Args:
        transcript: What was said.
        folder: Made if it is missing.
        stem: File name without ending, as `output_stems` gives it.
        name: A format, or `all` for those in `ALL`.
        options: How captions look.

    Raises:
        OptionError: if there is no such format or the folder cannot be made.
        OSError: if a file cannot be written; the files of before then still stand.
    """
    chosen = options or CaptionOptions()
    names = ALL if name == "all" else (name,)
    texts = {each: writer(each)(transcript, chosen) for each in names}
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the output folder {str(folder)!r} cannot be made: {error.strerror}"
        raise OptionError(msg) from error
    paths = [Path(folder) / f"{stem}.{each}" for each in names]
    for path, text in zip(paths, texts.values(), strict=True):
        replace_text(path, text)
    return paths


def replace_text(path: Path, text: str) -> None:
    """Put `text` into the file in one step: under its name never stands a part of it.

    Raises:
        OSError: if it cannot be written; what stood there before then still does.
    """
    # Beside the file, as a rename works only inside one file system; its own short name, as the
    # file's may already be as long as names can be.
    draft = path.parent / f".{secrets.token_hex(8)}.tmp"
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def output_stems(paths: Sequence[str]) -> list[str]:
    """A name without ending for the output of each input, no two alike.

    An input that shares its stem with no other keeps it, as in WhisperX: `a/talk.mp3` -> `talk`.
    Where several share one, each takes the first of these that is its own: the file name with its
    ending (`talk.mp3`), then with its folder before it (`a-talk.mp3`), then with the folder above
    that. Inputs that even so look alike are numbered in the order of their paths. Names that
    differ only in capitals count as alike, since on many file systems they are one file. Apart
    from the same path given twice, the result does not depend on the order.
    """
    chosen: dict[int, str] = {}
    taken: set[str] = set()
    waiting = sorted(range(len(paths)), key=lambda index: paths[index])
    parts = [_names(path) for path in paths]
    for level in range(max((len(names) for names in parts), default=0) + 1):
        names = {index: _name(parts[index], level) for index in waiting}
        uses = Counter(_key(name) for name in names.values())
        free = {key for key, count in uses.items() if count == 1} - taken
        chosen |= {index: name for index, name in names.items() if _key(name) in free}
        taken |= free
        waiting = [index for index in waiting if index not in chosen]
    for index in waiting:
        number, name = 1, parts[index][-1]
        while _key(name) in taken:
            number += 1
            name = f"{parts[index][-1]}-{number}"
        chosen[index] = name
        taken.add(_key(name))
    return [chosen[index] for index in range(len(paths))]


def _names(path: str) -> list[str]:
    """The folders and the file of a path, without roots and dots."""
    pure = PurePath(path)
    names = [part for part in pure.parts if part not in {pure.anchor, ".", ".."}]
    return names or ["audio"]


def _name(names: list[str], level: int) -> str:
    """Level 0: the bare stem; 1: the file name; 2 and up: folders before it."""
    return os.path.splitext(names[-1])[0] if level == 0 else "-".join(names[-level:])


def _key(name: str) -> str:
    """What two names share if they may be one file."""
    return unicodedata.normalize("NFC", name).casefold()
