"""Our Whisper network against transformers', layer by layer, in fp32.

The numbers were recorded by `record/record_whisper.py`; the random checkpoints go through the real
loader.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import random_whisper

from whisperx._mlx import mx, nn
from whisperx.device import ComputePlan
from whisperx.weights import load

FIXTURES = Path(__file__).parent / "fixtures/whisper"
PLAN = ComputePlan("cpu", "float32")
TOLERANCE = 2e-5
"""Of a tensor's largest number. 1.7e-6 was seen; GELU by tanh instead of erf gives 2e-4."""


@pytest.fixture(scope="module")
def recorded():
    with np.load(FIXTURES / "layers.npz") as arrays:
        return dict(arrays)


def layers(network, mel, tokens):
    """Every layer's output by the recorder's names, computed with our sub-modules."""
    encoder, decoder = network.encoder, network.decoder
    seen = {"conv1": encoder.conv1(mel)}
    seen["conv2"] = encoder.conv2(nn.gelu(seen["conv1"]))
    x = nn.gelu(seen["conv2"]) + encoder.positions
    for index, layer in enumerate(encoder.layers):
        x = seen[f"encoder.{index}"] = layer(x)
    seen["encoder"] = encoder.layer_norm(x)
    state = decoder.start(seen["encoder"])
    count = tokens.shape[1]
    x = decoder.embed_tokens(tokens) + decoder.embed_positions(state.positions(count))
    for index, layer in enumerate(decoder.layers):
        x = layer(x, state.cross[index], state.mask(count), state, index)
        seen[f"decoder.{index}"] = x
    seen["decoder"] = decoder.layer_norm(x)
    seen["logits"] = decoder.logits(seen["decoder"])
    return {name: np.array(array) for name, array in seen.items()}


def relative(ours, theirs):
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


@pytest.mark.parametrize("shape", random_whisper.SHAPES)
def test_every_layer_of_a_random_network(shape, recorded, tmp_path):
    weights = random_whisper.weights(shape)
    mel, tokens = random_whisper.inputs(shape)
    checks = json.loads((FIXTURES / "layers.json").read_text("utf-8"))["sha256"]
    assert random_whisper.sha256(weights | {"mel": mel}) == checks[shape]
    (tmp_path / "config.json").write_text(json.dumps(random_whisper.SHAPES[shape]), "utf-8")
    arrays = {name: mx.array(array) for name, array in weights.items()}
    mx.save_safetensors(str(tmp_path / "model.safetensors"), arrays)

    network = load.whisper(tmp_path, PLAN)
    seen = layers(network, mx.array(mel), mx.array(tokens))

    names = {name.split("/")[1] for name in recorded if name.startswith(f"{shape}/")}
    assert names == set(seen)
    for name, ours in seen.items():
        few = random_whisper.thin(name, ours, shape)
        assert relative(few, recorded[f"{shape}/{name}"]) < TOLERANCE, name
    whole = np.array(network(mx.array(mel), mx.array(tokens)))
    few = random_whisper.thin("logits", whole, shape)
    assert relative(few, recorded[f"{shape}/logits"]) < TOLERANCE


@pytest.mark.slow
def test_mini_en(recorded, shared):
    mel, tokens = random_whisper.mini_inputs()
    network = load.whisper(shared / "models/mini-en", PLAN)
    seen = layers(network, mx.array(mel), mx.array(tokens))
    for name in ("encoder.0", "encoder.7", "encoder", "logits"):
        ours = random_whisper.thin(name, seen[name], "mini-en")
        assert relative(ours, recorded[f"mini-en/{name}"]) < TOLERANCE, name
