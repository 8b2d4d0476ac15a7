"""A random Whisper small enough for a test, in a real folder with the bundled tokenizer."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np

from whisperx._mlx import mx
from whisperx.weights import catalog

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 16
_VOCABULARY = 51_864
_END_OF_TEXT = 50_256


def write_tiny_whisper(folder: Path) -> Path:
    """An English-only Whisper of one layer a side that writes a token or two and then ends."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "model_type": "whisper",
        "d_model": WIDTH,
        "encoder_layers": 1,
        "encoder_attention_heads": 2,
        "encoder_ffn_dim": 2 * WIDTH,
        "decoder_layers": 1,
        "decoder_attention_heads": 2,
        "decoder_ffn_dim": 2 * WIDTH,
        "vocab_size": _VOCABULARY,
        "num_mel_bins": 80,
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(catalog.bundled_folder() / name, folder / name)
    mx.save_safetensors(str(folder / "model.safetensors"), _weights())
    return folder


def _weights() -> dict[str, mx.array]:
    random = np.random.default_rng(7)
    arrays: dict[str, np.ndarray] = {
        "encoder.conv1.weight": random.normal(size=(WIDTH, 80, 3)),
        "encoder.conv1.bias": np.zeros(WIDTH),
        "encoder.conv2.weight": random.normal(size=(WIDTH, WIDTH, 3)),
        "encoder.conv2.bias": np.zeros(WIDTH),
        "decoder.embed_tokens.weight": random.normal(size=(_VOCABULARY, WIDTH)),
        "decoder.embed_positions.weight": random.normal(size=(448, WIDTH)),
    }
    for side, attentions in (
        ("encoder", ("self_attn",)),
        ("decoder", ("self_attn", "encoder_attn")),
    ):
        layer = f"{side}.layers.0"
        for attention in attentions:
            for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                arrays[f"{layer}.{attention}.{part}.weight"] = random.normal(size=(WIDTH, WIDTH))
                if part != "k_proj":
                    arrays[f"{layer}.{attention}.{part}.bias"] = np.zeros(WIDTH)
        arrays |= {
            f"{layer}.fc1.weight": random.normal(size=(2 * WIDTH, WIDTH)),
            f"{layer}.fc1.bias": np.zeros(2 * WIDTH),
            f"{layer}.fc2.weight": random.normal(size=(WIDTH, 2 * WIDTH)),
            f"{layer}.fc2.bias": np.zeros(WIDTH),
        }
        norms = [f"{layer}.{attention}_layer_norm" for attention in attentions]
        for norm in [*norms, f"{layer}.final_layer_norm", f"{side}.layer_norm"]:
            arrays |= {f"{norm}.weight": np.ones(WIDTH), f"{norm}.bias": np.zeros(WIDTH)}
    # The last norm leans towards the row of end of text, so that texts are short.
    lean = random.normal(size=WIDTH)
    arrays["decoder.layer_norm.bias"] = lean
    arrays["decoder.embed_tokens.weight"][_END_OF_TEXT] = 3 * lean
    return {f"model.{name}": mx.array(array.astype(np.float32)) for name, array in arrays.items()}
