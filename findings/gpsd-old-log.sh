#!/bin/bash
# Three readers of NMEA dates disagree by 20 and by 100 years.
#
# Packages: gpsd 3.22-4.1+deb12u1, gpsbabel 1.8.0+ds-5, python3-nmea2 1.15.0-4 (Debian 12).
# Input: RMC sentences of old logs, with a date in two digits each.
# Expected: the year of the log; for two digits, what all agree on.
# Seen: gpsd takes any date before 2017 for one of a receiver that lost count of the GPS weeks,
# and adds 1,024 weeks: a log of 2005 is one of 2024, and one of 2016 lies in 2035 or 2036.
# gpsbabel reads 98 as 2098, pynmea2 as 1998. From 2017 on they agree.
. "$(dirname "$0")/common.bash"

debian_packages gpsd=3.22-4.1+deb12u1 gpsbabel=1.8.0+ds-5 python3-nmea2=1.15.0-4

cat > "$dir/feed.py" << 'END'
import sys
from gpsd_feed import reports, sentence

device, port, folder, date = sys.argv[1:]
log = [sentence("GPRMC,1200%02d.00,A,51%02d.00000,N,00006.00000,E,010.0,000.0,%s,,,A" %
                (second, 10 + second, date)) for second in range(4)]
open(folder + "/log.nmea", "w", newline="").write("".join(log))
for report in reports(device, port, log, 0.1):
    if "lat" in report:
        print(report["time"][:10])
        break
END

for date in 061198 100405 010116 311216 020117 270826; do
  device=$(free_port) port=$(free_port)
  python3 "$dir/feed.py" "$device" "$port" "$dir" $date > "$dir/gpsd" &
  feed=$!
  until_listening "$device"
  start gpsd -N -n -b -S "$port" "tcp://127.0.0.1:$device"
  wait $feed
  kill "${started[-1]}" && wait "${started[-1]}"
  babel=$(unpacked gpsbabel -t -i nmea -f "$dir/log.nmea" -o unicsv,utc=0,fields=date -F - |
    grep -o '20../../..' | head -1)
  nmea2=$(PYTHONPATH=$dir/root/usr/lib/python3/dist-packages python3 -c 'import pynmea2, sys
print(pynmea2.parse(open(sys.argv[1]).readline().strip()).datetime.date())' "$dir/log.nmea")
  echo "$date gpsd $(cat "$dir/gpsd") gpsbabel ${babel//\//-} pynmea2 $nmea2"
done > "$dir/seen" 2> "$dir/errors"

compare << 'END'
061198 gpsd 2018-06-22 gpsbabel 2098-11-06 pynmea2 1998-11-06
100405 gpsd 2024-11-24 gpsbabel 2005-04-10 pynmea2 2005-04-10
010116 gpsd 2035-08-17 gpsbabel 2016-01-01 pynmea2 2016-01-01
311216 gpsd 2036-08-16 gpsbabel 2016-12-31 pynmea2 2016-12-31
020117 gpsd 2017-01-02 gpsbabel 2017-01-02 pynmea2 2017-01-02
270826 gpsd 2026-08-27 gpsbabel 2026-08-27 pynmea2 2026-08-27
END
