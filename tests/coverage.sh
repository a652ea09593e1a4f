#!/bin/sh
# Line coverage of src/, passes/ and src/rt/ by the tests: coverage.sh BUILD, a build with --coverage.
# The emulated microcontrollers are left out: what runs there is not instrumented.
# Fails below 92 % overall or 98 % in src/rt.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)

find "$build" -name '*.gcda' -delete
for test in "$build"/tests/test_*; do
  case $test in
    */test_mcu | *.cmake | *.d | *_include*) continue ;;
  esac
  [ -x "$test" ] && [ -f "$test" ] || continue
  echo "== $(basename "$test")" >&2
  (cd "$build/tests" && "$test" >"$build/coverage_test.log" 2>&1) || {
    tail -40 "$build/coverage_test.log" >&2
    exit 1
  }
done

# -t prints "COUNT:LINE:TEXT"; a line that several objects hold (headers, templates) is covered when it is in one of them
find "$build/CMakeFiles" -name '*.gcno' | sort | while read -r notes; do
  (cd "$build" && gcov -t -r -s "$root" "$notes" 2>/dev/null) || true
done | awk -F: -v root="$root/" '
  $2 ~ /^ *0$/ {
    if ($3 == "Source") {
      file = $4
      if (index(file, root) == 1) file = substr(file, length(root) + 1)
      sub(/^(\.\.\/)+/, "", file)
    }
    next
  }
  file !~ /^(src|passes)\// || $1 !~ /[0-9#=]/ || $2 !~ /^ *[0-9]+$/ { next }
  {
    key = file SUBSEP ($2 + 0)
    if (!(key in seen)) { seen[key] = 0; lines[file]++ }
    if ($1 ~ /[1-9]/ && !seen[key]) { seen[key] = 1; hit[file]++ }
  }
  END {
    for (f in lines) {
      folder = f
      if (!sub(/\/[^\/]*$/, "", folder)) folder = "."
      n[folder] += lines[f]; h[folder] += hit[f]; all += lines[f]; all_hit += hit[f]
      printf "2 %.4f %-40s %6d %6d  %5.1f%%\n", hit[f] / lines[f], f, lines[f], hit[f], 100 * hit[f] / lines[f]
      for (l = 1; l < 2000; ++l) if ((f, l) in seen && !seen[f, l]) printf "4 %s:%d\n", f, l
    }
    for (f in n) printf "1 %s %-40s %6d %6d  %5.1f%%\n", f, f, n[f], h[f], 100 * h[f] / n[f]
    if (all == 0) { print "3 nothing was measured"; exit }
    total = 100 * all_hit / all
    rt = n["src/rt"] ? 100 * h["src/rt"] / n["src/rt"] : 0
    printf "3 %-40s %6d %6d  %5.1f%%\n", "all", all, all_hit, total
    if (total < 92) print "3 below the limit: 92 % overall"
    if (rt < 98) print "3 below the limit: 98 % in src/rt"
  }' >"$build/coverage.txt"

printf '%-40s %6s %6s\n' folder lines run
grep '^1' "$build/coverage.txt" | sort -k2,2 | cut -d' ' -f3-
grep '^3' "$build/coverage.txt" | cut -d' ' -f2-
printf '\nlowest files\n'
grep '^2' "$build/coverage.txt" | sort -k2,2n | head -20 | cut -d' ' -f3-
grep '^4' "$build/coverage.txt" | cut -d' ' -f2- | sort -t: -k1,1 -k2,2n >"$build/not_covered.txt"
printf '\nlines that no test runs: %s\n' "${build#"$root"/}/not_covered.txt"
! grep -qE '^3 (below|nothing)' "$build/coverage.txt"
