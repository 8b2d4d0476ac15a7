"""Checkpoint names and layouts -> our parameter names: one pure function per source format."""

from __future__ import annotations

from whisperx._mlx import mx
from whisperx.errors import WeightMismatchError

ROWS, ROW_INDEX = "decoder.embed_tokens.rows", "decoder.embed_tokens.row_index"
"""A token table whose rows repeat: the distinct `(rows, width)` and the row of each token."""

POSITIONS = "encoder.embed_positions.weight"
"""The encoder's positions: a constant of the network, not one of its parameters."""

_FUSED = {
    "self_attn.qkv_proj": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "encoder_attn.kv_proj": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
}
_POSITION_TOLERANCE = 2e-3  # fp16 rounding of values up to 1 stays under half of this


def whisper_from_hf(weights: dict[str, mx.array]) -> dict[str, mx.array]:
    """Hugging Face's Whisper checkpoint under our names.

    Convolutions become `(out, kernel, in)`; the projections of one attention become one.
    `proj_out.weight` is dropped, as it is the token table; `POSITIONS`, if there, keeps its name.

    Args:
        weights: As in the file, with or without the leading `model.`; quantized layers carry
            `.scales` and `.biases` beside `.weight`.

    Raises:
        WeightMismatchError: if a part is missing or its shape does not let it be joined.
    """
    found = {name.removeprefix("model."): array for name, array in weights.items()}
    found.pop("proj_out.weight", None)
    if ROWS in found:
        found["decoder.embed_tokens.weight"] = found.pop(ROWS)[found.pop(ROW_INDEX)]
    for name in ("encoder.conv1.weight", "encoder.conv2.weight"):
        if name in found:
            if found[name].ndim != 3:
                msg = f"{name} has the shape {found[name].shape}; a convolution has three axes."
                raise WeightMismatchError(msg)
            found[name] = found[name].transpose(0, 2, 1)
    return _fuse(found)


def require_sinusoids(positions: mx.array, sinusoids: mx.array) -> None:
    """Refuse positions that are not Whisper's.

    Raises:
        WeightMismatchError: if they are of another shape than `sinusoids`, or other numbers.
    """
    if positions.shape != sinusoids.shape:
        msg = (
            f"The encoder's positions have the shape {positions.shape}, but config.json describes "
            f"{sinusoids.shape}."
        )
        raise WeightMismatchError(msg)
    is_close = mx.abs(positions.astype(mx.float32) - sinusoids) <= _POSITION_TOLERANCE
    if not is_close.all().item():
        msg = "The encoder's positions are not Whisper's sinusoids: this is not a Whisper network."
        raise WeightMismatchError(msg)


def _fuse(found: dict[str, mx.array]) -> dict[str, mx.array]:
    """Join query, key and value along the output axis; a key without a bias gets zeros."""
    fused: dict[str, mx.array] = {}
    for name, array in found.items():
        stem, _, kind = name.rpartition(".")
        target = next(((new, old) for new, old in _FUSED.items() if stem.endswith(old)), None)
        if target is None:
            fused[name] = array
            continue
        new, parts = target
        base = stem[: -len(next(part for part in parts if stem.endswith(part)))]
        if f"{base}{new}.{kind}" in fused:
            continue
        arrays = [_part(found, f"{base}{part}", kind, array) for part in parts]
        if len({(part.ndim, part.shape[1:]) for part in arrays}) > 1:
            shapes = ", ".join(str(part.shape) for part in arrays)
            msg = f"The parts of {base}{new}.{kind} cannot be joined: their shapes are {shapes}."
            raise WeightMismatchError(msg)
        fused[f"{base}{new}.{kind}"] = mx.concatenate(arrays)
    return fused


def _part(found: dict[str, mx.array], stem: str, kind: str, like: mx.array) -> mx.array:
    """One part of a fused array; Whisper's key projections have no bias."""
    if f"{stem}.{kind}" in found:
        return found[f"{stem}.{kind}"]
    if kind == "bias" and stem.endswith("k_proj"):
        return mx.zeros_like(like)
    msg = f"The checkpoint lacks {stem}.{kind}."
    raise WeightMismatchError(msg)
