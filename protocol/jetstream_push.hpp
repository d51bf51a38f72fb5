#pragma once

#include "protocol/nats_reader.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

// What a consumer of JetStream pushes: messages of its stream, and notes of its own.
namespace protocol::jetstream {

// Where a message stands, as the subject says that it could be acknowledged on.
struct Pushed {
    std::uint64_t stream_seq = 0;
    std::uint64_t consumer_seq = 0;  // rises by one, or something was lost on the way
    std::uint64_t pending = 0;       // messages that are still to come
};
// Nothing: it is no such subject.
std::optional<Pushed> parse_pushed(std::string_view reply);

// What a consumer says of itself.
struct Note {
    enum class Kind : std::uint8_t {
        heartbeat,     // It is there, and has nothing to send.
        flow_control,  // It sends on when that is answered.
        other,         // It is gone, or something unknown.
    };
    Kind kind = Kind::other;
    std::string_view answer_to = {};    // a subject on which an empty message is owed; empty: none
    std::uint64_t last_stream_seq = 0;  // Of a heartbeat: of what was sent before it.
    std::uint64_t last_consumer_seq = 0;
};
// Nothing: it is a message of the stream. These come with the subject that they were published on,
// notes with the one that the consumer delivers to: by that alone they are told apart, as whoever
// publishes may write a note's headers. Views the delivery.
std::optional<Note> note_of(const nats::Delivery& delivery, std::string_view deliver_subject);

}  // namespace protocol::jetstream
