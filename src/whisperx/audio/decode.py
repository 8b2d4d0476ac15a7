"""Any file, bytes or array in; mono sound at 16 kHz out.

Samples equal those of WhisperX, which reads the output of this command:

    ffmpeg -nostdin -threads 0 -i FILE -f s16le -ac 1 -acodec pcm_s16le -ar 16000 -

The same libraries do the work here, through PyAV and without a process: demuxer, decoder, then
one filter graph that mixes, resamples and rounds to 16 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import av
import av.filter
import numpy as np
from av.error import BlockingIOError as TooFewSamplesError
from av.error import EOFError as EndOfStreamError
from av.error import FFmpegError

from whisperx.audio.container import Encoded, no_such, open_recording
from whisperx.errors import AudioError, OptionError
from whisperx.types import SAMPLE_RATE, Audio

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_FULL_SCALE = 32768.0
_SHORT_BYTES = 2  # samples of 16 bits or fewer

# An array with more rows and more columns than this is no sound.
_MAX_CHANNELS = 64


def decode(
    source: Encoded | NDArray[np.generic], *, track: int | None = None, channel: int | None = None
) -> Audio:
    """The sound of a recording, mono at 16 kHz, sample-equal to what WhisperX reads.

    Args:
        source: A path, the bytes of a file, a file opened for reading bytes, or samples that
            are already at 16 kHz: `(n,)`, `(n, channels)` or `(channels, n)`, of floats in
            [-1, 1] or of 8, 16 or 32-bit integers. Float32 `(n,)` is used as it is, not copied.
        track: Which of the audio streams, from 0; None takes the one ffmpeg would.
        channel: Take this channel, from 0, in place of the mix of all. For recordings with one
            speaker, or nothing at all, on a channel.

    Raises:
        AudioError: if there is no sound in it or none of it can be decoded. A recording that
            decodes in part gives that part and one logged warning.
        OptionError: if there is no such track or channel, or the source is of another type.
    """
    if isinstance(source, np.ndarray):
        return Audio(_from_array(source, track, channel))
    return Audio(_decode_encoded(source, SAMPLE_RATE, track, channel))


def load_audio(file: Encoded, sr: int = SAMPLE_RATE) -> NDArray[np.float32]:
    """`(n,)` float32 samples in [-1, 1] at `sr` Hz: WhisperX's function of that name.

    Raises:
        AudioError: as `decode`.
        OptionError: as `decode`, and if `sr` is not positive.
    """
    return _decode_encoded(file, sr, None, None)


def decode_blocks(
    source: Encoded,
    *,
    seconds: float = 30.0,
    rate: int = SAMPLE_RATE,
    track: int | None = None,
    channel: int | None = None,
) -> Iterator[NDArray[np.int16]]:
    """Yield the same sound piece by piece, so that a long recording needs little memory.

    Args:
        source: As in `decode`, but no array.
        seconds: Length of each `(n,)` block of 16-bit samples. The last is shorter, and so is
            one after which the recording changes its own rate or channels.
        rate: Samples a second of the blocks.
        track: As in `decode`.
        channel: As in `decode`.

    Raises:
        AudioError: as `decode`; damage shows only once the last block is out.
        OptionError: as `decode`, and if `seconds` or `rate` is not positive.
    """
    block_samples = round(seconds * rate)
    if rate < 1 or block_samples < 1:
        msg = f"no blocks of {seconds} s at {rate} Hz: both must be positive"
        raise OptionError(msg)
    with open_recording(source, track) as recording:
        mixer = _Mixer(recording.name, rate, block_samples, channel)
        for frame in recording.frames():
            yield from mixer.push(frame)
        yield from mixer.flush()
        recording.check(mixer.yielded / rate)


def _decode_encoded(
    source: Encoded, rate: int, track: int | None, channel: int | None
) -> NDArray[np.float32]:
    """All blocks in one array, grown in place: the peak is little more than the result."""
    # A bytearray grows without a second copy; an array's own resize makes one in NumPy 2.5.
    samples = bytearray()
    for block in decode_blocks(source, rate=rate, track=track, channel=channel):
        samples += (block * np.float32(1 / _FULL_SCALE)).data
    return np.frombuffer(samples, np.float32)


class _Mixer:
    """ffmpeg's own filter graph: frames of any kind in, blocks of mono 16-bit samples out."""

    def __init__(self, name: str, rate: int, block_samples: int, channel: int | None) -> None:
        self._name = name
        self._rate = rate
        self._block_samples = block_samples
        self._channel = channel
        self._graph: av.filter.Graph | None = None
        self._kind: tuple[str, str, int] | None = None
        self._waiting_seconds = 0.0
        self.yielded = 0

    def push(self, frame: av.AudioFrame) -> Iterator[NDArray[np.int16]]:
        """Take a frame; yield the blocks that are now full."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._graph is None or kind != self._kind:
            # A stream may change its rate or channels midway: finish what was begun.
            yield from self.flush()
            self._graph = self._build(frame)
            self._kind = kind
        self._graph.push(frame)
        # Frames queue inside until pulled. A pull that finds too little raises, which costs
        # time and, before PyAV 17.1, memory (PyAV#2282): so not after every frame.
        self._waiting_seconds += frame.samples / frame.sample_rate
        if self._waiting_seconds >= 1:
            yield from self._pull(self._graph)

    def flush(self) -> Iterator[NDArray[np.int16]]:
        """Yield what the resampler still holds, and drop it."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._pull(self._graph)
            self._graph = None

    def _build(self, frame: av.AudioFrame) -> av.filter.Graph:
        count = frame.layout.nb_channels
        if self._channel is not None and not 0 <= self._channel < count:
            raise no_such("channel", self._channel, count, self._name)
        # Files that name no layout ("2 channels") get the usual one, as ffmpeg does.
        layout = f"{count}c" if frame.layout.name.endswith(" channels") else frame.layout.name
        source = {
            "sample_rate": str(frame.sample_rate),
            "sample_fmt": frame.format.name,
            "channel_layout": layout,
            "time_base": str(frame.time_base or f"1/{frame.sample_rate}"),
        }
        sink = {"sample_fmts": "s16", "sample_rates": str(self._rate), "channel_layouts": "mono"}
        graph = av.filter.Graph()
        try:
            nodes = [graph.add("abuffer", **source)]
            if self._channel is not None:
                nodes.append(graph.add("pan", f"mono|c0=c{self._channel}"))
            if frame.format.bytes <= _SHORT_BYTES:
                # FFmpeg 5 mixes and resamples these in 16 bits, FFmpeg 7 and later in floats
                # (up to 2 LSB apart). One of the two must be chosen to agree with anything.
                options = f"{self._rate}:internal_sample_fmt=s16p"
                nodes.append(graph.add("aresample", options))
            nodes += [graph.add("aformat", **sink), graph.add("abuffersink")]
            graph.link_nodes(*nodes).configure()
        except (FFmpegError, ValueError) as error:
            msg = (
                f"{self._name}: its {count} channels ({layout}) at {frame.sample_rate} Hz cannot "
                f"be mixed to mono at {self._rate} Hz; choose one with `channel`"
            )
            raise AudioError(msg) from error
        graph.set_audio_frame_size(self._block_samples)
        return graph

    def _pull(self, graph: av.filter.Graph) -> Iterator[NDArray[np.int16]]:
        self._waiting_seconds = 0.0
        while True:
            try:
                mixed = graph.pull()
            except (TooFewSamplesError, EndOfStreamError):
                return
            block = cast("NDArray[np.int16]", cast("av.AudioFrame", mixed).to_ndarray()[0])
            self.yielded += len(block)
            yield block


def _from_array(
    array: NDArray[np.generic], track: int | None, channel: int | None
) -> NDArray[np.float32]:
    """Samples as mono float32, integers scaled by their full range."""
    if track is not None:
        msg = f"an array has no tracks: leave out track={track}"
        raise OptionError(msg)
    if array.ndim not in (1, 2) or (array.ndim == 2 and min(array.shape) > _MAX_CHANNELS):
        msg = f"an array of sound is (n,), (n, channels) or (channels, n), not {array.shape}"
        raise OptionError(msg)
    if array.size == 0:
        msg = f"the array holds no sound: its shape is {array.shape}"
        raise AudioError(msg)
    if array.ndim == 1:
        array = array[None]
    elif array.shape[0] > array.shape[1]:
        array = array.T
    if channel is not None and not 0 <= channel < len(array):
        raise no_such("channel", channel, len(array), "the array")
    picked = array[0 if len(array) == 1 else channel] if channel is not None else array
    samples = _as_float32(picked)
    mono = samples if samples.ndim == 1 else samples[0] if len(samples) == 1 else samples.mean(0)
    if not np.isfinite(mono).all():
        msg = "the array holds NaN or infinite samples: sound is made of finite numbers"
        raise AudioError(msg)
    return np.ascontiguousarray(mono)


def _as_float32(array: NDArray[np.generic]) -> NDArray[np.float32]:
    if array.dtype.kind == "f":
        return array.astype(np.float32, copy=False)
    if array.dtype == np.uint8:
        return (array.astype(np.float32) - 128.0) / 128.0
    if array.dtype in (np.int8, np.int16, np.int32):
        bits = 8 * array.dtype.itemsize
        return array.astype(np.float32) * np.float32(2.0 ** (1 - bits))
    msg = f"samples are floats or 8, 16 or 32-bit integers, not {array.dtype}"
    raise OptionError(msg)
