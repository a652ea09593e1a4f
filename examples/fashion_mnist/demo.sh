#!/bin/sh
# The main job on a real model: compress, report, firmware, predictions on an emulated Cortex-M4.
#   demo.sh TINYC
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tinyc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
out=$here/firmware/build
mkdir -p "$out"
echo "tinyc compress fashion.tflite --int8 --calib calib.npz --eval eval.npz --preprocess scale=0.00392156862745098 --name fashion"
"$tinyc" compress "$here/fashion.tflite" --int8 --calib "$here/calib.npz" --eval "$here/eval.npz" \
  --preprocess "scale=0.00392156862745098" --name fashion -o "$out/model"
echo
echo "report: examples/fashion_mnist/firmware/build/model/report.html"
make -s -C "$here/firmware" BUILD=build TINYC="$tinyc" build/firmware.elf
# QEMU prints semihosting text to standard error
make -s -C "$here/firmware" BUILD=build TINYC="$tinyc" run 2>&1
