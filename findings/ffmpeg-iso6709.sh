#!/bin/bash
# FFmpeg writes a place given in degrees, minutes and seconds as 32,768 degrees south and west.
#
# Packages: ffmpeg 7:5.1.9-0+deb12u1, libimage-exiftool-perl 12.57+dfsg-1 (Debian 12).
# Input: three ISO 6709 forms of one place as a video's "location": decimal degrees, degrees and
# decimal minutes, degrees, minutes and seconds. All three are valid, and ExifTool reads all three
# where FFmpeg passes the text on untouched (the QuickTime key).
# Expected: the same place three times, or an error.
# Seen: the MP4 muxer takes the digits before the point for whole degrees, without a word:
# +3404.1358 becomes 3404 degrees, +340408 becomes -32768. And 5 decimals come back as 4.
. "$(dirname "$0")/common.bash"

debian_packages ffmpeg=7:5.1.9-0+deb12u1 libimage-exiftool-perl=12.57+dfsg-1

for place in +34.06893-118.44513/ +3404.1358-11826.7078/ +340408-1182642/; do
  echo "$place"
  unpacked ffmpeg -v error -f lavfi -i color=black:s=16x16:d=0.1 -metadata location="$place" \
    -metadata com.apple.quicktime.location.ISO6709="$place" -movflags use_metadata_tags \
    -y "$dir/video.mov"
  echo "  ffprobe $(unpacked ffprobe -v error -show_entries format_tags=location \
    -of default=noprint_wrappers=1:nokey=1 "$dir/video.mov")"
  PERL5LIB=$dir/root/usr/share/perl5 unpacked exiftool -n -p \
    '  exiftool, FFmpeg'"'"'s box: $GPSPosition
  exiftool, the text: $GPSCoordinates' "$dir/video.mov"
done > "$dir/seen" 2>&1

compare << 'END'
+34.06893-118.44513/
  ffprobe +34.0689-118.4451/
  exiftool, FFmpeg's box: 34.06892 -118.44513
  exiftool, the text: 34.06893 -118.44513
+3404.1358-11826.7078/
  ffprobe +3404.1357-11826.7080/
  exiftool, FFmpeg's box: 3404.13579 -11826.70779
  exiftool, the text: 34.06893 -118.44513
+340408-1182642/
  ffprobe -32768.0000-32768.0000/
  exiftool, FFmpeg's box: -32768.00000 -32768.00000
  exiftool, the text: 34.0688888888889 -118.445
END
