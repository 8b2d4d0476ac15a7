"""Random Whisper checkpoints under Hugging Face's names; the same numbers wherever they are made.

The recorder builds transformers' network from them and the tests build ours, so that no weights
need to be kept. `RandomState` is used because its numbers never change with NumPy's version.
"""

from __future__ import annotations

import hashlib

import numpy as np

_COMMON = {"model_type": "whisper", "max_target_positions": 24, "vocab_size": 300}

SHAPES: dict[str, dict[str, object]] = {
    # As tiny and base: 80 bands, as many decoder as encoder layers.
    "tiny": {
        **_COMMON,
        "num_mel_bins": 80,
        "max_source_positions": 60,
        "d_model": 32,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": 128,
        "decoder_ffn_dim": 128,
    },
    # As large-v3: 128 bands; heads of 64 as in every released Whisper.
    "large": {
        **_COMMON,
        "num_mel_bins": 128,
        "max_source_positions": 50,
        "d_model": 64,
        "encoder_layers": 3,
        "decoder_layers": 3,
        "encoder_attention_heads": 1,
        "decoder_attention_heads": 1,
        "encoder_ffn_dim": 256,
        "decoder_ffn_dim": 256,
    },
    # As turbo and distil: many encoder layers, few decoder layers, here also other heads and sizes.
    "turbo": {
        **_COMMON,
        "num_mel_bins": 128,
        "max_source_positions": 160,
        "d_model": 48,
        "encoder_layers": 8,
        "decoder_layers": 2,
        "encoder_attention_heads": 3,
        "decoder_attention_heads": 6,
        "encoder_ffn_dim": 96,
        "decoder_ffn_dim": 144,
    },
}


def weights(shape: str) -> dict[str, np.ndarray]:
    """All tensors of a checkpoint, float32, by Hugging Face's names."""
    size = {key: value for key, value in SHAPES[shape].items() if isinstance(value, int)}
    rng = np.random.RandomState(sum(map(ord, shape)))
    width, found = size["d_model"], {}

    def linear(name: str, rows: int, columns: int, *, bias: bool = True) -> None:
        found[f"{name}.weight"] = rng.standard_normal((rows, columns)) / columns**0.5
        if bias:
            found[f"{name}.bias"] = rng.standard_normal(rows) / 4

    def norm(name: str) -> None:
        found[f"{name}.weight"] = 1 + rng.standard_normal(width) / 5
        found[f"{name}.bias"] = rng.standard_normal(width) / 5

    def attention(name: str) -> None:
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            linear(f"{name}.{part}", width, width, bias=part != "k_proj")
        norm(f"{name}_layer_norm")

    for side in ("encoder", "decoder"):
        for index in range(size[f"{side}_layers"]):
            layer = f"model.{side}.layers.{index}"
            attention(f"{layer}.self_attn")
            if side == "decoder":
                attention(f"{layer}.encoder_attn")
            linear(f"{layer}.fc1", size[f"{side}_ffn_dim"], width)
            linear(f"{layer}.fc2", width, size[f"{side}_ffn_dim"])
            norm(f"{layer}.final_layer_norm")
        norm(f"model.{side}.layer_norm")
    for name, channels in (("conv1", size["num_mel_bins"]), ("conv2", width)):
        kernel = rng.standard_normal((width, channels, 3)) / (3 * channels) ** 0.5
        found[f"model.encoder.{name}.weight"] = kernel
        found[f"model.encoder.{name}.bias"] = rng.standard_normal(width) / 4
    table = rng.standard_normal((size["vocab_size"], width)) / width**0.5
    found["model.decoder.embed_tokens.weight"] = table
    positions = rng.standard_normal((size["max_target_positions"], width)) / 4
    found["model.decoder.embed_positions.weight"] = positions
    found["model.encoder.embed_positions.weight"] = sinusoids(size["max_source_positions"], width)
    return {name: array.astype(np.float32) for name, array in found.items()}


def sinusoids(length: int, width: int) -> np.ndarray:
    """The encoder's positions after the formula in the paper of the Transformer, in float64."""
    rates = 10_000.0 ** (-np.arange(width // 2) / (width // 2 - 1))
    angles = np.arange(length)[:, None] * rates
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)


def inputs(shape: str, rows: int = 2, count: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A mel `(rows, 2 F, bands)` in the range of real ones, and tokens `(rows, count)`."""
    rng = np.random.RandomState(7)
    size = SHAPES[shape]
    frames, bands = 2 * int(str(size["max_source_positions"])), int(str(size["num_mel_bins"]))
    return smooth_mel(rng, rows, frames, bands), rng.randint(0, 300, (rows, count))


def smooth_mel(rng: np.random.RandomState, rows: int, frames: int, bands: int) -> np.ndarray:
    """Noise between -1 and 1.5 whose neighbouring frames are alike."""
    noise = rng.standard_normal((rows, frames + 8, bands)).cumsum(axis=1)
    blurred = (noise[:, 8:] - noise[:, :-8]) / 6
    return np.clip(blurred + 0.25, -1, 1.5).astype(np.float32)


def sha256(arrays: dict[str, np.ndarray]) -> str:
    """Checks that recorder and test mean the same numbers."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def thin(name: str, array: np.ndarray, shape: str) -> np.ndarray:
    """A few positions of the long axes, so that the recording stays small."""
    if shape == "mini-en":
        return array[:, :, ::97] if name == "logits" else array[:, ::100]
    if name.startswith(("conv", "encoder")):
        return array[:, :: array.shape[1] // 8]
    return array[:, ::3]


def mini_inputs() -> tuple[np.ndarray, np.ndarray]:
    """A mel `(1, 3000, 80)` and a prompt with a few words, for mini-en."""
    mel = smooth_mel(np.random.RandomState(3), 1, 3000, 80)
    return mel, np.array([[50257, 50362, 383, 290, 262, 257, 13]])
