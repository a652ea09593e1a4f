"""tinyc from Python: a thin, typed layer over the native command, which the wheel carries.

    report = tinyc.compress("model.tflite", "out", int8=True, calib=pictures, max_flash="64KiB")
    print(report.flash.total, report.ram.arena)
    outputs = tinyc.run("out", pictures)

numpy is needed only where arrays are.
"""
from . import hook
from ._command import Data, Option, TinycError, binary, prefix
from ._compress import compress
from ._report import Accuracy, Flash, GateFailed, Layer, Ram, Report, load_report
from ._run import run, run_all

__all__ = [
    "Accuracy", "Data", "Flash", "GateFailed", "Layer", "Option", "Ram", "Report", "TinycError",
    "binary", "compress", "hook", "load_report", "prefix", "run", "run_all",
]
