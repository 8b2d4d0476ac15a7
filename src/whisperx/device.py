"""The one place where device, dtype, quantization and batch size are chosen.

The words are those of WhisperX and PyTorch. A word for a GPU (`cuda`, `mps`, `metal`, `gpu`) means
the GPU that MLX has here, whoever made it, so that scripts written for another machine go on
working. MLX is imported only when a plan needs it.
"""

from __future__ import annotations

import functools
import logging
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from whisperx.errors import OptionError

if TYPE_CHECKING:
    from whisperx._mlx import mx

DEVICES = ("auto", "cpu", "cuda", "gpu", "mps", "metal", "mlx")
"""Words for `choose`; those for a GPU may carry a number, as in `cuda:0`."""

COMPUTE_TYPES: dict[str, tuple[str, int | None]] = {
    "default": ("float16", None),
    "float16": ("float16", None),
    "bfloat16": ("bfloat16", None),
    "float32": ("float32", None),
    "int8": ("float16", 8),
    "int8_float16": ("float16", 8),
    "int8_bfloat16": ("bfloat16", 8),
    "int8_float32": ("float32", 8),
}
"""Words for `choose` -> dtype and bits of the weights on a GPU."""

DTYPES = ("float16", "bfloat16", "float32")
QUANTIZATIONS = (None, 4, 8)
DEFAULT_BATCH_SIZE = 8

_GPU_WORDS = ("cuda", "gpu", "mps", "metal")
_log = logging.getLogger("whisperx.device")


@dataclass(frozen=True, slots=True)
class ComputePlan:
    """The whole decision about hardware, made once and passed down.

    Attributes:
        device: `cpu`, `gpu` or, for a GPU other than the first, `gpu:N`.
        dtype: What is computed in, one of `DTYPES`.
        quantization: Bits of quantized weights, or None.
        batch_size: Chunks that are recognized together.
        memory_limit_bytes: What MLX should keep to, or None for its own limit.

    Raises:
        OptionError: if one of them makes no sense.
    """

    device: str
    dtype: str
    quantization: int | None = None
    batch_size: int = DEFAULT_BATCH_SIZE
    memory_limit_bytes: int | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"cpu|gpu(:\d+)?", self.device):
            _refuse("device of a plan", self.device, "cpu, gpu or gpu:N")
        if self.dtype not in DTYPES:
            _refuse("dtype", self.dtype, ", ".join(DTYPES))
        if self.quantization not in QUANTIZATIONS:
            _refuse("quantization", self.quantization, "4, 8 or None")
        if self.batch_size < 1:
            _refuse("batch size", self.batch_size, "a number from 1")
        if self.memory_limit_bytes is not None and self.memory_limit_bytes < 1:
            _refuse("memory limit", self.memory_limit_bytes, "a number of bytes from 1, or None")

    @property
    def is_gpu(self) -> bool:
        """Whether the plan computes on a GPU."""
        return self.device != "cpu"

    @property
    def mx_dtype(self) -> mx.Dtype:
        """`dtype` as MLX has it."""
        from whisperx._mlx import mx

        return {"float16": mx.float16, "bfloat16": mx.bfloat16, "float32": mx.float32}[self.dtype]

    @property
    def mx_device(self) -> mx.Device:
        """`device` as MLX has it."""
        from whisperx._mlx import mx

        kind, _, number = self.device.partition(":")
        return mx.Device(mx.cpu if kind == "cpu" else mx.gpu, int(number or 0))

    def activate(self) -> None:
        """Make MLX compute as planned from now on, in this process."""
        from whisperx._mlx import mx

        mx.set_default_device(self.mx_device)
        if self.memory_limit_bytes is not None:
            mx.set_memory_limit(self.memory_limit_bytes)


def choose(
    device: str = "auto", compute_type: str = "default", *, batch_size: int | None = None
) -> ComputePlan:
    """The plan for what the user asked for, on this machine.

    On the CPU everything is computed in float32, whatever is asked for: MLX's products of half
    precision or quantized weights were measured 30 times slower there than float32 ones.

    Args:
        device: `auto` (the GPU if there is one), `mlx` (MLX's default device), `cpu`, or a word for
            the GPU: `cuda`, `gpu`, `mps`, `metal`, each also with a number as in `cuda:1`.
        compute_type: One of `COMPUTE_TYPES`; `default` is float16 on a GPU, float32 on the CPU.
        batch_size: Chunks that are recognized together, `DEFAULT_BATCH_SIZE` if None.

    Raises:
        OptionError: if a word is unknown, or the GPU asked for is not there.
    """
    if compute_type not in COMPUTE_TYPES:
        _refuse("compute type", compute_type, ", ".join(COMPUTE_TYPES))
    place = _choose_device(device)
    dtype, quantization = COMPUTE_TYPES[compute_type]
    if place == "cpu":
        if compute_type not in ("default", "float32"):
            _tell_about_float32(compute_type)
        dtype, quantization = "float32", None
    size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
    return ComputePlan(place, dtype, quantization, size)


def _choose_device(word: str) -> str:
    name, colon, number = word.lower().partition(":")
    is_known = name in DEVICES and (not colon or (name in _GPU_WORDS and number.isdecimal()))
    if not is_known and word.lower() != "cpu:0":
        _refuse("device", word, f"{', '.join(DEVICES)}, or a GPU with its number as in cuda:0")
    if name == "cpu":
        return "cpu"
    if name in _GPU_WORDS:
        return _gpu(word, int(number or 0))
    if name == "mlx":
        return _default_device()
    return "gpu" if _count_gpus() else "cpu"


def _gpu(word: str, number: int) -> str:
    there = _count_gpus()
    if not there:
        hint = ', or pip install "whisperx-mlx[cuda13]" for an NVIDIA GPU'
        msg = (
            f"device {word!r} asks for a GPU and MLX has none here, only the CPU: use cpu or auto"
            f"{hint if sys.platform == 'linux' else ''}."
        )
        raise OptionError(msg)
    if number >= there:
        _refuse("device", word, f"a GPU from 0 to {there - 1}: MLX has {there} here")
    return f"gpu:{number}" if number else "gpu"


def _count_gpus() -> int:
    from whisperx._mlx import mx

    # The CUDA build says that a GPU is available even when it sees none: only the count is honest.
    return mx.device_count(mx.gpu) if mx.is_available(mx.gpu) else 0


def _default_device() -> str:
    from whisperx._mlx import mx

    kind, number = re.findall(r"cpu|gpu|\d+", str(mx.default_device()))
    return f"{kind}:{number}" if kind == "gpu" and int(number) else kind


@functools.cache
def _tell_about_float32(compute_type: str) -> None:
    _log.warning(
        "compute type %s becomes float32 on the CPU, where MLX is about 30 times slower in half "
        "precision and with quantized weights.",
        compute_type,
    )


def _refuse(what: str, given: object, allowed: str) -> None:
    msg = f"{what} {given!r} cannot be used: give {allowed}."
    raise OptionError(msg)
