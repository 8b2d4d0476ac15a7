"""Whisper: an audio encoder and a text decoder with cross-attention.

Source: Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision".
Parameters carry Hugging Face's names, save that query, key and value of one attention are one
product (`qkv_proj`, and `kv_proj` over the audio): fewer, larger operations.

Letters in shapes: B batch, T tokens, F audio positions (1,500 for 30 s), D width, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

from whisperx._mlx import mx, nn
from whisperx.models.state import DecoderState


@dataclass(frozen=True)
class WhisperConfig:
    """Sizes of a Whisper network, under the names of Hugging Face's `config.json`."""

    d_model: int
    encoder_layers: int
    encoder_attention_heads: int
    encoder_ffn_dim: int
    decoder_layers: int
    decoder_attention_heads: int
    decoder_ffn_dim: int
    vocab_size: int
    num_mel_bins: int = 80
    max_source_positions: int = 1500
    max_target_positions: int = 448


class SelfAttention(nn.Module):
    """Multi-head attention over its own input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self._scale = (width // heads) ** -0.5
        self.qkv_proj = nn.Linear(width, 3 * width)
        self.out_proj = nn.Linear(width, width)

    def __call__(
        self, x: mx.array, mask: mx.array | str | None, state: DecoderState | None, layer: int
    ) -> mx.array:
        """Attend within `x` `(B, T, D)` and, where there is a state, to what came before."""
        queries, keys, values = (
            _split_heads(part, self._heads) for part in mx.split(self.qkv_proj(x), 3, axis=-1)
        )
        if state is not None:
            keys, values = state.write(layer, keys, values)
        attended = mx.fast.scaled_dot_product_attention(
            queries, keys, values, scale=self._scale, mask=mask
        )
        return self.out_proj(_join_heads(attended))


class CrossAttention(nn.Module):
    """Multi-head attention from tokens to audio whose keys and values are projected once."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self._scale = (width // heads) ** -0.5
        self.q_proj = nn.Linear(width, width)
        self.kv_proj = nn.Linear(width, 2 * width)
        self.out_proj = nn.Linear(width, width)

    def project(self, features: mx.array) -> tuple[mx.array, mx.array]:
        """Keys and values, each `(B, heads, F, head_dim)`, of `features` `(B, F, D)`."""
        keys, values = mx.split(self.kv_proj(features), 2, axis=-1)
        return (
            mx.contiguous(_split_heads(keys, self._heads)),
            mx.contiguous(_split_heads(values, self._heads)),
        )

    def __call__(self, x: mx.array, audio: tuple[mx.array, mx.array]) -> mx.array:
        """Attend from `x` `(B, T, D)` to the projected audio."""
        keys, values = audio
        attended = mx.fast.scaled_dot_product_attention(
            _split_heads(self.q_proj(x), self._heads), keys, values, scale=self._scale
        )
        return self.out_proj(_join_heads(attended))


class EncoderLayer(nn.Module):
    """Self-attention and a feed-forward block, each behind a layer norm."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = SelfAttention(width, heads)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.final_layer_norm = nn.LayerNorm(width)

    def __call__(self, x: mx.array) -> mx.array:
        """`(B, F, D)` -> `(B, F, D)`."""
        x = x + self.self_attn(self.self_attn_layer_norm(x), None, None, 0)
        return x + self.fc2(nn.gelu(self.fc1(self.final_layer_norm(x))))


class DecoderLayer(nn.Module):
    """Self-attention, attention to the audio and a feed-forward block."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = SelfAttention(width, heads)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.encoder_attn = CrossAttention(width, heads)
        self.encoder_attn_layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)
        self.final_layer_norm = nn.LayerNorm(width)

    def __call__(
        self,
        x: mx.array,
        audio: tuple[mx.array, mx.array],
        mask: mx.array | str | None,
        state: DecoderState | None,
        layer: int,
    ) -> mx.array:
        """`(B, T, D)` -> `(B, T, D)`."""
        x = x + self.self_attn(self.self_attn_layer_norm(x), mask, state, layer)
        x = x + self.encoder_attn(self.encoder_attn_layer_norm(x), audio)
        return x + self.fc2(nn.gelu(self.fc1(self.final_layer_norm(x))))


class Encoder(nn.Module):
    """Log-mel to audio features."""

    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        width = config.d_model
        self.conv1 = nn.Conv1d(config.num_mel_bins, width, kernel_size=3, padding=1)
        self.conv2 = nn.Conv1d(width, width, kernel_size=3, stride=2, padding=1)
        self._positions = sinusoids(config.max_source_positions, width)
        self.layers = [
            EncoderLayer(width, config.encoder_attention_heads, config.encoder_ffn_dim)
            for _ in range(config.encoder_layers)
        ]
        self.layer_norm = nn.LayerNorm(width)

    @property
    def positions(self) -> mx.array:
        """`(F, D)` what is added to tell positions apart; a constant, so not a parameter."""
        return self._positions

    def set_positions(self, positions: mx.array) -> None:
        """Use these `(F, D)` sinusoids, rounded as some checkpoint has them."""
        self._positions = positions

    def __call__(self, mel: mx.array) -> mx.array:
        """Audio features `(B, F, D)` of `mel` `(B, 2 F, bands)`."""
        x = nn.gelu(self.conv1(mel.astype(self.conv1.weight.dtype)))
        x = nn.gelu(self.conv2(x))
        x = x + self._positions[: x.shape[1]].astype(x.dtype)
        for layer in self.layers:
            x = layer(x)
        return self.layer_norm(x)


class Decoder(nn.Module):
    """Tokens and audio features to hidden states; `logits` turns those into scores."""

    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        width = config.d_model
        self.embed_tokens = nn.Embedding(config.vocab_size, width)
        self.embed_positions = nn.Embedding(config.max_target_positions, width)
        self._last_position = config.max_target_positions - 1
        self.layers = [
            DecoderLayer(width, config.decoder_attention_heads, config.decoder_ffn_dim)
            for _ in range(config.decoder_layers)
        ]
        self.layer_norm = nn.LayerNorm(width)

    def start(self, features: mx.array, starts: list[int] | None = None) -> DecoderState:
        """An empty state over `features` `(B, F, D)`.

        Args:
            features: What the encoder heard.
            starts: Per row, how many slots of padding stand before its first token.
        """
        cross = [layer.encoder_attn.project(features) for layer in self.layers]
        return DecoderState(cross, list(starts or [0] * features.shape[0]))

    def __call__(self, tokens: mx.array, state: DecoderState) -> mx.array:
        """Hidden states `(B, T, D)` of `tokens` `(B, T)`; the state then holds these tokens too.

        With a fresh state and all tokens at once this is teacher forcing.
        """
        count = tokens.shape[1]
        # A row that has ended may be stepped on past the table with its batch; nobody reads it.
        positions = mx.minimum(state.positions(count), self._last_position)
        x = self.embed_tokens(tokens) + self.embed_positions(positions)
        mask = state.mask(count)
        for index, layer in enumerate(self.layers):
            x = layer(x, state.cross[index], mask, state, index)
        state.advance(count)
        return self.layer_norm(x)

    def logits(self, hidden: mx.array) -> mx.array:
        """Scores `(..., V)` in float32 of hidden states `(..., D)`, by the input's own table."""
        return self.embed_tokens.as_linear(hidden).astype(mx.float32)


class Whisper(nn.Module):
    """Encoder and decoder of one checkpoint."""

    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def __call__(self, mel: mx.array, tokens: mx.array) -> mx.array:
        """Scores `(B, T, V)` of every next token: teacher forcing over `tokens` `(B, T)`."""
        state = self.decoder.start(self.encoder(mel))
        return self.decoder.logits(self.decoder(tokens, state))


def sinusoids(length: int, width: int, longest: float = 10_000.0) -> mx.array:
    """The encoder's fixed positions, `(length, width)` float32: sines, then cosines."""
    half = width // 2
    rates = mx.exp(-mx.log(mx.array(longest)) * mx.arange(half) / (half - 1))
    angles = mx.arange(length)[:, None] * rates[None]
    return mx.concatenate([mx.sin(angles), mx.cos(angles)], axis=1)


def _split_heads(x: mx.array, heads: int) -> mx.array:
    batch, length, width = x.shape
    return x.reshape(batch, length, heads, width // heads).transpose(0, 2, 1, 3)


def _join_heads(x: mx.array) -> mx.array:
    batch, heads, length, width = x.shape
    return x.transpose(0, 2, 1, 3).reshape(batch, length, heads * width)
