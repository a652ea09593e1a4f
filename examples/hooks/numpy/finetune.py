#!/usr/bin/env python3
"""A fine-tuning hook in plain Python and numpy: tinyc compress ... --finetune-hook "python3 finetune.py"

Trains a chain of fully connected layers by gradient descent towards the teacher's outputs (and the labels, where there
are any). docs/hooks.md describes the folder.
"""
import json
import pathlib
import sys

import numpy as np

sys.dont_write_bytecode = True  # leave the examples' folder as it is
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from tflite_weights import Model, dense_layers


def forward(layers, x):
    """The outputs of all layers, the input first."""
    values = [x]
    for w, b, relu, _ in layers:
        y = values[-1] @ w.T + (0 if b is None else b)
        values.append(np.maximum(y, 0) if relu else y)
    return values


def softmax(y):
    e = np.exp(y - y.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def main(folder):
    job = json.loads((folder / "job.json").read_text())
    options, scaling = job["options"], job["preprocess"]
    data = np.load(folder / job["train"])
    x = (data["x"].astype(np.float32) - scaling["mean"]) * scaling["scale"]
    x = x.reshape(len(x), -1)
    masks = np.load(folder / job["masks"]) if job["masks"] else {}

    student = Model(folder / job["student"])
    layers, ends_in_softmax = dense_layers(student)
    teacher_layers, _ = dense_layers(Model(folder / job["teacher"]))
    targets = forward(teacher_layers, x)[-1]
    classes = ends_in_softmax or job["labels"]
    if classes:
        targets = softmax(targets)
        if job["labels"]:
            known = np.eye(targets.shape[1], dtype=np.float32)[data["y"].astype(int).ravel()]
            targets = options["alpha"] * known + (1 - options["alpha"]) * targets

    random = np.random.default_rng(options["seed"])
    rate, batch = 0.1 if classes else 0.01, options["batch"]
    for epoch in range(options["epochs"]):
        order = random.permutation(len(x))
        for first in range(0, len(x), batch):
            rows = order[first:first + batch]
            values = forward(layers, x[rows])
            outputs = softmax(values[-1]) if classes else values[-1]
            gradient = (outputs - targets[rows]) / len(rows)
            for (w, b, relu, name), into, out in reversed(list(zip(layers, values, values[1:]))):
                if relu:
                    gradient = gradient * (out > 0)
                before = gradient @ w
                w -= rate * gradient.T @ into  # writes into the file's bytes
                if name in masks:
                    w *= masks[name]
                if b is not None:
                    b -= rate * gradient.sum(axis=0)
                gradient = before
        outputs = forward(layers, x)[-1]
        print(f"epoch {epoch + 1}: error {np.mean(((softmax(outputs) if classes else outputs) - targets) ** 2):.6f}")
    student.save(folder / job["student"])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
