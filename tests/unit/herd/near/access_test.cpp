// Whom a client is told of by NEARBY, where it needs a token for it.
#include "tests/unit/herd/clients/access_house.hpp"

#include <string>

namespace nearby_access_test {

using namespace herd::access_house;

namespace {

// Three buses and a tram at one place.
struct Depot : Guarded {
    Depot() {
        const int owner = connect();
        admit(owner, "*");
        for (const char* const client : {"bus-1", "bus-2", "bus-3", "tram-1"}) {
            REQUIRE(reports(owner, client));
        }
        kernel.enter(visitors);
        kernel.close(owner);
        run(1ms);
    }
    // How many it is told of; -1: it is refused.
    int told(int fd, const std::string& line) {
        const std::string answer = ask(fd, line + "\n");
        if (answer == "? " + line + "\n") return -1;
        REQUIRE(answer.starts_with("NEARBY A "));
        REQUIRE(answer.ends_with("\n\n"));
        return std::stoi(answer.substr(9));
    }
};

}  // namespace

TEST_CASE("nearby and access: without a token nobody is told of", "[herd][near]") {
    Depot depot;
    const int stranger = depot.connect();
    CHECK(depot.told(stranger, "NEARBY +1-1 1 9") == -1);
    CHECK(depot.told(stranger, "NEARBY bus-1 1 9") == -1);
    CHECK(depot.told(stranger, "NEARBY nobody 1 9") == -1);
    CHECK(depot.counters().access_denied == 3);
    CHECK(depot.counters().nearby == 0);
}

TEST_CASE("nearby and access: who may ask is told of those alone whom it may ask for",
          "[herd][near]") {
    Depot depot;
    const int fd = depot.connect();
    depot.admit(fd, "bus-*", {.ask = true});
    CHECK(depot.told(fd, "NEARBY +1-1 1 9") == 3);
    CHECK(depot.told(fd, "NEARBY bus-2 1 9") == 3);
    CHECK(depot.told(fd, "NEARBY +1-1 1 2") == 2);
    CHECK(depot.told(fd, "NEARBY tram-1 1 9") == -1);
    CHECK(depot.told(fd, "NEARBY tram-9 1 9") == -1);
    const int all = depot.connect();
    depot.admit(all, "*", {.ask = true});
    CHECK(depot.told(all, "NEARBY tram-1 1 9") == 4);
    const int one = depot.connect();
    depot.admit(one, "tram-1", {.ask = true});
    CHECK(depot.told(one, "NEARBY +1-1 1 9") == 1);
    CHECK(depot.ask(one, "NEARBY +1-1 1 9\n").find(" tram-1 ") != std::string::npos);
}

TEST_CASE("nearby and access: to report is no right to ask, and a right ends in time",
          "[herd][near]") {
    Depot depot;
    const int fd = depot.connect();
    depot.admit(fd, "*", {.report = true});
    CHECK(depot.told(fd, "NEARBY +1-1 1 9") == -1);
    CHECK(depot.counters().access_denied == 1);
    depot.ask(fd, auth("*", token("*", {.ask = true}, depot.now_s() + 5)));
    CHECK(depot.told(fd, "NEARBY +1-1 1 9") == 4);
    depot.run(6s);
    CHECK(depot.told(fd, "NEARBY +1-1 1 9") == -1);
    CHECK(depot.counters().access_expired == 1);
}

}  // namespace nearby_access_test
