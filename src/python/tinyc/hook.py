"""Fine-tuning hooks in Python: training of your own between pruning and quantization (docs/hooks.md has the contract).

    def train(job):                       # in this process
        x, y = job.samples(), job.labels()
        for name, w in job.weights.items():
            ...                           # change the arrays in place
    tinyc.compress("m.tflite", "out", int8=True, prune="0.8", finetune=data, finetune_hook=train)

    # or as a script: --finetune-hook "python3 train.py"
    if __name__ == "__main__":
        tinyc.hook.main(train)
"""
from __future__ import annotations

import json
import os
import pathlib
import select
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional

from ._command import Path

if TYPE_CHECKING:
    from ._command import Array
    from .weights import Model


class Job:
    """The folder that a hook is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = pathlib.Path(os.fspath(folder))
        #: job.json as it is
        self.data: Dict[str, Any] = json.loads((self.folder / "job.json").read_text(encoding="utf-8"))
        if self.data["schema_version"] != 1:
            raise ValueError("job.json is of another version than this tinyc module")
        #: what the command line asked for: epochs, batch, learning_rate, seed, alpha, temperature
        self.options: Dict[str, Any] = self.data["options"]
        self.student = self.folder / self.data["student"]
        self.teacher = self.folder / self.data["teacher"]
        self._model: Optional[Model] = None
        self._weights: Dict[str, Array] = {}

    def _arrays(self, key: str) -> Dict[str, Array]:
        import numpy as np
        if not self.data.get(key):
            return {}
        with np.load(self.folder / self.data[key]) as arrays:
            return {name: arrays[name] for name in arrays.files}

    @property
    def train(self) -> Dict[str, Array]:
        """The samples as stored: x (or the names of several inputs), and y where there are labels."""
        return self._arrays("train")

    @property
    def validation(self) -> Dict[str, Array]:
        """The same of the rows held out; empty when there are none."""
        return self._arrays("validation")

    @property
    def masks(self) -> Dict[str, Array]:
        """For each pruned tensor: 1 where a weight is left, 0 where it must stay 0."""
        return self._arrays("masks")

    def preprocessed(self, stored: Array) -> Array:
        """Stored values as the model's float input."""
        import numpy as np
        p = self.data["preprocess"]
        values: Array = (np.asarray(stored, np.float32) - np.float32(p["mean"])) * np.float32(p["scale"])
        return values

    def samples(self) -> Array:
        """The model's float input for every training sample (models with one input)."""
        return self.preprocessed(self.train["x"])

    def labels(self) -> Optional[Array]:
        return self.train.get("y")

    @property
    def weights(self) -> Dict[str, Array]:
        """What may change, by name: arrays to be written in place; save() takes them over."""
        if self._model is None:
            from .weights import Model
            self._model = Model(self.student)
            may_change = {t["name"] for t in self.data["may_change"]}
            self._weights = {
                self._model.names[i]: a for i, a in self._model.constants.items() if self._model.names[i] in may_change
            }
        return self._weights

    def save(self) -> None:
        """Writes student.tflite, weights that were removed set to 0 again. main() and compress() call it."""
        if self._model is None:
            return  # the hook wrote the file itself, or changed nothing
        for name, mask in self.masks.items():
            if name in self._weights:
                self._weights[name] *= mask
        self._model.save(self.student)


def main(train: Callable[[Job], None]) -> None:
    """The body of a hook that is a script: the folder is the last argument."""
    if len(sys.argv) < 2:
        raise SystemExit("a fine-tuning hook is given a folder by tinyc compress --finetune-hook")
    job = Job(sys.argv[-1])
    train(job)
    job.save()


class Server:
    """Lets a command of tinyc call a function of this process: the hook is a shell that writes the folder's name into
    one pipe and takes its exit code from another."""

    def __init__(self, folder: pathlib.Path, train: Callable[[Job], None]) -> None:
        self._train = train
        self._asked, self._answered = folder / "asked", folder / "answered"
        os.mkfifo(self._asked)
        os.mkfifo(self._answered)
        script = f'printf "%s\\n" "$1" >{shlex.quote(str(self._asked))}; read -r code <{shlex.quote(str(self._answered))}; exit "$code"'
        self.command = f"sh -c {shlex.quote(script)} hook"

    def serve(self, process: subprocess.Popen[str]) -> None:
        """Answers until the command has written its result or ended."""
        assert process.stdout is not None
        answer = process.stdout.fileno()
        asked = os.open(self._asked, os.O_RDWR)  # so that it has a writer while nobody asks
        try:
            while True:
                ready, _, _ = select.select([asked, answer], [], [])
                if asked not in ready:
                    return
                self._answer(os.read(asked, 65536).decode().rstrip("\n"))
        finally:
            os.close(asked)

    def _answer(self, folder: str) -> None:
        code = 1
        try:
            job = Job(folder)
            self._train(job)
            job.save()
            code = 0
        finally:
            with open(self._answered, "w", encoding="ascii") as f:
                f.write(f"{code}\n")
