#!/bin/bash
# gpsbabel gives each position the time of the next one when RMC comes before GGA.
#
# Package: gpsbabel 1.8.0+ds-5 (Debian 12).
# Input: an NMEA log of a receiver that moves, one fix a second, each fix as RMC, VTG, GGA, GSA,
# GLL of the same time and place: the order in which many receivers send.
# Expected: each place at the time that its own sentences say.
# Seen: from the second fix on, the place is the one before it; the last place is lost. The same
# log with GGA before RMC comes out right.
. "$(dirname "$0")/common.bash"

debian_packages gpsbabel=1.8.0+ds-5

python3 - "$dir" << 'END'
import sys
from gpsd_feed import sentence

def log(order):
    lines = ""
    for second in range(5):
        time, place = "1200%02d.00" % second, "51%02d.00000,N,00006.00000,E" % (10 + second)
        fix = {"RMC": f"GNRMC,{time},A,{place},038.9,000.0,270826,,,A",
               "VTG": "GNVTG,000.0,T,,M,038.9,N,072.0,K,A",
               "GGA": f"GNGGA,{time},{place},1,08,1.0,45.0,M,46.9,M,,",
               "GSA": "GNGSA,A,3,01,02,03,04,05,06,07,08,,,,,1.8,1.0,1.5",
               "GLL": f"GNGLL,{place},{time},A,A"}
        lines += "".join(sentence(fix[kind]) for kind in order)
    return lines

folder = sys.argv[1]
open(folder + "/rmc.nmea", "w", newline="").write(log(["RMC", "VTG", "GGA", "GSA", "GLL"]))
open(folder + "/gga.nmea", "w", newline="").write(log(["GGA", "GSA", "GLL", "RMC", "VTG"]))
END

for first in gga rmc; do
  echo "$first first: latitude and time"
  unpacked gpsbabel -t -i nmea -f "$dir/$first.nmea" -o unicsv,utc=0,fields=lat+date+time -F - |
    python3 -c 'import csv, sys
for row in csv.DictReader(sys.stdin): print(row["Latitude"], row["Time"])'
done > "$dir/seen"

compare << 'END'
gga first: latitude and time
51.166667 12:00:00
51.183333 12:00:01
51.200000 12:00:02
51.216667 12:00:03
51.233333 12:00:04
rmc first: latitude and time
51.166667 12:00:00
51.166667 12:00:01
51.183333 12:00:02
51.200000 12:00:03
51.216667 12:00:04
END
