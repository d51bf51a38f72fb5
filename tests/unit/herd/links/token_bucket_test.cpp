#include "herd/links/token_bucket.hpp"

#include <catch2/catch.hpp>

#include <chrono>

namespace token_bucket_test {

using herd::links::TokenBucket;
using namespace std::chrono_literals;

namespace {

int taken(TokenBucket& bucket, reactor::Instant now) {
    int count = 0;
    while (count < 10'000'000 && bucket.take(now)) ++count;
    return count;
}

}  // namespace

TEST_CASE("token_bucket: at first, and after a quiet second, there are a second's",
          "[herd][link]") {
    for (const std::uint32_t rate : {1U, 7U, 1'000'000U}) {
        CAPTURE(rate);
        const auto start = reactor::Instant{} + 1234567ns;
        TokenBucket bucket(rate);
        CHECK(taken(bucket, start) == static_cast<int>(rate));
        CHECK(taken(bucket, start + 1s) == static_cast<int>(rate));
        CHECK(taken(bucket, start + 3h) == static_cast<int>(rate));
    }
}

TEST_CASE("token_bucket: in pieces, however small, comes what comes in one", "[herd][link]") {
    auto now = reactor::Instant{} + 5s;
    TokenBucket bucket(1000);
    CHECK(taken(bucket, now) == 1000);
    int count = 0;
    for (int i = 0; i < 1'000'000; ++i) count += taken(bucket, now += 777ns);
    CHECK(count == 777);
}

TEST_CASE("token_bucket: what is saved under one rate is no more than another allows",
          "[herd][link]") {
    auto now = reactor::Instant{} + 5s;
    TokenBucket bucket(1000);
    bucket.change(5);
    CHECK(taken(bucket, now) == 5);
    CHECK(taken(bucket, now += 1s) == 5);
    bucket.change(1000);
    CHECK(taken(bucket, now) == 0);
    CHECK(taken(bucket, now += 500ms) == 500);
}

}  // namespace token_bucket_test
