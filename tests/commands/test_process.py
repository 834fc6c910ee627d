"""Every process that computes uses one thread and the same kernels, whatever its environment says."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmark.commands.process import pin_arithmetic
from benchmark.machine import PINNED_KERNEL, has_avx2
from benchmark.measure import provenance
from tests.conftest import ROOT

LOOK = """
from benchmark.commands.process import pin_arithmetic
pin_arithmetic()
import numpy, scipy.linalg
from numpy._core._multiarray_umath import __cpu_features__
from threadpoolctl import threadpool_info
import os
assert not [name for name in os.environ if name.startswith(("SKLEARN_", "SCIPY_"))]
found = [(each["architecture"], each["num_threads"]) for each in threadpool_info() if each["user_api"] == "blas"]
print(len(found), set(found), [name for name, has in __cpu_features__.items() if has and "512" in name + "512" * (name == "X86_V4")])
"""
ENVIRONMENTS = [
    {},
    {"OPENBLAS_CORETYPE": "SkylakeX", "NPY_ENABLE_CPU_FEATURES": "X86_V4", "OMP_NUM_THREADS": "2"},
    {"SKLEARN_PAIRWISE_DIST_CHUNK_SIZE": "3", "SCIPY_ARRAY_API": "1"},
    {"OPENBLAS_CORETYPE": "Zen", "NPY_DISABLE_CPU_FEATURES": "X86_V3", "OPENBLAS_NUM_THREADS": "2"},
]


@pytest.mark.skipif(not has_avx2(), reason="kernels are pinned on x86-64 processors with AVX2")
@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=str)
def test_numpy_and_scipy_use_the_pinned_kernels_in_silence(environment):
    names = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NPY_DISABLE_CPU_FEATURES")
    clean = {name: value for name, value in os.environ.items() if name not in names}
    command = [sys.executable, "-W", "always::ImportWarning", "-c", LOOK]
    done = subprocess.run(command, cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"2 {{('{PINNED_KERNEL}', 1)}} []\n"
    assert not done.stderr


def test_a_processor_without_avx2_keeps_its_own_kernels(monkeypatch):
    monkeypatch.setattr("benchmark.commands.process.has_avx2", lambda: False)
    monkeypatch.setattr(os, "environ", {"OPENBLAS_CORETYPE": "Nehalem"})
    pin_arithmetic()
    assert os.environ["OPENBLAS_CORETYPE"] == "Nehalem"
    assert "NPY_DISABLE_CPU_FEATURES" not in os.environ
    assert os.environ["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("libraries", "kernel"),
    [
        ([("blas", "Haswell"), ("openmp", None), ("blas", "Haswell")], "Haswell"),
        ([("blas", "neoversen1"), ("blas", "neoversen1")], "neoversen1"),
        ([("blas", "Haswell"), ("blas", "SkylakeX")], "Haswell and SkylakeX"),
        ([("blas", None)], "unknown"),
        ([], "unknown"),
    ],
)
def test_a_run_says_which_kernel_computes_where_it_is_not_the_pinned_one(monkeypatch, libraries, kernel):
    found = [{"user_api": api} | ({"architecture": name} if name else {}) for api, name in libraries]
    monkeypatch.setattr(provenance, "threadpool_info", lambda: found)
    assert provenance.blas_kernel() == kernel
    note = provenance.kernel_note()
    assert note.startswith(f"BLAS kernel: {kernel}, not Haswell;") if kernel != "Haswell" else note == ""
