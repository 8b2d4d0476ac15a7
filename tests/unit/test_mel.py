from __future__ import annotations

import numpy as np
import pytest

from whisperx._mlx import mx
from whisperx.audio.mel import (
    FFT_SAMPLES,
    FRAMES,
    HOP_SAMPLES,
    WINDOW_SAMPLES,
    log_mel,
    mel_filters,
    pad_or_trim,
)
from whisperx.errors import AudioError, OptionError

SILENCE = (-10 + 4) / 4


def in_double_precision(samples, n_mels):
    """The definition once more, frame by frame in float64, as a check on the fast way."""
    mirrored = np.pad(samples.astype(np.float64), FFT_SAMPLES // 2, mode="reflect")
    window = np.hanning(FFT_SAMPLES + 1)[:-1]
    starts = range(0, len(samples) // HOP_SAMPLES * HOP_SAMPLES, HOP_SAMPLES)
    cuts = np.stack([mirrored[start : start + FFT_SAMPLES] * window for start in starts])
    power = np.abs(np.fft.rfft(cuts)) ** 2
    decades = np.log10(np.maximum(power @ mel_filters(n_mels).astype(np.float64), 1e-10))
    return (np.maximum(decades, decades.max() - 8) + 4) / 4


def noise(count, loudness=0.1, seed=0):
    return (np.random.default_rng(seed).standard_normal(count) * loudness).astype(np.float32)


def sine(frequency, count=16_000, loudness=0.5):
    time = np.arange(count) / 16_000
    return (loudness * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def click(count=8_000):
    samples = np.zeros(count, np.float32)
    samples[count // 2] = 1
    return samples


def test_window_holds_three_thousand_frames():
    assert (WINDOW_SAMPLES, FRAMES) == (480_000, 3_000)
    assert log_mel(mx.zeros(WINDOW_SAMPLES)).shape == (3_000, 80)


@pytest.mark.parametrize("n_mels", [80, 128])
@pytest.mark.parametrize(
    "samples",
    [noise(16_000), noise(16_000, 1e-5), sine(440), click(), sine(100) + noise(16_000, 1e-3)],
    ids=["noise", "quiet", "tone", "click", "hum"],
)
def test_features_equal_those_in_double_precision(samples, n_mels):
    np.testing.assert_allclose(
        np.array(log_mel(samples, n_mels)), in_double_precision(samples, n_mels), rtol=0, atol=1e-4
    )


@pytest.mark.parametrize("count", [201, 202, 319, 320, 399, 400, 401, 1_001])
def test_any_length_above_half_a_frame_works(count):
    samples = noise(count)
    features = np.array(log_mel(samples))
    assert features.shape == (count // HOP_SAMPLES, 80)
    np.testing.assert_allclose(features, in_double_precision(samples, 80), atol=1e-4)


def test_float32_comes_out_whatever_floats_go_in():
    samples = noise(4_000).astype(np.float16)
    for given in (samples, samples.astype(np.float64), mx.array(samples)):
        features = log_mel(given)
        assert features.dtype == mx.float32
        assert mx.array_equal(features, log_mel(samples.astype(np.float32)))


def test_row_does_not_depend_on_its_neighbours():
    loud, quiet = noise(16_000, 0.5), noise(16_000, 1e-4, seed=1)
    both = log_mel(np.stack([loud, quiet, loud]))
    assert both.shape == (3, 100, 80)
    for row, samples in zip(both, (loud, quiet, loud), strict=True):
        np.testing.assert_allclose(np.array(row), np.array(log_mel(samples)), atol=1e-6)


def test_batch_of_one_keeps_its_axis():
    assert log_mel(noise(1_600)[None]).shape == (1, 10, 80)


def test_silence_is_the_floor():
    assert np.unique(np.array(log_mel(np.zeros(16_000, np.float32)))) == np.float32(SILENCE)


def test_nothing_is_more_than_eight_decades_below_the_loudest():
    features = np.array(log_mel(np.concatenate([sine(1_000), np.zeros(16_000, np.float32)])))
    assert features.max() - features.min() == pytest.approx(2.0)
    assert features[-1].max() == pytest.approx(features.max() - 2.0)


def test_first_frame_is_centred_on_the_first_sample():
    samples = np.zeros(1_600, np.float32)
    samples[0] = 1
    loudness = np.array(log_mel(samples)).max(axis=1)
    assert loudness[0] > loudness[1] > loudness[2] == pytest.approx(loudness[0] - 2.0)


@pytest.mark.parametrize("n_mels", [80, 128])
@pytest.mark.parametrize("frequency", [200, 1_000, 3_000, 6_400])
def test_tone_is_loudest_in_the_band_that_weighs_it_most(frequency, n_mels):
    features = np.array(log_mel(sine(frequency), n_mels))
    assert features[50].argmax() == mel_filters(n_mels)[frequency // 40].argmax()


def test_padding_is_silence_at_the_end():
    samples = noise(4_000)
    padded = np.concatenate([samples, np.zeros(2_000, np.float32)])
    assert mx.array_equal(log_mel(samples, padding_samples=2_000), log_mel(padded))


@pytest.mark.parametrize("count", [0, 1, 200])
def test_too_few_samples_are_refused(count):
    with pytest.raises(AudioError, match=f"more than 200 samples, not {count}"):
        log_mel(np.zeros(count, np.float32))


@pytest.mark.parametrize("n_mels", [0, 64, 81])
def test_unknown_band_counts_are_refused(n_mels):
    with pytest.raises(OptionError, match=f"80 or 128 mel bands, not {n_mels}"):
        log_mel(noise(400), n_mels)


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (np.zeros(400, np.int16), "int16"),
        (mx.zeros(400, mx.int32), "int32"),
        (np.zeros((1, 1, 400), np.float32), r"\(1, 1, 400\)"),
        (np.float32(0), r"shape \(\)"),
    ],
)
def test_other_arrays_are_refused(samples, told):
    with pytest.raises(OptionError, match=told):
        log_mel(samples)


@pytest.mark.parametrize("n_mels", [80, 128])
def test_filters_are_triangles_that_meet_at_their_feet(n_mels):
    filters = mel_filters(n_mels).astype(np.float64)
    assert filters.shape == (201, n_mels)
    assert filters.min() == 0
    assert ((filters > 0).sum(axis=1) <= 2).all()
    assert (filters > 0).any(axis=0).all()
    assert filters[0].sum() == filters[-1].sum() == 0


@pytest.mark.parametrize("n_mels", [80, 128])
def test_wide_filters_have_an_area_of_one(n_mels):
    np.testing.assert_allclose(40 * mel_filters(n_mels)[:, -20:].sum(axis=0), 1, atol=0.05)


def test_filters_cannot_be_changed_by_a_caller():
    with pytest.raises(ValueError, match="read-only"):
        mel_filters(80)[0, 0] = 1


@pytest.mark.parametrize("make", [np.array, mx.array])
def test_pad_or_trim_keeps_the_kind_and_the_start(make):
    array = make([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    longer, shorter = pad_or_trim(array, 4), pad_or_trim(array, 2)
    assert type(longer) is type(shorter) is type(array)
    assert longer.tolist() == [[1, 2, 3, 0], [4, 5, 6, 0]]
    assert shorter.tolist() == [[1, 2], [4, 5]]
    assert pad_or_trim(array, 1, axis=0).tolist() == [[1, 2, 3]]
    assert pad_or_trim(array, 3, axis=-2).tolist() == [[1, 2, 3], [4, 5, 6], [0, 0, 0]]
    assert pad_or_trim(array).shape == (2, WINDOW_SAMPLES)
