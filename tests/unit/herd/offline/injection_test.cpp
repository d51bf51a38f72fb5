#include "herd/offline/injection.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace injection_test {

using namespace herd::offline;

TEST_CASE("injection: every fault has a name and is found by it", "[offline]") {
    for (std::size_t i = 0; i < fault_count; ++i) {
        const auto fault = static_cast<Fault>(i);
        CHECK(parse_fault(to_text(fault)) == fault);
    }
    CHECK_FALSE(parse_fault("502"));
    CHECK_FALSE(parse_fault(""));
}

TEST_CASE("injection: shares are written either way round", "[offline]") {
    for (const char* text : {"10:hang", "hang:10", "1e1:hang"}) {
        const auto share = parse_fault_share(text);
        REQUIRE(share);
        CHECK(share->percent == 10);
        CHECK(share->fault == Fault::hang);
    }
    CHECK(parse_fault_share("500:100")->fault == Fault::http_500);
    CHECK(parse_fault_share("100:500")->percent == 100);
    for (const char* text :
         {"", "hang", "10", ":", "10:", ":hang", "101:hang", "-1:hang", "nan:hang", "10:none2"}) {
        CHECK_FALSE(parse_fault_share(text));
    }
    CHECK(parse_fault_shares("none")->empty());
    CHECK(parse_fault_shares("40:cut,60:503")->size() == 2);
    for (const char* text : {"", "40:cut,", "60:cut,60:503", "40:cut 60:503"}) {
        CHECK_FALSE(parse_fault_shares(text));
    }
}

TEST_CASE("injection: delays are a number or a range", "[offline]") {
    CHECK(parse_delay("20")->min_ms == 20);
    CHECK(parse_delay("20")->max_ms == 20);
    CHECK(parse_delay("5..60000")->max_ms == 60'000);
    for (const char* text : {"", "..", "5..", "..5", "6..5", "-1", "1.5", "60001", "1...2"}) {
        INFO(text);
        CHECK_FALSE(parse_delay(text));
    }
}

TEST_CASE("injection: the same seed draws the same, in the shares asked for", "[offline]") {
    Injector first(7);
    Injector second(7);
    Injector other(8);
    for (Injector* injector : {&first, &second, &other}) {
        injector->set_delay({5, 20});
        injector->set_faults(*parse_fault_shares("10:hang,25:500"));
    }
    std::array<int, fault_count> counts{};
    int differing = 0;
    constexpr int draws = 20'000;
    for (int i = 0; i < draws; ++i) {
        const auto drawn = first.draw();
        const auto same = second.draw();
        CHECK((drawn.delay_ms == same.delay_ms && drawn.fault == same.fault));
        differing += drawn.delay_ms != other.draw().delay_ms;
        CHECK((drawn.delay_ms >= 5 && drawn.delay_ms <= 20));
        ++counts[static_cast<std::size_t>(drawn.fault)];
    }
    CHECK(differing > draws / 2);
    CHECK(counts[static_cast<std::size_t>(Fault::hang)] == Approx(draws * 0.10).epsilon(0.1));
    CHECK(counts[static_cast<std::size_t>(Fault::http_500)] == Approx(draws * 0.25).epsilon(0.1));
    CHECK(counts[static_cast<std::size_t>(Fault::none)] == Approx(draws * 0.65).epsilon(0.1));
    first.set_faults(*parse_fault_shares("100:cut"));
    for (int i = 0; i < 1000; ++i) CHECK(first.draw().fault == Fault::cut);
}

}  // namespace injection_test
