#!/bin/bash
# A GPX track that gpxpy has read and written is eight days older, or two weeks newer, for gpsbabel.
#
# Packages: python3-gpxpy 1.5.0-1, gpsbabel 1.8.0+ds-5 (Debian 12).
# Input: a GPX track of four places at noon UTC, whose times are said in UTC, by an offset of two
# hours, of two hours with a fraction, and of minus three and a half.
# Expected: noon for all of them, from the track itself and from what gpxpy made of it.
# Seen: gpxpy reads all four right. It writes the offset without a colon, +0200, which is no
# xsd:dateTime, what GPX has for times. gpsbabel takes that for 200 hours and no minutes, without a
# word. The track as it was it reads right.
. "$(dirname "$0")/common.bash"

debian_packages python3-gpxpy=1.5.0-1 gpsbabel=1.8.0+ds-5

cat > "$dir/track.gpx" << 'END'
<?xml version="1.0"?>
<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="51.1" lon="6"><time>2026-08-27T12:00:01Z</time></trkpt>
<trkpt lat="51.1" lon="6"><time>2026-08-27T14:00:02+02:00</time></trkpt>
<trkpt lat="51.1" lon="6"><time>2026-08-27T14:00:03.25+02:00</time></trkpt>
<trkpt lat="51.1" lon="6"><time>2026-08-27T08:30:04-03:30</time></trkpt>
</trkseg></trk></gpx>
END
cat > "$dir/rewrite.py" << 'END'
import datetime
import re
import sys

import gpxpy

track = gpxpy.parse(sys.stdin)
for place in track.tracks[0].segments[0].points:
    print("gpxpy reads ", place.time.astimezone(datetime.timezone.utc).strftime("%F %T"))
text = track.to_xml()
for time in re.findall("<time>(.*)</time>", text):
    print("gpxpy writes", time)
open(sys.argv[1], "w").write(text)
END

{
  PYTHONPATH=$dir/root/usr/lib/python3/dist-packages python3 "$dir/rewrite.py" \
    "$dir/rewritten.gpx" < "$dir/track.gpx"
  for file in track rewritten; do
    unpacked gpsbabel -t -i gpx -f "$dir/$file.gpx" -o unicsv,utc=0 -F - |
      python3 -c 'import csv, sys
for row in csv.DictReader(sys.stdin):
    print("gpsbabel,", sys.argv[1] + ":", row["Date"], row["Time"])' $file
  done
} > "$dir/seen" 2>&1

compare << 'END'
gpxpy reads  2026-08-27 12:00:01
gpxpy reads  2026-08-27 12:00:02
gpxpy reads  2026-08-27 12:00:03
gpxpy reads  2026-08-27 12:00:04
gpxpy writes 2026-08-27T12:00:01Z
gpxpy writes 2026-08-27T14:00:02+0200
gpxpy writes 2026-08-27T14:00:03.250000+0200
gpxpy writes 2026-08-27T08:30:04-0330
gpsbabel, track: 2026/08/27 12:00:01
gpsbabel, track: 2026/08/27 12:00:02
gpsbabel, track: 2026/08/27 12:00:03.250
gpsbabel, track: 2026/08/27 12:00:04
gpsbabel, rewritten: 2026/08/27 12:00:01
gpsbabel, rewritten: 2026/08/19 06:00:02
gpsbabel, rewritten: 2026/08/19 06:00:03.250
gpsbabel, rewritten: 2026/09/10 02:30:04
END
