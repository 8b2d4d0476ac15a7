"""The Silero voice activity detector (16 kHz): how likely is speech in each 32 ms?

A chunk of 512 samples, with the 64 samples before it in front, becomes four spectra, one feature
vector, one step of an LSTM and one probability. Only the LSTM looks further back than 64 samples.

Source: silero-vad 6.2.1, `silero_vad.jit` (MIT), the 16 kHz half of it. The Fourier basis is
computed here instead of stored, and the LSTM's two biases are added up when the weights are
converted; both change the result by rounding alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from whisperx._mlx import mx, nn


@dataclass(frozen=True, slots=True)
class SileroConfig:
    """Sizes of the network; the defaults are those of the published 16 kHz model.

    Attributes:
        chunk_samples: New samples per probability.
        context_samples: Samples of the chunk before that are seen again.
        filter_samples: Length of one spectrum's window.
        hop_samples: Distance of two spectra.
        channels: Outputs of the encoder's convolutions.
        strides: Their strides.
        hidden: Width of the LSTM.
    """

    chunk_samples: int = 512
    context_samples: int = 64
    filter_samples: int = 256
    hop_samples: int = 128
    channels: tuple[int, ...] = (128, 64, 64, 128)
    strides: tuple[int, ...] = (1, 2, 2, 1)
    hidden: int = 128


@dataclass(frozen=True, slots=True)
class SileroState:
    """What the network remembers of each stream; rows may be taken out and added.

    Attributes:
        hidden: `(streams, hidden)` output of the LSTM at the last chunk.
        cell: `(streams, hidden)` memory of the LSTM.
        context: `(streams, context_samples)` last samples of the last chunk.
    """

    hidden: mx.array
    cell: mx.array
    context: mx.array

    @classmethod
    def start(cls, streams: int, config: SileroConfig | None = None) -> SileroState:
        """The state before the first chunk: silence."""
        config = config or SileroConfig()
        return cls(
            hidden=mx.zeros((streams, config.hidden)),
            cell=mx.zeros((streams, config.hidden)),
            context=mx.zeros((streams, config.context_samples)),
        )

    def filter(self, rows: list[int]) -> SileroState:
        """The state of these streams alone, in this order."""
        kept = mx.array(rows, dtype=mx.int32)
        return SileroState(self.hidden[kept], self.cell[kept], self.context[kept])

    def extend(self, other: SileroState) -> SileroState:
        """The state of these streams followed by that of `other`'s."""
        return SileroState(
            mx.concatenate([self.hidden, other.hidden]),
            mx.concatenate([self.cell, other.cell]),
            mx.concatenate([self.context, other.context]),
        )


class Encoder(nn.Module):
    """Magnitudes of a short-time Fourier transform, then four convolutions down to one vector."""

    def __init__(self, config: SileroConfig) -> None:
        super().__init__()
        self._config = config
        self._basis = mx.array(_fourier_basis(config.filter_samples))
        self.layers = [
            nn.Conv1d(inputs, outputs, kernel_size=3, stride=stride, padding=1)
            for inputs, outputs, stride in zip(
                (config.filter_samples // 2 + 1, *config.channels),
                config.channels,
                config.strides,
                strict=False,
            )
        ]

    def __call__(self, windows: mx.array) -> mx.array:
        """Features `(chunks, channels)` of windows `(chunks, context_samples + chunk_samples)`.

        Chunks do not see each other: they may come from any recording in any order.
        """
        hidden = self._magnitudes(windows)
        for layer in self.layers:
            hidden = nn.relu(layer(hidden))
        return hidden.squeeze(1)

    def _magnitudes(self, windows: mx.array) -> mx.array:
        hop = self._config.hop_samples
        pad = self._config.context_samples
        # The right end is mirrored without its last sample; the left end is not padded.
        padded = mx.concatenate([windows, windows[:, -2 : -2 - pad : -1]], axis=1)
        hops = padded.reshape(len(windows), -1, hop)  # (chunks, spectra + 1, hop)
        # A window is two hops long, so each is its hop and the next: no gather is needed.
        frames = mx.concatenate([hops[:, :-1], hops[:, 1:]], axis=-1)
        real, imaginary = mx.split(frames @ self._basis, [self._config.filter_samples // 2 + 1], -1)
        return mx.sqrt(real.square() + imaginary.square())  # (chunks, spectra, bins)


class LSTMCell(nn.Module):
    """One step of an LSTM, cut in two so that the inputs' product can be done for all steps."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.Wx = mx.zeros((4 * hidden, inputs))
        self.Wh = mx.zeros((4 * hidden, hidden))
        self.bias = mx.zeros((4 * hidden,))

    def drive(self, features: mx.array) -> mx.array:
        """What the inputs `(..., inputs)` add to the gates `(..., 4 * hidden)`: no state needed."""
        return mx.addmm(self.bias, features, self.Wx.T)

    def __call__(
        self, drive: mx.array, hidden: mx.array, cell: mx.array
    ) -> tuple[mx.array, mx.array]:
        """Next `(hidden, cell)`, each `(rows, hidden)`, from `drive(features)` of this step."""
        gates = mx.addmm(drive, hidden, self.Wh.T)
        take, keep, new, give = mx.split(gates, 4, axis=-1)
        cell = mx.sigmoid(keep) * cell + mx.sigmoid(take) * mx.tanh(new)
        return mx.sigmoid(give) * mx.tanh(cell), cell


class SileroVad(nn.Module):
    """The whole network; it keeps no state between calls."""

    def __init__(self, config: SileroConfig | None = None) -> None:
        super().__init__()
        self.config = config or SileroConfig()
        self.encoder = Encoder(self.config)
        self.lstm = LSTMCell(self.config.channels[-1], self.config.hidden)
        self.decoder = nn.Linear(self.config.hidden, 1)

    def score(self, hidden: mx.array) -> mx.array:
        """Probability of speech `(...)` from the LSTM's output `(..., hidden)`."""
        return mx.sigmoid(self.decoder(nn.relu(hidden)).squeeze(-1))

    def __call__(self, chunks: mx.array, state: SileroState) -> tuple[mx.array, SileroState]:
        """Probability of speech `(streams,)` in chunks `(streams, chunk_samples)`, and next state.

        Each stream is at its own place in its own recording.
        """
        windows = mx.concatenate([state.context, chunks], axis=1)
        drive = self.lstm.drive(self.encoder(windows))
        hidden, cell = self.lstm(drive, state.hidden, state.cell)
        context = chunks[:, -self.config.context_samples :]
        return self.score(hidden), SileroState(hidden, cell, context)


def _fourier_basis(size: int) -> np.ndarray:
    """`(size, size + 2)`: real, then imaginary parts of the lower half, under a periodic Hann."""
    time = np.arange(size)[:, None]
    turns = 2 * np.pi * (time * np.arange(size // 2 + 1) % size) / size
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * time / size)
    return np.concatenate([hann * np.cos(turns), -hann * np.sin(turns)], axis=1).astype(np.float32)
