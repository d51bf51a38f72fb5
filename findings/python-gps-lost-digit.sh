#!/bin/bash
# The times that gpsd's Python library writes lack the first decimal of their seconds.
#
# Package: python3-gps 3.22-4.1+deb12u1 (Debian 12).
# Input: gps.misc.isotime(), which converts POSIX times to ISO 8601 and back, with times of which
# most have binary fractions, so that floating point cannot be what makes the difference.
# Expected: the text says the same moment; the function reads its own text back as what was given.
# Seen: two characters should be cut off from "0.918", and three are: .918 becomes .18, .25 becomes
# .5, and .5 ends with a bare point. It is up to 0.9 s off, before or behind, so that later times
# come before earlier ones. Text is read right, so a way there and back shows it. Whole seconds
# pass, and there is no Z at the end.
. "$(dirname "$0")/common.bash"

debian_packages python3-gps=3.22-4.1+deb12u1

cat > "$dir/times.py" << 'END'
from gps.misc import isotime

for time in ["1520023934", "1520023934.0625", "1520023934.125", "1520023934.25", "1520023934.5",
             "1520023934.75", "1520023934.918963997"]:
    text = isotime(float(time) if "." in time else int(time))
    print("%s %s off by %+.6f" % (time, text, isotime(text) - float(time)))
print("reads", isotime("2018-03-02T20:52:14.25Z"))
END
LD_LIBRARY_PATH=$libraries PYTHONPATH=$dir/root/usr/lib/python3/dist-packages \
  python3 "$dir/times.py" > "$dir/seen" 2>&1

compare << 'END'
1520023934 2018-03-02T20:52:14 off by +0.000000
1520023934.0625 2018-03-02T20:52:14.625 off by +0.562500
1520023934.125 2018-03-02T20:52:14.25 off by +0.125000
1520023934.25 2018-03-02T20:52:14.5 off by +0.250000
1520023934.5 2018-03-02T20:52:14. off by -0.500000
1520023934.75 2018-03-02T20:52:14.5 off by -0.250000
1520023934.918963997 2018-03-02T20:52:14.189639091491699 off by -0.729325
reads 1520023934.25
END
