// Case 25 of tls_cases.md: libcurl and the connections' TLS share one OpenSSL, and its errors.
#include "tests/live/sealed_client.hpp"
#include "tests/live/sealed_server.hpp"

#include <catch2/catch.hpp>

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

}  // namespace tls_places_test
