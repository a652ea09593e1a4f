#!/bin/sh
# cmake --install, find_package(tinyc), tinyc_add_model and uninstall, in clean prefixes:  cmake_package.sh BUILD
set -eu
build=$(cd "$1" && pwd)
. "$(dirname "$0")/lib.sh"
prefix=$work/moved/tinyc
install_moved "$prefix"
cp -r "$root/examples" "$work/examples"
cd "$work/examples/build_systems"

echo "== a firmware with two models on this machine"
configure() { cmake -G "${GENERATOR:-Ninja}" -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" "$@"; }
make_it() { cmake --build build "$@"; }
configure >"$work/log"
make_it >>"$work/log" || { cat "$work/log" >&2; fail "the consumer does not build"; }
build/firmware >"$work/answer"
cat "$work/answer"
grep -q '^20 pictures; right: exact 1[89], coarse 1[0-9]$' "$work/answer" || fail "wrong answers"
"$prefix/bin/tinyc" compress ../fashion_mnist/fashion.tflite --int8 --calib ../fashion_mnist/calib.npz \
  --preprocess scale=0.00392156862745098 --target cortex-m4 --max-ram 16KiB --name exact --reproducible -q -o by_hand >/dev/null
diff -r by_hand build/exact_tinyc || fail "tinyc_add_model and the command line write different files"

echo "== nothing is redone when nothing changed"
state build >"$work/before"
make_it >/dev/null
state build | diff "$work/before" - || fail "a second build did something"

echo "== data, options and models are dependencies"
stamp() { stat -c %Y.%y "build/$1_tinyc/$1_data.cc"; }
exact=$(stamp exact) coarse=$(stamp coarse)
sleep 1
printf '[defaults]\ncalib-samples = 60\n' >../fashion_mnist/tinyc.toml
touch ../fashion_mnist/calib.npz
make_it >/dev/null
[ "$exact" != "$(stamp exact)" ] && [ "$coarse" != "$(stamp coarse)" ] || fail "new calibration data changed nothing"
exact=$(stamp exact) coarse=$(stamp coarse)
sleep 1
touch ../fashion_mnist/tinyc.toml # only tinyc knows that it read this file
make_it >/dev/null
[ "$exact" != "$(stamp exact)" ] && [ "$coarse" != "$(stamp coarse)" ] || fail "the dependency file is not used"
exact=$(stamp exact) coarse=$(stamp coarse)
sed -i 's/--weight-bits 4/--weight-bits 5/' CMakeLists.txt
make_it >/dev/null
[ "$exact" = "$(stamp exact)" ] || fail "another model's option rebuilt this one"
[ "$coarse" != "$(stamp coarse)" ] || fail "a changed option changed nothing"

echo "== a gate stops the build, each time"
sed -i 's/MAX_RAM 16KiB/MAX_RAM 1KiB/' CMakeLists.txt
refuse any "RAM" make_it
refuse any "RAM" make_it
sed -i 's/MAX_RAM 1KiB/MAX_RAM 16KiB/' CMakeLists.txt
make_it >/dev/null

echo "== mistakes are named"
mistake() { # text arguments...
  text=$1
  shift
  printf 'cmake_minimum_required(VERSION 3.20)\nproject(p C)\nfind_package(tinyc REQUIRED)\ntinyc_add_model(%s)\n' "$*" >"$work/mistake/CMakeLists.txt"
  refuse any "$text" cmake -B "$work/mistake/build" -S "$work/mistake" -DCMAKE_PREFIX_PATH="$prefix"
}
mkdir "$work/mistake"
mistake "MODEL file.tflite is missing" net INT8
mistake "unknown arguments: FLASH;64KiB" net MODEL m.tflite FLASH 64KiB
mistake "no value behind TARGET" net MODEL m.tflite TARGET
mistake "letters, digits and underscores" 7up MODEL m.tflite
printf 'cmake_minimum_required(VERSION 3.20)\nproject(p C)\nfind_package(tinyc REQUIRED COMPONENTS core)\n' >"$work/mistake/CMakeLists.txt"
refuse any "needs a project in C++" cmake -B "$work/mistake/build" -S "$work/mistake" -DCMAKE_PREFIX_PATH="$prefix"
sed -i 's/core/gui/' "$work/mistake/CMakeLists.txt"
refuse any "no component gui" cmake -B "$work/mistake/build" -S "$work/mistake" -DCMAKE_PREFIX_PATH="$prefix"

echo "== the lines of README and docs"
for page in README.md docs/firmware_builds.md; do
  mkdir -p "$work/lines/models"
  cp "$example/fashion.tflite" "$work/lines/models/kws.tflite"
  cp "$example/calib.npz" "$work/lines/models/"
  cp "$work/lines/models/"* "$work/lines/"
  printf '#include "kws_data.h"\nint main(void) { return KWS_NUM_OUTPUTS != 1; }\n' >"$work/lines/main.c"
  {
    printf 'cmake_minimum_required(VERSION 3.20)\nproject(p C)\nadd_executable(firmware main.c)\n'
    block $page "find_package(tinyc REQUIRED CMAKE"
  } >"$work/lines/CMakeLists.txt"
  grep -q 'MAX_FLASH 64KiB' "$work/lines/CMakeLists.txt" || fail "$page has no such lines"
  { cmake -B "$work/lines/build" -S "$work/lines" -DCMAKE_PREFIX_PATH="$prefix" && cmake --build "$work/lines/build"; } >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "the lines of $page"; }
  "$work/lines/build/firmware" || fail "the firmware of $page"
  rm -r "$work/lines"
done
mkdir -p "$work/lines/models" && cd "$work/lines"
cp "$example/fashion.tflite" models/kws.tflite
cp "$example/calib.npz" models/
line=$(block docs/firmware_builds.md "tinyc compress models/kws.tflite")
PATH="$prefix/bin:$PATH" sh -ec "$line" >/dev/null 2>&1 || fail "$line"
grep -q '^build/kws/kws_data.cc: ' build/kws.d || fail "no dependency file from $line"
cd "$work/examples/build_systems"

echo "== a program with tinyc inside"
cd ../embed
cmake -G Ninja -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" >"$work/log"
cmake --build build >>"$work/log" || { cat "$work/log" >&2; fail "tinyc::core cannot be used"; }
build/clean_model "$example/fashion.tflite" >"$work/graph" 2>"$work/log" || { cat "$work/log" >&2; fail "the embedded tinyc fails"; }
grep -q 'conv_2d(' "$work/graph" || fail "no graph was printed"

echo "== uninstall leaves nothing"
mkdir -p "$work/kept/share/doc/other"
cmake --install "$build" --prefix "$work/kept" >/dev/null
[ -x "$work/kept/bin/tinyc" ] || fail "nothing was installed"
cmake --build "$build" --target uninstall >/dev/null
[ "$(cd "$work/kept" && find . | sort | tr '\n' ' ')" = ". ./share ./share/doc ./share/doc/other " ] || {
  find "$work/kept" >&2
  fail "something is left, or something else is gone"
}
