"""Reads and changes the constants of a .tflite file in place, with numpy alone.

A .tflite is a FlatBuffer: tables with offsets to their fields (https://flatbuffers.dev/internals). Only what training
hooks need is read here: tensors, operators, buffers. Nothing moves in the file, so everything else in it stays as it is.
"""
from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Dict, List, Optional, Tuple

import numpy as np

if TYPE_CHECKING:
    from ._command import Array, Path

FLOAT32 = 0


class Table:
    def __init__(self, data: bytearray, at: int) -> None:
        self.data, self.at = data, at
        self.fields: int = at - struct.unpack_from("<i", data, at)[0]

    def place(self, field: int) -> Optional[int]:
        """Where a field is stored; None when it has its default."""
        size = struct.unpack_from("<H", self.data, self.fields)[0]
        if 4 + 2 * field >= size:
            return None
        offset: int = struct.unpack_from("<H", self.data, self.fields + 4 + 2 * field)[0]
        return self.at + offset if offset else None

    def number(self, field: int, form: str, default: int = 0) -> int:
        place = self.place(field)
        return default if place is None else int(struct.unpack_from("<" + form, self.data, place)[0])

    def follow(self, place: int) -> int:
        return place + int(struct.unpack_from("<I", self.data, place)[0])

    def table(self, field: int) -> Optional[Table]:
        place = self.place(field)
        return None if place is None else Table(self.data, self.follow(place))

    def vector(self, field: int) -> Tuple[int, int]:
        """Address and length of a vector."""
        place = self.place(field)
        if place is None:
            return 0, 0
        at = self.follow(place)
        return at + 4, struct.unpack_from("<I", self.data, at)[0]

    def tables(self, field: int) -> List[Table]:
        at, n = self.vector(field)
        return [Table(self.data, self.follow(at + 4 * i)) for i in range(n)]

    def ints(self, field: int) -> List[int]:
        at, n = self.vector(field)
        return list(struct.unpack_from(f"<{n}i", self.data, at)) if n else []

    def text(self, field: int) -> str:
        at, n = self.vector(field)
        return bytes(self.data[at:at + n]).decode("utf-8", "replace")


class Model:
    """names[i] of all tensors; constants[i]: float32 ones, as arrays that write through to the file's bytes."""

    def __init__(self, path: Path) -> None:
        with open(path, "rb") as f:
            self.data = bytearray(f.read())
        model = Table(self.data, struct.unpack_from("<I", self.data, 0)[0])
        graph = model.tables(2)[0]
        buffers = model.tables(4)
        codes = [max(c.number(0, "b"), c.number(3, "i")) for c in model.tables(1)]
        self.names: List[str] = []
        self.constants: Dict[int, Array] = {}
        for i, t in enumerate(graph.tables(0)):
            self.names.append(t.text(3))
            at, n = buffers[t.number(2, "I")].vector(0)
            if n and t.number(1, "b") == FLOAT32:
                self.constants[i] = np.frombuffer(self.data, np.float32, n // 4, at).reshape(t.ints(0))
        #: (code, inputs, outputs, options)
        self.operators: List[Tuple[int, List[int], List[int], Optional[Table]]] = []
        for o in graph.tables(3):
            self.operators.append((codes[o.number(0, "I")], o.ints(1), o.ints(2), o.table(4)))

    def save(self, path: Path) -> None:
        """Whole or not at all."""
        with open(f"{os.fspath(path)}.new", "wb") as f:
            f.write(self.data)
        os.replace(f"{os.fspath(path)}.new", path)
