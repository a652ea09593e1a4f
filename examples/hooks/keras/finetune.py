#!/usr/bin/env python3
"""A fine-tuning hook in Keras: tinyc compress ... --finetune-hook "python3 finetune.py"

Rebuilds a chain of fully connected layers as a Keras model, trains it towards the teacher's outputs, and writes the
weights back into student.tflite. docs/hooks.md describes the folder.
"""
import json
import pathlib
import sys

import keras
import numpy as np

sys.dont_write_bytecode = True  # leave the examples' folder as it is
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from tflite_weights import Model, dense_layers


def build(layers, inputs):
    model = keras.Sequential([keras.Input((inputs,))])
    for w, b, relu, _ in layers:
        dense = keras.layers.Dense(len(w), activation="relu" if relu else None, use_bias=b is not None)
        model.add(dense)
        dense.set_weights([w.T] if b is None else [w.T, b])
    return model


class KeepZeros(keras.callbacks.Callback):
    """Pruned weights go back to zero after every step."""

    def __init__(self, masks):
        super().__init__()
        self.masks = masks  # by layer; None: nothing is pruned

    def on_train_batch_end(self, batch, logs=None):
        for layer, mask in zip(self.model.layers, self.masks):
            if mask is not None:
                layer.kernel.assign(layer.kernel * mask)


def main(folder):
    job = json.loads((folder / "job.json").read_text())
    options, scaling = job["options"], job["preprocess"]
    keras.utils.set_random_seed(options["seed"])
    masks = np.load(folder / job["masks"]) if job["masks"] else {}

    def samples(name):
        data = np.load(folder / name)
        x = (data["x"].astype(np.float32) - scaling["mean"]) * scaling["scale"]
        return x.reshape(len(x), -1)

    student_file = Model(folder / job["student"])
    layers, _ = dense_layers(student_file)
    teacher_layers, _ = dense_layers(Model(folder / job["teacher"]))
    x = samples(job["train"])
    student, teacher = build(layers, x.shape[1]), build(teacher_layers, x.shape[1])
    student.compile(optimizer=keras.optimizers.Adam(options["learning_rate"]), loss="mse")
    held_out = None
    if job["validation"]:
        v = samples(job["validation"])
        held_out = (v, teacher.predict(v, verbose=0))
    kernel_masks = [masks[name].T.astype("float32") if name in masks else None for _, _, _, name in layers]
    student.fit(x, teacher.predict(x, verbose=0), batch_size=options["batch"], epochs=options["epochs"], verbose=2,
                validation_data=held_out, callbacks=[KeepZeros(kernel_masks)])

    for (w, b, _, _), layer, mask in zip(layers, student.layers, kernel_masks):
        values = layer.get_weights()
        w[:] = (values[0] if mask is None else values[0] * mask).T  # writes into the file's bytes
        if b is not None:
            b[:] = values[1]
    student_file.save(folder / job["student"])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
