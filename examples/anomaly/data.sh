#!/bin/sh
# Made-up vibration spectra of a machine as CSV: 32 bands, and the label y (1: anomaly) where a share of them is asked for.
#   data.sh ROWS SEED [SHARE_OF_ANOMALIES]
# A healthy machine hums at a speed between 4 and 7 and its first three harmonics. A worn bearing adds a peak between them; a loose
# screw raises the noise of the upper bands.
awk -v rows="$1" -v seed="$2" -v share="${3:-0}" '
function random() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
function peak(at, band, height) { return height * exp(-(band - at) * (band - at) / 0.7) }
BEGIN {
  for (i = 0; i < 5; i++) random()
  for (band = 0; band < 32; band++) printf("b%d%s", band, band < 31 ? "," : (share > 0 ? ",y\n" : "\n"))
  for (i = 0; i < rows; i++) {
    speed = 4 + 3 * random(); load = 0.6 + 0.4 * random(); bad = random() < share; kind = random() < 0.5
    at = speed * (1.35 + 0.3 * random())
    for (band = 0; band < 32; band++) {
      v = peak(speed, band, load) + peak(2 * speed, band, 0.7 * load) + peak(3 * speed, band, 0.5 * load) + peak(4 * speed, band, 0.3 * load)
      if (bad && kind) v += peak(at, band, 0.35)
      if (bad && !kind && band > 18) v += 0.22 * random()
      printf("%.5f%s", v + 0.04 * random(), band < 31 ? "," : (share > 0 ? "," bad "\n" : "\n"))
    }
  }
}'
