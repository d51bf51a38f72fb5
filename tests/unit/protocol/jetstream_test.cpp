#include "protocol/jetstream.hpp"

#include "protocol/json_walk.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <string>

namespace jetstream_test {

using namespace protocol::jetstream;
using protocol::TextWriter;

namespace {

template <class Put>
std::string written(Put put) {
    std::array<char, request_size_max> out{};
    TextWriter writer(out);
    put(writer);
    CHECK_FALSE(writer.overflowed());
    const std::string text(writer.text());
    CHECK(protocol::walk_json(text, [](const protocol::JsonLeaf&) {}));
    return text;
}

}  // namespace

TEST_CASE("jetstream: a bucket is created as clients of KV buckets know one",
          "[protocol][jetstream]") {
    CHECK(written([](TextWriter& out) {
              put_create(out, {.name = "KV_x", .subjects = "$KV.x.>"});
          }) == R"({"name":"KV_x","subjects":["$KV.x.>"],"retention":"limits","max_consumers":-1,)"
                R"("max_msgs":-1,"max_msg_size":-1,"max_msgs_per_subject":1,"discard":"new",)"
                R"("allow_rollup_hdrs":true,"deny_delete":true,"deny_purge":false,)"
                R"("allow_direct":true,"storage":"memory","num_replicas":1,"max_bytes":-1,)"
                R"("max_age":0,"duplicate_window":100000000})");
    const std::string on_disk = written([](TextWriter& out) {
        put_create(out,
                   {.name = "KV_x",
                    .subjects = "$KV.x.>",
                    .on_disk = true,
                    .replicas = 3,
                    .max_bytes = 1000,
                    .max_age_ns = 5});
    });
    CHECK(on_disk.find(R"("storage":"file","num_replicas":3,"max_bytes":1000,"max_age":5,)") !=
          std::string::npos);
}

TEST_CASE("jetstream: a consumer begins with all, or with a sequence", "[protocol][jetstream]") {
    CHECK(written([](TextWriter& out) {
              put_consumer(out, {.stream = "KV_x", .deliver_subject = "d.1"});
          }) == R"({"stream_name":"KV_x","config":{"deliver_subject":"d.1","deliver_policy":"all",)"
                R"("ack_policy":"none","replay_policy":"instant","mem_storage":true,)"
                R"("flow_control":true,"idle_heartbeat":2000000000}})");
    const std::string from = written([](TextWriter& out) {
        put_consumer(
            out, {.stream = "KV_x", .deliver_subject = "d", .filter = "$KV.x.5a.>", .from_seq = 7});
    });
    CHECK(from.find(R"("filter_subject":"$KV.x.5a.>","deliver_policy":"by_start_sequence",)"
                    R"("opt_start_seq":7,)") != std::string::npos);
    CHECK(written([](TextWriter& out) { put_purge(out, "$KV.x.\"\xff"); }) ==
          "{\"filter\":\"$KV.x.\\\"\xef\xbf\xbd\"}");
}

TEST_CASE("jetstream: the longest subjects fit a request", "[protocol][jetstream]") {
    const std::string longest(500, '\x01');
    written([&](TextWriter& out) {
        put_consumer(out, {.stream = longest, .deliver_subject = longest, .filter = longest});
    });
}

TEST_CASE("jetstream: a stream's answer is read, as is what it lacks", "[protocol][jetstream]") {
    const auto state = parse_stream(
        R"({"type":"io.nats.jetstream.api.v1.stream_info_response","config":{"name":"KV_x",)"
        R"("subjects":["$KV.x.>"],"max_msgs_per_subject":1,"storage":"file","deny_purge":true,)"
        R"("created":"no"},"created":"2026-11-28T10:00:00.123456789Z","state":{"messages":3,)"
        R"("bytes":400,"first_seq":2,"last_seq":9,"consumer_count":1}})");
    REQUIRE(state.has_value());
    CHECK(state->created.text() == "2026-11-28T10:00:00.123456789Z");
    CHECK(state->messages == 3);
    CHECK(state->bytes == 400);
    CHECK(state->first_seq == 2);
    CHECK(state->last_seq == 9);
    CHECK(state->max_per_subject == 1);
    CHECK(state->on_disk);
    CHECK(state->deny_purge);
    for (const char* const bad : {"",
                                  "no JSON",
                                  "{}",
                                  R"({"created":"x"})",
                                  R"({"state":{"last_seq":1}})",
                                  R"({"created":1,"state":{"last_seq":1}})",
                                  R"({"created":"x","state":{"last_seq":-1}})"}) {
        CAPTURE(bad);
        const auto none = parse_stream(bad);
        REQUIRE_FALSE(none.has_value());
        CHECK(none.error().nonsense());
    }
}

TEST_CASE("jetstream: a refusal has its code, reason and words", "[protocol][jetstream]") {
    const auto refused = parse_stream(
        R"({"type":"x","error":{"code":404,"err_code":10059,"description":"stream not found"}})");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == 404);
    CHECK(refused.error().reason == Refusal::stream_not_found);
    CHECK(refused.error().text.text() == "stream not found");
    const auto stored = parse_stored(R"({"error":{"code":503,"err_code":10077,"description":")" +
                                     std::string(200, 'x') + R"("},"stream":"KV_x","seq":0})");
    REQUIRE_FALSE(stored.has_value());
    CHECK(stored.error().reason == Refusal::stream_full);
    CHECK(stored.error().text.text() == std::string(120, 'x'));
    CHECK(parse_purge(R"({"error":{"code":99999999999}})").error().nonsense());
}

TEST_CASE("jetstream: consumers, purges and acknowledgements are read", "[protocol][jetstream]") {
    const auto consumer =
        parse_consumer(R"({"name":"c1","num_pending":12,"config":{"name":"other"}})");
    REQUIRE(consumer.has_value());
    CHECK(consumer->name.text() == "c1");
    CHECK(consumer->pending == 12);
    CHECK_FALSE(parse_consumer(R"({"name":"c1"})").has_value());
    CHECK_FALSE(parse_consumer(R"({"num_pending":1})").has_value());
    CHECK(parse_purge(R"({"success":true,"purged":4})")->count == 4);
    CHECK_FALSE(parse_purge(R"({"success":false,"purged":4})").has_value());
    CHECK_FALSE(parse_purge(R"({"purged":4})").has_value());
    const auto stored = parse_stored(R"({"stream":"KV_x","seq":274831,"duplicate":true})");
    REQUIRE(stored.has_value());
    CHECK(stored->seq == 274'831);
    CHECK(stored->duplicate);
    CHECK_FALSE(parse_stored(R"({"stream":"KV_x"})").has_value());
}

TEST_CASE("jetstream: a name has nothing that subjects are made of", "[protocol][jetstream]") {
    for (const char* const good : {"KV_x", "a-b", "=2E"}) CHECK(is_name(good));
    for (const char* const bad : {"", "a.b", "a b", "*", "a>", "a/b", "a\\b"}) {
        CHECK_FALSE(is_name(bad));
    }
}

}  // namespace jetstream_test
