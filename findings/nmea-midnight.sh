#!/bin/bash
# Three JavaScript NMEA parsers date a GGA sentence of the last second of a day 24 hours ahead.
#
# Packages: npm gps 0.9.0, nmea-simple 3.3.0, @signalk/nmea0183-signalk 3.20.1.
# Input: RMC and GGA of one fix at 23:59:59.90 on 27 August, read 0.4 s later: the host's clock
# says 00:00:00.30 on 28 August (here by a Date of our own).
# Expected: GGA has a time of day and no date, so the day that makes it nearest to now, or the
# date of the RMC just read. At least no moment that has not come yet.
# Seen: all three put the host's date of today before the time: 28 August 23:59:59. In gps, whose
# state keeps one time, GGA after RMC overwrites the right one. A replayed log gets today's date.
. "$(dirname "$0")/common.bash"

npm_packages gps@0.9.0 nmea-simple@3.3.0 @signalk/nmea0183-signalk@3.20.1

cat > "$dir/read.cjs" << 'END'
const RealDate = Date;
const now = RealDate.parse('2026-08-28T00:00:00.300Z');
globalThis.Date = class extends RealDate {
  constructor(...parts) { parts.length ? super(...parts) : super(now); }
  static now() { return now; }
};
const gps = require('gps');
const { parseNmeaSentence } = require('nmea-simple');
const signalk = require('@signalk/nmea0183-signalk');

const receiver = new (gps.GPS || gps)();
const parser = new (signalk.default || signalk)();
const place = '5110.00000,N,00006.00000,E';
for (const body of [`GNRMC,235959.90,A,${place},038.9,000.0,270826,,,A`,
                    `GNGGA,235959.90,${place},1,08,1.0,45.0,M,46.9,M,,`]) {
  const check = [...body].reduce((sum, character) => sum ^ character.charCodeAt(0), 0);
  const sentence = `$${body}*${check.toString(16).toUpperCase().padStart(2, '0')}`;
  receiver.update(sentence);
  const packet = parseNmeaSentence(sentence);
  console.log(body.slice(2, 5));
  console.log('  gps        ', receiver.state.time.toISOString());
  console.log('  nmea-simple', (packet.datetime || packet.time).toISOString());
  console.log('  signalk    ', parser.parse(sentence).updates[0].timestamp);
}
END
node "$dir/read.cjs" > "$dir/seen" 2>&1

compare << 'END'
RMC
  gps         2026-08-27T23:59:59.900Z
  nmea-simple 2026-08-27T23:59:59.900Z
  signalk     2026-08-27T23:59:59.900Z
GGA
  gps         2026-08-28T23:59:59.900Z
  nmea-simple 2026-08-28T23:59:59.900Z
  signalk     2026-08-28T23:59:59.000Z
END
