# Sourced first by each find. Gives it a folder of its own ($dir), which is removed at the end, and
# 60 seconds; ends what it started. Exit codes: 0 all as described, 1 something else was seen, 2 a
# package was not to be had.

set -u
export LC_ALL=C

# need PROGRAM PACKAGE: installs a Debian package on this machine if the program is missing.
need() {
  command -v "$1" > /dev/null && return
  echo "installing $2, as there is no $1" >&2
  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y install "$2" > /dev/null ||
    exit 2
}

if [ -z "${find_is_bounded-}" ]; then
  need python3 python3
  case $(grep -c '^npm_packages' "$0") in 0) ;; *) need node nodejs; need npm npm ;; esac
  find_is_bounded=1 exec timeout -k 5 60 bash "$0"
fi

here=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1
dir=$(mktemp -d)
chmod 755 "$dir"
started=()
clean_up() {
  for pid in "${started[@]}"; do
    kill "$pid" 2> /dev/null && wait "$pid" 2> /dev/null
  done
  rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 2' TERM INT

# debian_packages NAME=VERSION...: unpacks them, and what they need and this machine lacks, into
# $dir/root. Nothing is installed and no service starts.
debian_packages() {
  mkdir -p "$dir/deb/partial" "$dir/root"
  local get=(apt-get -qq -y --no-install-recommends --reinstall --allow-downgrades --download-only
    -o Dir::Cache::archives="$dir/deb" -o Debug::NoLocking=1 install "$@")
  "${get[@]}" > "$dir/apt" 2>&1 || { apt-get -qq update && "${get[@]}" > "$dir/apt" 2>&1; } ||
    { cat "$dir/apt"; exit 2; }
  local file
  for file in "$dir"/deb/*.deb; do dpkg-deb -x "$file" "$dir/root"; done
  libraries=$(find "$dir/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
}

# unpacked PROGRAM ARGUMENT...: runs an unpacked program with the unpacked libraries.
unpacked() {
  local program
  program=$(find "$dir/root/usr/bin" "$dir/root/usr/sbin" -name "$1" -print -quit 2> /dev/null)
  LD_LIBRARY_PATH=$libraries "$program" "${@:2}"
}

# start PROGRAM ARGUMENT...: the same in the background, until the find ends.
start() {
  local program
  program=$(find "$dir/root/usr/bin" "$dir/root/usr/sbin" -name "$1" -print -quit 2> /dev/null)
  LD_LIBRARY_PATH=$libraries "$program" "${@:2}" > "$dir/$1.log" 2>&1 &
  started+=($!)
}

# npm_packages NAME@VERSION...: installs them in $dir; their install scripts do not run.
npm_packages() {
  (cd "$dir" && npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$dir" "$@") \
    > "$dir/npm" 2>&1 || { cat "$dir/npm"; exit 2; }
}

# free_port: prints a TCP port of the loopback address that nobody listens on.
free_port() {
  python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# until_listening PORT: waits until somebody listens on it, without connecting.
until_listening() {
  until grep -q ":$(printf %04X "$1") 00000000:0000 0A" /proc/net/tcp; do sleep 0.1; done
}

# compare: prints what $dir/seen holds. Ends the find, with 1 unless standard input is the same.
compare() {
  cat "$dir/seen"
  cat > "$dir/described"
  cmp -s "$dir/described" "$dir/seen" && exit 0
  echo "--- not what is described:"
  diff "$dir/described" "$dir/seen"
  exit 1
}
