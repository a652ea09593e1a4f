#!/usr/bin/env bash
# The checks of sources as text:  lint.sh BUILD [FILE...]   (BUILD: a configured folder; with FILEs only clang-tidy, on them)
# What is switched off, and why: .clang-tidy, src/rt/.clang-tidy, tests/cppcheck.txt. Tests and examples are only formatted.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
shift
jobs=$(nproc)
status=0

# A file without findings is not looked at again until it, a header, the rules or the linter change.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tinyc-lint
mkdir -p "$cache"
rules=$(cat .clang-tidy src/rt/.clang-tidy; clang-tidy-19 --version)
export build cache rules
tidy_one() {
  case $1 in
    *.c) seen=$(gcc -E -P -C -std=c99 -DTINYC_TRACE -Iinclude/tinyc_rt -Iinclude "$1" 2>/dev/null) ;;
    *) seen=$(g++ -E -P -C -std=c++20 -Iinclude -Iinclude/tinyc_rt -Isrc -isystem "$build/generated" -isystem /usr/include/eigen3 "$1" 2>/dev/null) ;;
  esac
  key=$(printf '%s\n' "$rules" "$1" "$seen" | sha256sum | cut -d' ' -f1)
  [ ! -e "$cache/$key" ] || return 0
  clang-tidy-19 -p "$build" --quiet "$1" 2>&1 && : >"$cache/$key"
}
export -f tidy_one
tidy() { # files...
  printf '%s\n' "$@" | xargs -P "$jobs" -I{} bash -c 'tidy_one {}' | sed -E "/^[0-9]+ warning.*(generated|as errors?)\.?$|^Error while processing/d"
}
if [ $# -gt 0 ]; then
  tidy "$@"
  exit
fi

git ls-files '*.c' '*.h' '*.cpp' ':!examples/*/firmware/pictures.h' | xargs clang-format-19 --dry-run -Werror || status=1

# the trace is compiled in, so that it is looked at too
printf '%s\n' src/rt/*.c | xargs -P "$jobs" -I{} \
  gcc -std=c99 -O2 -fanalyzer -Wall -Wextra -Wpedantic -Wconversion -Werror -Iinclude/tinyc_rt -DTINYC_TRACE -c {} -o /dev/null || status=1

cppcheck -q -j "$jobs" --enable=warning,performance,portability --error-exitcode=1 --suppressions-list=tests/cppcheck.txt \
  -I include -I include/tinyc_rt -I src --std=c++20 --std=c99 src passes || status=1

tidy src/rt/*.c src/*.cpp src/*/*.cpp passes/*.cpp || status=1
exit $status
