#include "protocol/jetstream_push.hpp"

#include "protocol/digits.hpp"
#include "protocol/nats_headers.hpp"

#include <array>
#include <cstddef>

namespace protocol::jetstream {

namespace {

std::optional<std::uint64_t> whole_number(std::string_view text) {
    constexpr std::size_t digits_max = 19;
    const char* const end = text.data() + text.size();
    const Digits digits = read_digits(text.data(), end);
    if (text.empty() || text.size() > digits_max || digits.end != end) return std::nullopt;
    return digits.value;
}

}  // namespace

// $JS.ACK.stream.consumer.deliveries.stream_seq.consumer_seq.time.pending, or, of servers that say
// so, with a domain and an account before the stream, and a token behind it all.
std::optional<Pushed> parse_pushed(std::string_view reply) {
    constexpr std::string_view start = "$JS.ACK.";
    constexpr std::size_t words_short = 7;
    constexpr std::size_t words_long = 10;
    if (!reply.starts_with(start)) return std::nullopt;
    reply.remove_prefix(start.size());
    std::array<std::string_view, words_long> words{};
    std::size_t count = 0;
    while (count < words.size()) {
        const std::size_t end = reply.find('.');
        words[count++] = reply.substr(0, end);
        if (end == std::string_view::npos) break;
        reply.remove_prefix(end + 1);
    }
    if (count != words_short && count < words_long - 1) return std::nullopt;
    const std::size_t first = count == words_short ? 3 : 5;
    const auto stream = whole_number(words[first]);
    const auto consumer = whole_number(words[first + 1]);
    const auto pending = whole_number(words[first + 3]);
    if (!stream || !consumer || !pending) return std::nullopt;
    return Pushed{*stream, *consumer, *pending};
}

std::optional<Note> note_of(const nats::Delivery& delivery, std::string_view deliver_subject) {
    constexpr std::uint32_t alive = 100;
    if (delivery.subject != deliver_subject) return std::nullopt;
    Note note;
    const auto headers = nats::Headers::parse(delivery.headers);
    if (!headers || headers->status() != alive) return note;
    const auto number = [&](std::string_view name) {
        const auto text = headers->find(name);
        return text ? whole_number(*text).value_or(0) : 0;
    };
    if (headers->description().starts_with("Idle Heartbeat")) {
        note.kind = Note::Kind::heartbeat;
        note.last_stream_seq = number("Nats-Last-Stream");
        note.last_consumer_seq = number("Nats-Last-Consumer");
        note.answer_to = headers->find("Nats-Consumer-Stalled").value_or(std::string_view());
    } else if (headers->description().starts_with("FlowControl")) {
        note.kind = Note::Kind::flow_control;
        note.answer_to = delivery.reply;
    }
    return note;
}

}  // namespace protocol::jetstream
