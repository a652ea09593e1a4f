"""The fully connected layers of a .tflite, for the hooks beside it. `tinyc.weights`, from the installed Python module or from
src/python, reads the file and writes what was trained; it needs numpy alone.
"""
import pathlib
import sys

try:
    from tinyc.weights import Model
except ImportError:
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "src" / "python"))
    from tinyc.weights import Model

FULLY_CONNECTED, RESHAPE, SOFTMAX = 9, 22, 25
__all__ = ["Model", "dense_layers"]


def dense_layers(model):
    """The fully connected layers of a chain as [(weights [out, in], bias or None, relu?, name of the weights)], and
    whether a softmax ends it. Other operators are refused."""
    layers, softmax = [], False
    for code, inputs, _, options in model.operators:
        if code == FULLY_CONNECTED:
            bias = model.constants[inputs[2]] if len(inputs) > 2 and inputs[2] >= 0 else None
            relu = options is not None and options.number(0, "b") == 1
            layers.append((model.constants[inputs[1]], bias, relu, model.names[inputs[1]]))
        elif code == SOFTMAX:
            softmax = True
        elif code != RESHAPE:
            raise SystemExit(f"this example trains chains of fully connected layers; operator {code} is none")
    return layers, softmax
