#!/bin/bash
# ncat --ssl --send-only loses a large part of what it sends, and ends with exit code 0.
#
# Packages: ncat 7.93+dfsg1-1 (Debian 12), with libssl3 3.0.
# Input: 300,000 lines (10.2 MB) from "ncat --send-only" to "ncat -l --recv-only" on the same
# machine, the options that it has for sending files, by TCP and by TLS. What the receiver prints
# is read at 13 MB a second.
# Expected: all lines both times, or an error. The receiver says nothing that could stay unread.
# Seen: all by TCP; by TLS the last 2.5 MB are lost, and the sender's exit code is 0. In TLS 1.3
# the listener sends two session tickets after the handshake, which a sender that never reads
# leaves unread. So its close is a reset, and the kernel throws away what is still to be sent. Who
# reads faster loses less, and now and then nothing.
. "$(dirname "$0")/common.bash"

need openssl openssl
debian_packages ncat=7.93+dfsg1-1

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=localhost \
  -keyout "$dir/key" -out "$dir/certificate" 2> /dev/null
python3 -c 'print("IAMAT kiwi +34.0-118.4 1520023934\n" * 300000, end="")' > "$dir/sent"

# pass OPTION...: sends the file, and says the sender's exit code and what arrives.
pass() {
  local port receiver code
  port=$(free_port)
  unpacked ncat -l --recv-only "$@" 127.0.0.1 "$port" 2> "$dir/errors" |
    python3 -c 'import os, time
while piece := os.read(0, 65536):
    os.write(1, piece)
    time.sleep(0.005)' > "$dir/received" &
  receiver=$!
  until_listening "$port"
  unpacked ncat --send-only ${1+--ssl} 127.0.0.1 "$port" < "$dir/sent"
  code=$?
  wait $receiver
  case $(cmp "$dir/sent" "$dir/received" 2>&1) in
    '') echo "exit code $code, all lines" ;;
    *EOF*) echo "exit code $code, the first lines only" ;;
    *) echo "exit code $code, something else" ;;
  esac
}

{
  echo "by TCP"; pass
  for round in 1 2 3; do
    echo "by TLS"; pass --ssl --ssl-cert "$dir/certificate" --ssl-key "$dir/key"
  done
} > "$dir/seen" 2>&1

compare << 'END'
by TCP
exit code 0, all lines
by TLS
exit code 0, the first lines only
by TLS
exit code 0, the first lines only
by TLS
exit code 0, the first lines only
END
