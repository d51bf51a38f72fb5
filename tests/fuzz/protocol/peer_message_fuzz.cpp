#include "protocol/peer_message.hpp"

#include <cassert>
#include <cstdint>
#include <string>
#include <vector>

namespace peer_message_fuzz {

namespace {

using namespace protocol;

// A greeting of another version may lack its name, and then there is nothing to write.
template <class Message>
bool is_writable(const Message& message) {
    if constexpr (requires { message.name; }) return is_server_name(message.name);
    if constexpr (requires { message.text; }) {
        return message.text.size() <= refusal_text_size_max &&
               message.text.find('\n') == std::string_view::npos;
    }
    return true;
}

template <class Message>
void check_round_trip(const Message& message) {
    if (!is_writable(message)) return;
    std::vector<char> out(peer_message_size_max);
    const auto text = format(out, message);
    const auto again = parse_peer_message(text);
    assert(again);
    const auto* same = std::get_if<Message>(&*again);
    assert(same != nullptr);
    assert(*same == message);
}

void check_round_trip(const AtLine& line) {
    std::vector<char> out(at_line_size(line));
    const auto text = format_at(out, line);
    assert(text.size() == out.size());
    const auto again = parse_peer_message(text);
    assert(again);
    const auto* same = std::get_if<AtLine>(&*again);
    assert(same != nullptr);
    assert(same->server == line.server);
    assert(same->client == line.client);
    assert(same->skew_ns == line.skew_ns);
    assert(same->time == line.time);
    assert(same->location == line.location);
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const auto message = parse_peer_message(line);
    if (!message) {
        assert(!to_text(message.error()).empty());
        return;
    }
    std::visit([](const auto& each) { check_round_trip(each); }, *message);
    // Whatever stands behind a message does not change what it is.
    const std::string longer = std::string(line) + " x";
    const auto with_more = parse_peer_message(longer);
    assert(with_more);
    assert(with_more->index() == message->index());
}

}  // namespace peer_message_fuzz
