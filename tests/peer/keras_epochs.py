"""Keras' time for one epoch of ResNet8 (28x28x1) on random pictures, and the same pictures for tinyc.

    python3 keras_epochs.py SAMPLES OUT.npz      # prints seconds of the fastest of three epochs and peak memory in MB
"""
import os
import resource
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.config.threading.set_intra_op_parallelism_threads(os.cpu_count())
samples, out = int(sys.argv[1]), sys.argv[2]
random = np.random.default_rng(1)
x = random.integers(0, 256, (samples, 28, 28, 1), dtype=np.uint8)
y = random.integers(0, 10, samples, dtype=np.int64)
np.savez(out, x=x, y=y)


def conv(t, filters, size, stride, relu):
    return layers.Conv2D(filters, size, stride, padding="same", activation="relu" if relu else None)(t)


image = keras.Input((28, 28, 1))
t = conv(image, 16, 3, 1, True)
t = layers.ReLU()(layers.Add()([t, conv(conv(t, 16, 3, 1, True), 16, 3, 1, False)]))
for filters in (32, 64):
    branch = conv(conv(t, filters, 3, 2, True), filters, 3, 1, False)
    t = layers.ReLU()(layers.Add()([conv(t, filters, 1, 2, False), branch]))
model = keras.Model(image, layers.Dense(10)(layers.GlobalAveragePooling2D()(t)))
model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
pictures = x.astype(np.float32) / 255


class Clock(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


clock = Clock()
model.fit(pictures, y, batch_size=64, epochs=3, verbose=0, callbacks=[clock])  # the first epoch compiles too
print(f"{min(clock.seconds):.2f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f}")
