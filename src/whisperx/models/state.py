"""What a decoder remembers between calls: explicit, passed in, filtered and merged by its owner.

All rows of a batch write their next key and value into the same slot of preallocated buffers, so
that a step is one slice update per layer whatever the rows' ages. A row that joined later simply
starts at a later slot; positions are learned embeddings, added before the projection, so keys do
not care which slot they lie in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from whisperx._mlx import mx

_SLOTS_PER_GROWTH = 64


@dataclass(slots=True)
class DecoderState:
    """Keys and values of a batch of decoder rows.

    Attributes:
        cross: Per layer, keys and values of the audio, each `(batch, heads, frames, head_dim)`.
        starts: Per row, the slot of its first token; slots before it hold nothing of the row.
        cursor: The slot that the next token of every row goes into.
        keys: Per layer, `(batch, heads, slots, head_dim)`; empty until the first token.
        values: As `keys`.
    """

    cross: list[tuple[mx.array, mx.array]]
    starts: list[int]
    cursor: int = 0
    keys: list[mx.array] = field(default_factory=list)
    values: list[mx.array] = field(default_factory=list)

    @property
    def lengths(self) -> list[int]:
        """Per row, how many tokens it holds."""
        return [self.cursor - start for start in self.starts]

    def write(self, layer: int, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Put new keys and values behind the cursor; give back all that is there so far.

        The cursor itself moves once per forward pass, in `advance`.

        Args:
            layer: Which decoder layer.
            keys: `(batch, heads, tokens, head_dim)`.
            values: As `keys`.
        """
        end = self.cursor + keys.shape[2]
        if layer == len(self.keys):
            self.keys.append(_empty_like(keys, end))
            self.values.append(_empty_like(values, end))
        elif end > self.keys[layer].shape[2]:
            extra = end - self.keys[layer].shape[2]
            self.keys[layer] = _grow(self.keys[layer], extra)
            self.values[layer] = _grow(self.values[layer], extra)
        self.keys[layer][:, :, self.cursor : end] = keys
        self.values[layer][:, :, self.cursor : end] = values
        return self.keys[layer][:, :, :end], self.values[layer][:, :, :end]

    def advance(self, tokens: int) -> None:
        """Move the cursor past `tokens` slots that every layer has written."""
        self.cursor += tokens

    def positions(self, tokens: int) -> mx.array:
        """`(batch, tokens)` positions of the next tokens in their rows; 0 on padding."""
        slots = mx.arange(self.cursor, self.cursor + tokens)
        return mx.maximum(slots[None] - mx.array(self.starts)[:, None], 0)

    def mask(self, tokens: int) -> mx.array | str | None:
        """What the next tokens may look at, as `mx.fast.scaled_dot_product_attention` wants it.

        Returns:
            None or "causal" where that says it all, else `(batch, 1, tokens, slots)` bool.
            A token of padding sees itself, so that no softmax is empty.
        """
        if not any(self.starts):
            return None if tokens == 1 else "causal"
        keys = mx.arange(self.cursor + tokens)[None, None, None]
        queries = mx.arange(self.cursor, self.cursor + tokens)[None, None, :, None]
        starts = mx.array(self.starts)[:, None, None, None]
        return (keys <= queries) & ((keys >= starts) | (keys == queries))

    def select(self, rows: list[int]) -> None:
        """Keep these rows, in this order; slots that no row needs any more are given up."""
        index = mx.array(rows, dtype=mx.int32)
        self.starts = [self.starts[row] for row in rows]
        first = min(self.starts, default=0)
        self.cross = [(keys[index], values[index]) for keys, values in self.cross]
        self.keys = [keys[index, :, first : self.cursor] for keys in self.keys]
        self.values = [values[index, :, first : self.cursor] for values in self.values]
        self.starts = [start - first for start in self.starts]
        self.cursor -= first

    def merge(self, other: DecoderState) -> None:
        """Append the rows of `other`; the shorter is moved right to the other's cursor."""
        cursor = max(self.cursor, other.cursor)
        for state in (self, other):
            shift = cursor - state.cursor
            state.keys = [_shift(keys[:, :, : state.cursor], shift) for keys in state.keys]
            state.values = [_shift(values[:, :, : state.cursor], shift) for values in state.values]
            state.starts = [start + shift for start in state.starts]
            state.cursor = cursor
        self.keys = [mx.concatenate(list(pair)) for pair in zip(self.keys, other.keys, strict=True)]
        self.values = [
            mx.concatenate(list(pair)) for pair in zip(self.values, other.values, strict=True)
        ]
        self.cross = [
            (mx.concatenate([keys, more_keys]), mx.concatenate([values, more_values]))
            for (keys, values), (more_keys, more_values) in zip(
                self.cross, other.cross, strict=True
            )
        ]
        self.starts = self.starts + other.starts


def _empty_like(new: mx.array, slots: int) -> mx.array:
    batch, heads, _, width = new.shape
    slots = -(-slots // _SLOTS_PER_GROWTH) * _SLOTS_PER_GROWTH
    return mx.zeros((batch, heads, slots, width), dtype=new.dtype)


def _grow(buffer: mx.array, extra: int) -> mx.array:
    batch, heads, _, width = buffer.shape
    extra = -(-extra // _SLOTS_PER_GROWTH) * _SLOTS_PER_GROWTH
    return mx.concatenate([buffer, mx.zeros((batch, heads, extra, width), buffer.dtype)], axis=2)


def _shift(buffer: mx.array, slots: int) -> mx.array:
    if slots == 0:
        return buffer
    return mx.pad(buffer, [(0, 0), (0, 0), (slots, 0), (0, 0)])
