#!/bin/sh
# The sine as CSV (columns x and y):  data.sh POINTS SHIFT   SHIFT moves the points by a share of their distance
awk -v n="$1" -v shift="$2" 'BEGIN {
  print "x,y"
  for (i = 0; i < n; i++) { x = 6.28318530718 * (i + shift) / n; printf "%.6f,%.6f\n", x, sin(x) }
}'
