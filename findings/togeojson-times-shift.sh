#!/bin/bash
# togeojson gives places the times of later ones when one place of the track has no time.
#
# Packages: npm @tmcw/togeojson 7.1.3, @mapbox/togeojson 0.16.2, togpx 0.5.4, @xmldom/xmldom
# 0.9.12; gpsbabel 1.8.0+ds-5 (Debian 12) for comparison.
# Input: a GPX track of five places, the first and the fourth without a time, which is optional in
# GPX. A KML track of three, the second with an empty gx:coord, which KML has for a time without a
# place.
# Expected: times and places with the same index belong together, with null for a time that is
# missing, as it is done for heart rates; and no place where there is none.
# Seen: missing times are left out, so the later ones move to earlier places, and togpx writes them
# into GPX that way. Heart rates stay where they belong. The empty gx:coord becomes the position
# [null], which is no GeoJSON. gpsbabel reads both tracks right.
. "$(dirname "$0")/common.bash"

debian_packages gpsbabel=1.8.0+ds-5
npm_packages @tmcw/togeojson@7.1.3 @mapbox/togeojson@0.16.2 togpx@0.5.4 @xmldom/xmldom@0.9.12

# place LATITUDE HEART-RATE SECOND: a place of the track; either of the last two may be empty.
place() {
  local heart="<gpxtpx:TrackPointExtension><gpxtpx:hr>$2</gpxtpx:hr></gpxtpx:TrackPointExtension>"
  echo "<trkpt lat='$1' lon='6'>${3:+<time>2026-08-27T12:00:0$3Z</time>}"
  echo "${2:+<extensions>$heart</extensions>}</trkpt>"
}
cat > "$dir/track.gpx" << END
<?xml version="1.0"?>
<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"
  xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1"><trk><trkseg>
$(place 51.1 81 ''; place 51.2 '' 2; place 51.3 83 3; place 51.4 84 ''; place 51.5 85 5)
</trkseg></trk></gpx>
END
cat > "$dir/track.kml" << 'END'
<?xml version="1.0"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Placemark><gx:Track>
<when>2026-08-27T12:00:01Z</when><when>2026-08-27T12:00:02Z</when>
<when>2026-08-27T12:00:03Z</when>
<gx:coord>6 51.1 0</gx:coord><gx:coord/><gx:coord>6 51.3 0</gx:coord>
</gx:Track></Placemark></kml>
END

cat > "$dir/read.mjs" << 'END'
import { readFileSync } from 'node:fs';
import { DOMParser } from '@xmldom/xmldom';
import * as tmcw from '@tmcw/togeojson';
import mapbox from '@mapbox/togeojson';
import togpx from 'togpx';

const parse = (text) => new DOMParser().parseFromString(text, 'text/xml');
const read = (name) => parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const seconds = (times) => times.map((time) => time.slice(17, 19)).join(' ');

const track = tmcw.gpx(read('track.gpx')).features[0];
const { times, heart } = track.properties.coordinateProperties;
console.log('latitudes', track.geometry.coordinates.map((place) => place[1]).join(' '));
console.log('heart rates', JSON.stringify(heart));
console.log('times of @tmcw', seconds(times));
const older = mapbox.gpx(read('track.gpx'));
console.log('times of @mapbox', seconds(older.features[0].properties.coordTimes));
for (const place of togpx(older).match(/<trkpt .*?(\/>|<\/trkpt>)/g)) {
  console.log('togpx', /lat="(.*?)"/.exec(place)[1], /:(..)Z/.exec(place)?.[1] ?? '-');
}
console.log('KML', JSON.stringify(tmcw.kml(read('track.kml')).features[0].geometry.coordinates));
END
{
  node "$dir/read.mjs"
  for format in gpx kml; do
    unpacked gpsbabel -t -i $format -f "$dir/track.$format" -o unicsv,utc=0 -F - |
      python3 -c 'import csv, sys
for row in csv.DictReader(sys.stdin):
    print("gpsbabel", sys.argv[1], row["Latitude"][:4], row["Time"][6:] or "-")' $format
  done
} > "$dir/seen" 2>&1

compare << 'END'
latitudes 51.1 51.2 51.3 51.4 51.5
heart rates [81,null,83,84,85]
times of @tmcw 02 03 05
times of @mapbox 02 03 05
togpx 51.1 02
togpx 51.2 03
togpx 51.3 05
togpx 51.4 -
togpx 51.5 -
KML [[6,51.1,0],[null],[6,51.3,0]]
gpsbabel gpx 51.1 -
gpsbabel gpx 51.2 02
gpsbabel gpx 51.3 03
gpsbabel gpx 51.4 -
gpsbabel gpx 51.5 05
gpsbabel kml 51.1 01
gpsbabel kml 51.3 03
END
