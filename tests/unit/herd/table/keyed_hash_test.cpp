#include "herd/sip_hash.hpp"
#include "herd/table/client_hash.hpp"

#include <catch2/catch.hpp>

#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace keyed_hash_test {

namespace {

using herd::SipHash;
using herd::table::ClientHash;

constexpr std::uint64_t key0 = 0x0706050403020100;
constexpr std::uint64_t key1 = 0x0f0e0d0c0b0a0908;

// The bytes 0, 1, 2, and so on.
std::string counting(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i));
    return text;
}

}  // namespace

TEST_CASE("keyed_hash: SipHash answers the published values of SipHash-1-3", "[herd][keyed_hash]") {
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

TEMPLATE_TEST_CASE("keyed_hash: tells texts of every length from 0 to 200 apart",
                   "[herd][keyed_hash]",
                   SipHash,
                   ClientHash) {
    const TestType hash(key0, key1);
    std::set<std::uint64_t> values;
    for (std::size_t size = 0; size <= 200; ++size) {
        values.insert(hash(std::string(size, '\0')));
        values.insert(hash(std::string(size, 'x')));
    }
    // The empty text is in both rows.
    CHECK(values.size() == 2 * 201 - 1);
}

TEMPLATE_TEST_CASE("keyed_hash: does not look beyond the text",
                   "[herd][keyed_hash]",
                   SipHash,
                   ClientHash) {
    const TestType hash(key0, key1);
    const std::string text = counting(200);
    for (std::size_t size = 0; size <= text.size(); ++size) {
        // A copy of exactly that size: a sanitizer sees a read behind it.
        const std::string copy = text.substr(0, size);
        CHECK(hash(std::string_view(text).substr(0, size)) == hash(copy));
    }
}

TEMPLATE_TEST_CASE("keyed_hash: depends on both halves of the key",
                   "[herd][keyed_hash]",
                   SipHash,
                   ClientHash) {
    std::set<std::uint64_t> values;
    for (int bit = 0; bit < 64; ++bit) {
        values.insert(TestType(key0 ^ (std::uint64_t{1} << bit), key1)("client"));
        values.insert(TestType(key0, key1 ^ (std::uint64_t{1} << bit))("client"));
    }
    values.insert(TestType(key0, key1)("client"));
    CHECK(values.size() == 129);
}

TEMPLATE_TEST_CASE("keyed_hash: one bit of the text changes about half of the value",
                   "[herd][keyed_hash]",
                   SipHash,
                   ClientHash) {
    const TestType hash(key0, key1);
    for (const std::size_t size : {1U, 7U, 8U, 15U, 16U, 24U, 31U, 63U, 64U, 65U, 80U, 200U}) {
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

TEST_CASE("keyed_hash: ClientHash spreads like identifiers evenly, by low bits and by high ones",
          "[herd][keyed_hash]") {
    const ClientHash hash(key0, key1);
    constexpr std::size_t places = 1024;
    constexpr int each = 64;
    std::vector<int> low(places);
    std::vector<int> high(places);
    for (std::size_t i = 0; i < places * each; ++i) {
        const std::uint64_t value = hash("client-" + std::to_string(i) + ".herd.test");
        ++low[value % places];
        ++high[(value >> 32) % places];
    }
    // Poisson with mean 64: outside of this once in 10^7 places.
    for (const int count : low) CHECK((count > 25 && count < 115));
    for (const int count : high) CHECK((count > 25 && count < 115));
}

}  // namespace keyed_hash_test
