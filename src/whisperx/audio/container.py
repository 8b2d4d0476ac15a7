"""Encoded sound -> decoded frames: open it, choose a stream, pass over what is broken.

Bytes, file objects and paths all go through a file object, so they read alike, and a name such as
`concat:a|b` or a playlist inside an upload opens nothing else.
"""

from __future__ import annotations

import io
import logging
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Union, cast

import av
from av.error import EOFError as EndOfStreamError
from av.error import FFmpegError
from av.stream import Disposition

from whisperx.errors import AudioError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio import AudioStream
    from av.container import InputContainer

logger = logging.getLogger("whisperx.audio")

Encoded = Union[str, "os.PathLike[str]", bytes, BinaryIO]
"""Encoded sound: a path, the bytes of a file, or a file opened for reading bytes."""

# PyAV before 19 refuses a recording whose title is no UTF-8, unless told to let it pass.
_TAG_OPTIONS: dict[str, Any] = (
    {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
)

# ffmpeg reports failure beyond this share of undecodable input (its -max_error_rate).
_MAX_BROKEN_SHARE = 2 / 3

# Containers that write how long their audio is; the others' durations are guesses from bit rates.
_KNOW_THEIR_LENGTH = frozenset({"aiff", "flac", "mov", "ogg", "tta", "w64", "wv"})

# Shorter gaps than this between promised and decoded length are priming and rounding.
_TOLERATED_SECONDS = 0.25
_TOLERATED_SHARE = 0.001

# RIFF sizes from here on stand for "not known": programs that write to a pipe leave them.
_UNKNOWN_RIFF_BYTES = 0x7FFF_F000


class Recording:
    """One audio stream of an opened container."""

    def __init__(
        self,
        name: str,
        container: InputContainer,
        stream: AudioStream,
        head: bytes,
    ) -> None:
        self.name = name
        self._container = container
        self._stream = stream
        self._head = head
        self._packets = 0
        self._broken = 0
        self._stop_reason = ""

    def frames(self) -> Iterator[av.AudioFrame]:
        """Yield every frame that decodes, in order; broken packets are counted and left out."""
        packets = self._container.demux(self._stream)
        while (packet := self._next(packets)) is not None:
            try:
                frames = packet.decode()
            except EndOfStreamError:
                continue
            except FFmpegError:
                self._broken += 1
                continue
            yield from cast("list[av.AudioFrame]", frames)
        if self._stop_reason:  # then the demuxer has not asked the decoder for its last frames
            try:
                yield from self._stream.codec_context.decode(None)
            except FFmpegError:
                self._broken += 1

    def _next(self, packets: Iterator[av.Packet]) -> av.Packet | None:
        try:
            packet = next(packets, None)
        except (FFmpegError, OSError) as error:
            self._stop_reason = getattr(error, "strerror", None) or str(error)
            return None
        self._packets += packet is not None and packet.size > 0
        return packet

    def check(self, seconds: float) -> None:
        """Judge the whole once all frames are read.

        Args:
            seconds: How much sound came out.

        Raises:
            AudioError: if none did, or so little of the input could be decoded that what came
                out is noise. Smaller damage is logged as one warning.
        """
        if self._broken > _MAX_BROKEN_SHARE * self._packets:
            msg = (
                f"{self.name} is corrupt: {self._broken} of its {self._packets} audio packets "
                "cannot be decoded"
            )
            raise AudioError(msg)
        missing = self._promised_seconds(seconds) - seconds
        if not seconds:
            why = "it is cut off before the first" if missing > 0 else "0 samples"
            msg = f"{self.name} holds no sound: {why}"
            raise AudioError(msg)
        damage: list[str] = []
        if self._broken:
            damage.append(f"{self._broken} of {self._packets} packets cannot be decoded")
        if missing > _TOLERATED_SECONDS + _TOLERATED_SHARE * seconds:
            promised = missing + seconds
            damage.append(f"{missing:.1f} s of the {promised:.1f} s it promises are missing")
        if self._stop_reason:
            damage.append(f"reading stopped early ({self._stop_reason})")
        if damage:
            logger.warning(
                "%s is damaged or cut off: %s; going on with the %.1f s that decoded",
                self.name,
                ", ".join(damage),
                seconds,
            )

    def _promised_seconds(self, seconds: float) -> float:
        """What the container says its length is; `seconds` where it does not know."""
        kinds = set(self._container.format.name.split(","))
        if "wav" in kinds:
            # FFmpeg shortens the length to what the file holds, so ask the header itself.
            riff_bytes = int.from_bytes(self._head[4:8], "little") + 8
            bytes_a_second = (self._stream.codec_context.bit_rate or 0) / 8
            if self._head[:4] != b"RIFF" or riff_bytes > _UNKNOWN_RIFF_BYTES or not bytes_a_second:
                return seconds
            there = self._container.size or riff_bytes  # newer PyAV: None where it cannot tell
            return seconds + max(riff_bytes - there, 0) / bytes_a_second
        stream = self._stream
        # An mp3 knows if it begins with a Xing frame, whose delay shows as a late start.
        knows = kinds & _KNOW_THEIR_LENGTH or ("mp3" in kinds and stream.start_time)
        if knows and stream.duration and stream.time_base:
            return float(stream.duration * stream.time_base)
        # Matroska knows only the length of its longest stream, which a video may be.
        if "matroska" in kinds and len(self._container.streams) == 1:
            return (self._container.duration or 0) / 1e6
        return seconds


@contextmanager
def open_recording(source: Encoded, track: int | None) -> Iterator[Recording]:
    """Give the recording, closed again at the end of the `with` block.

    Args:
        source: A path, the bytes of a file, or a file opened for reading bytes.
        track: Which of the audio streams, from 0; None takes the one ffmpeg would.

    Raises:
        AudioError: if it is missing, empty, no recording, or has no audio stream.
        OptionError: if there is no such track, or `source` is of another type.
    """
    name = _name(source)
    with _as_file(source, name) as file:
        head = _peek(file)
        if head == b"":
            msg = f"{name} is empty: 0 bytes"
            raise AudioError(msg)
        try:
            container = av.open(
                file,
                "r",
                **_TAG_OPTIONS,
                # Playlists and the like may not reach for other files or hosts.
                container_options={"protocol_whitelist": "data"},
            )
        except FFmpegError as error:
            msg = f"{name} is no recording that can be read: unknown format, cut off or corrupt"
            raise AudioError(msg) from error
        except OSError as error:
            msg = f"{name} cannot be read: {error}"
            raise AudioError(msg) from error
        with container:
            yield Recording(name, container, _choose(container, name, track), head or b"")


def no_such(what: str, asked: int, count: int, name: str) -> OptionError:
    """The error for a track or channel that is not there."""
    there = f"only {what} 0" if count == 1 else f"{what}s 0 to {count - 1}"
    return OptionError(f"{name} has no {what} {asked}: there is {there}")


def _choose(container: InputContainer, name: str, track: int | None) -> AudioStream:
    streams = container.streams.audio
    if not streams:
        msg = f"{name} has no audio stream"
        raise AudioError(msg)
    if track is None:
        # ffmpeg's choice: streams marked as default first, then the most channels.
        stream = max(streams, key=_rank)
    elif 0 <= track < len(streams):
        stream = streams[track]
    else:
        raise no_such("track", track, len(streams), name)
    if cast("object", stream.codec_context) is None:
        msg = f"{name}: its audio is in a format that this build of FFmpeg cannot decode"
        raise AudioError(msg)
    return stream


def _rank(stream: AudioStream) -> tuple[bool, int]:
    if cast("object", stream.codec_context) is None:
        return False, -1
    is_default = bool(stream.disposition & Disposition.default)
    return is_default, stream.codec_context.channels


def _name(source: Encoded) -> str:
    """What to call the source in messages."""
    if isinstance(source, (str, os.PathLike)):
        return Path(source).name or str(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "the recording given as bytes"
    name = getattr(source, "name", None)
    return Path(name).name if isinstance(name, str) else "the recording given as a file object"


@contextmanager
def _as_file(source: Encoded, name: str) -> Iterator[BinaryIO]:
    if isinstance(source, (str, os.PathLike)):
        with _open_path(source) as file:
            yield file
    elif isinstance(source, (bytes, bytearray, memoryview)):
        yield io.BytesIO(source)
    elif isinstance(source, io.TextIOBase):
        msg = f"{name} is open as text: open it with mode 'rb'"
        raise OptionError(msg)
    elif hasattr(source, "read"):
        yield source
    else:
        kind = type(cast("object", source)).__name__
        msg = f"a recording is a path, bytes, a binary file or a numpy array, not {kind}"
        raise OptionError(msg)


def _open_path(source: str | os.PathLike[str]) -> BinaryIO:
    path = Path(source)
    try:
        if path.is_dir():
            msg = f"{path} is a folder: give the recordings in it one by one"
            raise AudioError(msg)
        return path.open("rb")
    except FileNotFoundError as error:
        hint = " (download an address first)" if "://" in os.fspath(source) else ""
        msg = f"there is no file {source}{hint}"
        raise AudioError(msg) from error
    except (OSError, ValueError) as error:
        msg = f"{source!r} cannot be opened: {error}"
        raise AudioError(msg) from error


def _peek(file: BinaryIO) -> bytes | None:
    """The first bytes of a file that can go back to them, else None."""
    try:
        if not file.seekable():
            return None
        start = file.tell()
        head = file.read(12)
        file.seek(start)
    except (AttributeError, OSError):
        return None
    return head
