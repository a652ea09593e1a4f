#!/bin/sh
# Installations from nothing, in minutes rather than seconds:  all.sh [BUILD]   as root, with the network's Debian mirror
# .deb and wheel in a fresh chroot (debootstrap), the wheel with every Python 3.9 to 3.13 that is found (PATH, pyenv), the
# static command in an empty root, the container file. Says what it skips. WHEEL=file.whl, DEB=file.deb: these, not
# built anew.
set -eu
build=$(cd "${1:-$(dirname "$0")/../../build}" && pwd)
. "$(dirname "$0")/lib.sh"
unset TINYC_CALIB_SAMPLES TINYC_CALIB_METHOD TINYC_WEIGHT_ROUNDING
skipped=""
later() {
  printf 'SKIPPED: %s\n' "$*" >&2
  skipped="$skipped
  $*"
}
cd "$root"

echo "== the wheel"
python=${PYTHON:-python3}
wheel=${WHEEL:-}
what=${WHEEL:-.} # for pip install
if [ -z "$wheel" ]; then
  "$python" -m venv "$work/build-venv"
  "$work/build-venv/bin/pip" -q wheel --no-deps -w "$work" . || fail "pip wheel"
  wheel=$(echo "$work"/tinyc-*.whl)
fi
echo "$(basename "$wheel"): $(stat -c %s "$wheel") bytes"
"$python" -m zipfile -e "$wheel" "$work/wheel"
static=$work/wheel/tinyc/native/bin/tinyc
chmod +x "$static"
newest=$(objdump -T "$static" 2>/dev/null | grep -o 'GLIBC_[0-9.]*' | sort -Vu | tail -1)
echo "newest symbol version of the C library that it needs: ${newest:-none}"
ldd "$static" 2>&1 | grep -q 'not a dynamic executable' || fail "the wheel's tinyc is not static"
[ -z "$newest" ] || fail "the wheel's tinyc needs $newest"
"$static" version --json | grep -q '"linkage": "static"' || fail "it does not say that it is static"
: >"$work/none.so"
refuse 2 "linked statically and cannot load passes" "$static" compress "$example/fashion.tflite" --int8 --load-pass "$work/none.so"

echo "== in a root with nothing else: no C library, no shell"
if [ "$(id -u)" -eq 0 ]; then
  mkdir -p "$work/empty"
  cp "$static" "$example/fashion.tflite" "$example/calib.npz" "$work/empty/"
  line="--int8 --calib calib.npz --preprocess scale=0.00392156862745098 --reproducible"
  # shellcheck disable=SC2086
  chroot "$work/empty" /tinyc compress fashion.tflite $line -q -o out >/dev/null || fail "compress in an empty root"
  # shellcheck disable=SC2086
  (cd "$work/empty" && "$build/tinyc" compress fashion.tflite $line -q -o other >/dev/null)
  diff -r "$work/empty/out" "$work/empty/other" || fail "the static tinyc writes other bytes than the dynamic one"
else
  later "the empty root: needs root"
fi

echo "== pip install with every Python"
pythons=0
for version in 3.9 3.10 3.11 3.12 3.13; do
  found=$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python 2>/dev/null | tail -1)
  [ -n "$found" ] || found=$(command -v "python$version" || true)
  if [ -z "$found" ]; then
    later "Python $version is not installed"
    continue
  fi
  venv=$work/venv-$version
  "$found" -m venv "$venv"
  list() { find "$venv" -not -name '*.pyc' -not -name __pycache__ | sort; }
  list >"$work/before"
  "$venv/bin/pip" -q install "$what" 2>"$work/log" || { cat "$work/log" >&2; fail "pip install $what with Python $version"; }
  [ "$("$venv/bin/tinyc" version)" = "$("$build/tinyc" version)" ] || fail "the command of Python $version"
  (cd "$work" && unset PYTHONPATH TINYC_BINARY && "$venv/bin/python" "$here/module_test.py" >/dev/null 2>"$work/log") || { cat "$work/log" >&2; fail "the module with Python $version"; }
  "$venv/bin/pip" -q uninstall -y tinyc 2>/dev/null
  list | diff "$work/before" - || fail "pip uninstall leaves something with Python $version"
  echo "Python $version: $(grep -E '^(OK|SKIPPED)' "$work/log" | tr '\n' ' ')"
  pythons=$((pythons + 1))
done
[ "$pythons" -gt 0 ] || fail "no Python was tested"

echo "== apt install and remove in a fresh chroot"
if [ "$(id -u)" -eq 0 ] && have debootstrap; then
  if [ -z "${DEB:-}" ]; then
    ./dev package 2>"$work/log" || { cat "$work/log" >&2; fail "./dev package"; }
    DEB=$(echo build/tinyc_*.deb)
  fi
  . /etc/os-release
  mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -1)
  [ -n "$mirror" ] || mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\).*/\2/p' /etc/apt/sources.list | head -1)
  fresh=$work/fresh
  debootstrap --variant=minbase "$VERSION_CODENAME" "$fresh" "$mirror" >"$work/log" 2>&1 || { tail "$work/log" >&2; fail "debootstrap"; }
  in_fresh() { chroot "$fresh" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
  in_fresh apt-get update -qq
  # what its users have: a compiler, cmake, python; and what the package depends on, so that what is left is its own
  in_fresh apt-get install -y -qq --no-install-recommends cmake ninja-build g++ make zlib1g-dev python3-venv man-db bash-completion \
    libfmt9 libspdlog1.10 libtomlplusplus3 >"$work/log" 2>&1 || { tail "$work/log" >&2; fail "apt-get in the chroot"; }
  files() { (cd "$fresh" && find etc usr opt root home -not -path 'usr/share/man/*cat*' | sort); }
  cp "$DEB" "$wheel" "$fresh/srv/"
  cp -r examples "$fresh/srv/examples"
  files >"$work/before"
  in_fresh sh -c 'apt-get install -y -qq /srv/tinyc_*.deb' >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "apt install"; }
  in_fresh sh -ec 'tinyc version; man -w tinyc-compress; test -s /usr/share/bash-completion/completions/tinyc
    cd /srv/examples/build_systems
    cmake -G Ninja -B build && cmake --build build && build/firmware
    make BUILD=build-make && build-make/firmware
    cd ../embed && cmake -B build && cmake --build build && build/clean_model ../fashion_mnist/fashion.tflite | tail -3
    cd ../hooks/cpp && cmake -B build -DTINYC_INCLUDE=/usr/include && cmake --build build
    cd .. && tinyc compress ../fashion_mnist/fashion.tflite --int8 --load-pass cpp/build/clip_weights.so -q -o /tmp/out
    rm -r ../build_systems/build* ../embed/build cpp/build /tmp/out' >"$work/log" 2>&1 || { tail -30 "$work/log" >&2; fail "the installed package"; }
  grep 'pictures; right' "$work/log"
  in_fresh apt-get purge -y -qq tinyc >"$work/log" 2>&1
  files | diff "$work/before" - || fail "apt purge leaves something"
  echo "installed, used and purged: nothing is left"

  echo "== the wheel in the same chroot"
  in_fresh sh -ec 'python3 -m venv /srv/venv && /srv/venv/bin/pip -q install --no-index /srv/tinyc-*.whl
    /srv/venv/bin/tinyc version; /srv/venv/bin/python -m tinyc ops >/dev/null' || fail "the wheel in the chroot"
else
  later "the chroot: needs root and debootstrap"
fi

if have podman; then
  echo "== the container"
  podman build -q -f src/package/Containerfile -t tinyc-test . && podman run --rm tinyc-test version || fail "the container file"
else
  later "the container file: podman is not installed"
fi
echo "done; skipped:${skipped:- nothing}"
