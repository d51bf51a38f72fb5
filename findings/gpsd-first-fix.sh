#!/bin/bash
# gpsd reports a 3D fix without a time, although its protocol says that only "no fix" lacks one.
#
# Package: gpsd 3.22-4.1+deb12u1 (Debian 12).
# Input: a receiver that is switched on with a fix and sends GGA, GSA, RMC, VTG once a second.
# Expected: gpsd_json(5): "time" may be absent if the mode is not 2D or 3D. So one TPV per second,
# each with mode 3, time and place.
# Seen: the first second gives three TPVs with a place; the first two have mode 3 and no time, as
# GGA and GSA know no date. With RMC first the first is a 2D fix without altitude and the second
# four TPVs say the same time. From the next second on all is well.
. "$(dirname "$0")/common.bash"

debian_packages gpsd=3.22-4.1+deb12u1

cat > "$dir/feed.py" << 'END'
import sys
from gpsd_feed import reports, sentence

device, port, order = sys.argv[1:]
bursts = []
for second in range(4):
    moment, place = "1200%02d.00" % second, "51%02d.00000,N,00006.00000,E" % (10 + second)
    fix = {"RMC": f"GNRMC,{moment},A,{place},038.9,000.0,270826,,,A",
           "VTG": "GNVTG,000.0,T,,M,038.9,N,072.0,K,A",
           "GGA": f"GNGGA,{moment},{place},1,08,1.0,45.0,M,46.9,M,,",
           "GSA": "GNGSA,A,3,01,02,03,04,05,06,07,08,,,,,1.8,1.0,1.5",
           "GLL": f"GNGLL,{place},{moment},A,A"}
    bursts.append("".join(sentence(fix[kind]) for kind in order.split(",")))
for report in reports(device, port, bursts, 0.4):
    if report["class"] == "TPV":
        time = report.get("time", "no time")
        print("mode", report["mode"], time, "latitude %.6f" % report["lat"],
              "altitude" if "alt" in report else "no altitude")
        if "12:00:02" in time:
            break
END

for order in GGA,GSA,RMC,VTG RMC,VTG,GGA,GSA,GLL; do
  echo "$order"
  device=$(free_port) port=$(free_port)
  python3 "$dir/feed.py" "$device" "$port" $order &
  feed=$!
  until_listening "$device"
  start gpsd -N -n -b -S "$port" "tcp://127.0.0.1:$device"
  wait $feed
  kill "${started[-1]}" && wait "${started[-1]}"
done > "$dir/seen" 2> "$dir/errors"

compare << 'END'
GGA,GSA,RMC,VTG
mode 3 no time latitude 51.166667 altitude
mode 3 no time latitude 51.166667 altitude
mode 3 2026-08-27T12:00:00.000Z latitude 51.166667 altitude
mode 3 2026-08-27T12:00:01.000Z latitude 51.183333 altitude
mode 3 2026-08-27T12:00:02.000Z latitude 51.200000 altitude
RMC,VTG,GGA,GSA,GLL
mode 2 2026-08-27T12:00:00.000Z latitude 51.166667 no altitude
mode 3 2026-08-27T12:00:00.000Z latitude 51.166667 altitude
mode 3 2026-08-27T12:00:00.000Z latitude 51.166667 altitude
mode 3 2026-08-27T12:00:00.000Z latitude 51.166667 altitude
mode 3 2026-08-27T12:00:01.000Z latitude 51.183333 altitude
mode 3 2026-08-27T12:00:02.000Z latitude 51.200000 altitude
END
