#!/bin/sh
# One epoch of ResNet8 on 10,000 pictures, tinyc beside Keras in one run:  epoch.sh TINYC FOLDER
# FOLDER keeps the peer's virtual environment; TensorFlow comes from the Python package index.
set -eu
tinyc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
python=$2/venv/bin/python3
if ! "$python" -c "import tensorflow" 2>/dev/null; then
  echo "installing TensorFlow into $2/venv" >&2
  python3 -m venv "$2/venv"
  "$2/venv/bin/pip" install -q tensorflow-cpu
fi
keras=$("$python" "$here/keras_epochs.py" 10000 "$2/pictures.npz" 2>/dev/null | tail -1)
seconds() { # epochs: whole process
  /usr/bin/env bash -c 'TIMEFORMAT=%R; time "$0" "$@" >/dev/null 2>/dev/null' "$tinyc" train "$here/resnet8.txt" \
    --data "$2" --preprocess scale=0.00392156862745098 --val 0.0001 --epochs "$1" -o "$3" 2>&1 | tail -1
}
one=$(seconds 1 "$2/pictures.npz" "$2/net.tflite")
three=$(seconds 3 "$2/pictures.npz" "$2/net.tflite")
memory=$( (ulimit -v 1000000 && "$tinyc" train "$here/resnet8.txt" --data "$2/pictures.npz" --epochs 0 \
  --preprocess scale=0.00392156862745098 -o "$2/net.tflite" >/dev/null 2>&1 && echo "below 1000") || echo "above 1000")
echo "one epoch of ResNet8, 10,000 pictures of 28x28, mini-batches of 64, $(nproc) cores"
echo "$keras" | awk '{ printf "%-10s %8s s %10s MB\n", "keras", $1, $2 }'
awk -v a="$one" -v b="$three" -v m="$memory" 'BEGIN { printf "%-10s %8.2f s %10s MB\n", "tinyc", (b - a) / 2, m }'
