"""Folders and names: what is refused, in which words, and that the rest loads as it is."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from fakes import parameters_of
from whisperx._mlx import mx
from whisperx.device import ComputePlan
from whisperx.errors import (
    ModelError,
    WeightMismatchError,
)
from whisperx.models.whisper import Whisper, WhisperConfig, sinusoids
from whisperx.weights import checkpoint, hub, load, names, save

PLAN = ComputePlan("cpu", "float32")
CONFIG = {
    "model_type": "whisper",
    "d_model": 32,
    "encoder_layers": 1,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 48,
    "decoder_layers": 2,
    "decoder_attention_heads": 4,
    "decoder_ffn_dim": 64,
    "vocab_size": 50,
    "num_mel_bins": 80,
    "max_source_positions": 20,
    "max_target_positions": 12,
}
QUERY = "model.encoder.layers.0.self_attn.q_proj.weight"


def plain_weights() -> dict[str, mx.array]:
    """A random checkpoint under Hugging Face's names, made from our own parameters."""
    mx.random.seed(0)
    network = Whisper(load.config_from(WhisperConfig, CONFIG, None))  # type: ignore[arg-type] # the folder is only named in errors
    found: dict[str, mx.array] = {}
    for name, array in parameters_of(network).items():
        value = mx.random.normal(array.shape) / 4
        stem, _, kind = name.rpartition(".")
        if stem.endswith(("qkv_proj", "kv_proj")):
            parts = (
                ["q_proj", "k_proj", "v_proj"]
                if stem.endswith("qkv_proj")
                else ["k_proj", "v_proj"]
            )
            for part, piece in zip(parts, mx.split(value, len(parts)), strict=True):
                if (part, kind) != ("k_proj", "bias"):
                    base = stem.removesuffix("qkv_proj").removesuffix("kv_proj")
                    found[f"model.{base}{part}.{kind}"] = piece
        else:
            is_convolution = ".conv" in name and kind == "weight"
            found[f"model.{name}"] = value.transpose(0, 2, 1) if is_convolution else value
    found["model.encoder.embed_positions.weight"] = sinusoids(20, 32)
    return found


@pytest.fixture(scope="module")
def weights():
    return plain_weights()


@pytest.fixture
def folder(tmp_path, weights):
    """Make a folder of these weights and this config; changes are given by name."""

    def make(config=None, /, **changes):
        changed = {**weights, **{name.replace("__", "."): array for name, array in changes.items()}}
        kept = {name: array for name, array in changed.items() if array is not None}
        save.write(tmp_path, {**CONFIG, **(config or {})}, kept)
        return tmp_path

    return make


def test_a_whole_folder_loads_every_number(folder, weights):
    network = load.whisper(folder(), PLAN)
    ours = parameters_of(network)
    attention = ours["encoder.layers.0.self_attn.qkv_proj.weight"]
    assert mx.array_equal(attention[:32], weights[QUERY])
    assert mx.array_equal(attention[32:64], weights[QUERY.replace("q_proj", "k_proj")])
    assert mx.array_equal(attention[64:], weights[QUERY.replace("q_proj", "v_proj")])
    bias = ours["encoder.layers.0.self_attn.qkv_proj.bias"]
    assert not mx.any(bias[32:64]).item()
    assert mx.array_equal(bias[64:], weights[QUERY.replace("q_proj.weight", "v_proj.bias")])
    kernel = weights["model.encoder.conv1.weight"]
    assert mx.array_equal(ours["encoder.conv1.weight"], kernel.transpose(0, 2, 1))
    table = weights["model.decoder.embed_tokens.weight"]
    assert mx.array_equal(ours["decoder.embed_tokens.weight"], table)
    assert not network.training


def test_names_need_no_leading_model(folder, weights, tmp_path):
    first = parameters_of(load.whisper(folder(), PLAN))
    bare = {name.removeprefix("model."): array for name, array in weights.items()}
    save.write(tmp_path / "bare", CONFIG, bare)
    second = parameters_of(load.whisper(tmp_path / "bare", PLAN))
    assert all(mx.array_equal(array, second[name]) for name, array in first.items())


def test_the_output_table_may_be_written_twice(folder, weights):
    again = {"proj_out__weight": weights["model.decoder.embed_tokens.weight"]}
    load.whisper(folder(**again), PLAN)


@pytest.mark.parametrize("stored", [mx.float16, mx.bfloat16, mx.float32])
@pytest.mark.parametrize("wanted", ["float16", "bfloat16", "float32"])
def test_any_precision_is_cast_to_the_plans(weights, tmp_path, stored, wanted):
    save.write(tmp_path, CONFIG, {name: array.astype(stored) for name, array in weights.items()})
    plan = ComputePlan("cpu", wanted)
    arrays = parameters_of(load.whisper(tmp_path, plan))
    assert {array.dtype for array in arrays.values()} == {plan.mx_dtype}


def test_a_sharded_checkpoint_loads(folder, weights, tmp_path):
    path = folder()
    (path / "model.safetensors").unlink()
    half = dict(list(weights.items())[:10])
    rest = {name: array for name, array in weights.items() if name not in half}
    mx.save_safetensors(str(path / "model-00001-of-00002.safetensors"), half)
    mx.save_safetensors(str(path / "model-00002-of-00002.safetensors"), rest)
    places = dict.fromkeys(half, "model-00001-of-00002.safetensors")
    places |= dict.fromkeys(rest, "model-00002-of-00002.safetensors")
    index = path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": places}))
    assert set(checkpoint.read_weights(path)) == set(weights)
    load.whisper(path, PLAN)

    (path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(ModelError, match="lacks model-00002-of-00002"):
        load.whisper(path, PLAN)
    for damage in ("{", "[]", '{"weight_map": 3}', "{}"):
        index.write_text(damage)
        with pytest.raises(ModelError, match=r"index\.json is damaged"):
            load.whisper(path, PLAN)
        with pytest.raises(ModelError, match="is damaged"):
            hub.missing_files(path)


def test_shared_rows_load_as_the_full_table(weights, tmp_path):
    table = weights["model.decoder.embed_tokens.weight"]
    table = mx.concatenate([table[:20], mx.broadcast_to(table[20:21], (30, 32))])
    full = {**weights, "model.decoder.embed_tokens.weight": table}
    small = save.share_rows(full)
    assert small[f"model.{names.ROWS}"].shape == (21, 32)
    save.write(tmp_path, CONFIG, small)
    loaded = parameters_of(load.whisper(tmp_path, PLAN))["decoder.embed_tokens.weight"]
    assert mx.array_equal(loaded, table)


class TestQuantized:
    @pytest.fixture
    def quantized(self, weights, tmp_path):
        config = {**CONFIG, "quantization": {"bits": 8, "group_size": 32}}
        arrays = save.quantize(
            weights,
            bits=8,
            group_size=32,
            wanted=lambda name: ".layers." in name and "fc" not in name,
        )
        save.write(tmp_path, config, arrays)
        return tmp_path

    def test_is_dequantized_where_the_plan_does_not_ask(self, quantized, weights):
        ours = parameters_of(load.whisper(quantized, PLAN))[
            "encoder.layers.0.self_attn.qkv_proj.weight"
        ]
        assert ours.dtype == mx.float32
        assert float(mx.abs(ours[:32] - weights[QUERY]).max()) < 0.01
        assert not mx.array_equal(ours[:32], weights[QUERY])

    def test_stays_quantized_where_it_does(self, quantized):
        plan = ComputePlan("cpu", "float32", quantization=8)
        network = load.whisper(quantized, plan)
        assert "encoder.layers.0.self_attn.qkv_proj.scales" in parameters_of(network)
        assert "encoder.layers.0.fc1.scales" not in parameters_of(network)
        mel, tokens = mx.zeros((1, 40, 80)), mx.array([[1, 2, 3]])
        plain = load.whisper(quantized, PLAN)
        assert mx.allclose(network(mel, tokens), plain(mel, tokens), atol=1e-3).item()

    def test_must_say_how(self, quantized):
        (quantized / "config.json").write_text(json.dumps(CONFIG))
        with pytest.raises(ModelError, match=r"quantized, but its config\.json does not say how"):
            load.whisper(quantized, PLAN)


class TestMismatch:
    """Whatever does not fit is said in one sentence that names it."""

    def check(self, path, match):
        with pytest.raises(WeightMismatchError, match=match) as caught:
            load.whisper(path, PLAN)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("name", "match"),
        [
            (QUERY, "lacks encoder.layers.0.self_attn.q_proj.weight"),
            (QUERY.replace("q_proj", "k_proj"), "lacks encoder.layers.0.self_attn.k_proj.weight"),
            (QUERY.replace("weight", "bias"), "lacks encoder.layers.0.self_attn.q_proj.bias"),
            ("model.decoder.layers.1.encoder_attn.v_proj.bias", "v_proj.bias"),
            ("model.encoder.conv1.weight", "encoder.conv1.weight"),
            ("model.decoder.layers.0.fc1.bias", "decoder.layers.0.fc1.bias"),
            ("model.decoder.embed_tokens.weight", "decoder.embed_tokens.weight"),
            ("model.decoder.embed_positions.weight", "decoder.embed_positions.weight"),
        ],
    )
    def test_missing(self, folder, name, match):
        self.check(folder(**{name.replace(".", "__"): None}), match)

    @pytest.mark.parametrize(
        "name",
        ["model.encoder.adapter.weight", "model.decoder.layers.2.fc1.weight", "lm_head.bias"],
    )
    def test_extra(self, folder, name):
        changes = {name.replace(".", "__"): mx.zeros((3,))}
        self.check(folder(**changes), name.removeprefix("model."))

    @pytest.mark.parametrize(
        ("name", "shape"),
        [
            (QUERY, (32, 30)),
            (QUERY, (30, 32)),
            (QUERY, (1024,)),
            (QUERY.replace("weight", "bias"), (31,)),
            (QUERY.replace("weight", "bias"), ()),
            ("model.encoder.conv1.weight", (32, 80)),
            ("model.encoder.conv2.weight", (32, 32, 5)),
            ("model.decoder.layers.0.fc2.weight", (64, 32)),
            ("model.decoder.embed_tokens.weight", (51, 32)),
            ("model.decoder.embed_positions.weight", (11, 32)),
            ("model.encoder.embed_positions.weight", (640,)),
            ("model.encoder.embed_positions.weight", (19, 32)),
            ("model.encoder.embed_positions.weight", (20, 30)),
        ],
    )
    def test_shape(self, folder, name, shape):
        array = mx.ones(shape)
        if "encoder.embed_positions" in name and len(shape) == 2:
            array = sinusoids(*shape)
        stem = name.removeprefix("model.").rsplit(".", 1)[0].removesuffix("q_proj")
        what = "positions" if "encoder.embed_positions" in name else re.escape(stem)
        self.check(folder(**{name.replace(".", "__"): array}), what)

    def test_positions_that_were_trained(self, folder):
        moved = {"model__encoder__embed_positions__weight": sinusoids(20, 32) * 1.01}
        self.check(folder(**moved), "positions are not Whisper's sinusoids")


def test_positions_in_half_precision_are_still_sinusoids(folder):
    rounded = sinusoids(20, 32).astype(mx.float16)
    load.whisper(folder(model__encoder__embed_positions__weight=rounded), PLAN)


class TestFolder:
    def test_every_cut_is_noticed(self, folder):
        file = folder() / "model.safetensors"
        whole = file.read_bytes()
        for length in (0, 4, 8, 100, len(whole) // 2, len(whole) - 1):
            file.write_bytes(whole[:length])
            with pytest.raises(ModelError, match="cannot be read as safetensors"):
                load.whisper(file.parent, PLAN)

    @pytest.mark.parametrize(
        "content", [b"\xff" * 100, (2**50).to_bytes(8, "little") + b"{}", b"PK\x03\x04" * 10]
    )
    def test_another_format(self, folder, content):
        path = folder()
        (path / "model.safetensors").write_bytes(content)
        with pytest.raises(ModelError, match="cannot be read as safetensors"):
            load.whisper(path, PLAN)

    def test_no_weights(self, folder):
        path = folder()
        (path / "model.safetensors").unlink()
        with pytest.raises(ModelError, match=r"lacks model\.safetensors"):
            load.whisper(path, PLAN)

    @pytest.mark.parametrize("content", ["", "{", "[]", "3", b"\xff\xfe"])
    def test_a_damaged_config(self, folder, content):
        path = folder()
        data = content if isinstance(content, bytes) else content.encode()
        (path / "config.json").write_bytes(data)
        with pytest.raises(ModelError, match=r"config\.json is damaged"):
            load.whisper(path, PLAN)

    def test_no_config(self, tmp_path):
        with pytest.raises(ModelError, match=r"has no config\.json"):
            load.whisper(tmp_path, PLAN)

    @pytest.mark.parametrize(
        ("change", "match"),
        [
            ({"model_type": "bert"}, "holds a 'bert' model, not Whisper"),
            ({"model_type": None}, "not Whisper"),
            ({"d_model": "32"}, "d_model is '32'"),
            ({"encoder_layers": 0}, "encoder_layers is 0"),
            ({"vocab_size": 50.0}, "vocab_size is 50.0"),
            ({"decoder_attention_heads": 5}, "a width of 32 between 5 heads"),
            ({"activation_function": "relu"}, "activation_function is 'relu'"),
            ({"scale_embedding": True}, "scale_embedding is True"),
            ({"tie_word_embeddings": False}, "tie_word_embeddings is False"),
        ],
    )
    def test_a_config_that_is_not_ours(self, folder, change, match):
        with pytest.raises(ModelError, match=match):
            load.whisper(folder(change), PLAN)

    def test_missing_keys_are_named(self, folder):
        path = folder()
        few = {key: value for key, value in CONFIG.items() if key not in ("d_model", "vocab_size")}
        (path / "config.json").write_text(json.dumps(few))
        with pytest.raises(ModelError, match="lacks d_model, vocab_size"):
            load.whisper(path, PLAN)


def test_sinusoids_are_those_of_the_formula():
    rates = 10_000.0 ** (-np.arange(16) / 15)
    angles = np.arange(1500)[:, None] * rates
    expected = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    assert np.abs(np.array(sinusoids(1500, 32)) - expected).max() < 1e-4
