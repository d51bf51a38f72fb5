#!/bin/bash
# GeoConvert adds latitude and longitude of an ISO 6709 place, and takes the time for longitude.
#
# Package: geographiclib-tools 2.1.2-1 (Debian 12).
# Input: an ISO 6709 place and a POSIX time with a blank between them, as in many logs of
# positions.
# Expected: an error, as for the place alone, or the place with the rest ignored.
# Seen: exit code 0 and a place far away. A coordinate may be a sum of terms ("+40-0:0:30"), so
# +34.06893-118.445127 is the latitude -84.37620, and any number at all is a longitude, here
# 1520023934 degrees, printed as it is. Only where the sum leaves -90 to 90 is it an error: so it
# depends on where one is.
. "$(dirname "$0")/common.bash"

debian_packages geographiclib-tools=2.1.2-1

for line in '+34.06893 -118.445127' '+34.06893-118.445127' '+34.06893-118.445127 1520023934' \
  '+40.7-074.0 1520023934.918963997' '-33.86+151.21 1520023934' '-33.86-118.4 1520023934'; do
  echo "$line"
  echo "$line" | unpacked GeoConvert -g 2>&1 | sed 's/^/  /'
  echo "  exit code ${PIPESTATUS[1]}"
done > "$dir/seen"

compare << 'END'
+34.06893 -118.445127
  34.06893 -118.44513
  exit code 0
+34.06893-118.445127
  ERROR: Band letter + not in UPS set ABYZ
  exit code 1
+34.06893-118.445127 1520023934
  -84.37620 1520023934.00000
  exit code 0
+40.7-074.0 1520023934.918963997
  -33.30000 1520023934.91896
  exit code 0
-33.86+151.21 1520023934
  ERROR: Latitude 117.35d not in [-90d, 90d]
  exit code 1
-33.86-118.4 1520023934
  ERROR: Latitude -152.26d not in [-90d, 90d]
  exit code 1
END
