#include "protocol/jetstream_push.hpp"

#include <catch2/catch.hpp>

namespace jetstream_push_test {

using namespace protocol::jetstream;
using protocol::nats::Delivery;

TEST_CASE("jetstream: a message says where it stands, in either way of saying so",
          "[protocol][jetstream]") {
    for (const char* const reply : {"$JS.ACK.KV_x.c1.1.1207.12.1764400000000000000.7",
                                    "$JS.ACK._.ACC.KV_x.c1.1.1207.12.1764400000000000000.7",
                                    "$JS.ACK.hub.ACC.KV_x.c1.1.1207.12.17644.7.tok",
                                    "$JS.ACK.hub.ACC.KV_x.c1.1.1207.12.17644.7.tok.more"}) {
        CAPTURE(reply);
        const auto pushed = parse_pushed(reply);
        REQUIRE(pushed.has_value());
        CHECK(pushed->stream_seq == 1207);
        CHECK(pushed->consumer_seq == 12);
        CHECK(pushed->pending == 7);
    }
    for (const char* const reply : {"",
                                    "$JS.ACK.",
                                    "_INBOX.a",
                                    "$JS.ACK.KV_x.c1.1.1207.12.17644",
                                    "$JS.ACK.KV_x.c1.1.1207.12.17644.7.x",
                                    "$JS.ACK.KV_x.c1.1.x.12.17644.7",
                                    "$JS.ACK.KV_x.c1.1.1207..17644.7",
                                    "$JS.ACK.KV_x.c1.1.1207.12.17644.-7",
                                    "$JS.ACK.KV_x.c1.1.1207.12.17644.99999999999999999999"}) {
        CAPTURE(reply);
        CHECK_FALSE(parse_pushed(reply).has_value());
    }
}

TEST_CASE("jetstream: a consumer's notes are told from messages by their subject alone",
          "[protocol][jetstream]") {
    const Delivery beat{.subject = "d",
                        .headers =
                            "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 12\r\n"
                            "Nats-Last-Stream: 1207\r\nNats-Consumer-Stalled: fc.1\r\n\r\n"};
    CHECK_FALSE(note_of(beat, "e").has_value());
    const auto heard = note_of(beat, "d");
    REQUIRE(heard.has_value());
    CHECK(heard->kind == Note::Kind::heartbeat);
    CHECK(heard->last_stream_seq == 1207);
    CHECK(heard->last_consumer_seq == 12);
    CHECK(heard->answer_to == "fc.1");
    const auto plain =
        note_of({.subject = "d", .headers = "NATS/1.0 100 Idle Heartbeat\r\n\r\n"}, "d");
    CHECK(plain->kind == Note::Kind::heartbeat);
    CHECK(plain->answer_to.empty());
    const auto asked = note_of(
        {.subject = "d", .reply = "fc.2", .headers = "NATS/1.0 100 FlowControl Request\r\n\r\n"},
        "d");
    REQUIRE(asked.has_value());
    CHECK(asked->kind == Note::Kind::flow_control);
    CHECK(asked->answer_to == "fc.2");
    for (const char* const headers :
         {"", "lies", "NATS/1.0 409 Consumer Deleted\r\n\r\n", "NATS/1.0 100 New\r\n\r\n"}) {
        const auto other = note_of({.subject = "d", .reply = "r", .headers = headers}, "d");
        REQUIRE(other.has_value());
        CHECK(other->kind == Note::Kind::other);
        CHECK(other->answer_to.empty());
    }
}

}  // namespace jetstream_push_test
