"""The names users type and the repositories they stand for; the only home of model ids."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from whisperx.errors import ModelNotFoundError

BUNDLED = "mini-en"
"""The small English model inside this package."""

DEFAULT = "small"
"""What is used when no model is named."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Where a model comes from.

    Attributes:
        name: What the user typed.
        repository: `owner/name` on the hub, or None for a folder on this machine.
        folder: The folder on this machine, or None for a repository.
    """

    name: str
    repository: str | None = None
    folder: Path | None = None


_WHISPER = {
    "tiny": "openai/whisper-tiny",
    "tiny.en": "openai/whisper-tiny.en",
    "base": "openai/whisper-base",
    "base.en": "openai/whisper-base.en",
    "small": "openai/whisper-small",
    "small.en": "openai/whisper-small.en",
    "medium": "openai/whisper-medium",
    "medium.en": "openai/whisper-medium.en",
    "large-v1": "openai/whisper-large",
    "large-v2": "openai/whisper-large-v2",
    "large-v3": "openai/whisper-large-v3",
    "large": "openai/whisper-large-v3",
    "large-v3-turbo": "openai/whisper-large-v3-turbo",
    "turbo": "openai/whisper-large-v3-turbo",
    "distil-small.en": "distil-whisper/distil-small.en",
    "distil-medium.en": "distil-whisper/distil-medium.en",
    "distil-large-v2": "distil-whisper/distil-large-v2",
    "distil-large-v3": "distil-whisper/distil-large-v3",
    "distil-large-v3.5": "distil-whisper/distil-large-v3.5",
}


def names() -> tuple[str, ...]:
    """All short names, the bundled model first."""
    return (BUNDLED, *_WHISPER)


def bundled_folder() -> Path:
    """The folder of the model inside this package."""
    return Path(str(resources.files("whisperx"))) / "assets" / BUNDLED


def resolve(name: str) -> ModelSource:
    """What `name` stands for: a short name, a folder, or `owner/name` on the hub.

    Raises:
        ModelNotFoundError: if it is none of these.
    """
    if name == BUNDLED:
        return ModelSource(name, folder=bundled_folder())
    if name in _WHISPER:
        return ModelSource(name, repository=_WHISPER[name])
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        return ModelSource(name, folder=folder)
    owner, slash, repository = name.partition("/")
    if slash and owner not in ("", ".", "..", "~") and repository and "/" not in repository:
        return ModelSource(name, repository=name)
    close = difflib.get_close_matches(name, names(), n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known: {', '.join(names())}."
    msg = (
        f"There is no model {name!r}: give a known name, a folder, or owner/name on the hub; {hint}"
    )
    raise ModelNotFoundError(msg)
