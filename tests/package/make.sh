#!/bin/sh
# tinyc.mk on this machine: builds, does nothing twice, notices changes, stops at gates:  make.sh BUILD
set -eu
build=$(cd "$1" && pwd)
. "$(dirname "$0")/lib.sh"
have make || skip "make is not installed"
install_moved "$work/tiny c"
# a path with a blank is beyond make; a link is what one would use
ln -s "$work/tiny c" "$work/tinyc"
cp -r "$root/examples" "$work/examples"
cd "$work/examples/build_systems"
make_it() { make TINYC_SHARE="$work/tinyc/share/tinyc" "$@"; }

make_it >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "make"; }
build/firmware | tee "$work/answer"
grep -q '^20 pictures; right: exact 1[89], coarse 1[0-9]$' "$work/answer" || fail "wrong answers"
grep -q "$work/tinyc/share/tinyc/../../bin/tinyc" "$work/log" || fail "another tinyc was taken"

state build >"$work/before"
make_it >/dev/null
state build | diff "$work/before" - || fail "a second make did something"

touch ../fashion_mnist/calib.npz
make_it >"$work/log"
[ "$(grep -c ' compress ' "$work/log")" = 2 ] || fail "new calibration data must make both models"
printf '[defaults]\ncalib-samples = 60\n' >../fashion_mnist/tinyc.toml
make_it >/dev/null # not known yet: tinyc has not read it
touch ../fashion_mnist/calib.npz
make_it >/dev/null
sleep 1
touch ../fashion_mnist/tinyc.toml
make_it >"$work/log"
[ "$(grep -c ' compress ' "$work/log")" = 2 ] || fail "the dependency file is not used"
rm ../fashion_mnist/tinyc.toml
make_it >"$work/log" || fail "a file that is gone stops make"
[ "$(grep -c ' compress ' "$work/log")" = 2 ] || fail "a file that is gone changes nothing"

echo "== the lines of docs"
mkdir -p "$work/lines/models"
cp "$example/fashion.tflite" "$work/lines/models/kws.tflite"
cp "$example/calib.npz" "$work/lines/models/"
block docs/firmware_builds.md "include /usr/share" | sed "s|/usr/share/tinyc|$work/tinyc/share/tinyc|" >"$work/lines/Makefile"
printf 'objects: $(TINYC_SOURCES) $(TINYC_HEADERS)\n\tls $(TINYC_SOURCES)\n' >>"$work/lines/Makefile"
make -C "$work/lines" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "the lines of docs/firmware_builds.md"; }
grep -q '^build/tinyc/src/kws_data.c$' "$work/log" || fail "TINYC_SOURCES lacks the model"

sed -i 's/--weight-bits 4/--weight-bits 5/' Makefile
make_it >"$work/log"
[ "$(grep -c ' compress ' "$work/log")" = 1 ] || fail "a changed option must make one model"
sed -i 's/--max-ram 16KiB/--max-ram 1KiB/' Makefile
refuse 2 "RAM" make_it
refuse 2 "RAM" make_it
