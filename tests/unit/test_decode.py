from __future__ import annotations

import io
import logging
import random
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whisperx.audio.decode import decode, decode_blocks, load_audio
from whisperx.errors import AudioError, OptionError

CLIPS = Path(__file__).resolve().parents[1] / "data" / "audio"
CONTAINERS = sorted(p.name for p in CLIPS.iterdir() if p.suffix not in {".npz", ".json"})
CONTAINERS.remove("no_sound.mp4")


class Pipe(io.RawIOBase):
    """A file that cannot go back, as standard input or an upload."""

    def __init__(self, data: bytes):
        self._file = io.BytesIO(data)

    def readable(self):
        return True

    def read(self, size: int = -1):
        return self._file.read(size)


def ramp(seconds: float, channels: int = 1) -> np.ndarray:
    count = round(seconds * 16_000)
    columns = [(np.arange(count) * (7 + 4 * k) % 20_000 - 10_000) for k in range(channels)]
    samples = np.stack(columns, 1).astype(np.int16)
    return samples[:, 0] if channels == 1 else samples


# --- sources


@pytest.mark.parametrize("name", CONTAINERS)
def test_path_bytes_and_file_object_give_the_same(name):
    path = CLIPS / name
    expected = decode(path).samples
    assert np.array_equal(decode(str(path)).samples, expected)
    assert np.array_equal(decode(path.read_bytes()).samples, expected)
    with path.open("rb") as file:
        assert np.array_equal(decode(file).samples, expected)
        assert not file.closed


@settings(max_examples=30, deadline=None)
@given(
    samples=st.lists(st.integers(-32768, 32767), min_size=100, max_size=400),
    rate=st.sampled_from([8000, 16_000, 22_050, 48_000]),
)
def test_any_wav_reads_the_same_from_bytes_and_file(wav, samples, rate):
    data = wav(np.array(samples, np.int16), rate)
    got = decode(data).samples
    assert np.array_equal(decode(io.BytesIO(data)).samples, got)
    if rate == 16_000:
        assert np.array_equal(got * 32768, samples)


@pytest.mark.parametrize("name", ["44k_stereo_s16.wav", "no_length.mp3", "22k_mono.ogg"])
def test_a_pipe_that_cannot_go_back_is_read(name):
    got = decode(Pipe((CLIPS / name).read_bytes())).samples  # pyright: ignore[reportArgumentType] - no full BinaryIO
    assert np.array_equal(got, decode(CLIPS / name).samples)


def test_names_with_colons_and_odd_letters_are_plain_files(tmp_path, wav):
    for name in ("concat:a|b.wav", "a%03d é 音.wav", "-i.wav"):
        path = tmp_path / name
        path.write_bytes(wav(ramp(0.1)))
        assert len(decode(path).samples) == 1600


def test_16_khz_mono_comes_through_untouched(wav):
    samples = ramp(1.5)
    audio = decode(wav(samples))
    assert audio.start == 0
    assert audio.samples.dtype == np.float32
    assert np.array_equal(audio.samples, samples / np.float32(32768))
    assert audio.samples.flags.writeable
    assert audio.samples.flags.aligned


def test_a_title_that_is_no_utf_8_is_passed_over(wav):
    title = b"INAM" + struct.pack("<I", 6) + "Café\0".encode("latin-1") + b"\0"
    data = wav(ramp(0.2)) + b"LIST" + struct.pack("<I", 4 + len(title)) + b"INFO" + title
    data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    assert len(decode(data).samples) == 3200


# --- tracks, channels, rates, blocks


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_channel_picks_one_untouched(wav, channel):
    samples = ramp(0.3, channels=3)
    got = decode(wav(samples), channel=channel).samples
    assert np.array_equal(got * 32768, samples[:, channel])


def test_without_channel_all_are_mixed(wav):
    samples = ramp(0.3, channels=2)
    mixed = decode(wav(samples)).samples * 32768
    assert np.abs(mixed - samples.mean(1)).max() <= 1


def test_ffmpegs_choice_of_track_has_the_most_channels():
    path = CLIPS / "two_tracks.mka"
    assert np.array_equal(decode(path).samples, decode(path, track=1).samples)
    assert not np.array_equal(decode(path).samples, decode(path, track=0).samples)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"track": 2}, "two_tracks.mka has no track 2: there is tracks 0 to 1"),
        ({"track": -1}, "two_tracks.mka has no track -1"),
        ({"track": 0, "channel": 1}, "two_tracks.mka has no channel 1: there is only channel 0"),
        ({"channel": 5}, "two_tracks.mka has no channel 5: there is channels 0 to 1"),
    ],
)
def test_a_track_or_channel_that_is_not_there(options, message):
    with pytest.raises(OptionError, match=message):
        decode(CLIPS / "two_tracks.mka", **options)


def test_load_audio_is_decode_at_any_rate():
    path = CLIPS / "44k_stereo.mp3"
    assert np.array_equal(load_audio(path), decode(path).samples)
    assert len(load_audio(str(path), 8000)) == len(load_audio(str(path))) // 2
    with pytest.raises(OptionError, match="0 Hz"):
        load_audio(path, 0)


def test_blocks_joined_are_the_whole():
    path = CLIPS / "48k_stereo.m4a"
    blocks = list(decode_blocks(path, seconds=0.1))
    assert [len(block) for block in blocks[:-1]] == [1600] * (len(blocks) - 1)
    assert 0 < len(blocks[-1]) <= 1600
    assert blocks[0].dtype == np.int16
    assert np.array_equal(np.concatenate(blocks) / np.float32(32768), decode(path).samples)


def test_blocks_can_be_left_halfway(wav):
    blocks = decode_blocks(wav(ramp(3)), seconds=0.5)
    assert len(next(blocks)) == 8000
    blocks.close()  # pyright: ignore[reportAttributeAccessIssue] - a generator, typed as iterator


def test_a_recording_may_change_its_rate_and_channels_midway():
    first, second = (CLIPS / "22k_mono.mp3"), (CLIPS / "44k_stereo.mp3")
    both = decode(first.read_bytes() + second.read_bytes())
    assert both.duration > decode(first).duration + 0.9 * decode(second).duration


# --- arrays


def test_float32_is_taken_as_it_is(tone):
    samples = tone(0.5)
    assert decode(samples).samples is samples or np.shares_memory(decode(samples).samples, samples)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array([0, 16384, -32768], np.int16), [0, 0.5, -1]),
        (np.array([0, 2**30, -(2**31)], np.int32), [0, 0.5, -1]),
        (np.array([128, 192, 0], np.uint8), [0, 0.5, -1]),
        (np.array([0, 64, -128], np.int8), [0, 0.5, -1]),
        (np.array([0, 0.5, -1], np.float64), [0, 0.5, -1]),
        (np.array([[0, 1, -1], [0, 0, -1]], np.float32), [0, 0.5, -1]),
        (np.array([[0, 0], [1, 0], [-1, -1]], np.float32), [0, 0.5, -1]),
        (np.array([[0, 0.5, -1]], np.float32), [0, 0.5, -1]),
    ],
)
def test_arrays_of_other_kinds_are_converted(array, expected):
    got = decode(array).samples
    assert got.dtype == np.float32
    assert got.tolist() == expected


def test_channel_of_an_array():
    array = np.array([[0, 16384, 0], [0, 0, -16384]], np.int16)
    assert decode(array, channel=1).samples.tolist() == [0, 0, -0.5]
    with pytest.raises(OptionError, match="no channel 2: there is channels 0 to 1"):
        decode(array, channel=2)


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.zeros(0, np.float32), AudioError, "no sound"),
        (np.array([0, np.nan], np.float32), AudioError, "NaN"),
        (np.zeros((2, 2, 2)), OptionError, r"\(2, 2, 2\)"),
        (np.zeros((100, 100)), OptionError, r"\(100, 100\)"),
        (np.array(["a"]), OptionError, "not <U1"),
        (np.array([True]), OptionError, "not bool"),
    ],
)
def test_arrays_that_are_no_sound(array, error, message):
    with pytest.raises(error, match=message):
        decode(array)


def test_an_array_has_no_tracks():
    with pytest.raises(OptionError, match="no tracks"):
        decode(np.zeros(5, np.float32), track=0)


# --- what cannot be read


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.wav", b"", "empty.wav is empty: 0 bytes"),
        ("text.mp3", b"This is a letter, not a recording.\n" * 50, "text.mp3 is no recording"),
        ("letter.txt", b"This is a letter, not a recording.\n" * 50, "letter.txt has no audio"),
        ("noise.mp3", random.Random(3).randbytes(50_000), "noise.mp3 is"),
        ("noise.wav", random.Random(3).randbytes(50_000), "noise.wav is no recording"),
        ("cut.m4a", (CLIPS / "48k_stereo.m4a").read_bytes()[:2000], "cut.m4a is no recording"),
        ("silent.mp4", (CLIPS / "no_sound.mp4").read_bytes(), "silent.mp4 has no audio stream"),
    ],
)
def test_what_is_no_sound_says_so_by_name(tmp_path, capfd, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioError, match=message):
        decode(path)
    with pytest.raises(AudioError, match="given as bytes"):
        decode(content)
    assert capfd.readouterr().err == ""


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(AudioError, match=r"there is no file .*gone\.wav"):
        decode(tmp_path / "gone.wav")
    with pytest.raises(AudioError, match="is a folder"):
        decode(tmp_path)
    with pytest.raises(
        AudioError, match=r"https://a\.example/b\.mp3 \(download an address first\)"
    ):
        decode("https://a.example/b.mp3")
    with pytest.raises(AudioError, match="cannot be opened"):
        decode("nul\0byte.wav")


def test_zero_samples(wav):
    with pytest.raises(AudioError, match="given as bytes holds no sound: 0 samples"):
        decode(wav(np.zeros(0, np.int16)))


@pytest.mark.parametrize("source", [3, None, ["a.wav"]])
def test_sources_of_other_types(source):
    with pytest.raises(OptionError, match="a recording is a path, bytes, a binary file"):
        decode(source)


def test_files_open_as_text(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"x")
    with path.open() as file, pytest.raises(OptionError, match=r"a\.wav is open as text"):
        decode(file)  # pyright: ignore[reportArgumentType] - the mistake under test


@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat"])
def test_a_playlist_reaches_no_other_file(tmp_path, name):
    other = tmp_path / "other.aac"
    other.write_bytes((CLIPS / "44k_mono.aac").read_bytes())
    path = tmp_path / name
    if name.endswith("m3u8"):
        entry = f"#EXTINF:0.5,\n{other.as_posix()}\n#EXT-X-ENDLIST\n"
        path.write_text(f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n{entry}")
    else:
        path.write_text("ffconcat version 1.0\nfile 'other.aac'\n")
    with pytest.raises(AudioError):
        decode(path)
    with path.open("rb") as upload, pytest.raises(AudioError):
        decode(upload)


# --- what can be read in part


def damaged_wav(wav) -> bytes:
    data = wav(ramp(2))
    return data[: len(data) // 2]


def one_warning(caplog) -> str:
    warnings = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(warnings) == 1
    return warnings[0]


def test_a_cut_wav_gives_what_is_there_and_one_warning(wav, tmp_path, caplog):
    path = tmp_path / "cut.wav"
    path.write_bytes(damaged_wav(wav))
    audio = decode(path)
    assert audio.duration == pytest.approx(1, abs=0.01)
    assert np.array_equal(audio.samples * 32768, ramp(2)[: len(audio.samples)])
    assert "cut.wav is damaged or cut off: 1.0 s of the 2.0 s" in one_warning(caplog)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0])
def test_a_wav_written_to_a_pipe_is_not_cut(wav, caplog, size):
    data = bytearray(wav(ramp(1)))
    data[4:8] = struct.pack("<I", size)
    data[40:44] = struct.pack("<I", 0xFFFFFFFF)
    assert len(decode(bytes(data)).samples) == 16_000
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "share"), [("44k_stereo.mp3", 0.4), ("22k_mono.flac", 0.85), ("48k_stereo.webm", 0.4)]
)
def test_a_cut_file_gives_its_beginning_and_one_warning(name, share, caplog, capfd):
    data = (CLIPS / name).read_bytes()
    whole = decode(data).samples
    caplog.clear()
    part = decode(data[: round(len(data) * share)]).samples
    assert 0 < len(part) < 0.8 * len(whole)
    assert "is damaged or cut off" in one_warning(caplog)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["44k_stereo.mp3", "48k_stereo.m4a"])
def test_flipped_bytes_cost_some_packets_and_give_one_warning(name, caplog, capfd):
    data = bytearray((CLIPS / name).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = random.Random(1).randbytes(300)
    whole = decode(CLIPS / name).duration
    part = decode(bytes(data)).duration
    assert 0.6 * whole < part <= whole
    assert "damaged" in one_warning(caplog)
    assert capfd.readouterr().err == ""


def test_whole_clips_warn_of_nothing(caplog):
    for name in CONTAINERS:
        decode(CLIPS / name)
    assert not caplog.records


def test_a_read_that_fails_midway_keeps_what_was_read(wav, caplog):
    class Broken(io.BytesIO):
        def read(self, size=-1, /):
            if self.tell() > 1_000_000:
                raise OSError(5, "the disk is gone")
            return super().read(size)

    audio = decode(Broken(wav(ramp(60))))
    assert 25 < audio.duration < 35
    assert "reading stopped early" in one_warning(caplog)


def test_a_read_that_fails_at_once_says_why():
    class Gone(io.BytesIO):
        def read(self, size=-1, /):
            raise OSError(5, "the disk is gone")

    with pytest.raises(AudioError, match=r"cannot be read: .*the disk is gone"):
        decode(Gone(b"RIFF"))


# --- memory


def test_the_peak_is_little_more_than_the_result(wav):
    data = wav(np.zeros(16_000 * 300, np.int16))
    decode(data[:100_044])
    tracemalloc.start()
    samples = decode(data).samples
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.5 * samples.nbytes


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads Linux's /proc")
def test_decoding_again_and_again_does_not_grow(wav):
    data = wav(ramp(20, channels=2), 44_100)
    _ = [decode(data) for _ in range(5)]
    before = resident_bytes()
    for _ in range(30):
        decode(data)
    assert resident_bytes() - before < 3_000_000
