#!/bin/bash
# Redis' GEOSEARCH finds a member with a radius of 1,110 km and not with 1,120 km.
#
# Package: redis-server 5:7.0.15-1~deb12u10 (Debian 12).
# Input: a member at 80 N 5 W, and searches around 80 N 0 E, 96.5 km from it (GEODIST).
# Expected: a circle that is larger about the same point holds all that the smaller one does.
# Seen: from 1,120 to 1,250 km the member is missing, as is all that is west of the searched
# point: the cells searched for that size do not reach far enough there. 1,110 and 1,260 km find
# it. The same near 80 S, and near 85 N from 560 to 620 km. (Up to 50 km we saw it nowhere.)
. "$(dirname "$0")/common.bash"

debian_packages redis-server=5:7.0.15-1~deb12u10 redis-tools=5:7.0.15-1~deb12u10

port=$(free_port)
start redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$dir"
redis() { unpacked redis-cli -p "$port" "$@"; }
until redis ping 2> /dev/null | grep -q PONG; do sleep 0.1; done

{
  redis geoadd places -5 80 west 0 80 here 5 80 east
  echo "distance $(redis geodist places west here km) km"
  for radius in 100 500 1110 1120 1200 1250 1260 2000; do
    echo "$radius km:" $(redis geosearch places fromlonlat 0 80 byradius $radius km asc)
  done
} > "$dir/seen" 2>&1

compare << 'END'
3
distance 96.5415 km
100 km: here east west
500 km: here east west
1110 km: here east west
1120 km: here east
1200 km: here east
1250 km: here east
1260 km: here east west
2000 km: here east west
END
