"""Reads and changes the constants of a .tflite file in place, with numpy alone.

A .tflite is a FlatBuffer: tables with offsets to their fields (https://flatbuffers.dev/internals). Only what training
hooks need is read here: tensors, operators, buffers. Nothing moves in the file, so everything else in it stays as it is.
"""
import struct

import numpy as np

FLOAT32 = 0
FULLY_CONNECTED, RESHAPE, SOFTMAX = 9, 22, 25


class Table:
    def __init__(self, data, at):
        self.data, self.at = data, at
        self.fields = at - struct.unpack_from("<i", data, at)[0]

    def place(self, field):
        """Where a field is stored; None when it has its default."""
        size = struct.unpack_from("<H", self.data, self.fields)[0]
        if 4 + 2 * field >= size:
            return None
        offset = struct.unpack_from("<H", self.data, self.fields + 4 + 2 * field)[0]
        return self.at + offset if offset else None

    def number(self, field, form, default=0):
        place = self.place(field)
        return default if place is None else struct.unpack_from("<" + form, self.data, place)[0]

    def follow(self, place):
        return place + struct.unpack_from("<I", self.data, place)[0]

    def table(self, field):
        place = self.place(field)
        return None if place is None else Table(self.data, self.follow(place))

    def vector(self, field):
        """Address and length of a vector."""
        place = self.place(field)
        if place is None:
            return 0, 0
        at = self.follow(place)
        return at + 4, struct.unpack_from("<I", self.data, at)[0]

    def tables(self, field):
        at, n = self.vector(field)
        return [Table(self.data, self.follow(at + 4 * i)) for i in range(n)]

    def ints(self, field):
        at, n = self.vector(field)
        return list(struct.unpack_from(f"<{n}i", self.data, at)) if n else []

    def text(self, field):
        at, n = self.vector(field)
        return bytes(self.data[at:at + n]).decode("utf-8", "replace")


class Model:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = bytearray(f.read())
        model = Table(self.data, struct.unpack_from("<I", self.data, 0)[0])
        graph = model.tables(2)[0]
        buffers = model.tables(4)
        codes = [max(c.number(0, "b"), c.number(3, "i")) for c in model.tables(1)]
        self.names, self.constants = [], {}
        for i, t in enumerate(graph.tables(0)):
            self.names.append(t.text(3))
            at, n = buffers[t.number(2, "I")].vector(0)
            if n and t.number(1, "b") == FLOAT32:  # a view: what is written to it is written to the file
                self.constants[i] = np.frombuffer(self.data, np.float32, n // 4, at).reshape(t.ints(0))
        self.operators = []  # (code, inputs, outputs, options)
        for o in graph.tables(3):
            self.operators.append((codes[o.number(0, "I")], o.ints(1), o.ints(2), o.table(4)))

    def save(self, path):
        with open(path, "wb") as f:
            f.write(self.data)


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
