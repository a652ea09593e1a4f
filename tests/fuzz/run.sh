#!/bin/sh
# Every fuzz target for some seconds:  run.sh BUILD_DIR SECONDS
# Starts from the committed corpora (tests/fuzz/corpus/TARGET) and the example's files; findings stay in BUILD_DIR/fuzz.
set -eu
build=$(cd "$1" && pwd)
seconds=$2
here=$(cd "$(dirname "$0")" && pwd)
example=$here/../../examples/fashion_mnist
for target in import text stream npz config program; do
  work=$build/fuzz/$target
  mkdir -p "$work/corpus"
  [ -d "$here/corpus/$target" ] && cp "$here/corpus/$target"/* "$work/corpus/"
  case $target in
    import) cp "$example/fashion.tflite" "$work/corpus/" ;;
    npz) cp "$example/calib.npz" "$work/corpus/" ;;
  esac
  echo "== $target: $seconds s"
  (cd "$work" && "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 corpus >log.txt 2>&1) || {
    tail -40 "$work/log.txt"
    echo "fuzz_$target failed; its log and findings are in $work"
    exit 1
  }
  grep "^stat::number_of_executed_units" "$work/log.txt"
  if ls "$work"/crash-* "$work"/timeout-* "$work"/oom-* "$work"/leak-* >/dev/null 2>&1; then
    echo "findings in $work"
    exit 1
  fi
done
echo "no findings"
