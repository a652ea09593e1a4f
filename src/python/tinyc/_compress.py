"""compress(): the whole job."""
from __future__ import annotations

import os
from typing import Callable, Optional, Union

from . import hook
from ._command import Files, Option, Path, call, flags
from ._report import GateFailed, Report


def compress(model: Path, out: Path, *, finetune_hook: Union[None, str, Callable[[hook.Job], None]] = None,
             **options: Option) -> Report:
    """`tinyc compress MODEL -o OUT` with the options of `tinyc compress --help`, underscores for hyphens.

    calib, eval and finetune take arrays too (or a dict with an array for each input, "y" for labels). finetune_hook is a
    command line, or a function that is called with the job in this process. Raises GateFailed when a budget is missed,
    TinycError when anything else fails.
    """
    with Files() as files:
        arguments = ["compress", os.fspath(model), "-o", os.fspath(out), "--json", *flags(options, files)]
        server: Optional[hook.Server] = None
        if callable(finetune_hook):
            server = hook.Server(files.path, finetune_hook)
            arguments += ["--finetune-hook", server.command]
        elif finetune_hook:
            arguments += ["--finetune-hook", finetune_hook]
        report = Report(call(arguments, server.serve if server else None))
    if report.failures:
        raise GateFailed("; ".join(report.failures), report)
    return report
