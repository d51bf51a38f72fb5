#!/bin/bash
# One who is in Galicia upsets the order of all others by their distances from Christchurch.
#
# Packages: npm geolib 3.3.14, node-vincenty 0.0.6, node-geo-distance 1.2.0, @orama/orama 3.1.18;
# geographiclib-tools 2.1.2-1 (Debian 12) for comparison.
# Input: towns and others on the other side of the earth: Christchurch and Foz, Hamilton and
# Cordoba, Wellington and Alaejos. Three towns to be put in order by their distances from
# Christchurch; searches for who is within 1,000 km of it, and beyond.
# Expected: half the earth's circumference, as GeographicLib has it. geolib calls its precise
# distance more accurate, above all where it is long, and takes it in place of the usual one
# wherever there are distances. Who is not within 1,000 km is beyond.
# Seen: near the antipodes Vincenty's formula may find no result, and all four use it: the distance
# is NaN or missing. geolib's orderByDistance then leaves the others where they were, too: Sydney,
# 2,100 km away, comes before Dunedin. Orama with high precision has Foz neither within nor beyond.
# None of them reports an error, and on a sphere all is well.
. "$(dirname "$0")/common.bash"

debian_packages geographiclib-tools=2.1.2-1
npm_packages geolib@3.3.14 node-vincenty@0.0.6 node-geo-distance@1.2.0 @orama/orama@3.1.18

cat > "$dir/measure.mjs" << 'END'
import { getDistance, getPreciseDistance, orderByDistance } from 'geolib';
import vincenty from 'node-vincenty';
import geo from 'node-geo-distance';
import { create, insert, search } from '@orama/orama';

const towns = {
  Christchurch: [-43.53, 172.63], Foz: [43.57, -7.26], Hamilton: [-37.78, 175.28],
  Cordoba: [37.89, -4.78], Wellington: [-41.29, 174.78], Alaejos: [41.31, -5.22],
  Sydney: [-33.87, 151.21], Dunedin: [-45.87, 170.5]
};
const place = (town) => ({ latitude: towns[town][0], longitude: towns[town][1] });
const km = (meters) => meters === undefined ? 'none' : Math.round(meters / 1000);

for (const [from, to] of [['Christchurch', 'Foz'], ['Hamilton', 'Cordoba'],
                          ['Wellington', 'Alaejos']]) {
  console.log(`${from}-${to}: geolib ${km(getPreciseDistance(place(from), place(to)))},`,
    `node-vincenty ${km(vincenty.distVincenty(...towns[from], ...towns[to]).distance)},`,
    `node-geo-distance ${km(geo.vincentySync(place(from), place(to)))},`,
    `on a sphere ${km(getDistance(place(from), place(to)))}`);
}

const order = (distance, ...names) => orderByDistance(place('Christchurch'),
  names.map((town) => ({ town, ...place(town) })), distance).map((each) => each.town).join(' ');
console.log('precise:', order(getPreciseDistance, 'Sydney', 'Dunedin'));
console.log('precise:', order(getPreciseDistance, 'Sydney', 'Foz', 'Dunedin'));
console.log('on a sphere:', order(getDistance, 'Sydney', 'Foz', 'Dunedin'));

const database = create({ schema: { town: 'string', at: 'geopoint' } });
for (const town of ['Sydney', 'Foz', 'Dunedin']) {
  await insert(database, { town, at: { lat: towns[town][0], lon: towns[town][1] } });
}
const [lat, lon] = towns.Christchurch;
for (const highPrecision of [false, true]) {
  for (const inside of [true, false]) {
    const radius = { coordinates: { lat, lon }, unit: 'km', value: 1000, inside, highPrecision };
    const { hits } = await search(database, { term: '', where: { at: { radius } } });
    console.log(`Orama${highPrecision ? ', high precision' : ''}, ${inside ? 'within' : 'beyond'}:`,
      hits.map((hit) => hit.document.town).sort().join(' '));
  }
}
END
{
  unpacked GeodSolve -i << 'END' | awk '{ printf "GeographicLib: %.0f\n", $3 / 1000 }'
-43.53 172.63 43.57 -7.26
-37.78 175.28 37.89 -4.78
-41.29 174.78 41.31 -5.22
END
  node "$dir/measure.mjs"
} > "$dir/seen" 2>&1

compare << 'END'
GeographicLib: 19998
GeographicLib: 19991
GeographicLib: 20002
Christchurch-Foz: geolib NaN, node-vincenty none, node-geo-distance NaN, on a sphere 20028
Hamilton-Cordoba: geolib NaN, node-vincenty none, node-geo-distance NaN, on a sphere 20024
Wellington-Alaejos: geolib 20002, node-vincenty 20002, node-geo-distance 20002, on a sphere 20035
precise: Dunedin Sydney
precise: Sydney Foz Dunedin
on a sphere: Dunedin Sydney Foz
Orama, within: Dunedin
Orama, beyond: Foz Sydney
Orama, high precision, within: Dunedin
Orama, high precision, beyond: Sydney
END
