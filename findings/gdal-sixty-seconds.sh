#!/bin/bash
# GDAL turns a time shortly before midnight into the second 60 of 23:59, which others do not read.
#
# Packages: gdal-bin 3.6.2+dfsg-1+b2 (Debian 12); Python 3.11 as a reader.
# Input: GeoJSON points with times in microseconds, as a server of positions writes them; ogr2ogr
# copies them from GeoJSON to GeoJSON and to GPX.
# Expected: the same text; or milliseconds, cut off or rounded into the next minute.
# Seen: ogr2ogr takes text that looks like a time for one, and rounds the seconds alone. From
# 59.9995 on they become 60: 23:59:60 on an ordinary day, 12:00:60.000. Python's
# fromisoformat refuses both. A copy of the copy keeps them.
. "$(dirname "$0")/common.bash"

debian_packages gdal-bin=3.6.2+dfsg-1+b2

python3 - "$dir/times.json" << 'END'
import json, sys
times = ["2026-08-27T12:00:00.123456Z", "2026-08-27T12:00:59.9994Z", "2026-08-27T12:00:59.9996Z",
         "2026-08-27T23:59:59.999999Z"]
json.dump({"type": "FeatureCollection", "features": [
    {"type": "Feature", "geometry": {"type": "Point", "coordinates": [6, 51]},
     "properties": {"time": time}} for time in times]}, open(sys.argv[1], "w"))
END

copy() {
  GDAL_DATA=$dir/root/usr/share/gdal PROJ_DATA=$dir/root/usr/share/proj \
    unpacked ogr2ogr "$@" 2>> "$dir/errors"
}
copy -f GeoJSON "$dir/copy.json" "$dir/times.json"
copy -f GeoJSON "$dir/again.json" "$dir/copy.json"
copy -f GPX "$dir/copy.gpx" "$dir/times.json"

python3 - "$dir" > "$dir/seen" << 'END'
import datetime, json, re, sys
def times(name):
    return [point["properties"]["time"]
            for point in json.load(open(sys.argv[1] + "/" + name))["features"]]
gpx = re.findall("<time>(.*?)</time>", open(sys.argv[1] + "/copy.gpx").read())
copies = times("times.json"), times("copy.json"), times("again.json"), gpx
for before, after, again, point in zip(*copies):
    try:
        datetime.datetime.fromisoformat(after)
        read = "Python reads it"
    except ValueError as error:
        read = error
    print(before[11:], "->", after[11:], "->", again[11:], "GPX", point[11:], "|", read)
END

compare << 'END'
12:00:00.123456Z -> 12:00:00.123Z -> 12:00:00.123Z GPX 12:00:00.123Z | Python reads it
12:00:59.9994Z -> 12:00:59.999Z -> 12:00:59.999Z GPX 12:00:59.999Z | Python reads it
12:00:59.9996Z -> 12:00:60.000Z -> 12:00:60Z GPX 12:00:60.000Z | second must be in 0..59
23:59:59.999999Z -> 23:59:60Z -> 23:59:60Z GPX 23:59:60Z | second must be in 0..59
END
