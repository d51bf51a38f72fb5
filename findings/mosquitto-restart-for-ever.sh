#!/bin/bash
# What would expire in the second in which mosquitto starts, it keeps for ever.
#
# Packages: mosquitto and mosquitto-clients 2.0.11-1.2+deb12u2 (Debian 12).
# Input: eight retained messages that expire after 4 to 11 seconds, as the positions of clients that
# may have gone; a broker with persistence, which is restarted some 6 seconds later.
# Expected: a retained message that expires is discarded (MQTT 5, section 3.3.1.3). mosquitto
# saves when that is to be, so that none is left after 15 seconds, restarted or not.
# Seen: without a restart none is. With one, the message that would end in that very second loses
# its limit: new subscribers are told it, without an expiry interval, for good, and after another
# restart too. The others go in time. Of messages that live for a minute and are not sent again,
# each restart keeps one in 60.
. "$(dirname "$0")/common.bash"

debian_packages mosquitto=2.0.11-1.2+deb12u2 mosquitto-clients=2.0.11-1.2+deb12u2

# serve NAME: a broker with files of its own, on $port; its process is $server.
serve() {
  mkdir -p "$dir/$1"
  cat > "$dir/$1.conf" << END
listener $port 127.0.0.1
allow_anonymous true
persistence true
persistence_location $dir/$1/
user root
END
  start mosquitto -c "$dir/$1.conf"
  server=$!
  until_listening "$port"
}

# kept: the retained messages that a new subscriber is told, with what is left of their seconds.
kept() {
  unpacked mosquitto_sub -V mqttv5 -p "$port" -t '#' --retained-only -W 1 -F '%t %E' 2> /dev/null
}

# broker NAME: what is kept by the broker "restarted", or "left alone".
broker() {
  local port server seconds
  port=$(free_port)
  serve "$1"
  for seconds in {11..4}; do  # backwards, so that no second is left out
    unpacked mosquitto_pub -V mqttv5 -p "$port" -t "$seconds" -m x -r \
      -D publish message-expiry-interval "$seconds"
  done
  echo "at first: $(kept | wc -l)"
  sleep 4
  if [ "$1" = restarted ]; then
    kill "$server" && wait "$server"
    serve "$1"
  fi
  sleep 9
  # Two of them end in one second where the clock went on to the next one between them.
  echo "after all have ended:" $(kept | sed 's/^[0-9]* $/one without limit/' | uniq)
  kill "$server" && wait "$server"
  serve "$1"
  echo "after another restart:" $(kept | sed 's/^[0-9]* $/one without limit/' | uniq)
  kill "$server" && wait "$server"
}

mkdir "$dir/said"
for name in alone restarted; do broker $name > "$dir/said/$name" & done
wait
(cd "$dir/said" && grep '' alone restarted) > "$dir/seen"

compare << 'END'
alone:at first: 8
alone:after all have ended:
alone:after another restart:
restarted:at first: 8
restarted:after all have ended: one without limit
restarted:after another restart: one without limit
END
