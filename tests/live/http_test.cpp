// What a running server says over HTTP, to curl, and what strangers cannot do to it.
#include "tests/live/herd_process.hpp"
#include "tests/live/skip.hpp"
#include "tests/unit/herd/ops/metrics_page.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <deque>
#include <string>
#include <vector>

namespace http_test {

using namespace live;
using namespace std::chrono_literals;

namespace {

HerdSetup two_servers() {
    HerdSetup setup;
    setup.names = {"Alpha", "Beta"};
    setup.links = {{"Alpha", "Beta"}};
    setup.http = true;
    setup.journal = true;
    return setup;
}

bool has_curl() {
    if (run({"sh", "-c", "command -v curl"}).code == 0) return true;
    skip("there is no curl (Debian: curl)");
    return false;
}

std::string url(const Herd& herd, const std::string& name, const std::string& path) {
    return "http://127.0.0.1:" + std::to_string(herd.http_port(name)) + path;
}

std::string curl(std::vector<std::string> words) {
    words.insert(words.begin(), {"curl", "-sS", "--max-time", "20"});
    const Ran ran = run(words);
    return ran.out + ran.err;
}

std::string status_of(const std::string& url, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"-o", "/dev/null", "-w", "%{http_code}", url});
    return curl(more);
}

}  // namespace

TEST_CASE("http: health, readiness, metrics and status, as curl sees them", "[live][http]") {
    if (!has_curl()) return;
    Herd herd(two_servers());
    REQUIRE(herd.ask("Alpha", "IAMAT kiwi +1-1 5").starts_with("AT Alpha "));
    CHECK(curl({url(herd, "Alpha", "/healthz")}) == "ok\n");
    CHECK(curl({"-0", "-H", "Host:", url(herd, "Alpha", "/healthz")}) == "ok\n");
    CHECK(eventually([&] { return curl({url(herd, "Alpha", "/readyz")}) == "ready\n"; }));
    CHECK(status_of(url(herd, "Alpha", "/elsewhere")) == "404");
    CHECK(status_of(url(herd, "Alpha", "/status"), {"-H", "Host: evil.example"}) == "421");
    // On one connection, of which a HEAD is the first.
    const std::string both = curl(
        {"-I", url(herd, "Alpha", "/metrics"), "--next", "-sS", url(herd, "Alpha", "/healthz")});
    CHECK(both.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(both.ends_with("\r\n\r\nok\n"));
    const Ran asked = run({herd_binary(), "status", "--json", "--config", herd.config()});
    const std::string status = curl({url(herd, "Alpha", "/status")});
    CHECK(status.starts_with("{\"server\":\"Alpha\",\"up_s\":"));
    const std::string digest = status.substr(status.find("\"digest\""), 28);
    CHECK(asked.out.find(digest) != std::string::npos);
    CHECK(eventually([&] {
        return metrics_page::read(curl({url(herd, "Beta", "/metrics")}))
                   .at("herd_stored_clients") == 1;
    }));
    const auto page = metrics_page::read(curl({url(herd, "Alpha", "/metrics")}));
    for (const std::string& fault : page.faults) FAIL_CHECK(fault);
    CHECK(page.at("herd_commands_total{command=\"iamat\"}") == 1);
    CHECK(page.at("herd_link_up{neighbour=\"Beta\"}") == 1);
    CHECK(page.at("herd_journal_ok") == 1);
    CHECK(page.at("herd_ready") == 1);
    CHECK(page.at("process_resident_memory_bytes") > 1e6);
    CHECK(page.at("process_cpu_seconds_total") > 0);
    CHECK(page.at("process_max_fds") > 100);
    CHECK(page.at("herd_start_time_seconds") > 1.7e9);
    CHECK(eventually([&] {
        const auto later = metrics_page::read(curl({url(herd, "Alpha", "/metrics")}));
        return later.at("herd_journal_sync_seconds_count") > 0;
    }));
}

TEST_CASE("http: a neighbour that is lost does not take its server out", "[live][http]") {
    if (!has_curl()) return;
    HerdSetup setup = two_servers();
    setup.limits = "\"ready_ms\": 60000";
    Herd herd(setup);
    CHECK(eventually([&] { return status_of(url(herd, "Alpha", "/readyz")) == "200"; }));
    herd.kill("Beta");
    CHECK(eventually([&] {
        const auto page = metrics_page::read(curl({url(herd, "Alpha", "/metrics")}));
        return page.at("herd_link_up{neighbour=\"Beta\"}") == 0;
    }));
    CHECK(status_of(url(herd, "Alpha", "/readyz")) == "200");
    // Started again without the other, it waits.
    herd.kill("Alpha");
    herd.start("Alpha");
    CHECK(status_of(url(herd, "Alpha", "/healthz")) == "200");
    CHECK(curl({url(herd, "Alpha", "/readyz")}) == "Beta is not linked\n");
    herd.start("Beta");
    CHECK(eventually([&] { return status_of(url(herd, "Alpha", "/readyz")) == "200"; }));
}

TEST_CASE("http: within TLS, by the name in the certificate", "[live][http]") {
    if (!has_curl()) return;
    HerdSetup setup = two_servers();
    setup.sealed = true;
    const Herd herd(setup);
    const std::string port = std::to_string(herd.https_port("Alpha"));
    const auto ask = [&](const std::string& name) {
        return curl({"--cacert",
                     herd.file("keys") / "ca.crt",
                     "--connect-to",
                     name + ":" + port + ":127.0.0.1:" + port,
                     "https://" + name + ":" + port + "/healthz"});
    };
    CHECK(ask("Alpha") == "ok\n");
    CHECK(ask("Beta").find("curl: (60)") != std::string::npos);
    CHECK(curl({"http://127.0.0.1:" + port + "/healthz"}).find("ok\n") == std::string::npos);
}

TEST_CASE("http: strangers who say nothing, or half a request, keep nobody out", "[live][http]") {
    if (!has_curl()) return;
    HerdSetup setup = two_servers();
    setup.limits = "\"http_connections\": 8";
    const Herd herd(setup);
    std::deque<Client> strangers;
    for (int i = 0; i < 100; ++i) {
        Client& stranger = strangers.emplace_back(herd.http_port("Alpha"));
        if (i % 3 == 1) stranger.send("GET /metrics HTTP/1.1\r\nHost: ");
        if (i % 3 == 2)
            stranger.send("POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
        if (i % 10 == 0) CHECK(curl({url(herd, "Alpha", "/healthz")}) == "ok\n");
    }
    const auto page = metrics_page::read(curl({url(herd, "Alpha", "/metrics")}));
    CHECK(page.at("herd_http_connections_closed_total{reason=\"evicted\"}") > 50);
    CHECK(herd.ask("Alpha", "SYNC").starts_with("SYNC Alpha "));
}

}  // namespace http_test
