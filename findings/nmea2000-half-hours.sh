#!/bin/bash
# canboatjs reads an offset of minus three and a half hours as -4:-30:00, and writes it an hour off.
#
# Package: npm @canboat/canboatjs 3.20.0.
# Input: NMEA 2000 messages with date, time and local offset (PGN 129033, where the offset is a
# signed number of minutes): +5:30, -3:00, -3:30 and -9:30, as India, Brazil, Newfoundland and the
# Marquesas have them.
# Expected: these, in whatever form; and what was read is written as the same number of minutes, as
# the package is for gateways, which do both.
# Seen: whole hours and offsets ahead of UTC are right. Of others the hours are rounded down and the
# minutes towards zero, each with a sign, and the writer adds both up: so each gateway on the way
# takes an hour more off. "-03:30:00", as one would write it, is sent as -150 minutes.
. "$(dirname "$0")/common.bash"

npm_packages @canboat/canboatjs@3.20.0

cat > "$dir/gateway.cjs" << 'END'
const { FromPgn, pgnToActisenseSerialFormat } = require('@canboat/canboatjs');

const read = (line) => new FromPgn({ useCamel: true }).parseString(line).fields.localOffset;
const write = (localOffset) => pgnToActisenseSerialFormat({ pgn: 129033, src: 1, dst: 255, prio: 3,
  fields: { date: '2026.08.27', time: '12:00:00', localOffset } });
const minutes = (line) =>
  Buffer.from(line.split(',').slice(-2).join(''), 'hex').readInt16LE();

const noon = (offset) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(20692, 0);  // days since 1970
  bytes.writeUInt32LE(12 * 3600 * 10_000, 2);
  bytes.writeInt16LE(offset, 6);
  return `2026-08-27T12:00:00.000Z,3,129033,1,255,8,${bytes.toString('hex').match(/../g)}`;
};
for (const offset of [330, -180, -210, -570]) {
  let line = noon(offset);
  const said = [offset];
  for (let gateway = 0; gateway < 3; ++gateway) {
    const text = read(line);
    line = write(text);
    said.push(`"${text}"`, minutes(line));
  }
  console.log(said.join(' '));
}
for (const text of ['05:30:00', '-03:00:00', '-03:30:00']) {
  console.log(`"${text}"`, minutes(write(text)));
}
END
node "$dir/gateway.cjs" > "$dir/seen" 2>&1

compare << 'END'
330 "05:30:00" 330 "05:30:00" 330 "05:30:00" 330
-180 "-3:00:00" -180 "-3:00:00" -180 "-3:00:00" -180
-210 "-4:-30:00" -270 "-5:-30:00" -330 "-6:-30:00" -390
-570 "-10:-30:00" -630 "-11:-30:00" -690 "-12:-30:00" -750
"05:30:00" 330
"-03:00:00" -180
"-03:30:00" -150
END
