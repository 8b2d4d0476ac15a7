"""Record what transformers' Whisper computes, layer by layer, in fp32 on the CPU.

    python tests/parity/record/record_whisper.py --model ../shared/models/mini-en

Needs torch and transformers. Writes `tests/parity/fixtures/whisper/layers.npz` and `layers.json`.
The random networks are those of `tests/parity/random_whisper.py`.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import sys
from datetime import date
from pathlib import Path

import numpy as np
import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

sys.path.insert(0, str(Path(__file__).parents[1]))
import random_whisper

FIXTURES = Path(__file__).parents[1] / "fixtures/whisper"


def build(shape: str) -> WhisperForConditionalGeneration:
    config = WhisperConfig(**random_whisper.SHAPES[shape], pad_token_id=0, dropout=0.0)
    config._attn_implementation = "eager"
    network = WhisperForConditionalGeneration(config).eval()
    arrays = {name: torch.from_numpy(a) for name, a in random_whisper.weights(shape).items()}
    arrays["proj_out.weight"] = arrays["model.decoder.embed_tokens.weight"]
    network.load_state_dict(arrays, strict=True)
    return network


def run(network, mel: np.ndarray, tokens: np.ndarray) -> dict[str, np.ndarray]:
    """Every layer's output under our names, `(rows, positions, width)`."""
    seen: dict[str, np.ndarray] = {}

    def keep(name: str):
        def hook(_module, _inputs, output):
            seen[name] = (output[0] if isinstance(output, tuple) else output).numpy()

        return hook

    encoder, decoder = network.model.encoder, network.model.decoder
    encoder.conv1.register_forward_hook(
        lambda _module, _inputs, output: seen.update(conv1=output.transpose(1, 2).numpy())
    )
    encoder.conv2.register_forward_hook(
        lambda _module, _inputs, output: seen.update(conv2=output.transpose(1, 2).numpy())
    )
    for side, part in (("encoder", encoder), ("decoder", decoder)):
        for index, layer in enumerate(part.layers):
            layer.register_forward_hook(keep(f"{side}.{index}"))
        part.layer_norm.register_forward_hook(keep(side))
    with torch.no_grad():
        features = torch.from_numpy(mel.transpose(0, 2, 1).copy())
        output = network(input_features=features, decoder_input_ids=torch.from_numpy(tokens))
    seen["logits"] = output.logits.numpy()
    return seen


def record_mini(folder: Path) -> dict[str, np.ndarray]:
    network = WhisperForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    seen = run(network, *random_whisper.mini_inputs())
    return {name: seen[name] for name in ("encoder.0", "encoder.7", "encoder", "logits")}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True, help="folder of mini-en")
    options = parser.parse_args()
    torch.set_num_threads(1)
    arrays, checks = {}, {}
    for shape in random_whisper.SHAPES:
        mel, tokens = random_whisper.inputs(shape)
        for name, array in run(build(shape), mel, tokens).items():
            arrays[f"{shape}/{name}"] = random_whisper.thin(name, array, shape)
        weights = random_whisper.weights(shape)
        checks[shape] = random_whisper.sha256(weights | {"mel": mel})
    for name, array in record_mini(options.model).items():
        arrays[f"mini-en/{name}"] = random_whisper.thin(name, array, "mini-en")
    FIXTURES.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(FIXTURES / "layers.npz", **arrays)
    text = json.dumps({"provenance": provenance(), "sha256": checks}, indent=1)
    (FIXTURES / "layers.json").write_text(text + "\n", encoding="utf-8")
    print(len(arrays), "arrays,", (FIXTURES / "layers.npz").stat().st_size, "bytes")


def provenance() -> dict[str, str]:
    packages = ("torch", "transformers", "numpy")
    return {
        **{package: importlib.metadata.version(package) for package in packages},
        "python": platform.python_version(),
        "date": date.today().isoformat(),
        "command": "python tests/parity/record/record_whisper.py " + " ".join(sys.argv[1:]),
    }


if __name__ == "__main__":
    main()
