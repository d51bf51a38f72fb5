#include "protocol/nats_reader.hpp"

#include "protocol/digits.hpp"
#include "protocol/nats_text.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace protocol::nats {

namespace {

std::string_view take_word(std::string_view& line) {
    const auto* const begin = std::ranges::find_if_not(line, is_blank);
    const auto* const end = std::find_if(begin, line.end(), is_blank);
    const std::string_view word(begin, end);
    line = {end, line.end()};
    return word;
}

bool is_operation(std::string_view word, std::string_view capitals) {
    return std::ranges::equal(word, capitals, [](char byte, char capital) {
        constexpr char small = 'a' - 'A';
        return byte == capital || (byte >= 'a' && byte <= 'z' && byte - small == capital);
    });
}

std::optional<std::uint64_t> number(std::string_view word) {
    constexpr std::size_t digits_max = 19;
    const char* const end = word.data() + word.size();
    const Digits digits = read_digits(word.data(), end);
    if (word.empty() || word.size() > digits_max || digits.end != end) return std::nullopt;
    return digits.value;
}

std::string_view unquote(std::string_view text) {
    if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') return text;
    return text.substr(1, text.size() - 2);
}

bool is_info(std::string_view line) {
    return is_operation(line.substr(0, 4), "INFO");
}

}  // namespace

std::string_view to_text(Nonsense reason) {
    switch (reason) {
        case Nonsense::operation:
            return "operation";
        case Nonsense::operands:
            return "operands";
        case Nonsense::number:
            return "number";
        case Nonsense::size:
            return "size";
        case Nonsense::line_too_long:
            return "line_too_long";
        case Nonsense::line_end:
            return "line_end";
        case Nonsense::payload_end:
            return "payload_end";
    }
    return "";
}

std::expected<Reader::Read, Nonsense> Reader::read(std::string_view bytes) {
    const auto skipped = skip(bytes);
    if (!skipped) return std::unexpected(skipped.error());
    if (skip_ > 0) return Read{*skipped};
    auto read = read_line(bytes.substr(*skipped));
    if (read) read->consumed += *skipped;
    return read;
}

// Consumes the two bytes of the payload's end together.
std::expected<std::size_t, Nonsense> Reader::skip(std::string_view bytes) {
    if (skip_ == 0) return 0;
    const std::size_t payload = std::min(skip_ - crlf.size(), bytes.size());
    skip_ -= payload;
    bytes.remove_prefix(payload);
    if (skip_ > crlf.size() || bytes.size() < crlf.size()) return payload;
    if (!bytes.starts_with(crlf)) return std::unexpected(Nonsense::payload_end);
    skip_ = 0;
    return payload + crlf.size();
}

std::expected<Reader::Read, Nonsense> Reader::read_line(std::string_view bytes) {
    // Of the first bytes it shows which of the limits is this line's.
    const std::size_t most = is_info(bytes) ? limits_.info_max : limits_.line_max;
    const std::size_t end = bytes.substr(0, most + crlf.size()).find('\n');
    if (end == std::string_view::npos) {
        if (bytes.size() >= most + crlf.size()) {
            return std::unexpected(Nonsense::line_too_long);
        }
        return Read{};
    }
    if (end == 0 || bytes[end - 1] != '\r') return std::unexpected(Nonsense::line_end);
    std::string_view line = bytes.substr(0, end - 1);
    const std::string_view operation = take_word(line);
    const std::size_t size = end + 1;
    const std::string_view rest = trim(line);
    if (is_operation(operation, "MSG")) return deliver(bytes, size, false);
    if (is_operation(operation, "HMSG")) return deliver(bytes, size, true);
    if (is_operation(operation, "INFO")) return Read{size, Info{rest}};
    if (is_operation(operation, "-ERR")) return Read{size, Error{unquote(rest)}};
    const bool bare = rest.empty();
    if (is_operation(operation, "PING") && bare) return Read{size, Ping{}};
    if (is_operation(operation, "PONG") && bare) return Read{size, Pong{}};
    if (is_operation(operation, "+OK") && bare) return Read{size, Ok{}};
    const bool known = is_operation(operation, "PING") || is_operation(operation, "PONG") ||
                       is_operation(operation, "+OK");
    return std::unexpected(known ? Nonsense::operands : Nonsense::operation);
}

// MSG subject sid [reply] size, HMSG subject sid [reply] headers size: whether there is a subject
// of replies, their number shows.
std::expected<Reader::Read, Nonsense> Reader::deliver(std::string_view bytes,
                                                      std::size_t line,
                                                      bool headed) {
    std::string_view left = bytes.substr(0, line - crlf.size());
    take_word(left);
    std::array<std::string_view, 5> words{};
    std::size_t count = 0;
    for (std::string_view word = take_word(left); !word.empty(); word = take_word(left)) {
        if (count == words.size()) return std::unexpected(Nonsense::operands);
        words[count++] = word;
    }
    const std::size_t sizes = headed ? 2 : 1;
    const bool replied = count == 3 + sizes;
    if (!replied && count != 2 + sizes) return std::unexpected(Nonsense::operands);
    const auto sid = number(words[1]);
    if (!sid) return std::unexpected(Nonsense::number);
    const auto size = number(words[count - 1]);
    const auto head = headed ? number(words[count - 2]) : std::optional<std::uint64_t>(0);
    if (!size || !head || *size > size_max || *head > *size) {
        return std::unexpected(Nonsense::size);
    }
    Delivery delivery{.subject = words[0], .sid = *sid, .size = static_cast<std::size_t>(*size)};
    if (replied) delivery.reply = words[2];
    if (delivery.size > limits_.payload_max) {
        delivery.skipped = true;
        skip_ = delivery.size + crlf.size();
        return Read{line, delivery};
    }
    const std::string_view body = bytes.substr(line);
    if (body.size() < delivery.size + crlf.size()) return Read{};
    if (!body.substr(delivery.size).starts_with(crlf)) {
        return std::unexpected(Nonsense::payload_end);
    }
    delivery.headers = body.substr(0, *head);
    delivery.payload = body.substr(*head, delivery.size - *head);
    return Read{line + delivery.size + crlf.size(), delivery};
}

}  // namespace protocol::nats
