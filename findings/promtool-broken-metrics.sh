#!/bin/bash
# promtool passes metrics that Prometheus cannot use, and fails one that Prometheus takes.
#
# Package: prometheus 2.42.0+ds-5+deb12u1 (Debian 12), which has both programs.
# Input: three pages of metrics: the same series twice with two values; a histogram whose buckets
# fall and that has no +Inf; a counter without a newline behind its last value.
# Expected: "promtool check metrics" fails what a scrape cannot use, and Prometheus agrees with
# it.
# Seen: promtool passes the first two without a word. Prometheus scrapes all three with up = 1: it
# keeps one of the two values and logs nothing; a quantile of the histogram is NaN. The third,
# which promtool fails, is scraped as if nothing were wrong.
. "$(dirname "$0")/common.bash"

debian_packages prometheus=2.42.0+ds-5+deb12u1

mkdir "$dir/pages"
cat > "$dir/pages/twice" << 'END'
# HELP reports_total x
# TYPE reports_total counter
reports_total 1
reports_total 2
END
cat > "$dir/pages/histogram" << 'END'
# HELP answer_seconds x
# TYPE answer_seconds histogram
answer_seconds_bucket{le="1"} 5
answer_seconds_bucket{le="2"} 3
answer_seconds_sum 1
answer_seconds_count 9
END
printf '# HELP lines_total x\n# TYPE lines_total counter\nlines_total 7' > "$dir/pages/newline"

pages=$(free_port)
python3 -m http.server -b 127.0.0.1 -d "$dir/pages" "$pages" > /dev/null 2>&1 &
started+=($!)
{
  echo 'global: { scrape_interval: 1s }'
  echo 'scrape_configs:'
  for page in twice histogram newline; do
    echo "- job_name: $page"
    echo "  metrics_path: /$page"
    echo "  static_configs: [{ targets: ['127.0.0.1:$pages'] }]"
  done
} > "$dir/prometheus.yml"
port=$(free_port)
start prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/data" \
  --web.listen-address="127.0.0.1:$port" \
  --web.console.templates="$dir" --web.console.libraries="$dir"

query() {
  python3 -c 'import json, sys, urllib.parse, urllib.request
page = urllib.request.urlopen("http://127.0.0.1:%s/api/v1/query?query=%s"
                              % (sys.argv[1], urllib.parse.quote(sys.argv[2])))
print(*sorted(series["value"][1] for series in json.load(page)["data"]["result"]))' "$port" "$1"
}
for attempt in $(seq 100); do
  [ "$(query 'count(up == 1)' 2> /dev/null)" = 3 ] && break
  sleep 0.2
done
sleep 2

{
  for page in twice histogram newline; do
    unpacked promtool check metrics < "$dir/pages/$page" > "$dir/said" 2>&1
    echo "promtool, $page: exit code $?, $(wc -l < "$dir/said") lines"
  done
  echo "scrapes that worked: $(query 'count(up == 1)')"
  echo "twice: $(query reports_total)"
  echo "histogram: $(query 'histogram_quantile(0.9, answer_seconds_bucket)')"
  echo "newline: $(query lines_total)"
  echo "warnings: $(grep -cE 'level=(warn|error)' "$dir/prometheus.log")"
} > "$dir/seen" 2>&1

compare << 'END'
promtool, twice: exit code 0, 0 lines
promtool, histogram: exit code 0, 0 lines
promtool, newline: exit code 1, 1 lines
scrapes that worked: 3
twice: 1
histogram: NaN
newline: 7
warnings: 0
END
