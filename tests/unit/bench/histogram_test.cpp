#include "bench/histogram.hpp"

#include <catch2/catch.hpp>

#include <cstdint>

using bench::Histogram;

TEST_CASE("histogram: small values are exact", "[bench][histogram]") {
    for (std::int64_t value = 0; value < 256; ++value) {
        Histogram histogram;
        histogram.record(value);
        CHECK(histogram.quantile(0.5) == static_cast<std::uint64_t>(value));
    }
}

TEST_CASE("histogram: a value is read back at most 1/128 too large, never too small",
          "[bench][histogram]") {
    for (std::uint64_t value = 1; value < std::uint64_t{1} << 62; value += value / 3 + 1) {
        Histogram histogram;
        histogram.record(static_cast<std::int64_t>(value));
        histogram.record(INT64_MAX);  // so that max does not cut the bucket's upper end
        const std::uint64_t read = histogram.quantile(0.5);
        CAPTURE(value);
        CHECK(read >= value);
        CHECK(read - value <= value / Histogram::steps);
    }
}

TEST_CASE("histogram: quantiles count from below", "[bench][histogram]") {
    Histogram histogram;
    for (int value = 1; value <= 100; ++value) histogram.record(value);
    CHECK(histogram.quantile(0) == 1);
    CHECK(histogram.quantile(0.01) == 1);
    CHECK(histogram.quantile(0.5) == 50);
    CHECK(histogram.quantile(0.99) == 99);
    CHECK(histogram.quantile(0.999) == 100);
    CHECK(histogram.quantile(1) == 100);
    CHECK(histogram.max() == 100);
    CHECK(histogram.mean() == Approx(50.5));
}

TEST_CASE("histogram: the largest is exact, and no quantile exceeds it", "[bench][histogram]") {
    Histogram histogram;
    histogram.record(1'000'003);
    CHECK(histogram.max() == 1'000'003);
    CHECK(histogram.quantile(0.999) == 1'000'003);
}

TEST_CASE("histogram: merging is recording both", "[bench][histogram]") {
    Histogram one;
    Histogram other;
    Histogram both;
    for (int value = 1; value < 5000; value += 7) {
        (value % 2 == 0 ? one : other).record(value, 3);
        both.record(value, 3);
    }
    one.merge(other);
    CHECK(one.count() == both.count());
    CHECK(one.mean() == Approx(both.mean()));
    for (const double share : {0.1, 0.5, 0.99}) CHECK(one.quantile(share) == both.quantile(share));
}

TEST_CASE("histogram: nothing recorded is zero; what a stepped clock makes negative too",
          "[bench][histogram]") {
    Histogram histogram;
    CHECK(histogram.quantile(0.5) == 0);
    CHECK(histogram.mean() == 0);
    histogram.record(-5);
    CHECK(histogram.count() == 1);
    CHECK(histogram.max() == 0);
}

TEST_CASE("histogram: its buckets are all that was recorded, in order", "[bench][histogram]") {
    Histogram histogram;
    for (int value = 1; value < 1'000'000; value += 1009) histogram.record(value);
    std::uint64_t total = 0;
    std::uint64_t last = 0;
    histogram.for_each_bucket([&](std::uint64_t upper, std::uint64_t count) {
        CHECK(upper > last);
        last = upper;
        total += count;
    });
    CHECK(total == histogram.count());
}
