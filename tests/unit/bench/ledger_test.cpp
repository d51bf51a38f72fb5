#include "bench/ledger.hpp"

#include <catch2/catch.hpp>

using bench::Arrival;
using bench::Arrivals;
using bench::Ledger;

TEST_CASE("arrivals: newest, duplicate and overtaken are told apart", "[bench][ledger]") {
    Arrivals arrivals(2);
    CHECK(arrivals.arrive(0, 10) == Arrival::newest);
    CHECK(arrivals.arrive(0, 10) == Arrival::duplicate);
    CHECK(arrivals.arrive(0, 5) == Arrival::overtaken);
    CHECK(arrivals.arrive(1, 5) == Arrival::newest);
    CHECK(arrivals.total() == 3);
    CHECK(arrivals.duplicates() == 1);
    CHECK(arrivals.overtaken() == 1);
}

TEST_CASE("arrivals: what is missing is told from what a newer report has replaced",
          "[bench][ledger]") {
    Ledger sent(3);
    for (const int stamp : {1, 2, 3}) {
        for (const std::uint32_t client : {0U, 1U, 2U}) sent.send(client, stamp);
    }
    Arrivals arrivals(3);
    for (const int stamp : {1, 2, 3}) arrivals.arrive(0, stamp);
    arrivals.arrive(1, 3);  // 1 and 2 were replaced
    arrivals.arrive(2, 1);  // 2 and 3 are lost
    const auto shortfall = arrivals.compare(sent);
    CHECK(shortfall.missing == 4);
    CHECK(shortfall.superseded == 2);
    CHECK(shortfall.stale_clients == 1);
}

TEST_CASE("arrivals: after a restart nothing has come", "[bench][ledger]") {
    Ledger sent(1);
    sent.send(0, 1);
    Arrivals arrivals(1);
    arrivals.arrive(0, 1);
    arrivals.forget();
    CHECK(arrivals.compare(sent).stale_clients == 1);
    CHECK(arrivals.arrive(0, 1) == Arrival::newest);
}
