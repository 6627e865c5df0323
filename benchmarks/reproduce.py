"""Retrain every model of a benchmark as if on other CPUs, and say which tier each result reaches.

python benchmarks/reproduce.py [BENCH] [--workers N]        kabar.toml unless named; takes minutes

The benchmark is run here as it is; then `harness reproduce` trains all of it again, without the store, once for each
pretended CPU: OpenBLAS is told its kernels by OPENBLAS_CORETYPE, numpy its instructions by NPY_DISABLE_CPU_FEATURES.
Exit code 1 where a result does not reach T1 somewhere. reproduce.md holds what it printed last.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
PROBE = """
import numpy, scipy.linalg, sklearn, threadpoolctl
found = {one["architecture"] for one in threadpoolctl.threadpool_info() if one["internal_api"] == "openblas"}
print(" and ".join(sorted(found)))
"""


def features() -> list[str]:
    """The instructions that numpy would choose here and can be told to do without."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    return [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]


def cpus() -> dict[str, dict[str, str] | str]:
    """Pretended CPU -> its environment, or why it cannot be had here."""
    known = Path("/proc/cpuinfo")
    flags = known.read_text() if known.exists() else ""
    off = features()
    return {
        "this one": {},
        "OPENBLAS_CORETYPE=Nehalem": {"OPENBLAS_CORETYPE": "Nehalem"},
        "OPENBLAS_CORETYPE=Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
        "OPENBLAS_CORETYPE=SKYLAKEX": {"OPENBLAS_CORETYPE": "SKYLAKEX"}
        if "avx512f" in flags
        else "skipped: this CPU has no AVX-512 (avx512f is not in /proc/cpuinfo)",
        f'NPY_DISABLE_CPU_FEATURES="{" ".join(off)}"': {"NPY_DISABLE_CPU_FEATURES": " ".join(off)}
        if off
        else "skipped: numpy has nothing here that it could be told to do without",
    }


def harness(*asked: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A harness command in a process of its own."""
    command = [sys.executable, "-m", "harness", *asked]
    done = subprocess.run(command, env={**os.environ, **(environment or {})}, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return done


def kernels(environment: dict[str, str]) -> str:
    """The kernels that OpenBLAS says it uses under an environment."""
    command, env = [sys.executable, "-c", PROBE], {**os.environ, **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("bench", nargs="?", default=str(HERE / "kabar.toml"))
    asked.add_argument("--workers", default="1")
    asked.add_argument("--out", default="runs/reproduce")
    said = asked.parse_args()
    harness("run", said.bench, "--out", said.out, "--workers", said.workers)
    short = 0
    print("| CPU | OpenBLAS kernels | results | T0 | T1 | T2 | minutes |\n| --- | --- | --- | --- | --- | --- | --- |")
    for name, environment in cpus().items():
        if isinstance(environment, str):
            print(f"| {name} | {environment} | | | | | |", flush=True)
            continue
        began = time.monotonic()
        done = harness("reproduce", said.out, "--json", "--workers", said.workers, environment=environment)
        results = json.loads(done.stdout)["results"]
        held = [sum(not one["differs"][tier] for one in results) for tier in ("T0", "T1", "T2")]
        minutes = (time.monotonic() - began) / 60
        row = (name, kernels(environment), len(results), *held, f"{minutes:.1f}")
        print("|", " | ".join(map(str, row)), "|", flush=True)
        for one in results:
            for tier, why in one["differs"].items():
                if why:
                    print(f"  {one['task']} · {one['model']}, {tier}: {why}", flush=True)
        short += sum(one["reached"] not in ("T1", "T2") for one in results if one["learns"])
    return int(bool(short))


if __name__ == "__main__":
    sys.exit(main())
