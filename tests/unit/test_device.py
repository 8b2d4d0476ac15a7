import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import whisperx
from whisperx import device
from whisperx._mlx import mx
from whisperx.device import ComputePlan, choose
from whisperx.errors import OptionError


@pytest.fixture
def default_device() -> Iterator[None]:
    before = mx.default_device()
    yield
    mx.set_default_device(before)


@pytest.fixture(autouse=True)
def _told_nothing_yet() -> None:
    device._tell_about_float32.cache_clear()


def have_gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(device, "_count_gpus", lambda: count)


@pytest.mark.parametrize("word", ["auto", "cuda", "cuda:0", "gpu", "mps", "mps:0", "metal", "CUDA"])
def test_gpu_words_mean_the_gpu_there_is(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    have_gpus(monkeypatch, 1)
    assert choose(word) == ComputePlan("gpu", "float16", None, 8)


def test_another_gpu_is_kept_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    have_gpus(monkeypatch, 2)
    assert choose("cuda:1").device == "gpu:1"
    with pytest.raises(OptionError, match=r"'cuda:2' cannot be used: give a GPU from 0 to 1"):
        choose("cuda:2")


def test_auto_is_the_cpu_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    have_gpus(monkeypatch, 0)
    assert choose() == ComputePlan("cpu", "float32", None, 8)


@pytest.mark.parametrize("word", ["cuda", "cuda:1", "gpu", "mps", "metal"])
def test_a_gpu_that_is_not_there_is_an_error(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    have_gpus(monkeypatch, 0)
    with pytest.raises(OptionError, match=f"'{word}' asks for a GPU and MLX has none here, only"):
        choose(word)


@pytest.mark.parametrize("word", ["cpu", "cpu:0"])
def test_the_cpu_is_always_there(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    have_gpus(monkeypatch, 1)
    assert choose(word) == ComputePlan("cpu", "float32", None, 8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Device(cpu, 0)", "cpu"), ("Device(gpu, 0)", "gpu"), ("Device(gpu, 3)", "gpu:3")],
)
def test_mlx_is_whatever_mlx_uses(
    text: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mx, "default_device", lambda: text)
    assert choose("mlx").device == expected


@pytest.mark.usefixtures("default_device")
def test_mlx_follows_the_users_default() -> None:
    mx.set_default_device(mx.cpu)
    assert choose("mlx").device == "cpu"


@pytest.mark.parametrize("word", ["", "tpu", "cuda:", "cuda:x", "cpu:1", "auto:0", "cuda:-1"])
def test_unknown_devices_are_refused(word: str) -> None:
    with pytest.raises(OptionError, match=r"device .* cannot be used: give auto, cpu, cuda"):
        choose(word)


@pytest.mark.parametrize(
    ("compute_type", "dtype", "quantization"),
    [
        ("default", "float16", None),
        ("float16", "float16", None),
        ("bfloat16", "bfloat16", None),
        ("float32", "float32", None),
        ("int8", "float16", 8),
        ("int8_float16", "float16", 8),
        ("int8_bfloat16", "bfloat16", 8),
        ("int8_float32", "float32", 8),
    ],
)
def test_compute_types(
    compute_type: str,
    dtype: str,
    quantization: int | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    have_gpus(monkeypatch, 1)
    with caplog.at_level(logging.WARNING, "whisperx"):
        on_gpu = choose("gpu", compute_type)
        assert (on_gpu.dtype, on_gpu.quantization) == (dtype, quantization)
        assert not caplog.messages
        for _ in range(2):
            on_cpu = choose("cpu", compute_type)
            assert (on_cpu.dtype, on_cpu.quantization) == ("float32", None)
    told = [f"compute type {compute_type} becomes float32 on the CPU"]
    is_silent = compute_type in ("default", "float32")
    assert [text.split(",")[0] for text in caplog.messages] == ([] if is_silent else told)


def test_unknown_compute_types_are_refused() -> None:
    with pytest.raises(OptionError, match="compute type 'int4' cannot be used: give default, fl"):
        choose("cpu", "int4")


def test_batch_size() -> None:
    assert choose("cpu").batch_size == 8
    assert choose("cpu", batch_size=3).batch_size == 3
    with pytest.raises(OptionError, match="batch size 0 cannot be used"):
        choose("cpu", batch_size=0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"device": "cuda"}, "device of a plan 'cuda'"),
        ({"dtype": "int8"}, "dtype 'int8'"),
        ({"quantization": 5}, "quantization 5"),
        ({"memory_limit_bytes": 0}, "memory limit 0"),
    ],
)
def test_impossible_plans_cannot_be_made(wrong: dict[str, object], message: str) -> None:
    values: dict[str, object] = {"device": "cpu", "dtype": "float32"}
    with pytest.raises(OptionError, match=message):
        ComputePlan(**(values | wrong))  # pyright: ignore[reportArgumentType] - wrong on purpose


@pytest.mark.parametrize("name", device.DTYPES)
def test_dtype_in_mlx(name: str) -> None:
    assert ComputePlan("gpu", name).mx_dtype == getattr(mx, name)


def test_device_in_mlx() -> None:
    assert ComputePlan("cpu", "float32").mx_device == mx.Device(mx.cpu, 0)
    assert ComputePlan("gpu", "float32").mx_device == mx.Device(mx.gpu, 0)
    assert ComputePlan("gpu:1", "float32").mx_device == mx.Device(mx.gpu, 1)
    assert [ComputePlan(name, "float32").is_gpu for name in ("cpu", "gpu:1")] == [False, True]


@pytest.mark.usefixtures("default_device")
def test_activate_sets_mlxs_device() -> None:
    mx.set_default_device(mx.Device(mx.cpu, 1))
    ComputePlan("cpu", "float32").activate()
    assert mx.default_device() == mx.Device(mx.cpu, 0)


@pytest.mark.usefixtures("default_device")
def test_activate_sets_the_memory_limit() -> None:
    before = mx.set_memory_limit(1 << 40)
    try:
        ComputePlan("cpu", "float32").activate()
        assert mx.set_memory_limit(1 << 40) == 1 << 40
        ComputePlan("cpu", "float32", memory_limit_bytes=1 << 30).activate()
        assert mx.set_memory_limit(1 << 40) == 1 << 30
    finally:
        mx.set_memory_limit(before)


def test_the_count_is_mlxs_own() -> None:
    expected = mx.device_count(mx.gpu) if mx.is_available(mx.gpu) else 0
    assert device._count_gpus() == expected


def test_importing_it_does_not_import_mlx() -> None:
    source = str(Path(whisperx.__file__).parents[1])
    code = (
        f"import sys; sys.path.insert(0, {source!r}); import whisperx.device; "
        "assert not {'mlx', 'mlx.core', 'whisperx._mlx'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
