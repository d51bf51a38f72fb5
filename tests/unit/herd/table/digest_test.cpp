#include "herd/table/digest.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace digest_test {

using herd::table::Digest;

TEST_CASE("digest: what goes in and out again leaves no trace", "[herd][digest]") {
    Digest digest;
    digest.toggle(7, 123);
    CHECK(digest.root() == 123);
    CHECK(digest.bucket(7) == 123);
    digest.toggle(7, 123);
    CHECK(digest.root() == 0);
    CHECK(digest.bucket(7) == 0);
}

TEST_CASE("digest: the order of filling does not matter", "[herd][digest]") {
    Digest one;
    Digest other;
    for (std::uint16_t i = 0; i < 100; ++i) one.toggle(i, Digest::hash(std::to_string(i), ""));
    for (std::uint16_t i = 100; i-- > 0;) other.toggle(i, Digest::hash(std::to_string(i), ""));
    CHECK(one.root() == other.root());
    one.check();
    other.check();
}

TEST_CASE("digest: any flipped bit, any cut and any added zero changes the hash",
          "[herd][digest]") {
    const std::string line =
        "AT Goloman +0.263873386 kiwi.cs.ucla.edu +34.068930-118.445127 1520023934.918963997";
    const auto hash = [](std::string_view text) {
        const std::size_t cut = std::min<std::size_t>(text.size(), 23);
        return Digest::hash(text.substr(0, cut), text.substr(cut));
    };
    std::set<std::uint64_t> seen = {hash(line)};
    std::size_t made = 1;
    for (std::size_t bit = 0; bit < 8 * line.size(); ++bit, ++made) {
        std::string flipped = line;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        seen.insert(hash(flipped));
    }
    for (std::size_t size = 0; size < line.size(); ++size, ++made) {
        seen.insert(hash(line.substr(0, size)));
    }
    for (std::size_t zeros = 1; zeros < 20; ++zeros, ++made) {
        seen.insert(hash(line + std::string(zeros, '\0')));
    }
    CHECK(seen.size() == made);
}

TEST_CASE("digest: clients spread evenly over the buckets", "[herd][digest]") {
    std::vector<int> filled(Digest::bucket_count);
    constexpr int each = 32;
    for (std::uint32_t i = 0; i < each * Digest::bucket_count; ++i) {
        ++filled[Digest::bucket_of("client-" + std::to_string(i))];
    }
    // Poisson with mean 32: beyond 75 once in 10^8 buckets.
    for (const int count : filled) CHECK((count > 3 && count < 75));
}

}  // namespace digest_test
