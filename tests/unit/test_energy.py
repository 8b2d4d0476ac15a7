"""How loud, and what a detector is given to hear."""

from __future__ import annotations

import numpy as np
import pytest

from whisperx.vad import energy


def noise(seconds: float, decibels: float) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.normal(0, 10 ** (decibels / 20), round(seconds * 16_000)).astype(np.float32)


def test_a_frames_level_is_its_power_in_decibels():
    found = energy.levels(np.concatenate([noise(3.2, -20), noise(3.2, -60)]))
    assert found.shape == (200,)
    assert found.dtype == np.float32
    assert found[:100] == pytest.approx(-20, abs=1)
    assert found[100:] == pytest.approx(-60, abs=1)


def test_a_constant_offset_is_no_sound():
    assert energy.levels(np.full(1024, 0.5, np.float32)).tolist() == [-120, -120]


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (1, 1), (512, 1), (513, 2), (1024, 2)])
def test_the_last_frame_is_as_long_as_it_is(samples, frames):
    assert energy.levels(noise(1, -20)[:samples]).shape == (frames,)


def test_nothing_and_dither_are_silent():
    assert energy.is_silent(energy.levels(np.zeros(16_000, np.float32)))
    assert energy.is_silent(energy.levels(np.zeros(0, np.float32)))
    assert energy.is_silent(energy.levels(noise(1, -95)))
    assert not energy.is_silent(energy.levels(noise(1, -85)))


def test_a_click_is_not_what_makes_a_recording_loud():
    samples = noise(10, -60)
    samples[50_000:53_000] = 0.9 * np.sign(samples[50_000:53_000])
    assert energy.loudness(energy.levels(samples)) == pytest.approx(-60, abs=1)


def test_a_second_of_speech_is_what_makes_a_recording_loud():
    samples = np.concatenate([noise(60, -80), noise(2, -50), noise(60, -80)])
    assert energy.loudness(energy.levels(samples)) == pytest.approx(-50, abs=1)
    assert energy.loudness(energy.levels(noise(0.2, -50))) == pytest.approx(-50, abs=1)
    assert energy.loudness(energy.levels(samples[:0])) == -120


def test_only_a_quiet_recording_is_amplified():
    usual = noise(2, -39)
    assert energy.audible(usual, energy.levels(usual)) is usual
    silent = noise(2, -95)
    assert energy.audible(silent, energy.levels(silent)) is silent
    quiet = noise(2, -60) + np.float32(0.01)
    heard = energy.audible(quiet, energy.levels(quiet))
    assert energy.loudness(energy.levels(heard)) == pytest.approx(-20, abs=1)
    assert heard.mean() == pytest.approx(0, abs=1e-3)
    assert heard.dtype == np.float32


def test_what_is_amplified_stays_in_range():
    quiet = noise(10, -60)
    quiet[1000] = 0.5
    assert np.abs(energy.audible(quiet, energy.levels(quiet))).max() == 1


def test_spread_reaches_both_ways():
    values = np.array([0, 0, 0, 5, 0, 0, 0, 0], np.float32)
    assert energy.spread(values, 2).tolist() == [0, 5, 5, 5, 5, 5, 0, 0]
    assert energy.spread(values[:0], 2).tolist() == []
