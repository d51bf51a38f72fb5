#!/bin/bash
# With a flag named -4, CLI11 reads the latitude -41.3 as -1.3, without a word.
#
# Package: libcli11-dev 2.1.2+ds-1 (Debian 12), g++.
# Input: a program with two positional numbers, latitude and longitude; the same with flags -4 and
# -6, as network programs have them.
# Expected: -46 is a number in both, as CLI11 takes negative numbers for positionals, or an error.
# Seen: without the flags all is well. With them a word that begins with such a digit is taken
# apart as flags: -41.3 sets -4 and is the latitude -1.3; -46 168 sets both and has the latitude
# 168. Neither is an error. -33.9 goes on being a number, so nobody notices in Sydney. "--" before
# the numbers helps.
. "$(dirname "$0")/common.bash"

need g++ g++
debian_packages libcli11-dev=2.1.2+ds-1

cat > "$dir/place.cpp" << 'END'
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>

int main(int count, char** words) {
  CLI::App app;
  double latitude = 999, longitude = 999;
  bool four = false, six = false;
  app.add_option("latitude", latitude);
  app.add_option("longitude", longitude);
  if (std::strstr(words[0], "flags")) {
    app.add_flag("-4", four);
    app.add_flag("-6", six);
  }
  try {
    app.parse(count, words);
  } catch (const CLI::ParseError& error) {
    std::printf("error: %s\n", error.what());
    return 1;
  }
  std::printf("%g %g -4 %d -6 %d\n", latitude, longitude, four, six);
}
END
g++ -std=c++17 -O0 -I "$dir/root/usr/include" "$dir/place.cpp" -o "$dir/plain" || exit 2
cp "$dir/plain" "$dir/flags"

for program in plain flags; do
  for words in '-33.9 151.2' '-41.3 174.8' '-46 168' '-- -46 168'; do
    echo "$program $words: $("$dir/$program" $words 2>&1)"
  done
done > "$dir/seen"

compare << 'END'
plain -33.9 151.2: -33.9 151.2 -4 0 -6 0
plain -41.3 174.8: -41.3 174.8 -4 0 -6 0
plain -46 168: -46 168 -4 0 -6 0
plain -- -46 168: -46 168 -4 0 -6 0
flags -33.9 151.2: -33.9 151.2 -4 0 -6 0
flags -41.3 174.8: -1.3 174.8 -4 1 -6 0
flags -46 168: 168 999 -4 1 -6 1
flags -- -46 168: -46 168 -4 0 -6 0
END
