"""A folder and a plan -> a network ready to run: read, rename, quantize, load strictly, cast."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from whisperx._mlx import mx, nn
from whisperx.errors import ModelError, WeightMismatchError
from whisperx.models.whisper import Whisper, WhisperConfig
from whisperx.weights import checkpoint, names

if TYPE_CHECKING:
    from pathlib import Path

    from whisperx.device import ComputePlan

_USUAL = {"activation_function": "gelu", "scale_embedding": False, "tie_word_embeddings": True}


def whisper(folder: Path, plan: ComputePlan) -> Whisper:
    """The Whisper network of a Hugging Face folder.

    Every parameter of the network must be in the checkpoint and the other way round. Quantized
    layers are dequantized unless the plan asks for quantized weights.

    Args:
        folder: Holds `config.json` and safetensors.
        plan: Says the precision.

    Raises:
        ModelError: if the folder is not a whole Whisper checkpoint.
        WeightMismatchError: if names or shapes differ from what the config says.
    """
    raw = checkpoint.read_config(folder)
    if raw.get("model_type") != "whisper":
        msg = f"{folder} holds a {raw.get('model_type', 'nameless')!r} model, not Whisper."
        raise ModelError(msg)
    _require_usual(raw, folder)
    network = Whisper(config_from(WhisperConfig, raw, folder))
    weights = names.whisper_from_hf(checkpoint.read_weights(folder))
    if (positions := weights.pop(names.POSITIONS, None)) is not None:
        names.require_sinusoids(positions, network.encoder.positions)
        # As stored: in half precision they differ from ours by as much as 5e-4, and a reference
        # implementation adds what is stored.
        network.encoder.set_positions(positions.astype(mx.float32))
    weights = _quantization(network, weights, raw.get("quantization"), plan)
    fill(network, weights, plan.mx_dtype)
    return network


def config_from(kind: type[WhisperConfig], raw: dict[str, Any], folder: Path) -> WhisperConfig:
    """The config dataclass of a `config.json`; keys it does not know are not its business.

    Raises:
        ModelError: if a required key is missing, or is no size.
    """
    missing = [
        field.name for field in fields(kind) if field.default is MISSING and field.name not in raw
    ]
    if missing:
        msg = f"config.json in {folder} lacks {', '.join(missing)}."
        raise ModelError(msg)
    sizes = {field.name: raw[field.name] for field in fields(kind) if field.name in raw}
    for name, size in sizes.items():
        if type(size) is not int or size < 1:
            msg = f"config.json in {folder} says {name} is {size!r}; it must be a number from 1."
            raise ModelError(msg)
    for side in ("encoder", "decoder"):
        heads = sizes[f"{side}_attention_heads"]
        if sizes["d_model"] % heads:
            msg = (
                f"config.json in {folder} splits a width of {sizes['d_model']} between {heads} "
                "heads; the heads must be of one size."
            )
            raise ModelError(msg)
    return kind(**sizes)


def _require_usual(raw: dict[str, Any], folder: Path) -> None:
    """Refuse what transformers can vary in a Whisper and no released one does.

    Raises:
        ModelError: in one sentence.
    """
    for name, usual in _USUAL.items():
        if raw.get(name, usual) != usual:
            msg = f"config.json in {folder} says {name} is {raw[name]!r}; only {usual!r} is known."
            raise ModelError(msg)


def fill(network: nn.Module, weights: dict[str, mx.array], dtype: mx.Dtype) -> None:
    """Load strictly, cast what is floating point, and evaluate the whole network.

    Raises:
        WeightMismatchError: if names or shapes differ.
    """
    weights = {
        name: array.astype(dtype) if mx.issubdtype(array.dtype, mx.floating) else array
        for name, array in weights.items()
    }
    try:
        network.load_weights(list(weights.items()), strict=True)
    except ValueError as error:
        first = " ".join(str(error).split())[:300]
        msg = f"The weights do not fit the network that config.json describes: {first}"
        raise WeightMismatchError(msg) from error
    network.eval()
    # The module, not its parameters: constants such as positions belong to this thread too.
    mx.eval(network)


def _quantization(
    network: nn.Module,
    weights: dict[str, mx.array],
    settings: dict[str, int] | None,
    plan: ComputePlan,
) -> dict[str, mx.array]:
    """Bring network and weights to the same precision, layer by layer."""
    quantized = {name.removesuffix(".scales") for name in weights if name.endswith(".scales")}
    if not quantized:
        return weights
    if settings is None:
        msg = "The checkpoint is quantized, but its config.json does not say how."
        raise ModelError(msg)
    group_size, bits = settings["group_size"], settings["bits"]
    if plan.quantization is not None:
        nn.quantize(network, group_size, bits, class_predicate=lambda path, _: path in quantized)
        return weights
    plain = dict(weights)
    for stem in quantized:
        plain[f"{stem}.weight"] = mx.dequantize(
            plain[f"{stem}.weight"],
            plain.pop(f"{stem}.scales"),
            plain.pop(f"{stem}.biases"),
            group_size=group_size,
            bits=bits,
        )
    return plain
