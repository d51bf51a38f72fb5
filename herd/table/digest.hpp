#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace herd::table {

// Sums up what a table holds, in so few numbers that two servers can compare them: each bucket is
// the XOR of the hashes of the AT lines in it, so that a change costs two XORs, and equal tables
// have equal buckets whatever the order in which they were filled. The hash has no key: every
// server must come to the same. Whoever finds two lines with one hash can hide the difference
// between them from a comparison, and nothing else.
class Digest {
public:
    static constexpr unsigned bucket_bits = 12;
    static constexpr std::uint32_t bucket_count = 1U << bucket_bits;

    // Of a whole AT line: differs when anything in it does. `head` is its server and skew, `tail`
    // the rest.
    static std::uint64_t hash(std::string_view head, std::string_view tail) {
        return hash(head, hash(tail, 0));
    }
    static std::uint16_t bucket_of(std::string_view client) {
        return static_cast<std::uint16_t>(hash(client, 0) >> (64 - bucket_bits));
    }

    // In or, the second time, out.
    void toggle(std::uint16_t bucket, std::uint64_t hash) {
        buckets_[bucket] ^= hash;
        root_ ^= hash;
    }

    std::uint64_t bucket(std::uint32_t index) const { return buckets_[index]; }
    // Of all buckets. At rest, equal roots mean equal tables.
    std::uint64_t root() const { return root_; }

    // Asserts that the root is that of the buckets. For tests.
    void check() const;

private:
    static std::uint64_t hash(std::string_view text, std::uint64_t start);

    std::array<std::uint64_t, bucket_count> buckets_{};
    std::uint64_t root_ = 0;
};

}  // namespace herd::table
