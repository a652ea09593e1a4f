"""report.json, typed. `data` holds everything, also what has no attribute here."""
from __future__ import annotations

import json
import os
import pathlib
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

from ._command import Path, TinycError


@dataclass(frozen=True)
class Flash:
    """Bytes."""
    weights: int
    tables: int
    params: int
    descriptors: int
    code: int
    total: int


@dataclass(frozen=True)
class Ram:
    """Bytes."""
    arena: int
    lower_bound: int


@dataclass(frozen=True)
class Accuracy:
    metric: str
    samples: int
    original: Optional[float]  #: of the model as it came ("float" in report.json)
    compressed: Optional[float]
    agreement: Optional[float]
    sqnr_db: Optional[float]


@dataclass(frozen=True)
class Layer:
    index: int
    op: str
    name: str
    weights: int
    bytes: int
    coding: str
    macs: int
    sqnr_db: Optional[float]


_KEYS = {"original": "float"}


def _pick(kind: Any, data: Dict[str, Any]) -> Any:
    return kind(**{field: data.get(_KEYS.get(field, field)) for field in kind.__dataclass_fields__})


class Report:
    """What a compression gave."""

    def __init__(self, data: Dict[str, Any]) -> None:
        self.data = data
        self.status: str = data["status"]
        self.target: str = data["target"]
        self.ratio: float = data["ratio"]
        self.flash: Flash = _pick(Flash, data["flash"])
        self.ram: Ram = _pick(Ram, data["ram"])
        self.accuracy: Optional[Accuracy] = _pick(Accuracy, data["accuracy"]) if data.get("accuracy") else None
        self.layers: List[Layer] = [_pick(Layer, layer) for layer in data["layers"]]
        self.failures: List[str] = list(data.get("failures", []))
        self.warnings: List[str] = list(data.get("warnings", []))

    def __repr__(self) -> str:
        return f"<tinyc report: {self.status}, flash {self.flash.total} B, arena {self.ram.arena} B>"


def load_report(path: Path) -> Report:
    """Reads report.json, or the one of a folder that compress wrote. Raises TinycError."""
    file = pathlib.Path(os.fspath(path))
    if file.is_dir():
        file = file / "report.json"
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["schema_version"] != 1:
            raise TinycError(f"{file} is a report of another version", 3)
        return Report(data)
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise TinycError(f"{file} is no report of tinyc: {e!r}", 3, "tinyc.compress() writes one") from e


class GateFailed(TinycError):
    """A budget or an accuracy was missed; the files are written all the same, and `report` is theirs."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message, 1)
        self.report = report
