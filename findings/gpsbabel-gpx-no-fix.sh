#!/bin/bash
# The NMEA log that gpsbabel makes of a GPX track says of each place that there was no fix.
#
# Packages: gpsbabel 1.8.0+ds-5, gpsd 3.22-4.1+deb12u1 (Debian 12).
# Input: a GPX track of five places with times: with no more than that, as many programs write it;
# with <fix>; with <fix> and <sat>. gpsbabel makes NMEA of it, as gpsd and its gpsfake take it.
# Expected: five places each time. Both are optional, and to leave <fix> out means that nothing is
# known of the fix; that there was none is <fix>none</fix> (GPX 1.1).
# Seen: without <fix> each RMC has the status V and each GGA the quality 0, beside place and time.
# gpsd tells of no place, and gpsbabel itself reads none from what it has written, with exit code 0.
# With <fix> GGA counts 0 satellites, and gpsd tells of the first place only. It takes both.
. "$(dirname "$0")/common.bash"

debian_packages gpsbabel=1.8.0+ds-5 gpsd=3.22-4.1+deb12u1

# track NAME FIX: a GPX track, with this in each place.
track() {
  local second
  {
    echo '<?xml version="1.0"?><gpx version="1.1" creator="x"'
    echo 'xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>'
    for second in 1 2 3 4 5; do
      echo "<trkpt lat='51.$second' lon='6'><ele>45</ele>"
      echo "<time>2026-08-27T12:00:0${second}Z</time>$2</trkpt>"
    done
    echo '</trkseg></trk></gpx>'
  } > "$dir/$1.gpx"
}

cat > "$dir/feed.py" << 'END'
import sys
from gpsd_feed import reports

device, port, log = sys.argv[1:]
lines = open(log, newline="").read().splitlines(keepends=True)
bursts = [rmc + gga for rmc, gga in zip(lines[::2], lines[1::2])]
for report in reports(device, port, bursts, 0.2):
    if "lat" in report:
        print(report["lat"], flush=True)
END

track plain ''
track fix '<fix>3d</fix>'
track fix-sat '<fix>3d</fix><sat>8</sat>'
for name in plain fix fix-sat; do
  log=$dir/$name.nmea
  unpacked gpsbabel -t -i gpx -f "$dir/$name.gpx" -o nmea -F "$log"
  head -2 "$log"
  unpacked gpsbabel -t -i nmea -f "$log" -o unicsv -F "$dir/$name.csv"
  echo "$name: gpsbabel ends with $? and reads $(grep -c ,51 "$dir/$name.csv")"

  device=$(free_port) port=$(free_port)
  timeout 4 python3 "$dir/feed.py" "$device" "$port" "$log" > "$dir/$name.places" &
  feed=$!
  until_listening "$device"
  start gpsd -N -n -b -S "$port" "tcp://127.0.0.1:$device"
  wait $feed
  echo "$name: gpsd tells of $(sort -u "$dir/$name.places" | wc -l)"
done > "$dir/seen" 2>&1

compare << 'END'
$GPRMC,120001.000,V,5106.000,N,00600.000,E,0.00,0.00,270826,,*1B
$GPGGA,120001.000,5106.000,N,00600.000,E,0,00,0.0,45.000,M,0.0,M,,*5A
plain: gpsbabel ends with 0 and reads 0
plain: gpsd tells of 0
$GPRMC,120001.000,A,5106.000,N,00600.000,E,0.00,0.00,270826,,*0C
$GPGGA,120001.000,5106.000,N,00600.000,E,1,00,0.0,45.000,M,0.0,M,,*5B
fix: gpsbabel ends with 0 and reads 5
fix: gpsd tells of 1
$GPRMC,120001.000,A,5106.000,N,00600.000,E,0.00,0.00,270826,,*0C
$GPGGA,120001.000,5106.000,N,00600.000,E,1,08,0.0,45.000,M,0.0,M,,*53
fix-sat: gpsbabel ends with 0 and reads 5
fix-sat: gpsd tells of 5
END
