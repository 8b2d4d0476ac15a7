"""Weights -> a folder that `weights.load` reads: fewer bits, no row twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from whisperx._mlx import mx
from whisperx.weights.names import ROW_INDEX, ROWS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_TABLE = "model.decoder.embed_tokens.weight"


def quantize(
    weights: dict[str, mx.array], *, bits: int, group_size: int, wanted: Callable[[str], bool]
) -> dict[str, mx.array]:
    """The same weights with some matrices quantized (affine, MLX's layout).

    Args:
        weights: By name.
        bits: Per weight: 2, 3, 4, 5, 6 or 8.
        group_size: Weights that share a scale: 32, 64 or 128.
        wanted: Whether to quantize the matrix of this name.
    """
    result: dict[str, mx.array] = {}
    for name, array in weights.items():
        stem, _, kind = name.rpartition(".")
        if kind != "weight" or array.ndim != 2 or not wanted(name):
            result[name] = array
            continue
        packed, scales, biases = mx.quantize(array, group_size=group_size, bits=bits)
        result |= {name: packed, f"{stem}.scales": scales, f"{stem}.biases": biases}
    return result


def share_rows(weights: dict[str, mx.array]) -> dict[str, mx.array]:
    """Store each distinct row of the token table once, with an index of who uses it.

    Pays for models whose rare tokens were never trained and hold one common vector.
    """
    result = dict(weights)
    table = result.pop(_TABLE)
    rows, index = np.unique(np.array(table), axis=0, return_inverse=True)
    result[f"model.{ROWS}"] = mx.array(rows)
    result[f"model.{ROW_INDEX}"] = mx.array(index.reshape(-1).astype(np.uint16))
    return result


def write(folder: Path, config: dict[str, Any], weights: dict[str, mx.array]) -> None:
    """Write `config.json` and `model.safetensors`; the folder is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    mx.save_safetensors(str(folder / "model.safetensors"), weights, {"format": "mlx"})
    text = json.dumps(config, indent=2, sort_keys=True)
    (folder / "config.json").write_text(text + "\n", "utf-8")
