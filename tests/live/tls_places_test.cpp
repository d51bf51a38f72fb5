// Case 25 of tls_cases.md: libcurl and the connections' TLS share one OpenSSL, and its errors.
#include "herd/places/curl_fetcher.hpp"
#include "reactor/loop.hpp"
#include "tests/live/sealed_client.hpp"
#include "tests/live/sealed_server.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace tls_places_test {

using namespace live;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("tls 25: when lookups fail for a certificate, connections that were idle go on",
          "[live][tls_places]") {
    // Nobody's authority, to libcurl.
    const SealedServer unknown;
    const SealedServer server({.more = R"(, "places": {"url": "https://127.0.0.1:)" +
                                       std::to_string(unknown.tls_port()) + "\"}"});
    std::vector<std::unique_ptr<SealedClient>> clients;
    for (int i = 0; i < 50; ++i) {
        clients.push_back(std::make_unique<SealedClient>(server.tls_port()));
        REQUIRE(clients.back()->shake());
    }
    Client asker(server.port());
    REQUIRE_THAT(asker.ask("IAMAT kiwi +34.0-118.4 1520023934"), StartsWith("AT "));
    for (std::size_t i = 0; i < clients.size(); ++i) {
        if (i % 10 == 0) {
            asker.send("WHATSAT kiwi 10 5\n");
            CHECK_THAT(asker.read_block(), Contains("could not prove its identity"));
        }
        CHECK(clients[i]->ask("nonsense") == "? nonsense\n");
    }
    CHECK(unknown.counter("handshakes_refused") == 5);
    CHECK(server.counter("seals_broken") == 0);
}

namespace {

// How fetches from a server end, one after the other.
struct Fetches {
    using Fetcher = herd::places::CurlFetcher;

    explicit Fetches(const std::string& authorities) {
        REQUIRE(loop.open({64, 16}).has_value());
        fetcher.report_to(herd::places::Fetcher::Fetched::to<&Fetches::on_fetched>(*this),
                          reactor::Delegate<void()>::to<&Fetches::on_ready>(*this));
        REQUIRE(
            fetcher.open({.slots = 1, .body_max = 65'536, .ca_file = authorities}, {}).has_value());
        while (!fetcher.prepare()) loop.run_once();
    }
    herd::places::FetchFault fetch(const std::string& url) {
        const int before = count;
        fetcher.start(0, {.url = url, .body = {}}, std::chrono::seconds(10));
        while (count == before) loop.run_once();
        return fault;
    }
    void on_fetched(std::uint32_t /*slot*/, const herd::places::FetchResult& result) {
        fault = result.fault;
        ++count;
    }
    void on_ready() {}

    reactor::Loop loop;
    Fetcher fetcher{loop};
    herd::places::FetchFault fault{};
    int count = 0;
};

}  // namespace

// To read them takes tens of milliseconds of the loop.
TEST_CASE("tls 25: authorities are read once, not for each connection", "[live][tls_places]") {
    const SealedServer server;
    const TemporaryFolder folder;
    const std::string authorities = folder / "ca.crt";
    std::filesystem::copy_file(server.authority(), authorities);
    const std::string url = "https://127.0.0.1:" + std::to_string(server.tls_port()) + "/";
    Fetches fetches(authorities);
    // It is trusted, and speaks no HTTP.
    REQUIRE(fetches.fetch(url) == herd::places::FetchFault::broken_off);
    std::filesystem::remove(authorities);
    CHECK(fetches.fetch(url) == herd::places::FetchFault::broken_off);
    // Two connections, and that of `herd status`.
    CHECK(server.counter("handshakes") == 3);
}

}  // namespace tls_places_test
