"""The network on its own: teacher forcing and steps agree, rows do not see each other."""

from __future__ import annotations

import numpy as np
import pytest

from fakes import parameters_of
from whisperx._mlx import mx
from whisperx.models.whisper import Whisper, WhisperConfig

CONFIG = WhisperConfig(
    d_model=32,
    encoder_layers=2,
    encoder_attention_heads=2,
    encoder_ffn_dim=48,
    decoder_layers=2,
    decoder_attention_heads=4,
    decoder_ffn_dim=64,
    vocab_size=40,
    num_mel_bins=8,
    max_source_positions=15,
    max_target_positions=16,
)


@pytest.fixture(scope="module")
def network():
    mx.random.seed(1)
    made = Whisper(CONFIG)
    mx.eval(made)
    return made


@pytest.fixture(scope="module")
def mel():
    return mx.random.normal((3, 30, 8), key=mx.random.key(2))


TOKENS = mx.array([[1, 5, 9, 2, 30, 7], [3, 3, 8, 2, 1, 0], [39, 4, 17, 22, 6, 11]])


def close(left: mx.array, right: mx.array) -> bool:
    return np.allclose(np.array(left), np.array(right), atol=2e-5)


def test_shapes(network, mel):
    features = network.encoder(mel)
    assert features.shape == (3, 15, 32)
    assert network.encoder(mel[:, :20]).shape == (3, 10, 32)
    logits = network(mel, TOKENS)
    assert logits.shape == (3, 6, 40)
    assert logits.dtype == mx.float32


def test_steps_agree_with_teacher_forcing(network, mel):
    expected = network(mel, TOKENS)
    for first in (1, 2, 5):
        state = network.decoder.start(network.encoder(mel))
        parts = [network.decoder(TOKENS[:, :first], state)]
        parts += [network.decoder(TOKENS[:, i : i + 1], state) for i in range(first, 6)]
        assert close(network.decoder.logits(mx.concatenate(parts, axis=1)), expected)
        assert state.lengths == [6, 6, 6]


def test_several_tokens_at_once_onto_a_state_that_holds_some(network, mel):
    expected = network(mel, TOKENS)
    state = network.decoder.start(network.encoder(mel))
    network.decoder(TOKENS[:, :2], state)
    hidden = network.decoder(TOKENS[:, 2:], state)
    assert close(network.decoder.logits(hidden), expected[:, 2:])


def test_the_future_is_not_seen(network, mel):
    changed = mx.concatenate([TOKENS[:, :4], TOKENS[:, 4:] + 1], axis=1)
    left, right = network(mel, TOKENS), network(mel, changed)
    assert close(left[:, :4], right[:, :4])
    assert not close(left[:, 4:], right[:, 4:])


def test_padding_before_a_prompt_changes_nothing(network, mel):
    features = network.encoder(mel)
    padded = mx.array([[1, 5, 9, 2], [0, 0, 3, 8], [0, 4, 17, 22]])
    state = network.decoder.start(features, [0, 2, 1])
    hidden = network.decoder(padded, state)
    step = network.decoder(mx.array([[6], [6], [6]]), state)
    assert not mx.any(mx.isnan(hidden)).item()
    for row, start in enumerate((0, 2, 1)):
        alone = network.decoder.start(features[row : row + 1])
        prompt = network.decoder(padded[row : row + 1, start:], alone)
        assert close(hidden[row : row + 1, start:], prompt)
        assert close(step[row : row + 1], network.decoder(mx.array([[6]]), alone))


def test_rows_do_not_see_each_other(network, mel):
    together = network(mel, TOKENS)
    for row in range(3):
        assert close(together[row : row + 1], network(mel[row : row + 1], TOKENS[row : row + 1]))


def test_every_token_and_every_frame_counts(network, mel):
    base = network(mel, TOKENS)
    other = mx.concatenate([TOKENS[:, :1] + 1, TOKENS[:, 1:]], axis=1)
    assert not close(base[:, -1], network(mel, other)[:, -1])
    quiet = mx.concatenate([mel[:, :28], mx.zeros_like(mel[:, 28:])], axis=1)
    assert not close(base, network(quiet, TOKENS))


def test_a_row_stepped_past_the_table_harms_nobody(network, mel):
    """A row that has ended goes on with its batch; its numbers are not used, but stay finite."""
    state = network.decoder.start(network.encoder(mel[:1]))
    hidden = mx.zeros(1)
    for _ in range(CONFIG.max_target_positions + 3):
        hidden = network.decoder(mx.array([[1]]), state)
    assert not mx.any(mx.isnan(hidden)).item()


def test_half_precision_gives_scores_in_float32(mel):
    mx.random.seed(1)
    half = Whisper(CONFIG)
    half.set_dtype(mx.float16)
    assert half(mel, TOKENS).dtype == mx.float32
    assert half.encoder(mel).dtype == mx.float16


def test_positions_are_a_constant_not_a_parameter(network):
    names = set(parameters_of(network))
    assert not any("position" in name for name in names if name.startswith("encoder"))
    assert network.encoder.positions.shape == (15, 32)


def test_calling_it_changes_nothing_in_it(network, mel):
    before = [np.array(array) for array in parameters_of(network).values()]
    keys = sorted(network.decoder.keys()), sorted(network.encoder.keys())
    network(mel, TOKENS)
    after = [np.array(array) for array in parameters_of(network).values()]
    assert all((left == right).all() for left, right in zip(before, after, strict=True))
    assert (sorted(network.decoder.keys()), sorted(network.encoder.keys())) == keys
