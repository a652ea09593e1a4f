#!/bin/sh
# Made-up movements of a hand as CSV: 32 accelerations (x, y, z in g, 25 a second) one after the other, and the label y.
#   data.sh ROWS SEED
# 0 rest: gravity and a trembling hand; 1 shake: fast to and fro along x; 2 circle: x and y a quarter turn apart; 3 lift: z up, then
# down. A hand holds the board a little askew, and is more or less lively.
awk -v rows="$1" -v seed="$2" '
function random() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
function between(a, b) { return a + (b - a) * random() }
BEGIN {
  for (i = 0; i < 5; i++) random()
  for (i = 0; i < 96; i++) printf("a%d,", i)
  print "y"
  for (i = 0; i < rows; i++) {
    kind = int(4 * random()); force = between(0.5, 1.2); phase = between(0, 6.28); start = between(3, 14)
    askew = between(-0.2, 0.2); tilt = between(-0.2, 0.2); speed = kind == 1 ? between(1.4, 2.2) : between(0.35, 0.65)
    for (t = 0; t < 32; t++) {
      x = askew; y = tilt; z = 1
      if (kind == 1) x += force * sin(speed * t + phase)
      if (kind == 2) { x += force * sin(speed * t + phase); y += force * cos(speed * t + phase) }
      if (kind == 3) { u = t - start; z += force * (exp(-u * u / 12) - exp(-(u - 8) * (u - 8) / 12)) }
      printf("%.4f,%.4f,%.4f,", x + between(-0.08, 0.08), y + between(-0.08, 0.08), z + between(-0.08, 0.08))
    }
    print kind
  }
}'
