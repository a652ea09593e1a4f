"""Running models and compressed folders on arrays, with the runtime that firmware compiles."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Dict, List, Mapping, Optional, cast

from ._command import Data, Files, Path, TinycError, binary

if TYPE_CHECKING:
    from ._command import Array


def run_all(model: Path, inputs: Data, *, preprocess: Optional[str] = None, raw: bool = False) -> Dict[str, Array]:
    """Every output by name, first axis = samples. `model` is a .tflite or a folder that compress wrote; raw: integers
    in and out. Raises TinycError."""
    import subprocess

    import numpy as np
    with Files() as files:
        result = files.path / "result.npz"
        command: List[str] = [str(binary()), "run", os.fspath(model), "--input", files.data("input", inputs), "--output", str(result)]
        if preprocess:
            command += ["--preprocess", preprocess]
        if raw:
            command.append("--raw")
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise TinycError(done.stderr.strip() or "tinyc run failed", done.returncode)
        with np.load(result) as arrays:
            return {name: arrays[name] for name in arrays.files}


def run(model: Path, x: Data, *, preprocess: Optional[str] = None, raw: bool = False) -> Array:
    """The first output of run_all."""
    outputs = cast(Mapping[str, "Array"], run_all(model, x, preprocess=preprocess, raw=raw))
    return next(iter(outputs.values()))
