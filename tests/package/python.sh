#!/bin/sh
# The Python module on the built command, and its types (all.sh builds and installs wheels):  python.sh BUILD
set -eu
build=$(cd "$1" && pwd)
. "$(dirname "$0")/lib.sh"
have python3 || skip "python3 is not installed"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' || skip "python3 is older than 3.9"
export PYTHONPATH="$root/src/python" PYTHONDONTWRITEBYTECODE=1 TINYC_BINARY="$build/tinyc"
python3 "$here/module_test.py" 2>"$work/log" || { cat "$work/log" >&2; fail "the module"; }
grep -E '^(Ran|SKIPPED|OK)' "$work/log"
if python3 -c 'import mypy' 2>/dev/null; then
  cd "$root/src/python"
  python3 -m mypy --strict --cache-dir "$work/mypy" tinyc || fail "types"
else
  echo "SKIPPED: mypy is not installed; types are not checked"
fi
