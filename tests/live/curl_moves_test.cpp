// A Places service that is moved, as by a reload. The resolver is that of curl_fetcher_test.cpp.
#include "tests/live/curl_life.hpp"
#include "tests/live/rude_server.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

namespace herd {
namespace {

using places_test::found;
using places_test::Life;
using places_test::Manner;
using places_test::RudeServer;

TEST_CASE("curl fetcher: what was true of a host is not believed of the next one", "[live][curl]") {
    constexpr std::uint32_t all = 16;
    constexpr std::uint32_t few = places::CurlFetcher::concurrency_unresolved;
    RudeServer server(Manner::good);
    const std::string named = "http://places.here:" + std::to_string(server.port);
    Life life(named, config::Provider::offline);
    const auto at_a_time = [&] { return life.service->fetcher().concurrency_limit(); };
    CHECK(at_a_time() == few);
    life.ask(1);
    life.run();
    CHECK(life.askers.back().text == found);
    CHECK(at_a_time() == all);
    // One is still under way, and ends when the service is elsewhere.
    server.manner = Manner::hang;
    life.ask(2);
    while (server.requests < 2) life.loop.run_once();
    life.move("http://elsewhere.here:9");
    CHECK(at_a_time() == few);
    life.run();
    CHECK(at_a_time() == few);
    server.manner = Manner::good;
    life.move(server.url());
    CHECK(at_a_time() == all);
    life.move(named);
    CHECK(at_a_time() == few);
    life.ask(3);
    life.run();
    CHECK(life.askers.back().text == found);
    CHECK(at_a_time() == all);
    life.move(named + "/");
    CHECK(at_a_time() == all);
}

}  // namespace
}  // namespace herd
