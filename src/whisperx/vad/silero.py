"""Silero over whole recordings and over live streams: a probability of speech for each 32 ms.

Chunk `i` is samples `512 * i` to `512 * i + 511`; the last one is filled up with zeros, as Silero's
own `get_speech_timestamps` does. (faster-whisper differs: it adds a chunk of zeros where the length
is a multiple of 512, and silences the last 64 samples.) Regions are made in `vad.hysteresis`.

All but the LSTM's recurrence depends on 36 ms of sound alone and is done by MLX for many chunks at
a time. The recurrence is 112,500 dependent steps for an hour, each far smaller than a launch on a
GPU, so it runs in NumPy on the host, whatever the device; on a CPU that takes under a sixth of the
time of the same loop in MLX (`benchmarks/vad_speed.py`). A recording cannot be cut to run its parts
side by side after a short warm-up: started from silence, this LSTM was still up to 0.93 off after
40 s (`dev/LOG.md`). Recordings do run side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from whisperx._mlx import mx
from whisperx.errors import OptionError
from whisperx.types import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whisperx.models.silero import SileroState, SileroVad

Floats = NDArray[np.float32]

CHUNK_SAMPLES = 512
"""Samples per probability."""

CHUNK_SECONDS = CHUNK_SAMPLES / SAMPLE_RATE
"""How far two probabilities lie apart: 0.032."""

_CONTEXT_SAMPLES = 64
_ENCODER_CHUNKS = 512  # a batch; more is no faster on a CPU and needs 40 kB a chunk
_BLOCK_STEPS = 128  # steps whose input products are done at once
_MAX_ROWS = 128  # recordings side by side; more is no faster


def speech_probabilities(model: SileroVad, audios: Sequence[Floats]) -> list[Floats]:
    """Probability of speech in each chunk of each recording: `(chunks,)` float32 in [0, 1].

    The LSTM runs over each recording from end to end, as in the original. A recording's numbers
    do not depend on the others, but for rounding (kernels differ with the size of a batch).

    Args:
        model: From `weights.silero.silero`.
        audios: Mono samples in [-1, 1] at 16 kHz, each `(n,)`; an empty one has no chunks.

    Raises:
        OptionError: if a recording is not one-dimensional.
    """
    for audio in audios:
        if audio.ndim != 1:
            msg = f"A recording must be mono, with shape (samples,), not {audio.shape}."
            raise OptionError(msg)
    counts = [-(-len(audio) // CHUNK_SAMPLES) for audio in audios]
    features = _features(model, audios, counts)
    bounds = [0, *np.cumsum(counts, dtype=int).tolist()]
    rows = [features[first:last] for first, last in pairwise(bounds)]
    found = [np.zeros(0, np.float32)] * len(rows)
    lstm = _HostLSTM.of(model)
    longest_first = sorted(range(len(rows)), key=lambda row: -counts[row])
    for at in range(0, len(rows), _MAX_ROWS):
        group = longest_first[at : at + _MAX_ROWS]
        for row, result in zip(group, lstm.run([rows[row] for row in group]), strict=True):
            found[row] = result
    return found


def step(model: SileroVad, chunks: Floats, state: SileroState) -> tuple[Floats, SileroState]:
    """Probability of speech `(streams,)` in the next chunk of each stream, and the next state.

    This is the exact recurrence, chunk by chunk. Streams may join and leave between calls with
    `SileroState.extend` and `filter`; `SileroState.start` is where each begins.

    Args:
        model: From `weights.silero.silero`.
        chunks: `(streams, 512)` samples in [-1, 1] at 16 kHz.
        state: What the last call gave for these streams.

    Raises:
        OptionError: if the chunks are not of that shape.
    """
    wanted = (len(state.hidden), CHUNK_SAMPLES)
    if chunks.shape != wanted:
        msg = f"The next chunks must have shape {wanted} (streams, samples), not {chunks.shape}."
        raise OptionError(msg)
    probabilities, state = model(mx.array(chunks, dtype=mx.float32), state)
    mx.eval(probabilities, state.hidden, state.cell, state.context)
    return np.array(probabilities), state


def _features(model: SileroVad, audios: Sequence[Floats], counts: Sequence[int]) -> Floats:
    """`(chunks of all recordings, features)`, in order."""
    total = sum(counts)
    features = np.empty((total, model.config.channels[-1]), np.float32)
    done = 0
    waiting: mx.array | None = None
    for windows in _batches(audios, counts):
        running = model.encoder(mx.array(windows))
        mx.async_eval(running)  # while the host cuts the next batch
        if waiting is not None:
            features[done : done + len(waiting)] = np.array(waiting)
            done += len(waiting)
        waiting = running
    if waiting is not None:
        features[done:] = np.array(waiting)
    return features


def _batches(audios: Sequence[Floats], counts: Sequence[int]) -> Iterator[Floats]:
    """Windows `(at most _ENCODER_CHUNKS, 64 + 512)` of all recordings, in order."""
    parts: list[Floats] = []
    room = _ENCODER_CHUNKS
    for audio, count in zip(audios, counts, strict=True):
        first = 0
        while first < count:
            last = min(first + room, count)
            parts.append(_windows(audio, first, last))
            room -= last - first
            first = last
            if room == 0:
                yield np.concatenate(parts)
                parts, room = [], _ENCODER_CHUNKS
    if parts:
        yield np.concatenate(parts)


def _windows(samples: Floats, first: int, last: int) -> Floats:
    """Chunks `first` to `last - 1`, each behind its context; zeros outside the recording."""
    start = first * CHUNK_SAMPLES - _CONTEXT_SAMPLES
    padded = np.zeros(last * CHUNK_SAMPLES - start, np.float32)
    inside = samples[max(start, 0) : last * CHUNK_SAMPLES]
    before = max(-start, 0)
    padded[before : before + len(inside)] = inside
    width = _CONTEXT_SAMPLES + CHUNK_SAMPLES
    return np.lib.stride_tricks.sliding_window_view(padded, width)[::CHUNK_SAMPLES]


@dataclass(frozen=True, slots=True)
class _HostLSTM:
    """The network behind the encoder, in NumPy.

    A sigmoid is `0.5 + 0.5 * tanh(x / 2)`: with the halves inside the weights, one `tanh` over
    all four gates does.

    Attributes:
        from_features: `(features, 4 * width)`.
        from_hidden: `(width, 4 * width)`.
        bias: `(4 * width,)`.
        decoder: `(width,)`.
        decoder_bias: `()`.
    """

    from_features: Floats
    from_hidden: Floats
    bias: Floats
    decoder: Floats
    decoder_bias: Floats

    @classmethod
    def of(cls, model: SileroVad) -> _HostLSTM:
        """A copy of the model's weights."""
        half = _gate_scale(model.config.hidden)
        return cls(
            np.ascontiguousarray(np.array(model.lstm.Wx).T * half),
            np.ascontiguousarray(np.array(model.lstm.Wh).T * half),
            np.array(model.lstm.bias) * half,
            np.array(model.decoder.weight)[0],
            np.array(model.decoder.bias)[0],
        )

    def run(self, rows: list[Floats]) -> list[Floats]:
        """Probabilities `(chunks,)` of each row of features `(chunks, features)`, longest first."""
        lengths = np.array([len(row) for row in rows])
        found = [np.empty(length, np.float32) for length in lengths]
        hidden = np.zeros((len(rows), len(self.from_hidden)), np.float32)
        cell = np.zeros_like(hidden)
        for first in range(0, int(lengths[0]), _BLOCK_STEPS):
            steps = min(_BLOCK_STEPS, int(lengths[0]) - first)
            # Rows that have ended are at the bottom; one that ends here runs on over zeros.
            active = int((lengths > first).sum())
            inputs = np.zeros((steps, active, len(self.from_features)), np.float32)
            for row in range(active):
                part = rows[row][first : first + steps]
                inputs[: len(part), row] = part
            cell = cell[:active]
            outputs = self._advance(self._drive(inputs), hidden[:active], cell)
            hidden = outputs[-1]
            probabilities = self._score(outputs)
            for row in range(active):
                part = found[row][first : first + steps]
                part[:] = probabilities[: len(part), row]
        return found

    def _drive(self, inputs: Floats) -> Floats:
        """What `(steps, rows, features)` adds to the gates `(steps, rows, 4 * width)`."""
        steps, rows, features = inputs.shape
        drive = inputs.reshape(steps * rows, features) @ self.from_features
        drive += self.bias
        return drive.reshape(steps, rows, -1)

    def _advance(self, drive: Floats, hidden: Floats, cell: Floats) -> Floats:
        """The hidden of each step `(steps, rows, width)`; `cell` `(rows, width)` moves on in place.

        For one recording the calls themselves are most of the time (0.3 to 0.6 us each), so there
        are few, on views made once, and no scalars, which NumPy would convert at each.
        """
        rows, width = hidden.shape
        outputs = np.empty((len(drive), rows, width), np.float32)
        gates = np.empty((rows, 4 * width), np.float32)
        take, keep, new, give = (gates[:, at : at + width] for at in range(0, 4 * width, width))
        scale = _gate_scale(width)
        shift = 1 - scale
        for added, output in zip(drive, outputs, strict=True):
            np.dot(hidden, self.from_hidden, out=gates)
            np.add(gates, added, out=gates)
            np.tanh(gates, out=gates)
            np.multiply(gates, scale, out=gates)
            np.add(gates, shift, out=gates)
            np.multiply(cell, keep, out=cell)
            np.multiply(new, take, out=new)
            np.add(cell, new, out=cell)
            np.tanh(cell, out=output)
            np.multiply(output, give, out=output)
            hidden = output
        return outputs

    def _score(self, hidden: Floats) -> Floats:
        """`(..., width)` -> `(...)`; the sigmoid is written so that it cannot overflow."""
        logits: Floats = np.maximum(hidden, 0) @ self.decoder
        logits += self.decoder_bias
        logits *= 0.5
        np.tanh(logits, out=logits)
        logits += 1
        logits *= 0.5
        return logits


def _gate_scale(width: int) -> Floats:
    """`(4 * width,)`: 0.5 where a gate is a sigmoid, 1 where it is a tanh (the third quarter)."""
    return np.repeat(np.array([0.5, 0.5, 1, 0.5], np.float32), width)
