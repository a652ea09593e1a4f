#!/bin/sh
# The half-size student, taught by the example's model and by labels alone; accuracy on TEST for five seeds.
#   student.sh TINYC TRAIN TEST [EPOCHS]     TRAIN and TEST: Fashion-MNIST, raw 0..255 pixels with labels (.npz, IDX ...)
set -eu
tinyc=$1 train=$2 test=$3 epochs=${4:-20}
here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
pixels="scale=0.00392156862745098"
for seed in 1 2 3 4 5; do
  sed "s/he(\([0-9]*\))/he($seed\1)/" "$here/student.txt" >"$out/net.txt"
  for teacher in "" "--teacher $here/fashion.tflite --alpha 0.3 --temperature 3"; do
    # shellcheck disable=SC2086  # options are words
    "$tinyc" train "$out/net.txt" --data "$train" --preprocess $pixels --epochs "$epochs" --batch 32 --lr 0.003 --seed $seed $teacher -q -o "$out/net.tflite" >/dev/null
    printf 'seed %s %-14s %s\n' $seed "${teacher:+with teacher}" "$("$tinyc" eval "$out/net.tflite" --data "$test" --preprocess $pixels)"
  done
done
