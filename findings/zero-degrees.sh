#!/bin/bash
# At Greenwich and on the equator five packages move places to the other side, or by 111 km.
#
# Packages: npm coordinate-parser 1.0.7, geo-coordinates-parser 1.7.4, @mapbox/sexagesimal 1.2.0,
# dms-conversion 3.1.4, gpx-parse 0.10.4; for comparison parse-dms 0.0.5, gpxparser 3.0.8.
# Input: places in degrees and minutes with a sign, of which some have less than one degree; a GPX
# track through the meridian of Greenwich and over the equator.
# Expected: -0 degrees 30 minutes is half a degree south, as -1 degree 30 minutes is one and a half;
# a latitude or longitude of 0 is 0.
# Seen: three keep the sign in the number of degrees, where -0 and 0 are equal: south becomes north,
# and west of Greenwich east. dms-conversion adds minutes to the degrees whatever their sign, so it
# is wrong everywhere: -1 degree 30 minutes is -0.5. gpx-parse takes a 0 for a value that is
# missing, and that for -1. None of them reports an error.
. "$(dirname "$0")/common.bash"

npm_packages coordinate-parser@1.0.7 geo-coordinates-parser@1.7.4 @mapbox/sexagesimal@1.2.0 \
  dms-conversion@3.1.4 gpx-parse@0.10.4 parse-dms@0.0.5 gpxparser@3.0.8

cat > "$dir/track.gpx" << 'END'
<?xml version="1.0"?>
<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="51.47790" lon="-0.00001"/><trkpt lat="51.47790" lon="0.00000"/>
<trkpt lat="51.47790" lon="0.00001"/>
<trkpt lat="0.00000" lon="-78.45580"/><trkpt lat="-0.00001" lon="-78.45580"/>
</trkseg></trk></gpx>
END
cat > "$dir/read.mjs" << 'END'
import { readFileSync } from 'node:fs';
import Coordinates from 'coordinate-parser';
import { convert } from 'geo-coordinates-parser';
import sexagesimal from '@mapbox/sexagesimal';
import { parseDms } from 'dms-conversion';
import parseBoth from 'parse-dms';
import gpxParse from 'gpx-parse';
import gpxparser from 'gpxparser';

const readers = {
  'parse-dms': (text) => Object.values(parseBoth(text)),
  'coordinate-parser': (text) => {
    const place = new Coordinates(text);
    return [place.getLatitude(), place.getLongitude()];
  },
  'geo-coordinates-parser': (text) => {
    const place = convert(text);
    return [place.decimalLatitude, place.decimalLongitude];
  },
  '@mapbox/sexagesimal': (text) => sexagesimal.pair(text),
  'dms-conversion': (text) => text.split(', ').map(parseDms),
};
for (const text of [`-1d30'0", -1d15'0"`, `-0d30'0", -78d27'0"`, `51d28'40", -0d3'0"`]) {
  console.log(text);
  for (const [name, read] of Object.entries(readers)) {
    const [latitude, longitude] =
      read(text.replaceAll('d', '\u00b0')).map((degrees) => degrees.toFixed(4));
    console.log(`  ${name.padEnd(22)} ${latitude} ${longitude}`);
  }
}
const track = readFileSync(new URL('track.gpx', import.meta.url), 'utf8');
const show = (name, places) =>
  console.log(name, places.map(({ lat, lon }) => `${lat} ${lon}`).join(', '));
const other = new gpxparser();
other.parse(track);
show('gpxparser', other.tracks[0].points);
gpxParse.parseGpx(track, (error, { tracks }) => show('gpx-parse', tracks[0].segments[0]));
END
node "$dir/read.mjs" > "$dir/seen" 2>&1

compare << 'END'
-1d30'0", -1d15'0"
  parse-dms              -1.5000 -1.2500
  coordinate-parser      -1.5000 -1.2500
  geo-coordinates-parser -1.5000 -1.2500
  @mapbox/sexagesimal    -1.5000 -1.2500
  dms-conversion         -0.5000 -0.7500
-0d30'0", -78d27'0"
  parse-dms              -0.5000 -78.4500
  coordinate-parser      0.5000 -78.4500
  geo-coordinates-parser 0.5000 -78.4500
  @mapbox/sexagesimal    0.5000 -78.4500
  dms-conversion         0.5000 -77.5500
51d28'40", -0d3'0"
  parse-dms              51.4778 -0.0500
  coordinate-parser      51.4778 0.0500
  geo-coordinates-parser 51.4778 0.0500
  @mapbox/sexagesimal    51.4778 0.0500
  dms-conversion         51.4778 0.0500
gpxparser 51.4779 -0.00001, 51.4779 0, 51.4779 0.00001, 0 -78.4558, -0.00001 -78.4558
gpx-parse 51.4779 -0.00001, 51.4779 -1, 51.4779 0.00001, -1 -78.4558, -0.00001 -78.4558
END
