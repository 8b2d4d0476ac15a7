"""What MLX computes with here, what is chosen for it, and how fast a matrix product is."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from whisperx._mlx import mx
from whisperx.device import choose
from whisperx.doctor.report import in_bytes

if TYPE_CHECKING:
    from whisperx.doctor.report import Section

METAL_NOTE = "Metal: never tried by the authors; please send this report, whatever it says."

SIZE = 1024
"""Rows and columns of the matrices whose product is timed."""

_TIMED_SECONDS = 0.25
_PRODUCTS_ON_GPU = 16  # in one go, since starting one takes longer than the product

# MLX's names differ between its backends.
_MEMORY_KEYS = ("memory_size", "total_memory")
_WORKING_SET_KEY = "max_recommended_working_set_size"


def plan(section: Section) -> None:
    """What whisperx chooses when the user does not."""
    chosen = choose()
    section.add("backend", _backend())
    section.add("device", chosen.device, f"{chosen.device}, chosen where none is named")
    section.add("dtype", chosen.dtype)
    section.add("quantization", chosen.quantization)
    section.add("batch_size", chosen.batch_size)
    if mx.metal.is_available():
        section.notes.append(METAL_NOTE)


def devices(section: Section) -> None:
    """Each device that MLX has, with its memory."""
    for name, device in _devices().items():
        info = mx.device_info(device)
        memory = next((int(info[key]) for key in _MEMORY_KEYS if key in info), None)
        working_set = info.get(_WORKING_SET_KEY)
        parts = [str(info.get("device_name", "nameless")), str(info.get("architecture", ""))]
        if memory:
            parts.append(in_bytes(memory))
        if working_set:
            parts.append(f"of which {in_bytes(int(working_set))} are recommended for use")
        section.add(name, dict(info), ", ".join(filter(None, parts)), label=name.replace("_", " "))
        for key, value in info.items():
            section.add(f"{name}_{key}", value, is_detail=True)
    section.add("mlx_memory_limit_bytes", mx.get_memory_limit(), in_bytes(mx.get_memory_limit()))
    options = sorted(name for name in os.environ if name.startswith(("MLX_", "WHISPERX_")))
    section.add("variables_set", options)


def speed(section: Section) -> None:
    """How fast each device multiplies two matrices, in each precision that is used."""
    for name, device in _devices().items():
        for dtype, word in ((mx.float32, "fp32"), (mx.float16, "fp16")):
            rate = gigaflops(device, dtype)
            section.add(
                f"{name}_{word}_gigaflops",
                round(rate, 1),
                f"{rate:,.0f} GFLOP/s, the best of some products of {SIZE} x {SIZE}",
                label=f"{name.replace('_', ' ')} {word}",
            )


def gigaflops(device: mx.Device, dtype: mx.Dtype) -> float:
    """Billions of operations a second in the product of two square matrices, best of some."""
    products = 1 if device.type == mx.cpu else _PRODUCTS_ON_GPU
    with mx.stream(device):
        matrix = mx.random.normal((SIZE, SIZE), key=mx.random.key(0)).astype(dtype)
        mx.eval([matrix @ matrix for _ in range(products)])  # the first is slower: kernels are made
        best, spent = float("inf"), 0.0
        while spent < _TIMED_SECONDS:
            start = time.perf_counter()
            mx.eval([matrix @ matrix for _ in range(products)])
            seconds = time.perf_counter() - start
            best, spent = min(best, seconds), spent + seconds
    return products * 2 * SIZE**3 / best / 1e9


def _devices() -> dict[str, mx.Device]:
    # The CUDA build says that a GPU is available even when it sees none: only the count is honest.
    count = mx.device_count(mx.gpu) if mx.is_available(mx.gpu) else 0
    gpus = {f"gpu_{number}" if number else "gpu": number for number in range(count)}
    return {
        "cpu": mx.Device(mx.cpu, 0),
        **{name: mx.Device(mx.gpu, number) for name, number in gpus.items()},
    }


def _backend() -> str:
    if mx.metal.is_available():
        return "Metal"
    return "CUDA" if mx.cuda.is_available() else "CPU alone"
