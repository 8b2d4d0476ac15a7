"""From a model's source to a folder on this machine that holds all of it."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from whisperx.errors import (
    GatedModelError,
    HubUnreachableError,
    ModelError,
    ModelNotFoundError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from whisperx.weights.catalog import ModelSource

_LOG = logging.getLogger("whisperx.weights.hub")

_WANTED = [
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "model*.safetensors",
    "model.safetensors.index.json",
]
_UNWANTED = ["*fp32*"]  # openai's large-v3 repository carries the weights twice


def locate(source: ModelSource, *, cache: Path | None = None, local_only: bool = False) -> Path:
    """The folder of a model, downloaded if need be.

    Args:
        source: Which model.
        cache: Where downloads are kept; the hub's own cache folder if None.
        local_only: Never touch the network.

    Raises:
        ModelNotFoundError: if there is no such repository.
        GatedModelError: if its licence must be accepted first.
        HubUnreachableError: if it is not here and the hub does not answer (or may not be asked).
        ModelError: if a folder or a download is not whole.
    """
    if source.folder is not None:
        _require_whole(source.folder, source.name)
        return source.folder
    assert source.repository is not None  # noqa: S101 - a source has a folder or a repository
    folder = _cached(source.repository, cache)
    if folder is not None:
        return folder
    if local_only:
        msg = f"The model {source.name!r} is not on this machine, and downloading is turned off."
        raise HubUnreachableError(msg)
    folder = _download(source, cache)
    _require_whole(folder, source.name)
    return folder


def missing_files(folder: Path) -> list[str]:
    """What a Whisper folder lacks to be whole; empty if nothing.

    Raises:
        ModelError: if the index of the shards cannot be read.
    """
    missing = [name for name in ("config.json",) if not (folder / name).is_file()]
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            shards = set(json.loads(index.read_text("utf-8"))["weight_map"].values())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"{index.name} in {folder} is damaged; delete the folder and try again."
            raise ModelError(msg) from error
    else:
        shards = {"model.safetensors"}
    missing += [name for name in sorted(shards) if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json")):
        missing.append("tokenizer.json")
    return missing


def _require_whole(folder: Path, name: str) -> None:
    missing = missing_files(folder)
    if missing:
        msg = f"The model {name!r} is not whole: {folder} lacks {', '.join(missing)}."
        raise ModelError(msg)


def _cached(repository: str, cache: Path | None) -> Path | None:
    from pathlib import Path

    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        folder = Path(snapshot_download(repository, cache_dir=cache, local_files_only=True))
    except LocalEntryNotFoundError as error:
        # The hub calls a snapshot incomplete that lacks any file of the repository; we never
        # fetch all of them, and say ourselves what is needed.
        partial = getattr(error, "snapshot_path", None)
        if partial is None:
            return None
        folder = Path(partial)
    except HFValidationError as error:
        raise ModelNotFoundError(_no_such(repository)) from error
    return None if missing_files(folder) else folder


def _no_such(repository: str) -> str:
    return f"There is no model {repository!r} on the hub (or it is private)."


def _download(source: ModelSource, cache: Path | None) -> Path:
    from pathlib import Path

    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HTTPError,  # pyright: ignore[reportPrivateImportUsage] - of whichever library it uses
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    assert source.repository is not None  # noqa: S101 - checked by the caller
    _LOG.info("downloading %s", source.repository)
    try:
        return Path(
            snapshot_download(
                source.repository,
                cache_dir=cache,
                allow_patterns=_WANTED,
                ignore_patterns=_UNWANTED,
            )
        )
    except GatedRepoError as error:
        msg = (
            f"The model {source.repository} asks you to accept its licence: do so on its page, "
            "then log in with `hf auth login`."
        )
        raise GatedModelError(msg) from error
    except RepositoryNotFoundError as error:
        raise ModelNotFoundError(_no_such(source.repository)) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, HTTPError) as error:
        raise HubUnreachableError(_unreachable(source)) from error
    except OSError as error:
        if error.errno is None or isinstance(error, ConnectionError | TimeoutError):
            raise HubUnreachableError(_unreachable(source)) from error
        msg = f"The model {source.name!r} could not be stored on this machine: {error.strerror}."
        raise ModelError(msg) from error


def _unreachable(source: ModelSource) -> str:
    return f"The model {source.name!r} is not on this machine and the hub cannot be reached."
