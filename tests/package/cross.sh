#!/bin/sh
# The same firmware for a Cortex-M4, by CMake and by make, run by QEMU:  cross.sh BUILD
set -eu
build=$(cd "$1" && pwd)
. "$(dirname "$0")/lib.sh"
have arm-none-eabi-gcc || skip "arm-none-eabi-gcc is not installed"
install_moved "$work/tinyc"
cp -r "$root/examples" "$work/examples"
cd "$work/examples/build_systems"

run() { # ELF
  if ! have qemu-system-arm; then
    echo "SKIPPED: qemu-system-arm is not installed; the firmware is built, not run"
    return 0
  fi
  timeout 60 qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none -semihosting-config enable=on,target=native \
    -kernel "$1" >"$work/answer" 2>&1 </dev/null || fail "the firmware ends with $?"
  cat "$work/answer"
  grep -q '^20 pictures; right: exact 1[89], coarse 1[0-9]$' "$work/answer" || fail "wrong answers"
}

echo "== CMake"
cmake -G Ninja -B build -DCMAKE_TOOLCHAIN_FILE=arm.cmake -Dtinyc_ROOT="$work/tinyc" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "cmake"; }
cmake --build build >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "the firmware does not build"; }
run build/firmware
arm-none-eabi-nm build/firmware | grep -q ' T tinyc_run$' || fail "there is no runtime"
[ "$(arm-none-eabi-nm build/firmware | grep -c ' T tinyc_run$')" = 1 ] || fail "there are two runtimes"
arm-none-eabi-size build/firmware
cmake_text=$(arm-none-eabi-size build/firmware | awk 'NR == 2 { print $1 }')

echo "== make"
make -s BOARD=cortex_m4 BUILD=build-make TINYC_SHARE="$work/tinyc/share/tinyc" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "the Makefile"; }
run build-make/firmware
make_text=$(arm-none-eabi-size build-make/firmware | awk 'NR == 2 { print $1 }')
[ "$make_text" -lt $((cmake_text * 11 / 10)) ] && [ "$cmake_text" -lt $((make_text * 11 / 10)) ] || fail "make gives $make_text bytes, cmake $cmake_text"
