"""A checkpoint folder -> {name: array}, lazily: nothing is read before it is used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from whisperx._mlx import mx
from whisperx.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path


def read_config(folder: Path) -> dict[str, Any]:
    """The folder's `config.json`.

    Raises:
        ModelError: if it is missing or is not a JSON object.
    """
    if not (folder / "config.json").is_file():
        msg = f"{folder} holds no model: it has no config.json."
        raise ModelError(msg)
    return _read_object(folder / "config.json")


def read_generation_config(folder: Path) -> dict[str, Any]:
    """The folder's `generation_config.json`; empty if there is none.

    Raises:
        ModelError: if it is not a JSON object.
    """
    path = folder / "generation_config.json"
    return _read_object(path) if path.is_file() else {}


def _read_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        msg = f"{path} is damaged: it is not JSON."
        raise ModelError(msg) from error
    if not isinstance(found, dict):
        msg = f"{path} is damaged: it is not a JSON object."
        raise ModelError(msg)
    return found


def read_weights(folder: Path) -> dict[str, mx.array]:
    """All arrays of a safetensors checkpoint, sharded or not.

    Raises:
        ModelError: if a file is missing, cut short or not safetensors.
    """
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            shards = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"{index} is damaged: it does not say which file holds which weights."
            raise ModelError(msg) from error
    else:
        shards = ["model.safetensors"]
    weights: dict[str, mx.array] = {}
    for shard in shards:
        path = folder / shard
        if not path.is_file():
            msg = f"{folder} is not whole: it lacks {shard}."
            raise ModelError(msg)
        try:
            loaded = mx.load(str(path))
        except RuntimeError as error:
            msg = f"{path} is damaged: it cannot be read as safetensors."
            raise ModelError(msg) from error
        assert isinstance(loaded, dict)  # noqa: S101 - what mx.load gives for safetensors
        weights.update(loaded)
    return weights
