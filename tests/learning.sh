#!/bin/sh
# What training is worth: accuracy and size of pruned and quantized models, one line a case and seed.
#   learning.sh TINYC SHARED_DIR [CASE...]      SEEDS="1 2 3" for several seeds; all cases take hours on two cores
# Training and calibration use the training rows only; what is measured on stands under --eval.
set -eu
tinyc=$1 m=$2/models d=$2/data
shift 2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
[ -d "$m" ] || { echo "skipped: no folder of reference models"; exit 0; }
pixels="--preprocess scale=0.00392156862745098"

field() { sed -n "s/^ *\"$1\": *\([0-9.]*\).*/\1/p" "$out/r/report.json" | head -1; }
run() { # case model arguments...
  name=$1 model=$2
  shift 2
  for seed in ${SEEDS:-1}; do
    "$tinyc" compress "$m/$model.tflite" --int8 -q --seed "$seed" "$@" -o "$out/r" >/dev/null
    printf '%-16s %-18s %4s  %-7s %8.4f -> %8.4f  %6.1f dB  %5.1f x smaller  %10d MACs\n' "$name" "$model" "$seed" \
      "$(sed -n 's/.*"metric": "\(.*\)",/\1/p' "$out/r/report.json")" "$(field float)" "$(field compressed)" "$(field sqnr_db)" \
      "$(field ratio)" "$(sed -n 's/^  "macs": *\([0-9]*\).*/\1/p' "$out/r/report.json")"
  done
}
lenet="$pixels --calib-samples 200 --calib $d/mnist_train60k.npz --finetune $d/mnist_train60k.npz --eval $d/mnist_test5k.npz --batch 128"
lenet5_learn="$lenet --epochs 16 --lr 0.003 --augment shift=1,rotate=10 --teacher-views 6 --val 0.05"
fashion="$pixels --calib-samples 200 --calib $d/fashion_train60k.npz --eval $d/fashion_test5k.npz"
fashion_learn="$fashion --finetune $d/fashion_train60k.npz --augment flip,shift=1"
views="--no-labels --teacher-views 8"
cifar="--calib-samples 200 --calib $d/cifar10_train10k.npz --eval $d/cifar10_test2k.npz"
cifar_learn="$cifar --finetune $d/cifar10_train10k.npz --no-labels --hints 1 --augment flip,shift=2"
kws="--calib $d/kws_dev500.npz[0:250] --eval $d/kws_dev500.npz[250:500]"
kws_learn="$kws --finetune $d/kws_dev500.npz[0:250] --no-labels --batch 32 --epochs 150 --hints 20 --augment time=2,noise=0.05"
vww="$pixels --calib $d/vww_dev300.npz[0:100] --eval $d/vww_dev300.npz[100:300]"
ad="--calib $d/ad_dev.npz[0:1400:5] --eval $d/ad_dev.npz"

# The smallest for an accuracy: the budget is kept on the rows of `held`, the figures are those of `test`.
small() { # case model held test arguments...
  name=$1 model=$2 held=$3 test=$4
  shift 4
  for seed in ${SEEDS:-1}; do
    "$tinyc" compress "$m/$model.tflite" --int8 -q --seed "$seed" --optimize size --target cortex-m4 --eval "$held" "$@" -o "$out/r" >/dev/null || true
    case " $* " in *" $pixels "*) scale=$pixels ;; *) scale= ;; esac
    # shellcheck disable=SC2086  # the words of scale are words
    printf '%-16s %-18s %4s  %s -> %s  %5.1f x smaller  %8d B of flash\n' "$name" "$model" "$seed" \
      "$("$tinyc" eval "$m/$model.tflite" --data "$test" $scale | sed 's/ (.*//')" \
      "$("$tinyc" eval "$out/r" --data "$test" $scale | sed 's/ (.*//')" "$(field ratio)" \
      "$(sed -n 's/^ *"total": *\([0-9]*\).*/\1/p' "$out/r/report.json")"
  done
}
lenet_small="$pixels --calib-samples 500 --calib $d/mnist_train60k.npz --finetune $d/mnist_train60k.npz[0:55000] --batch 128"
lenet5_small="$lenet_small --epochs 16 --lr 0.003 --augment shift=1,rotate=10 --teacher-views 6 --bit-price 0.5"
held_mnist="$d/mnist_train60k.npz[55000:60000]" held_fashion="$d/fashion_train60k.npz[55000:60000]"

# shellcheck disable=SC2086  # the words of a case are words
one() {
  case $1 in
    lenet300-95) run "$1" lenet300_mnist $lenet --prune 0.95 --epochs 50 --lr 0.004 --alpha 0.7 --val 0.05 --augment shift=1 ;;
    lenet5-95) run "$1" lenet5_mnist $lenet5_learn --prune 0.95 ;;
    lenet5-97.5) run "$1" lenet5_mnist $lenet5_learn --prune 0.975 ;;
    fashion-80) run "$1" fashion_resnet8 $fashion_learn --epochs 5 --prune 0.8 ;;
    fashion-90) run "$1" fashion_resnet8 $fashion_learn --epochs 10 --prune 0.9 ;;
    fashion-macs) run "$1" fashion_resnet8 $fashion_learn --epochs 3 --prune 0.5:macs ;;
    fashion-80-nolabels) run "$1" fashion_resnet8 $fashion_learn $views --epochs 7 --prune 0.8 ;;
    fashion-90-nolabels) run "$1" fashion_resnet8 $fashion_learn $views --epochs 12 --prune 0.9 ;;
    fashion-macs-nolabels) run "$1" fashion_resnet8 $fashion_learn $views --epochs 6 --prune 0.5:macs ;;
    cifar-60) run "$1" pretrainedResnet $cifar_learn --prune 0.6 --epochs 8 ;;
    cifar-80) run "$1" pretrainedResnet $cifar_learn --prune 0.8 --epochs 24 ;;
    cifar-80-block4) run "$1" pretrainedResnet $cifar_learn --prune 0.8:block4 --epochs 24 --optimize speed --target cortex-m4 ;;
    kws-80-block4) run "$1" kws_float $kws_learn --prune 0.8:block4 --optimize speed --target cortex-m4 ;;
    ad-90) run "$1" ad01_fp32 $ad --finetune "$d/ad_dev.npz[0:1400]" --no-labels --epochs 100 --prune 0.9 --optimize speed --target cortex-m4 ;;
    kws-60) run "$1" kws_float $kws_learn --prune 0.6 ;;
    int8-kws) run "$1" kws_float $kws ;;
    int8-cifar) run "$1" pretrainedResnet $cifar ;;
    int8-vww) run "$1" vww_96_float $vww ;;
    int8-ad) run "$1" ad01_fp32 $ad ;;
    w4-fashion) run "$1" fashion_resnet8 $fashion --weight-bits 4 ;;
    w4-cifar) run "$1" pretrainedResnet $cifar --weight-bits 4 ;;
    w4-vww) run "$1" vww_96_float $vww --weight-bits 4 ;;
    w4-kws) run "$1" kws_float $kws --weight-bits 4 ;;
    w4-ad) run "$1" ad01_fp32 $ad --weight-bits 4 ;;
    w4-fashion-qat) run "$1" fashion_resnet8 $fashion_learn --weight-bits 4 --qat --epochs 3 ;;
    w4-cifar-qat) run "$1" pretrainedResnet $cifar_learn --weight-bits 4 --qat --epochs 8 ;;
    small-lenet300) small "$1" lenet300_mnist "$held_mnist" "$d/mnist_test5k.npz" $lenet_small --augment shift=1,rotate=10 --teacher-views 6 --prune 0.96 --epochs 50 --lr 0.004 --alpha 0.7 --val 0.05 --bit-price 0.4 ;;
    small-lenet5) small "$1" lenet5_mnist "$held_mnist" "$d/mnist_test5k.npz" $lenet5_small --prune 0.975 ;;
    small-lenet5-0.1) small "$1" lenet5_mnist "$held_mnist" "$d/mnist_test5k.npz" $lenet5_small --prune 0.985 ;;
    small-fashion) small "$1" fashion_resnet8 "$held_fashion" "$d/fashion_test5k.npz" $pixels --calib "$d/fashion_train60k.npz[0:500]" --bit-price 0.3 ;;
    small-fashion-qat) small "$1" fashion_resnet8 "$held_fashion" "$d/fashion_test5k.npz" $pixels --calib-samples 500 --calib $d/fashion_train60k.npz --finetune "$d/fashion_train60k.npz[0:55000]" --augment flip,shift=1 --qat --epochs 3 --bit-price 1 ;;
    small-fashion-pruned) small "$1" fashion_resnet8 "$held_fashion" "$d/fashion_test5k.npz" $pixels --calib-samples 500 --calib $d/fashion_train60k.npz --finetune "$d/fashion_train60k.npz[0:55000]" --augment flip,shift=1 --teacher-views 8 --epochs 9 --prune 0.8 --bit-price 0.3 ;;
    small-cifar) small "$1" pretrainedResnet "$d/cifar10_train10k.npz[9000:10000]" "$d/cifar10_test2k.npz" --calib "$d/cifar10_train10k.npz[0:500]" --max-drop 1pp ;;
    small-kws) small "$1" kws_float "$d/kws_dev500.npz[250:500]" "$d/kws_dev500.npz[250:500]" --calib "$d/kws_dev500.npz[0:250]" --max-drop 1pp ;;
    small-kws-pruned) small "$1" kws_float "$d/kws_dev500.npz[250:500]" "$d/kws_dev500.npz[250:500]" --calib "$d/kws_dev500.npz[0:250]" --finetune "$d/kws_dev500.npz[0:250]" --no-labels --batch 32 --epochs 150 --hints 20 --augment time=2,noise=0.05 --prune 0.55 --max-drop 1pp ;;
    small-vww) small "$1" vww_96_float "$d/vww_dev300.npz[100:300]" "$d/vww_dev300.npz[100:300]" $pixels --calib "$d/vww_dev300.npz[0:100]" --max-drop 0.5pp ;;
    small-ad) small "$1" ad01_fp32 "$d/ad_dev.npz" "$d/ad_dev.npz" --calib "$d/ad_dev.npz[0:1400:5]" --max-drop 0.005 ;;
    small-ad-pruned) small "$1" ad01_fp32 "$d/ad_dev.npz" "$d/ad_dev.npz" --calib "$d/ad_dev.npz[0:1400:5]" --finetune "$d/ad_dev.npz[0:1400]" --no-labels --epochs 100 --prune 0.4 --max-drop 0.01 ;;
    *) echo "no case $1" >&2 && exit 2 ;;
  esac
}
cases="int8-kws int8-cifar int8-vww int8-ad w4-fashion w4-cifar w4-vww w4-kws w4-ad kws-60 cifar-60 cifar-80 cifar-80-block4 kws-80-block4 ad-90 lenet300-95 lenet5-95 lenet5-97.5
fashion-80 fashion-90 fashion-macs fashion-80-nolabels fashion-90-nolabels fashion-macs-nolabels w4-fashion-qat w4-cifar-qat
small-kws small-kws-pruned small-vww small-ad small-ad-pruned small-cifar small-fashion small-fashion-qat small-fashion-pruned small-lenet300 small-lenet5 small-lenet5-0.1"
for c in ${*:-$cases}; do one "$c"; done
