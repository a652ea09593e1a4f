#!/bin/sh
# The Debian package, unpacked into an empty folder (all.sh installs it with apt in a chroot):  deb.sh BUILD
set -eu
build=$(cd "$1" && pwd)
. "$(dirname "$0")/lib.sh"
have dpkg-deb || skip "dpkg-deb is not installed"
cd "$work"
cpack --config "$build/CPackConfig.cmake" -B "$work/packages" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "cpack"; }
deb=$(echo "$work"/packages/tinyc_*.deb)
[ -f "$deb" ] || fail "no package"
echo "== $(basename "$deb"): $(stat -c %s "$deb") bytes"
dpkg-deb -f "$deb" Depends | tee depends
grep -q 'libc6 (>= ' depends && grep -q 'libspdlog' depends || fail "dependencies are missing"
dpkg-deb -x "$deb" files
dpkg-deb -c "$deb" | awk '{ print $2 }' | sort -u | grep -vx 'root/root' && fail "files do not belong to root"
for file in bin/tinyc lib/cmake/tinyc/tinycConfig.cmake lib/libtinyc_core.a include/tinyc/graph.h share/tinyc/tinyc.mk \
  share/tinyc/runtime/tinyc_rt.h share/doc/tinyc/copyright share/doc/tinyc/CHANGELOG.md share/man/man1/tinyc-compress.1.gz \
  share/bash-completion/completions/tinyc share/zsh/vendor-completions/_tinyc share/fish/vendor_completions.d/tinyc.fish; do
  [ -s "files/usr/$file" ] || fail "the package has no /usr/$file"
done
if have mandb && have man; then
  MANWIDTH=100 man -l files/usr/share/man/man1/tinyc-compress.1.gz | grep -q -- '--max-flash SIZE' || fail "the manual page cannot be read"
else
  echo "SKIPPED: man is not installed; the manual page is not shown"
fi
[ "$(files/usr/bin/tinyc version)" = "$("$build/tinyc" version)" ] || fail "the packaged tinyc is another"
# --load-pass: the executable still has what passes call
nm -D --defined-only files/usr/bin/tinyc | grep -q verify || fail "stripping removed what passes call"

if have lintian; then
  # the maintainer is whoever builds the package
  lintian --fail-on error --allow-root --suppress-tags no-changelog,bogus-mail-host "$deb" || fail "lintian"
else
  echo "SKIPPED: lintian is not installed"
fi
