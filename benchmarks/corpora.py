"""The recordings that are measured on, read from the manifest beside them.

They lie in `../shared/data`, next to the repository; the environment variable `WHISPERX_MLX_DATA`
points elsewhere. Nothing is downloaded.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whisperx.types import Word

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "WHISPERX_MLX_DATA"
_BESIDE_THE_REPOSITORY = Path(__file__).parents[2] / "shared/data"


@dataclass(frozen=True, slots=True)
class Recording:
    """One line of the manifest.

    Attributes:
        audio: The file, absolute.
        name: The file's path inside the data folder.
        text: What is said; None where nobody wrote it down.
        language: Code as the corpus has it; None for noise.
        speaker: Who speaks, as the corpus names them.
        duration: Length in seconds.
        corpus: Where it is from.
        split: What it is for: `train`, `adapt`, `dev`, `words`, `long`, `speakers`, ...
        licence: Of the sound.
        source: Repository, commit and path it came from.
        words: Its words with times, where there are any.
        words_source: Who made those times.
        rttm: The file that says who speaks when, absolute.
    """

    audio: Path
    name: str
    text: str | None
    language: str | None
    speaker: str | None
    duration: float
    corpus: str
    split: str
    licence: str
    source: str
    words: tuple[Word, ...] = ()
    words_source: str | None = None
    rttm: Path | None = None


def data_folder() -> Path:
    """Where the recordings lie.

    Raises:
        FileNotFoundError: if there is no manifest.
    """
    folder = Path(os.environ.get(VARIABLE) or _BESIDE_THE_REPOSITORY).resolve()
    if not (folder / "manifest.jsonl").is_file():
        msg = f"there is no manifest.jsonl in {folder}; set {VARIABLE} to the recordings' folder"
        raise FileNotFoundError(msg)
    return folder


def recordings(
    split: str | None = None,
    *,
    corpus: str | None = None,
    language: str | None = None,
    licence: str | None = None,
    folder: Path | None = None,
) -> list[Recording]:
    """The recordings that agree with all that is given, in the manifest's order.

    Args:
        split: Only this split.
        corpus: Only this corpus.
        language: Only this language code.
        licence: Only licences that begin with this, such as `CC0`.
        folder: The data folder; None: `data_folder()`.

    Raises:
        FileNotFoundError: if there is no manifest.
        ValueError: if nothing agrees.
    """
    folder = data_folder() if folder is None else folder
    found = [
        recording
        for recording in _read(folder)
        if split in (None, recording.split)
        and corpus in (None, recording.corpus)
        and language in (None, recording.language)
        and recording.licence.startswith(licence or "")
    ]
    if not found:
        msg = f"no recording has {split=}, {corpus=}, {language=}, {licence=} in {folder}"
        raise ValueError(msg)
    return found


def _read(folder: Path) -> Iterator[Recording]:
    with (folder / "manifest.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield _recording(json.loads(line), folder)


def _recording(row: dict[str, Any], folder: Path) -> Recording:
    return Recording(
        audio=folder / row["audio"],
        name=row["audio"],
        text=row["text"],
        language=row["lang"],
        speaker=row["speaker"],
        duration=row["duration_s"],
        corpus=row["corpus"],
        split=row["split"],
        licence=row["licence"],
        source=row["source"],
        words=tuple(Word(w["word"], w["start"], w["end"]) for w in row["words"] or ()),
        words_source=row["words_source"],
        rttm=folder / row["rttm"] if row["rttm"] else None,
    )
