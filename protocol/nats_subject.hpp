#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

// What is published on, and what is subscribed to, at a broker of NATS.
namespace protocol::nats {

// A broker takes a blank for the end of a subject, and what stands behind it for the subject of
// replies: so a subject has none, and no control characters.
constexpr bool is_subject_byte(char byte) {
    return static_cast<unsigned char>(byte) > ' ' && byte != '\x7f';
}

// Words with a point between each two, none of them empty. With `wild` a word may be `*`, any
// word, and the last one `>`, one or more of them.
constexpr bool is_subject(std::string_view text, bool wild) {
    if (text.empty() || !std::ranges::all_of(text, is_subject_byte)) return false;
    while (true) {
        const std::size_t end = text.find('.');
        const bool last = end == std::string_view::npos;
        const std::string_view word = text.substr(0, end);
        if (word.empty()) return false;
        if (word == "*" && !wild) return false;
        if (word == ">" && !(wild && last)) return false;
        if (last) return true;
        text.remove_prefix(end + 1);
    }
}

// That something is published on: a broker would store a `*` as it stands.
constexpr bool is_literal(std::string_view text) {
    return is_subject(text, false);
}
// That is subscribed to.
constexpr bool is_filter(std::string_view text) {
    return is_subject(text, true);
}

}  // namespace protocol::nats
