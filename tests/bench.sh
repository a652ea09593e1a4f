#!/bin/sh
# Host time of the whole process and sizes of the result, best of three runs:  bench.sh TINYC [SHARED_DIR]
# The example's model always; the MLPerf Tiny models when the folder of reference models is there.
set -eu
tinyc=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
shared=${2:-$here/../../shared}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

field() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p" "$out/r/report.json" | head -1; }
row() { # name arguments...
  name=$1
  shift
  best=""
  for _ in 1 2 3; do
    /usr/bin/env bash -c 'TIMEFORMAT=%R; time "$0" "$@" >/dev/null 2>/dev/null' "$tinyc" compress "$@" -o "$out/r" 2>"$out/t"
    t=$(tail -1 "$out/t")
    best=$(printf '%s\n%s\n' "$t" "${best:-999}" | sort -g | head -1)
  done
  printf '%-22s %8s s %10s %10s %10s\n' "$name" "$best" "$(field weights)" "$(field total)" "$(field arena)"
}

printf '%-22s %10s %10s %10s %10s\n' "model" "time" "weights B" "flash B" "arena B"
example=$here/../examples/fashion_mnist
row fashion "$example/fashion.tflite" --int8 --calib "$example/calib.npz" --preprocess scale=0.00392156862745098
if [ -d "$shared/models" ]; then
  m=$shared/models d=$shared/data
  row kws_float "$m/kws_float.tflite" --int8 --calib "$d/kws_dev500.npz" --calib-samples 200
  row pretrainedResnet "$m/pretrainedResnet.tflite" --int8 --calib "$d/cifar10_train10k.npz" --calib-samples 200
  row vww_96_float "$m/vww_96_float.tflite" --int8 --calib "$d/vww_dev300.npz" --calib-samples 100 --preprocess scale=0.00392156862745098
  row ad01_fp32 "$m/ad01_fp32.tflite" --int8 --calib "$d/ad_dev.npz" --calib-samples 300
else
  echo "skipped the MLPerf Tiny models: no folder $shared/models"
fi
