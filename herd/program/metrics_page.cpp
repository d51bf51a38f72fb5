#include "herd/program/metrics_page.hpp"

#include "herd/ops/family.hpp"

#include <span>
#include <string_view>

namespace herd::program {

namespace {

constexpr std::string_view preface =
    R"(<!-- Written by `herd check --metrics` from the tables in herd/ops/*_families.cpp. -->
# Metrics

Where a server has `"http": ADDRESS`, it says there what it has counted and how it is. The
built-in herd does so on loopback, ports 12201 to 12205:

```
curl http://127.0.0.1:12201/metrics   all that is below, for Prometheus (text format 0.0.4)
curl http://127.0.0.1:12201/healthz   "ok": the loop turns. Who fails this may be killed
curl http://127.0.0.1:12201/readyz    200 or 503, and why; ?json. Who fails this gets no clients
curl http://127.0.0.1:12201/status    what `herd status --json` asks the port for peers
```

(At the port for clients, `curl` gets a line of `?` for each of its own, and says that it is no
HTTP.)

`/readyz` says 200 once each neighbour has been linked both ways and has told its whole table, and
the journal, if there is one, can be written; or after `limits.ready_ms`, but for the journal where
`journal.fsync` is `always`. Then it stays: a lost neighbour or a journal's disk is a matter for an
alert, and no reason to take a server out, or one dead server would take all of them. That the
journal cannot be written it says in a line behind `ready`, and in `why`. From SIGTERM on it says
503. With `journal.listen_first` it says 503, and `loading`, until the journal has been read,
however long that takes; the waiting of `ready_ms` begins then. Of a neighbour it waits for what
that has: who is still reading its own journal has more to tell, and says so of itself. A load
balancer checks it, also with HTTP/1.0 and no Host (`option httpchk GET /readyz` of HAProxy).

Prometheus scrapes all of them, every 15 s say, with the alerts of
[ops/herd.rules.yml](../ops/herd.rules.yml), of which `promtool test rules ops/herd.test.yml` shows
that they fire:

```yaml
rule_files: [herd.rules.yml]
scrape_configs:
- job_name: herd
  static_configs:
  - targets: ['127.0.0.1:12201', '127.0.0.1:12202', '127.0.0.1:12203']
```

[ops/grafana.json](../ops/grafana.json) is a dashboard of these.

Who is on the server's own machine may read all of it. Where `access.secret_file` is set, who is
elsewhere needs a token to ask for all clients (`herd token --for '*' --may ask --until +90d`) for
`/metrics` and `/status`, as `Authorization: Bearer TOKEN` (`credentials_file` of Prometheus) or as
the password of a Basic one; over `https`, or with `access.in_the_clear`. Where it is not set,
`/metrics` is for everybody who can connect, and `/status` tells other machines that the server is
up, and no more.

A counter never falls but at the server's restart. What is absent is unknown, or there is none of
it. Those that begin with `herd_link_` have a label `neighbour` for each.
)";

// Its name, its type, the values of its label, and what it means.
std::string item(const ops::Family& family) {
    std::string text =
        "- `" + std::string(family.name) + "` (" + std::string(ops::to_text(family.kind));
    std::string name;
    for (const ops::Series& series : family.series) {
        const std::size_t equals = series.labels.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view value = series.labels.substr(equals + 2);
        text += name.empty() ? "; `" + std::string(series.labels.substr(0, equals)) + "`: " : ", ";
        name = series.labels.substr(0, equals);
        text += "`" + std::string(value.substr(0, value.size() - 1)) + "`";
    }
    return text + "): " + std::string(family.help) + " *" + std::string(family.advice) + "*\n";
}

std::string list(std::string_view heading, std::span<const ops::Family> families) {
    std::string text = "\n## " + std::string(heading) + "\n\n";
    for (const ops::Family& family : families) text += item(family);
    return text;
}

}  // namespace

std::string metrics_page() {
    return std::string(preface) + list("How it is", ops::state_families()) +
           list("What it has counted", ops::counter_families());
}

}  // namespace herd::program
