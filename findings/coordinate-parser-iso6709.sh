#!/bin/bash
# coordinate-parser reads an ISO 6709 place with a longitude that is 117 degrees off, or more.
#
# Package: npm coordinate-parser 1.0.7.
# Input: one place in the three forms of ISO 6709: decimal degrees, degrees and decimal minutes,
# degrees, minutes and seconds. Latitudes have two digits of degrees, longitudes three.
# Expected: the same place three times, or an error from a parser that does not know the form.
# Seen: no error, and the right latitude each time. But the digits of the longitude are counted
# from the wrong end, so 11826.7078 is read as 1 degree 18 minutes 26 seconds, and 1182642 as
# 1182.642 seconds.
. "$(dirname "$0")/common.bash"

npm_packages coordinate-parser@1.0.7

cat > "$dir/read.cjs" << 'END'
const Coordinates = require('coordinate-parser');
for (const text of ['+34.06893-118.44513', '+3404.1358-11826.7078', '+340408-1182642']) {
  const place = new Coordinates(text);
  console.log(text, place.getLatitude().toFixed(5), place.getLongitude().toFixed(5));
}
END
node "$dir/read.cjs" > "$dir/seen" 2>&1

compare << 'END'
+34.06893-118.44513 34.06893 -118.44513
+3404.1358-11826.7078 34.06893 -1.30722
+340408-1182642 34.06889 -0.32851
END
