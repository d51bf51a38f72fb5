#include "bench/roll_call.hpp"

#include <catch2/catch.hpp>

using bench::RollCall;

TEST_CASE("roll call: all are there when as many have everything as are configured",
          "[bench][roll_call]") {
    CHECK(RollCall::says_all("SYNC Goloman 1 1", 1));
    CHECK(RollCall::says_all("SYNC Goloman 3 3", 4));  // Its neighbours, of four others.
    CHECK_FALSE(RollCall::says_all("SYNC Goloman 0 1", 1));
    CHECK_FALSE(RollCall::says_all("SYNC Goloman 1 11", 1));
    CHECK_FALSE(RollCall::says_all("? SYNC", 1));
    CHECK_FALSE(RollCall::says_all("AT Goloman 1 1", 1));
}

TEST_CASE("roll call: all are there when Redis says their number", "[bench][roll_call]") {
    CHECK(RollCall::says_all(":1\r", 1));
    CHECK(RollCall::says_all(":2\r", 2));
    CHECK_FALSE(RollCall::says_all(":0\r", 1));
    CHECK_FALSE(RollCall::says_all(":1\r", 2));
    CHECK_FALSE(RollCall::says_all("-ERR unknown command\r", 1));
}
