#!/usr/bin/env python3
"""Trains the example's model: a small depthwise-separable CNN on Fashion-MNIST, written as a float .tflite.

    python3 train.py [--data FOLDER_OR_NPZ]      # needs TensorFlow (Keras) and numpy; made with TensorFlow 2.21

Without --data Keras downloads Fashion-MNIST (Xiao et al. 2017, MIT licence). With it, a folder with
fashion_train60k.npz and fashion_test5k.npz (keys x uint8 (N,28,28,1), y) is read. Writes fashion.tflite, calib.npz (200
training pictures, no labels), eval.npz (300 test pictures with labels) and firmware/pictures.h (20 of them as C).
Input: pixel / 255, NHWC; output: 10 logits."""
import argparse
import os

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

HERE = os.path.dirname(os.path.abspath(__file__))


def load(folder):
    if folder:
        train, test = np.load(os.path.join(folder, "fashion_train60k.npz")), np.load(os.path.join(folder, "fashion_test5k.npz"))
        return (train["x"], train["y"]), (test["x"], test["y"])
    (x, y), (xt, yt) = keras.datasets.fashion_mnist.load_data()
    return (x[..., None], y), (xt[..., None], yt)


def write_pictures(x, y):
    with open(os.path.join(HERE, "firmware", "pictures.h"), "w") as f:
        f.write("/* Made by train.py: the first pictures of eval.npz, 28x28 grey, row by row, and their classes. */\n#include <stdint.h>\n")
        f.write(f"#define PICTURES {len(x)}\nstatic const uint8_t labels[PICTURES] = {{{','.join(map(str, y))}}};\n")
        f.write("static const uint8_t pictures[PICTURES][784] = {\n")
        for picture in x:
            rows = picture.reshape(28, 28)
            f.write("{" + ",\n ".join(",".join(map(str, row)) for row in rows) + "},\n")
        f.write("};\n")


def block(x, filters, stride):
    x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.Conv2D(filters, 1, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


def model():
    image = keras.Input((28, 28, 1), name="image")
    x = layers.Conv2D(16, 3, strides=1, padding="same", use_bias=False)(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = block(x, 32, 2)
    y = block(x, 32, 1)
    x = layers.Add()([x, y])
    x = block(x, 64, 2)
    y = block(x, 64, 1)
    x = layers.Add()([x, y])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10, name="logits")(x))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data")
    p.add_argument("--epochs", type=int, default=10)
    a = p.parse_args()
    keras.utils.set_random_seed(1)
    (x, y), (xt, yt) = load(a.data)
    net = model()
    steps = a.epochs * (len(x) // 128)
    net.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps)),
                keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    net.fit(x / np.float32(255), y, batch_size=128, epochs=a.epochs, verbose=2)
    print("test accuracy", net.evaluate(xt / np.float32(255), yt, verbose=0)[1])
    converter = tf.lite.TFLiteConverter.from_keras_model(net)
    open(os.path.join(HERE, "fashion.tflite"), "wb").write(converter.convert())
    np.savez_compressed(os.path.join(HERE, "calib.npz"), x=x[:200])
    np.savez_compressed(os.path.join(HERE, "eval.npz"), x=xt[:300], y=yt[:300])
    write_pictures(xt[:20], yt[:20])


if __name__ == "__main__":
    main()
