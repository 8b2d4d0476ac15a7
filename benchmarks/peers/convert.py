"""Our trained weights in the layouts that the other engines read; no number is changed.

    python benchmarks/peers/convert.py ctranslate2 MODEL TARGET   (needs ctranslate2, transformers)
    python benchmarks/peers/convert.py mlx-whisper MODEL TARGET   (needs mlx-whisper)

MODEL is a folder in Hugging Face's layout. Runs in the environment of an engine that has the
packages.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

_RENAMED = (
    (r"^model\.", ""),
    (r"\.layers\.", ".blocks."),
    (r"self_attn_layer_norm", "attn_ln"),
    (r"encoder_attn_layer_norm", "cross_attn_ln"),
    (r"final_layer_norm", "mlp_ln"),
    (r"self_attn\.", "attn."),
    (r"encoder_attn\.", "cross_attn."),
    (r"attn\.q_proj", "attn.query"),
    (r"attn\.k_proj", "attn.key"),
    (r"attn\.v_proj", "attn.value"),
    (r"attn\.out_proj", "attn.out"),
    (r"\.fc1\.", ".mlp1."),
    (r"\.fc2\.", ".mlp2."),
    (r"^encoder\.layer_norm", "encoder.ln_post"),
    (r"^decoder\.layer_norm", "decoder.ln"),
    (r"^decoder\.embed_tokens", "decoder.token_embedding"),
    (r"^decoder\.embed_positions\.weight", "decoder.positional_embedding"),
)
"""Hugging Face's names to OpenAI's, which mlx-whisper keeps; applied one after the other."""

_ENCODER_POSITIONS = "encoder.embed_positions.weight"
_DERIVED = {"alignment_heads"}  # mlx-whisper makes them itself when it builds the network


def renamed(name: str) -> str:
    """The name that mlx-whisper has for a tensor of Hugging Face's layout."""
    for pattern, replacement in _RENAMED:
        name = re.sub(pattern, replacement, name)
    return name


def to_mlx_whisper(model: Path, target: Path) -> None:
    """Write mlx-whisper's folder, in float32 because it computes in the type that it reads.

    Raises:
        ValueError: if names, or the positions that mlx-whisper computes itself, do not fit.
    """
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_whisper.whisper import ModelDimensions, Whisper, sinusoids

    config = json.loads((model / "config.json").read_text("utf-8"))
    dimensions = {
        "n_mels": config["num_mel_bins"],
        "n_audio_ctx": config["max_source_positions"],
        "n_audio_state": config["d_model"],
        "n_audio_head": config["encoder_attention_heads"],
        "n_audio_layer": config["encoder_layers"],
        "n_vocab": config["vocab_size"],
        "n_text_ctx": config["max_target_positions"],
        "n_text_state": config["d_model"],
        "n_text_head": config["decoder_attention_heads"],
        "n_text_layer": config["decoder_layers"],
    }
    loaded = mx.load(str(model / "model.safetensors"))
    assert isinstance(loaded, dict)
    weights = {renamed(name): tensor.astype(mx.float32) for name, tensor in loaded.items()}
    for name in ("encoder.conv1.weight", "encoder.conv2.weight"):
        weights[name] = weights[name].transpose(0, 2, 1)  # (out, width, in)
    positions = weights.pop(_ENCODER_POSITIONS)
    made = sinusoids(dimensions["n_audio_ctx"], dimensions["n_audio_state"])
    if not mx.allclose(positions, made, rtol=0, atol=1e-3):
        msg = "the encoder's positions are not the sinusoids that mlx-whisper computes"
        raise ValueError(msg)
    network = Whisper(ModelDimensions(**dimensions), mx.float32)
    wanted = {name for name, _ in tree_flatten(network.parameters())} - _DERIVED
    if wanted != set(weights):
        msg = f"names do not fit: {sorted(wanted ^ set(weights))}"
        raise ValueError(msg)
    target.mkdir(parents=True, exist_ok=True)
    mx.save_safetensors(str(target / "weights.safetensors"), weights)
    (target / "config.json").write_text(json.dumps(dimensions), encoding="utf-8")


def to_ctranslate2(model: Path, target: Path) -> None:
    """Write the folder that CTranslate2, hence faster-whisper and WhisperX, reads."""
    from ctranslate2.converters import TransformersConverter

    converter = TransformersConverter(
        str(model), copy_files=["tokenizer.json", "preprocessor_config.json"]
    )
    converter.convert(str(target), force=True)


LAYOUTS = {"ctranslate2": to_ctranslate2, "mlx-whisper": to_mlx_whisper}


def main() -> None:
    """Convert as told."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("layout", choices=LAYOUTS)
    parser.add_argument("model", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    LAYOUTS[options.layout](options.model, options.target)


if __name__ == "__main__":
    main()
