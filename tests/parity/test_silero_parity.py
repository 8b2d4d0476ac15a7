"""Our Silero against the original TorchScript, as `record/record_silero.py` recorded it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from whisperx._mlx import mx
from whisperx.audio.decode import decode
from whisperx.models.silero import SileroState
from whisperx.vad.silero import speech_probabilities, step
from whisperx.weights.silero import silero

FIXTURES = Path(__file__).parent / "fixtures/silero"
TOLERANCE = 1e-4  # an order below what is promised, 1e-3

with np.load(FIXTURES / "clips.npz") as stored:
    CLIPS = dict(stored)
with np.load(FIXTURES / "shared.npz") as stored:
    SHARED = dict(stored)
NAMES = sorted(name.removesuffix(".samples") for name in CLIPS if name.endswith(".samples"))


@pytest.fixture(scope="module")
def model():
    return silero()


def samples(name):
    return CLIPS[f"{name}.samples"].astype(np.float32) / 32768


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_equal_the_original(model, name):
    (found,) = speech_probabilities(model, [samples(name)])
    np.testing.assert_allclose(found, CLIPS[f"{name}.probabilities"], atol=TOLERANCE, rtol=0)


def test_all_clips_at_once_equal_the_original(model):
    found = speech_probabilities(model, [samples(name) for name in NAMES])
    for name, probabilities in zip(NAMES, found, strict=True):
        wanted = CLIPS[f"{name}.probabilities"]
        np.testing.assert_allclose(probabilities, wanted, atol=TOLERANCE, rtol=0, err_msg=name)


def test_the_clips_hold_speech_and_silence():
    """Else the comparisons above would show little."""
    assert CLIPS["english.probabilities"].max() > 0.9
    assert CLIPS["welsh.probabilities"].min() < 0.1
    assert CLIPS["silence.probabilities"].max() < 0.2


def test_a_stream_equals_the_original(model):
    audio = samples("english")
    chunks = audio[: len(audio) // 512 * 512].reshape(-1, 1, 512)
    state = SileroState.start(1)
    for chunk, wanted in zip(chunks, CLIPS["english.probabilities"], strict=False):
        probabilities, state = step(model, chunk, state)
        assert probabilities[0] == pytest.approx(wanted, abs=TOLERANCE)


def test_every_layer_equals_the_original(model):
    """Where a difference begins: spectra, features, then the LSTM's state."""
    audio = samples("english")
    state = SileroState.start(1)
    for index, wanted in enumerate(CLIPS["layers.states"]):
        chunk = mx.array(audio[None, index * 512 : index * 512 + 512])
        window = mx.concatenate([state.context, chunk], axis=1)
        magnitudes = np.array(model.encoder._magnitudes(window))[0]
        np.testing.assert_allclose(magnitudes, CLIPS["layers.magnitudes"][index], atol=1e-5)
        features = np.array(model.encoder(window))[0]
        np.testing.assert_allclose(features, CLIPS["layers.features"][index], atol=1e-4, rtol=1e-5)
        _, state = model(chunk, state)
        found = np.stack([np.array(state.hidden)[0], np.array(state.cell)[0]])
        np.testing.assert_allclose(found, wanted, atol=1e-4, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SHARED))
def test_shared_recordings_equal_the_original(model, shared, name):
    """A recording of every corpus and format; of long ones the first 4,000 chunks."""
    wanted = SHARED[name]
    audio = decode(shared / "data" / name).samples[: len(wanted) * 512]
    (found,) = speech_probabilities(model, [audio])
    np.testing.assert_allclose(found, wanted, atol=1e-3, rtol=0)
