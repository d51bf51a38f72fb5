#!/bin/bash
# gpsbabel puts the places of a FIT file with compressed timestamps within 32 seconds.
#
# Packages: gpsbabel 1.8.0+ds-5 (Debian 12); npm fit-decoder 1.0.5, @garmin/fitsdk 21.217.0;
# fit-file-parser 6.1.2 for comparison.
# Input: a FIT file of a walk of six minutes, with a place each 20 seconds and at one of them no
# fix. The first and the last two records have a full timestamp, those between have its last five
# bits in the record's header: FIT's compressed timestamp, as older watches write it.
# Expected: 0 20 40 60 ... The five bits take the place of those of the time before; where they are
# less than these, half a minute has gone by and 32 s are added. 0x7FFFFFFF is no place: it stands
# for no value in any field of this type.
# Seen: gpsbabel adds the five bits to the last full timestamp, so that all places are within 31 s
# behind it, in no order. fit-decoder has no times there; and without a fix one is 180 degrees north
# of the equator. Garmin's own library checks the file and finds it whole, and then reads it up to
# the first such header. Only fit-file-parser reads all of it.
. "$(dirname "$0")/common.bash"

debian_packages gpsbabel=1.8.0+ds-5
npm_packages fit-decoder@1.0.5 @garmin/fitsdk@21.217.0 fit-file-parser@6.1.2

cat > "$dir/write.py" << 'END'
import struct, sys

def checked(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return data + struct.pack("<H", crc)

def definition(local, message, *fields):  # a field: number, size, type
    return struct.pack("<BBBHB", 0x40 | local, 0, 0, message, len(fields)) + \
        b"".join(map(bytes, fields))

def place(second):
    return struct.pack("<ii", round((51 + second / 1000) * 2**31 / 180), 0)

TIME, LATITUDE, LONGITUDE = (253, 4, 0x86), (0, 4, 0x85), (1, 4, 0x85)
begin = 1767225628 - 631065600  # 2026-01-01 00:00:28 UTC, after FIT's 1989-12-31
records = definition(0, 0, (0, 1, 0), (1, 2, 0x84), (4, 4, 0x86))  # file_id
records += struct.pack("<BBHI", 0, 4, 1, begin)
records += definition(1, 20, TIME, LATITUDE, LONGITUDE)  # record
records += definition(2, 20, LATITUDE, LONGITUDE)
records += struct.pack("<BI", 1, begin) + place(0)
for second in range(20, 321, 20):
    records += bytes([0x80 | 2 << 5 | (begin + second) % 32]) + place(second)
records += struct.pack("<BIII", 1, begin + 340, 0x7FFFFFFF, 0x7FFFFFFF)
records += struct.pack("<BI", 1, begin + 360) + place(360)
header = checked(struct.pack("<BBHI4s", 14, 0x20, 2132, len(records), b".FIT"))
sys.stdout.buffer.write(checked(header + records))
END
python3 "$dir/write.py" > "$dir/walk.fit"

cat > "$dir/read.mjs" << 'END'
import { readFileSync } from 'node:fs';
import decoder from 'fit-decoder';
import { Decoder, Stream } from '@garmin/fitsdk';
import FitParser from 'fit-file-parser';

const file = readFileSync(new URL('walk.fit', import.meta.url));
const begin = Date.parse('2026-01-01T00:00:28Z');
const say = (reader, times) => console.log(`${reader}:`, times.map((time) =>
  time === undefined ? '-' : (time - begin) / 1000).join(' '));

new FitParser({ mode: 'list' }).parse(file, (error, { records }) => {
  say('fit-file-parser', records.map((record) => record.timestamp));
  console.log('fit-file-parser, no fix:', records.at(-2).position_lat);
});

const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
const records = decoder.parseRecords(decoder.fit2json(bytes)).records
  .filter((record) => record.type === 'record').map((record) => record.data);
say('fit-decoder', records.map((record) => record.timestamp));
console.log('fit-decoder, no fix:', records.at(-2).position_lat, records.at(-2).position_long);

const garmin = new Decoder(Stream.fromBuffer(file));
console.log('fitsdk finds it whole:', garmin.isFIT() && garmin.checkIntegrity());
const { messages, errors } = garmin.read();
say('fitsdk', messages.recordMesgs.map((record) => record.timestamp));
console.log('fitsdk:', errors[0].message.replace(/.*byte \d+ /, ''));
END
{
  unpacked gpsbabel -t -i garmin_fit -f "$dir/walk.fit" -o unicsv,utc=0 -F - |
    python3 -c 'import csv, sys
times = [row["Time"].split(":") for row in csv.DictReader(sys.stdin)]
print("gpsbabel:", *[int(time[1]) * 60 + int(time[2]) - 28 for time in times])'
  node "$dir/read.mjs"
} > "$dir/seen" 2>&1

compare << 'END'
gpsbabel: 0 16 4 24 12 0 20 8 28 16 4 24 12 0 20 8 28 360
fit-file-parser: 0 20 40 60 80 100 120 140 160 180 200 220 240 260 280 300 320 340 360
fit-file-parser, no fix: undefined
fit-decoder: 0 - - - - - - - - - - - - - - - - 340 360
fit-decoder, no fix: 179.999982 179.999982
fitsdk finds it whole: true
fitsdk: 0
fitsdk: compressed timestamp messages are not currently supported
END
