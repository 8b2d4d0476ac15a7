"""Silero over files and streams; its numbers against the original are in tests/parity."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

import whisperx
from whisperx._mlx import mx
from whisperx.errors import ModelError, OptionError, WeightMismatchError
from whisperx.models.silero import LSTMCell, SileroState, SileroVad
from whisperx.vad import silero as vad
from whisperx.weights import silero as weights

ROUNDING = 1e-4
"""Other batch sizes and threads add up in another order, and weights reach 55."""

ASSET = Path(whisperx.__file__).parent / "assets/silero_vad"


@pytest.fixture(scope="module")
def model():
    return weights.silero()


@pytest.fixture
def sound(tone):
    """Make so many samples of voice-like sound, other ones each time.

    White noise would not do: the encoder answers it with zeros.
    """
    generator = np.random.default_rng(7)
    long = tone(6.0)

    def make(samples):
        first = generator.integers(0, 12_000)
        loudness = np.repeat(generator.uniform(0.1, 1, samples // 4000 + 1), 4000)[:samples]
        return (long[first : first + samples] * loudness).astype(np.float32)

    return make


def by_steps(model, samples):
    """The probabilities of one recording, as a stream of chunks."""
    state = SileroState.start(1)
    found = []
    padded = np.pad(samples, (0, -len(samples) % vad.CHUNK_SAMPLES))
    for chunk in padded.reshape(-1, 1, vad.CHUNK_SAMPLES):
        probabilities, state = vad.step(model, chunk, state)
        found.append(probabilities[0])
    return np.array(found)


@pytest.mark.parametrize(
    ("samples", "chunks"), [(0, 0), (1, 1), (511, 1), (512, 1), (513, 2), (1024, 2), (16_000, 32)]
)
def test_one_probability_per_chunk_begun(model, sound, samples, chunks):
    (found,) = vad.speech_probabilities(model, [sound(samples)])
    assert found.shape == (chunks,)
    assert found.dtype == np.float32
    assert ((found >= 0) & (found <= 1)).all()


def test_no_recordings_give_no_probabilities(model):
    assert vad.speech_probabilities(model, []) == []


def test_the_last_chunk_is_filled_up_with_zeros(model, sound):
    samples = sound(1300)
    found = vad.speech_probabilities(model, [samples, np.pad(samples, (0, 3 * 512 - 1300))])
    np.testing.assert_allclose(found[0], found[1], atol=ROUNDING)


def test_a_row_does_not_depend_on_its_neighbours(model, sound, tone):
    audios = [sound(9000), tone(3.0), sound(0), sound(300), tone(1.0), sound(512 * 130)]
    together = vad.speech_probabilities(model, audios)
    for audio, found in zip(audios, together, strict=True):
        (alone,) = vad.speech_probabilities(model, [audio])
        np.testing.assert_allclose(found, alone, atol=ROUNDING)


def test_more_recordings_than_fit_side_by_side_keep_their_order(model, sound, monkeypatch):
    audios = [sound(512 * count) for count in (3, 9, 1, 5, 7)]
    expected = vad.speech_probabilities(model, audios)
    monkeypatch.setattr(vad, "_MAX_ROWS", 2)
    monkeypatch.setattr(vad, "_ENCODER_CHUNKS", 4)
    monkeypatch.setattr(vad, "_BLOCK_STEPS", 2)
    for found, wanted in zip(vad.speech_probabilities(model, audios), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=ROUNDING)


def test_the_host_recurrence_equals_the_network_chunk_by_chunk(model, tone):
    samples = tone(5.0)
    (found,) = vad.speech_probabilities(model, [samples])
    np.testing.assert_allclose(found, by_steps(model, samples), atol=ROUNDING)
    assert np.ptp(found) > 0.1, "the sound moves nothing, so the comparison shows nothing"


def test_streams_join_and_leave(model, sound, tone):
    first, second = tone(0.6), sound(512 * 18)
    expected = [by_steps(model, first), by_steps(model, second)]
    chunks = [first[: 18 * 512].reshape(18, 512), second.reshape(18, 512)]
    state, found = SileroState.start(1), [[], []]
    for index in range(5):
        probabilities, state = vad.step(model, chunks[0][index : index + 1], state)
        found[0].append(probabilities[0])
    state = SileroState.start(1).extend(state)  # the second stream joins in front
    for index in range(6):
        rows = np.stack([chunks[1][index], chunks[0][5 + index]])
        probabilities, state = vad.step(model, rows, state)
        found[1].append(probabilities[0])
        found[0].append(probabilities[1])
    state = state.filter([1])
    for index in range(11, 18):
        probabilities, state = vad.step(model, chunks[0][index : index + 1], state)
        found[0].append(probabilities[0])
    np.testing.assert_allclose(found[0], expected[0][:18], atol=ROUNDING)
    np.testing.assert_allclose(found[1], expected[1][:6], atol=ROUNDING)


def test_a_step_leaves_the_given_state_as_it_was(model, sound):
    state = SileroState.start(2)
    chunk = sound(1024).reshape(2, 512)
    once, _ = vad.step(model, chunk, state)
    again, _ = vad.step(model, chunk, state)
    np.testing.assert_array_equal(once, again)


def test_inputs_are_not_written_to(model, sound):
    samples = sound(1000)
    before = samples.copy()
    samples.setflags(write=False)
    vad.speech_probabilities(model, [samples])
    np.testing.assert_array_equal(samples, before)


def test_a_chunk_sees_the_64_samples_before_it(model, sound):
    samples = sound(16_000)[-1024:]
    (window,) = vad._windows(samples, 1, 2)
    np.testing.assert_array_equal(window, samples[512 - 64 :])
    changed = window.copy()
    changed[32] += 0.5
    features = model.encoder(mx.array(np.stack([window, changed])))
    assert not np.allclose(features[0], features[1])


def test_stereo_is_refused(model):
    with pytest.raises(OptionError, match=r"mono, with shape \(samples,\), not \(2, 512\)"):
        vad.speech_probabilities(model, [np.zeros((2, 512), np.float32)])


def test_a_chunk_of_another_length_is_refused(model):
    with pytest.raises(OptionError, match=r"\(1, 512\) \(streams, samples\), not \(1, 480\)"):
        vad.step(model, np.zeros((1, 480), np.float32), SileroState.start(1))


def test_the_cell_is_an_lstm():
    cell = LSTMCell(1, 1)
    # take, keep, new, give: no input, no recurrence, biases alone
    cell.bias = mx.array([100.0, -100.0, 0.5, 100.0])
    zeros = mx.zeros((1, 1))
    hidden, memory = cell(cell.drive(zeros), zeros, zeros + 9.0)
    assert memory.item() == pytest.approx(np.tanh(0.5))  # the 9 is forgotten
    assert hidden.item() == pytest.approx(np.tanh(np.tanh(0.5)))


def test_a_tone_shows_in_its_band():
    network = SileroVad()
    time = np.arange(576) / 16_000
    window = np.cos(2 * np.pi * 1000 * time).astype(np.float32)[None]
    magnitudes = np.array(network.encoder._magnitudes(mx.array(window)))
    assert magnitudes.shape == (1, 4, 129)
    assert (magnitudes[0, :3].argmax(axis=-1) == 16).all()  # 1000 Hz of 62.5 Hz a band
    # A Hann window sums to 128, half of which falls on the positive frequency.
    np.testing.assert_allclose(magnitudes[0, :3, 16], 64, rtol=1e-3)


def test_the_card_names_the_weights_that_are_there():
    card = (ASSET / "README.md").read_text("utf-8")
    content = (ASSET / "model.safetensors").read_bytes()
    named = re.search(r"SHA-256 of `model.safetensors` \| `([0-9a-f]{64})`", card)
    assert named is not None
    assert named[1] == hashlib.sha256(content).hexdigest()
    assert f"{len(content):,} bytes" in card
    assert "Silero Team" in (ASSET / "LICENSE").read_text("utf-8")


def test_missing_weights_are_named(monkeypatch, tmp_path):
    monkeypatch.setattr(weights, "_FOLDER", tmp_path)
    with pytest.raises(ModelError, match=r"lacks model\.safetensors"):
        weights.silero()


def test_weights_of_another_network_are_refused(monkeypatch, tmp_path):
    mx.save_safetensors(str(tmp_path / "model.safetensors"), {"lstm.Wx": mx.zeros((4, 4))})
    monkeypatch.setattr(weights, "_FOLDER", tmp_path)
    with pytest.raises(WeightMismatchError):
        weights.silero()
