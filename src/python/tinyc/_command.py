"""The native command: where it is, how it is called, what its failures mean."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import tempfile
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

Path = Union[str, "os.PathLike[str]"]
#: Samples: a path as on the command line, an array, or an array for each input ("y": labels).
Data = Union[Path, "Array", Mapping[str, "Array"]]
#: What an option of compress may be given.
Option = Union[None, bool, int, float, Data, Sequence[str]]


class TinycError(RuntimeError):
    """The command failed. The text says what happened, `hint` what to do; `exit_code` as in docs/cli.md, `code` as in
    docs/errors.md ("E302"; empty for what this module found)."""

    def __init__(self, message: str, exit_code: int = 70, hint: str = "", code: str = "") -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.message, self.exit_code, self.hint, self.code = message, exit_code, hint, code


def prefix() -> pathlib.Path:
    """Where bin/, lib/cmake/tinyc and share/tinyc of this installation are: a CMAKE_PREFIX_PATH for firmware builds."""
    return pathlib.Path(__file__).resolve().parent / "native"


def binary() -> pathlib.Path:
    """The native command: $TINYC_BINARY, or the one that was installed with this module."""
    given = os.environ.get("TINYC_BINARY")
    path = pathlib.Path(given) if given else prefix() / "bin" / "tinyc"
    if not path.is_file():
        raise TinycError(f"there is no tinyc at {path}", hint="install the package, or set TINYC_BINARY to a built tinyc")
    return path


def call(arguments: Sequence[str], serve: Optional[Callable[["subprocess.Popen[str]"], None]] = None) -> Dict[str, Any]:
    """Runs a command that answers with JSON; `serve` is called while it runs. The log goes to standard error."""
    with subprocess.Popen([str(binary()), *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            if serve:
                serve(process)
            out = process.communicate()[0]
        except BaseException:
            process.terminate()
            raise
    answer: Dict[str, Any] = {}
    try:
        answer = json.loads(out) if out else {}
    except ValueError:
        pass
    if process.returncode not in (0, 1) or "errors" in answer:
        first = (answer.get("errors") or [{}])[0]
        raise TinycError(first.get("message", "tinyc ended without an answer"), process.returncode, first.get("hint", ""),
                         first.get("code", ""))
    return answer


class Files:
    """A temporary folder for what is handed over as arrays."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="tinyc-")
        self.path = pathlib.Path(self._folder.name)

    def __enter__(self) -> Files:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def data(self, name: str, value: Data) -> str:
        """The path of samples; arrays become NAME.npz."""
        if isinstance(value, (str, os.PathLike)):
            return os.fspath(value)
        import numpy as np
        file = self.path / f"{name}.npz"
        arrays: Dict[str, Any] = dict(value) if isinstance(value, Mapping) else {"x": value}
        np.savez(file, **arrays)
        return str(file)


def flags(options: Mapping[str, Option], files: Files) -> List[str]:
    """max_flash="64KiB" -> --max-flash 64KiB; True -> the switch alone; None and False -> nothing."""
    out: List[str] = []
    for key, value in options.items():
        if value is None or value is False:
            continue
        out.append("--" + key.rstrip("_").replace("_", "-"))
        if value is True:
            continue
        if isinstance(value, (int, float)):
            out.append(repr(value))
        elif isinstance(value, (list, tuple)):
            out.append(",".join(value))
        else:
            out.append(files.data(key, value))  # type: ignore[arg-type]
    return out
