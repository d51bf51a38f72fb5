#include "herd/bridge/subjects.hpp"

#include "protocol/nats_subject.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace subjects_test {

using herd::bridge::Sha256;
using herd::bridge::Subjects;

herd::config::Bridge bridge(const char* shards = "00-ff") {
    herd::config::Bridge bridge;
    bridge.bucket = "x";
    bridge.shards = *herd::config::Shards::parse(shards);
    return bridge;
}
Subjects opened(const char* shards = "00-ff") {
    Subjects subjects(bridge(shards));
    REQUIRE(subjects.open());
    return subjects;
}

std::string hash_of(std::string_view text) {
    auto sha256 = Sha256::make();
    REQUIRE(sha256.has_value());
    std::string digits;
    for (int round = 0; round < 2; ++round) {  // It is good for more than one.
        const auto hash = sha256->of(text);
        REQUIRE(hash.has_value());
        std::array<char, protocol::hashed_bucket_key_size> out{};
        digits = protocol::format_hashed_bucket_key(out, *hash);
    }
    return digits;
}

TEST_CASE("sha256: as FIPS 180-4 has it", "[herd][bridge]") {
    CHECK(hash_of("") == "he3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hash_of("abc") == "hba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hash_of(std::string(1'000'000, 'a')) ==
          "hcdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("subjects: a client's has its shard, by the CRC-32 of its id", "[herd][bridge]") {
    auto subjects = opened();
    CHECK(subjects.stream() == "KV_x");
    CHECK(subjects.all() == "$KV.x.>");
    CHECK(subjects.healing() == "$KV.x._.healing");
    // The CRC-32 of "123456789" is cbf43926.
    CHECK(Subjects::shard_of("123456789") == 0x26);
    CHECK(subjects.of("123456789") == "$KV.x.26.c123456789");
    CHECK(subjects.of("kiwi.cs.ucla.edu").ends_with(".ckiwi=2Ecs=2Eucla=2Eedu"));
}

TEST_CASE("subjects: a client comes back from its own subject, and from no other",
          "[herd][bridge]") {
    auto subjects = opened();
    for (const std::string client : {"kiwi", "a.b", "*", ">", "\xff", "=", "_kv", "a/b:c"}) {
        const std::string subject(subjects.of(client));
        CAPTURE(subject);
        CHECK(protocol::nats::is_literal(subject));
        CHECK(subjects.client_of(subject) == client);
        std::string shard_of_others = subject;
        shard_of_others[6] = subject[6] == '0' ? '1' : '0';
        CHECK(subjects.client_of(shard_of_others).empty());
    }
    for (const char* const subject : {"",
                                      "$KV.x.",
                                      "$KV.x.26",
                                      "$KV.x.26.",
                                      "$KV.x.2",
                                      "$KV.y.26.c123456789",
                                      "$KV.x.26.c",
                                      "$KV.x.26.123456789",
                                      "$KV.x.zz.c123456789",
                                      "$KV.x.26.c123456789.b"}) {
        CAPTURE(subject);
        CHECK(subjects.client_of(subject).empty());
    }
}

TEST_CASE("subjects: a long client is known by its hash, and its subject fits", "[herd][bridge]") {
    auto subjects = opened();
    const std::string longest(999, 'x');
    CHECK(subjects.client_of(std::string(subjects.of(longest))) == longest);
    for (const std::string& client : {std::string(1'000, 'x'), std::string(8'192, '.')}) {
        const std::string subject(subjects.of(client));
        CHECK(subject.size() == std::string_view("$KV.x.26.").size() + 65);
        CHECK(subject.substr(9) == hash_of(client));
        CHECK(subjects.client_of(subject).empty());
    }
}

TEST_CASE("subjects: of other shards a client has none", "[herd][bridge]") {
    auto one = opened("26");
    CHECK_FALSE(one.of("123456789").empty());
    CHECK(one.has("$KV.x.26.cany"));
    CHECK_FALSE(one.has("$KV.x.27.cany"));
    auto some = opened("27-ff");
    CHECK_FALSE(some.has(some.healing()));
    CHECK(some.of("123456789").empty());
    CHECK_FALSE(some.has("$KV.x.26.cany"));
    CHECK(some.has("$KV.x.ff.cany"));
}

}  // namespace subjects_test
