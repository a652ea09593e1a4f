#!/bin/sh
# Everything that training brings, on the whole of Fashion-MNIST: a CNN trained from a text graph, then pruned while it learns
# from itself and the labels, quantized to int8, coded.
#   demo_full.sh TINYC [TRAIN TEST]      Fashion-MNIST as .npz or IDX(.gz) with labels; default: ../shared/data beside the repository
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tinyc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
train=${2:-$here/../../../shared/data/fashion_train60k.npz}
test=${3:-$here/../../../shared/data/fashion_test5k.npz}
for file in "$train" "$test"; do
  [ -e "$file" ] && continue
  echo "no Fashion-MNIST at $file: get it (Xiao et al. 2017, MIT licence) and name its files: ./dev demo --full TRAIN TEST" >&2
  exit 2
done
out=$here/firmware/build/full
mkdir -p "$out"
pixels="scale=0.00392156862745098"
echo "tinyc train cnn.txt --data TRAIN --epochs 5"
"$tinyc" train "$here/cnn.txt" --data "$train" --preprocess $pixels --epochs 5 --augment flip -o "$out/cnn.tflite"
echo "tinyc compress cnn.tflite --int8 --prune 0.9 --finetune TRAIN --epochs 6 --eval TEST"
"$tinyc" compress "$out/cnn.tflite" --int8 --calib "$train" --calib-samples 200 --prune 0.9 --finetune "$train" --epochs 6 \
  --augment flip --eval "$test" --preprocess $pixels --name fashion --optimize size --max-drop 1pp -o "$out/model"
echo "report: examples/fashion_mnist/firmware/build/full/model/report.html"
