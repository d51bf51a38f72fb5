#!/bin/bash
# gpxlogger writes heights above the ellipsoid as elevations: tracks in England are 47 m too high.
#
# Packages: gpsd and gpsd-clients 3.22-4.1+deb12u1, gpsbabel 1.8.0+ds-5 (Debian 12).
# Input: a receiver with a 3D fix, whose GGA says that it is 45.0 m above mean sea level, and the
# geoid 46.9 m above the ellipsoid.
# Expected: 45.0 as <ele>, as maps have it; and 46.9 as <geoidheight>, which GPX has for those who
# want the other height.
# Seen: <ele> is the sum of both, 91.9, and nothing says so, although gpsd tells its clients either
# height. gpsbabel writes the two numbers, from the same sentences. In New York, where the geoid is
# below the ellipsoid, tracks come out too low.
. "$(dirname "$0")/common.bash"

debian_packages gpsd=3.22-4.1+deb12u1 gpsbabel=1.8.0+ds-5
# Alone: what it depends on is 70 packages for its windows.
(cd "$dir/deb" && apt-get -qq download gpsd-clients=3.22-4.1+deb12u1) 2> "$dir/apt" ||
  { cat "$dir/apt"; exit 2; }
dpkg-deb -x "$dir"/deb/gpsd-clients_*.deb "$dir/root"

cat > "$dir/feed.py" << 'END'
import sys
from gpsd_feed import reports, sentence

device, port, folder = sys.argv[1:]
bursts = []
for second in range(8):
    moment, place = "1200%02d.00" % second, "51%02d.00000,N,00006.00000,E" % (10 + second)
    bursts.append(sentence(f"GNGGA,{moment},{place},1,08,1.0,45.0,M,46.9,M,,") +
                  sentence("GNGSA,A,3,01,02,03,04,05,06,07,08,,,,,1.8,1.0,1.5") +
                  sentence(f"GNRMC,{moment},A,{place},038.9,000.0,270826,,,A"))
open(folder + "/log.nmea", "w", newline="").write("".join(bursts))
for report in reports(device, port, bursts, 0.4):
    if report["class"] == "TPV" and "12:00:07" in report.get("time", ""):
        print("gpsd: alt %(alt)s, altMSL %(altMSL)s, altHAE %(altHAE)s" % report)
        break
END

device=$(free_port) port=$(free_port)
python3 "$dir/feed.py" "$device" "$port" "$dir" > "$dir/seen" 2> "$dir/errors" &
feed=$!
until_listening "$device"
start gpsd -N -n -b -S "$port" "tcp://127.0.0.1:$device"
until_listening "$port"
start gpxlogger "127.0.0.1:$port"
wait $feed
kill "${started[-1]}" && wait "${started[-1]}"
unpacked gpsbabel -t -i nmea -f "$dir/log.nmea" -o gpx -F "$dir/gpsbabel.log"
for program in gpxlogger gpsbabel; do
  echo "$program:" $(grep -oE '<(ele|geoidheight)>[0-9]*\.[0-9]' "$dir/$program.log" | sort -u)
done >> "$dir/seen"

compare << 'END'
gpsd: alt 45.0, altMSL 45.0, altHAE 91.9
gpxlogger: <ele>91.9
gpsbabel: <ele>45.0 <geoidheight>46.9
END
