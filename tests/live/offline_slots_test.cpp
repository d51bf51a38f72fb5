#include "tests/unit/herd/offline/served_places.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <deque>
#include <string>

// Who has a slot of the offline Places service, and what HEAD is answered.
namespace offline_slots_test {

using namespace offline_test;
using namespace std::chrono_literals;
using herd::offline::Options;

namespace {

const std::string search =
    "/maps/api/place/nearbysearch/json?location=34.068930,-118.445127&radius=10000";

std::string request_for(const std::string& method,
                        const std::string& target,
                        const std::string& more = "") {
    return method + " " + target + " HTTP/1.1\r\nHost: places\r\n" + more + "\r\n";
}

std::string get(const std::string& target) {
    return request_for("GET", target);
}

}  // namespace

TEST_CASE("offline places: with all connections taken, who has not asked anything goes first",
          "[live][offline]") {
    Options options;
    options.connections_max = 8;
    const Served served(options);
    Client polite(served);
    CHECK(polite.ask(get(search)).status == 200);
    const std::string request = get(search);
    std::deque<Client> crowd;
    for (int i = 0; i < 100; ++i) {
        Client& half = crowd.emplace_back(served);
        // Nothing; half a first request; half a second one.
        if (i % 3 == 1) half.send(request.substr(0, 40));
        if (i % 3 == 2) half.send(request + request.substr(0, 40));
    }
    for (int i = 0; i < 10; ++i) {
        Client newcomer(served, 2s);
        CHECK(newcomer.ask(request).status == 200);
        crowd.emplace_back(served).send(request.substr(0, 40));
    }
    CHECK(polite.ask(request).status == 200);
}

// What would be read as the beginning of the next answer.
TEST_CASE("offline places: HEAD is answered as GET is, without the body", "[live][offline]") {
    Options options;
    options.allow_inject = true;
    const Served served(options);
    for (const std::string& target : {search, search + "&inject=500", std::string("/elsewhere")}) {
        const std::string said = get(target).substr(3);
        Client client(served);
        const std::string as_get = client.ask("GET" + said).head;
        client.send("HEAD" + said + get("/counters"));
        CHECK(client.receive_head() == as_get);
        CHECK(client.receive().head.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    for (const char* const fault : {"cut", "drip", "huge"}) {
        Client client(served);
        client.send(request_for("HEAD", search + "&inject=" + fault, "Connection: close\r\n"));
        CHECK(client.receive_head().starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(client.count_for(10s) == 0);
    }
    // Refused, as nothing says how long it is.
    Client client(served);
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n");
    CHECK(client.receive_head().starts_with("HTTP/1.1 501 "));
    CHECK(client.count_for(10s) == 0);
    Client other(served);
    other.send("HEAD /v1/places:searchNearby HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(other.receive_head().starts_with("HTTP/1.1 405 "));
}

}  // namespace offline_slots_test
