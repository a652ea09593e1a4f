# For the scripts beside it: sourced with $build set.  Each works in a folder of its own, which is removed at the end.
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

fail() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}
# ctest shows a test whose exit code is 77 as skipped
skip() {
  printf 'SKIPPED: %s\n' "$*" >&2
  exit 77
}
have() { command -v "$1" >/dev/null 2>&1; }
# The command fails with this exit code, and its output (kept in $work/out) has the text, wherever its lines break:  refuse CODE TEXT COMMAND...
refuse() {
  code=$1
  text=$2
  shift 2
  status=0
  "$@" >"$work/out" 2>&1 || status=$?
  { [ "$status" -ne 0 ] && { [ "$code" = any ] || [ "$status" -eq "$code" ]; }; } || fail "exit code $status, not $code: $*"
  tr -s ' \n' ' ' <"$work/out" | grep -qF -- "$text" || { cat "$work/out" >&2; fail "no '$text' from: $*"; }
}
# The files under a folder with their times: what a build did. CMake's Makefiles rewrite their notes on dependencies once.
state() { find "$1" -type f -not -name 'compiler_depend.*' -printf '%p %T@\n' | sort; }
# Installs into a clean prefix, then moves it: nothing may remember where it was.
install_moved() { # folder
  cmake --install "$build" --prefix "$work/first" >"$work/install.log" || { cat "$work/install.log" >&2; fail "cmake --install"; }
  mkdir -p "$(dirname "$1")"
  mv "$work/first" "$1"
}
# The indented lines of a page from the one that starts with a text to the end of its block:  block PAGE START
block() {
  awk -v start="    $2" 'index($0, start) == 1 { on = 1 } !/^    / { if (on) exit } on { print substr($0, 5) }' "$root/$1"
}
example=$root/examples/fashion_mnist
# the builds are tested here, not the accuracy: a second for a model instead of three
export TINYC_CALIB_SAMPLES=20 TINYC_CALIB_METHOD=minmax TINYC_WEIGHT_ROUNDING=nearest
