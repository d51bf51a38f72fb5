#!/bin/bash
# An answer that is given after the end of the input is lost on the way through a TLS relay: always
# in nginx, and in stunnel and socat when the client is ncat.
#
# Packages: ncat 7.93+dfsg1-1, socat 1.7.4.4-2, haproxy 2.6.12-1+deb12u4, nginx and
# libnginx-mod-stream 1.22.1-9+deb12u11, stunnel4 3:5.68-2+deb12u1 (Debian 12).
# Input: one line, and the end of the input when it is answered, to a server that says "late" a
# second after that end, as one does that has to look something up. By TCP, by TLS with ncat, and
# by TLS with socat -t5.
# Expected: both answers through each relay, as TCP can be closed on one side, and TLS 1.3 too:
# its close_notify means that no more is sent, and no longer that nothing more is read.
# Seen: ncat ends its side of TLS by a bare FIN, without close_notify. haproxy takes it for an
# end, stunnel and socat's server drop both connections, although ncat and socat pass both answers
# by TCP. (Where the FIN comes along with the line, stunnel passes both.) nginx drops whoever is
# closed on one side, by TCP as well, unless "proxy_half_close on" is set.
. "$(dirname "$0")/common.bash"

need openssl openssl
debian_packages ncat=7.93+dfsg1-1 socat=1.7.4.4-2 haproxy=2.6.12-1+deb12u4 \
  nginx=1.22.1-9+deb12u11 libnginx-mod-stream=1.22.1-9+deb12u11 stunnel4=3:5.68-2+deb12u1

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$dir/key" -out "$dir/certificate" 2> /dev/null
cat "$dir/key" "$dir/certificate" > "$dir/both"
chmod 644 "$dir/key"  # nginx and its workers

cat > "$dir/server.py" << 'END'
import socket, sys, threading, time

def serve(client):
    try:
        while client.recv(1000):
            client.sendall(b"at once\n")
        time.sleep(1)
        client.sendall(b"late\n")
    except OSError:
        pass
    client.close()

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],)).start()
END

server=$(free_port)
python3 "$dir/server.py" "$server" &
started+=($!)
until_listening "$server"

declare -A tcp tls
for relay in haproxy nginx nginx-half socat stunnel; do
  tcp[$relay]=$(free_port) tls[$relay]=$(free_port)
done

cat > "$dir/haproxy.conf" << END
defaults
  mode tcp
  timeout connect 9s
  timeout client 9s
  timeout server 9s
listen both
  bind 127.0.0.1:${tcp[haproxy]}
  bind 127.0.0.1:${tls[haproxy]} ssl crt $dir/both
  server one 127.0.0.1:$server
END
nginx_server() {
  echo "server { listen 127.0.0.1:$1; proxy_pass 127.0.0.1:$server; proxy_half_close $2;
    ssl_certificate $dir/certificate; ssl_certificate_key $dir/key; }"
}
cat > "$dir/nginx.conf" << END
load_module $dir/root/usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
pid $dir/nginx.pid;
error_log stderr;
events {}
stream {
  $(nginx_server "${tcp[nginx]}" off)
  $(nginx_server "${tls[nginx]} ssl" off)
  $(nginx_server "${tcp[nginx-half]}" on)
  $(nginx_server "${tls[nginx-half]} ssl" on)
}
END
cat > "$dir/stunnel.conf" << END
foreground = yes
pid =
cert = $dir/both
[line]
accept = 127.0.0.1:${tls[stunnel]}
connect = 127.0.0.1:$server
END
start haproxy -db -f "$dir/haproxy.conf"
start nginx -e stderr -p "$dir" -c "$dir/nginx.conf"
start stunnel4 "$dir/stunnel.conf"
start socat -t5 "TCP-LISTEN:${tcp[socat]},bind=127.0.0.1,fork" "TCP:127.0.0.1:$server"
start socat -t5 "OPENSSL-LISTEN:${tls[socat]},bind=127.0.0.1,fork,cert=$dir/both,verify=0" \
  "TCP:127.0.0.1:$server"
unset "tcp[stunnel]"
for port in "${tcp[@]}" "${tls[@]}"; do until_listening "$port"; done

# answers NAME PROGRAM ARGUMENT...: the answers, into the file $dir/answers/NAME.
answers() {
  local file=$dir/answers/$1
  : > "$file"
  (printf 'line\n'; until [ -s "$file" ]; do sleep 0.1; done) |
    timeout 20 bash -c 'unpacked "$@"' bash "${@:2}" > "$file" 2>> "$dir/errors"
}
export -f unpacked
export dir libraries

mkdir "$dir/answers"
clients=()
for relay in haproxy stunnel socat nginx nginx-half; do
  [ $relay = stunnel ] || { answers $relay.tcp ncat 127.0.0.1 "${tcp[$relay]}" & clients+=($!); }
  answers $relay.ncat ncat --ssl localhost "${tls[$relay]}" & clients+=($!)
  answers $relay.socat socat -t5 - "OPENSSL:localhost:${tls[$relay]},cafile=$dir/certificate" &
  clients+=($!)
done
wait "${clients[@]}"
{
  cd "$dir/answers"
  for relay in haproxy stunnel socat nginx nginx-half; do
    for client in tcp ncat socat; do
      [ -e $relay.$client ] && echo "$relay, $client:" $(cat $relay.$client)
    done
  done
} > "$dir/seen"

compare << 'END'
haproxy, tcp: at once late
haproxy, ncat: at once late
haproxy, socat: at once late
stunnel, ncat: at once
stunnel, socat: at once late
socat, tcp: at once late
socat, ncat: at once
socat, socat: at once late
nginx, tcp: at once
nginx, ncat: at once
nginx, socat: at once
nginx-half, tcp: at once late
nginx-half, ncat: at once late
nginx-half, socat: at once late
END
