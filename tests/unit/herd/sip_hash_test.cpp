#include "herd/sip_hash.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

namespace {

using herd::SipHash;

constexpr std::uint64_t key0 = 0x0706050403020100;
constexpr std::uint64_t key1 = 0x0f0e0d0c0b0a0908;

// The bytes 0, 1, 2, and so on.
std::string counting(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i));
    return text;
}

}  // namespace

TEST_CASE("sip_hash: SipHash answers the published values of SipHash-1-3", "[herd][sip_hash]") {
    const SipHash hash(key0, key1);
    const std::pair<std::size_t, std::uint64_t> published[] = {
        {0, 0xabac0158050fc4dc},
        {1, 0xc9f49bf37d57ca93},
        {7, 0xd3927d989bb11140},
        {8, 0x369095118d299a8e},
        {9, 0x25a48eb36c063de4},
        {15, 0xd320d86d2a519956},
        {16, 0xcc4fdd1a7d908b66},
        {63, 0x9d199062b7bbb3a8},
    };
    for (const auto& [size, value] : published) {
        INFO("of " << size << " bytes");
        CHECK(hash(counting(size)) == value);
    }
}

TEST_CASE("sip_hash: SipHash tells texts of every length from 0 to 64 apart", "[herd][sip_hash]") {
    const SipHash hash(key0, key1);
    std::set<std::uint64_t> values;
    for (std::size_t size = 0; size <= 64; ++size) {
        values.insert(hash(std::string(size, '\0')));
        values.insert(hash(std::string(size, 'x')));
    }
    // The empty text is in both rows.
    CHECK(values.size() == 2 * 65 - 1);
}

TEST_CASE("sip_hash: SipHash does not look beyond the text", "[herd][sip_hash]") {
    const SipHash hash(key0, key1);
    const std::string text = counting(64);
    for (std::size_t size = 0; size <= text.size(); ++size) {
        // A copy of exactly that size: a sanitizer sees a read behind it.
        const std::string copy = text.substr(0, size);
        CHECK(hash(std::string_view(text).substr(0, size)) == hash(copy));
    }
}

TEST_CASE("sip_hash: SipHash depends on both halves of the key", "[herd][sip_hash]") {
    std::set<std::uint64_t> values;
    for (int bit = 0; bit < 64; ++bit) {
        values.insert(SipHash(key0 ^ (std::uint64_t{1} << bit), key1)("client"));
        values.insert(SipHash(key0, key1 ^ (std::uint64_t{1} << bit))("client"));
    }
    values.insert(SipHash(key0, key1)("client"));
    CHECK(values.size() == 129);
}

TEST_CASE("sip_hash: SipHash: one bit of the text changes about half of the value",
          "[herd][sip_hash]") {
    const SipHash hash(key0, key1);
    for (const std::size_t size : {1U, 7U, 8U, 9U, 16U, 31U}) {
        const std::string text = counting(size);
        int changed = 0;
        int flips = 0;
        for (std::size_t bit = 0; bit < 8 * size; ++bit) {
            std::string other = text;
            other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
            const int distance = std::popcount(hash(text) ^ hash(other));
            CHECK(distance >= 10);
            changed += distance;
            ++flips;
        }
        INFO("of " << size << " bytes");
        CHECK(changed / flips >= 28);
        CHECK(changed / flips <= 36);
    }
}
