#include "protocol/bucket_key.hpp"

#include "protocol/nats_subject.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <string_view>

namespace bucket_key_test {

using namespace protocol;
using namespace std::string_view_literals;

std::string key_of(std::string_view client) {
    std::array<char, bucket_key_size_max> out{};
    return std::string(format_bucket_key(out, client));
}
std::string client_of(std::string_view key) {
    std::array<char, bucket_key_size_max> out{};
    return std::string(parse_bucket_key(out, key));
}

TEST_CASE("bucket key: what may stand in one does, and all else is escaped", "[protocol][bucket]") {
    CHECK(key_of("kiwi") == "ckiwi");
    CHECK(key_of("kiwi.cs.ucla.edu") == "ckiwi=2Ecs=2Eucla=2Eedu");
    CHECK(key_of("A_z-09") == "cA_z-09");
    CHECK(key_of("=") == "c=3D");
    CHECK(key_of("*") == "c=2A");
    CHECK(key_of(">") == "c=3E");
    CHECK(key_of("/:") == "c=2F=3A");
    CHECK(key_of("\xff\x01"sv) == "c=FF=01");
    CHECK(key_of("a\0b"sv) == "ca=00b");
    CHECK(key_of("_kv") == "c_kv");
}

TEST_CASE("bucket key: every byte comes back, and makes a word of a subject",
          "[protocol][bucket]") {
    for (int value = 0; value < 256; ++value) {
        const std::string client = "x" + std::string(1, static_cast<char>(value)) + "y";
        const std::string key = key_of(client);
        CAPTURE(value, key);
        CHECK(client_of(key) == client);
        CHECK(nats::is_literal(key));
        CHECK(key.find('.') == std::string::npos);
    }
}

TEST_CASE("bucket key: what is written in another way is nobody's", "[protocol][bucket]") {
    for (const std::string_view key : {""sv,
                                       "c"sv,
                                       "kiwi"sv,
                                       "hkiwi"sv,
                                       "c=2e"sv,
                                       "c=61"sv,
                                       "c=2"sv,
                                       "c="sv,
                                       "c=G0"sv,
                                       "ca.b"sv,
                                       "ca b"sv}) {
        CAPTURE(key);
        CHECK(client_of(key).empty());
    }
}

TEST_CASE("bucket key: one that would be too long is none", "[protocol][bucket]") {
    CHECK(key_of(std::string(999, 'x')).size() == 1000);
    CHECK(key_of(std::string(1000, 'x')).empty());
    CHECK(key_of(std::string(333, '.')).size() == 1000);
    CHECK(key_of(std::string(334, '.')).empty());
    CHECK(client_of("c" + std::string(999, 'x')) == std::string(999, 'x'));
    CHECK(client_of("c" + std::string(1000, 'x')).empty());
}

TEST_CASE("bucket key: a hash is written out", "[protocol][bucket]") {
    std::array<std::uint8_t, bucket_hash_size> hash{};
    hash.front() = 0xba;
    hash.back() = 0x0f;
    std::array<char, hashed_bucket_key_size> out{};
    CHECK(format_hashed_bucket_key(out, hash) == "hba" + std::string(60, '0') + "0f");
}

}  // namespace bucket_key_test
