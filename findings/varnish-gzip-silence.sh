#!/bin/bash
# Varnish holds back server-sent events that it compresses, or takes the compression off.
#
# Packages: varnish 7.1.1-2+deb12u1, haproxy 2.6.12-1+deb12u4, nginx 1.22.1-9+deb12u11 (Debian 12),
# g++.
# Input: a stream with a position each second, which the server compresses for whoever takes gzip,
# flushing after each one, or which it never compresses. The three with gzip in both directions;
# haproxy knows one of them.
# Expected: a position each second. Varnish says that it delivers to the client what it is still
# fetching (beresp.do_stream, which is on), and so it does as long as it has nothing to do with
# gzip. The other two flush each piece.
# Seen: what Varnish compresses (beresp.do_gzip) it keeps until its compressor gives something out
# by itself, here after 2,000 positions or more. Without any settings it asks the server for gzip,
# whether the client takes it or not; then it keeps what it uncompresses, and the header of the
# answer too, until there are 32 kB, here 500 positions or more.
. "$(dirname "$0")/common.bash"

need curl curl
need g++ g++  # varnishd compiles its configuration
debian_packages varnish=7.1.1-2+deb12u1 haproxy=2.6.12-1+deb12u4 nginx=1.22.1-9+deb12u11

cat > "$dir/server.py" << 'END'
import socket, sys, threading, time, zlib

def serve(client):
    request = b""
    while b"\r\n\r\n" not in request:
        request += client.recv(10000)
    path = request.split()[1].decode()
    gzip = zlib.compressobj(wbits=31) if "squeezed" in path and b"gzip" in request else None
    send = lambda data: client.sendall(b"%x\r\n%s\r\n" % (len(data), data))
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                   b"Cache-Control: no-store\r\nTransfer-Encoding: chunked\r\n" +
                   (b"Content-Encoding: gzip\r\n" if gzip else b"") + b"\r\n")
    try:
        for number in range(20000):
            latitude, longitude = number * 7919 % 90, number * 104729 % 180
            event = b"data: AT u%d %+.6f%+.6f %.6f\n\n" % (
                number * 31337 % 99991, latitude / 1.01, longitude / 1.01, time.time())
            send(gzip.compress(event) + gzip.flush(zlib.Z_SYNC_FLUSH) if gzip else event)
            time.sleep(0.002 if "fast" in path else 1)
    except OSError:
        client.close()

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
END

server=$(free_port) varnish=$(free_port) haproxy=$(free_port) nginx=$(free_port)
python3 "$dir/server.py" "$server" &
started+=($!)

cat > "$dir/varnish.vcl" << END
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "$server"; }
sub vcl_backend_response {
  if (bereq.url ~ "^/squeeze/") { set beresp.do_gzip = true; }
}
END
cat > "$dir/haproxy.conf" << END
defaults
  mode http
  timeout connect 9s
  timeout client 60s
  timeout server 60s
listen events
  bind 127.0.0.1:$haproxy
  compression algo gzip
  compression type text/event-stream
  server one 127.0.0.1:$server
END
cat > "$dir/nginx.conf" << END
daemon off;
pid $dir/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path $dir/body;
  proxy_temp_path $dir/proxy;
  fastcgi_temp_path $dir/fastcgi;
  uwsgi_temp_path $dir/uwsgi;
  scgi_temp_path $dir/scgi;
  server {
    listen 127.0.0.1:$nginx;
    gzip on;
    gzip_types text/event-stream;
    gunzip on;
    location / {
      proxy_pass http://127.0.0.1:$server;
      proxy_http_version 1.1;
      proxy_set_header Accept-Encoding gzip;
      proxy_buffering off;
    }
  }
}
END
start varnishd -F -j none -a "127.0.0.1:$varnish" -f "$dir/varnish.vcl" -n "$dir/varnish"
start haproxy -db -f "$dir/haproxy.conf"
start nginx -e stderr -p "$dir" -c "$dir/nginx.conf"
for port in "$server" "$varnish" "$haproxy" "$nginx"; do until_listening "$port"; done

# follow NAME PORT PATH [--compressed]: what comes in ten seconds, into the file $dir/said/NAME.
follow() {
  local file=$dir/$1
  curl -sN -m 10 -D "$file.header" ${4-} "http://127.0.0.1:$2/$3" > "$file.body"
  {
    grep -q ^HTTP "$file.header" && echo "header," || echo "no header,"
    grep -qi '^content-encoding: gzip' "$file.header" && echo "gzip,"
    case $(grep -c ^data: "$file.body") in
      0) echo "nothing" ;;
      [1-5]) echo "some" ;;
      *) echo "each second" ;;
    esac
  } > "$dir/said/$1"
}

# first_piece PATH [--compressed]: how many positions Varnish gives out first, of 500 a second.
first_piece() {
  local file=$dir/${1//\//-}
  curl -sN -m 20 ${2-} "http://127.0.0.1:$varnish/$1" > "$file" &
  until [ -s "$file" ]; do sleep 0.1; done
  grep -c ^data: "$file"
  kill $!
}

mkdir "$dir/said"
clients=()
for proxy in varnish haproxy nginx; do
  follow "$proxy-as-it-is" "${!proxy}" plain & clients+=($!)
  follow "$proxy-passes-gzip" "${!proxy}" squeezed/a --compressed & clients+=($!)
  follow "$proxy-compresses" "${!proxy}" squeeze/b --compressed & clients+=($!)
  [ $proxy = haproxy ] || { follow "$proxy-uncompresses" "${!proxy}" squeezed/c & clients+=($!); }
done
wait "${clients[@]}"
{
  (cd "$dir/said" && for name in *; do echo "$name:" $(cat "$name"); done)
  [ "$(first_piece squeeze/fast --compressed)" -gt 2000 ] && echo "varnish compresses 2,000 first"
  [ "$(first_piece squeezed/fast)" -gt 500 ] && echo "varnish uncompresses 500 first"
} > "$dir/seen"

compare << 'END'
haproxy-as-it-is: header, each second
haproxy-compresses: header, gzip, each second
haproxy-passes-gzip: header, gzip, each second
nginx-as-it-is: header, each second
nginx-compresses: header, gzip, each second
nginx-passes-gzip: header, gzip, each second
nginx-uncompresses: header, each second
varnish-as-it-is: header, each second
varnish-compresses: header, gzip, nothing
varnish-passes-gzip: header, gzip, each second
varnish-uncompresses: no header, nothing
varnish compresses 2,000 first
varnish uncompresses 500 first
END
