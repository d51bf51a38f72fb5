'use strict';
// What the fields of a message may be.

const LOCATION = /^([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)$/;
const TIME = /^([+-]?)(\d{1,12})(?:\.(\d{1,9}))?$/;

function isLocation(text) {
  const found = LOCATION.exec(text);
  return found !== null && Math.abs(found[1]) <= 90 && Math.abs(found[2]) <= 180;
}

function isReport(fields) {
  return isLocation(fields[fields.length - 2]) && TIME.test(fields[fields.length - 1]);
}

// In kilometres, and how many places at most.
function isSearch(radius, bound) {
  return /^\d+(\.\d+)?$/.test(radius) && Number(radius) <= 50 &&
    /^\d{1,3}$/.test(bound) && Number(bound) <= 20;
}

// The server's clock minus the client's, as +0.263873386.
function skew(time) {
  const [, sign, seconds, decimals = ''] = TIME.exec(time);
  const client = BigInt(sign + seconds + decimals.padEnd(9, '0'));
  const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
  const difference = now - client;
  const digits = String(difference < 0n ? -difference : difference).padStart(10, '0');
  return `${difference < 0n ? '-' : '+'}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

module.exports = { LOCATION, isReport, isSearch, skew };
