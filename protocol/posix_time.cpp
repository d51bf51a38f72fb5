#include "protocol/posix_time.hpp"

#include "protocol/text_writer.hpp"
#include "protocol/tokens.hpp"

#include <cassert>
#include <limits>

namespace protocol {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::size_t decimals_max = 9;
constexpr auto positive_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

bool is_sign(char byte) {
    return byte == '+' || byte == '-';
}

// One to nine decimals in nanoseconds: "5" is half a second.
std::optional<std::uint64_t> parse_decimals(std::string_view text) {
    if (text.empty() || text.size() > decimals_max) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < decimals_max; ++i) {
        if (i < text.size() && !is_digit(text[i])) return std::nullopt;
        value = value * 10 + (i < text.size() ? static_cast<std::uint64_t>(text[i] - '0') : 0);
    }
    return value;
}

// Seconds without a sign, in nanoseconds.
std::optional<std::uint64_t> parse_magnitude(std::string_view text) {
    std::uint64_t seconds = 0;
    std::size_t size = 0;
    for (; size < text.size() && is_digit(text[size]); ++size) {
        seconds = seconds * 10 + static_cast<std::uint64_t>(text[size] - '0');
        if (seconds > positive_max / second_ns) return std::nullopt;
    }
    if (size == 0) return std::nullopt;
    if (size == text.size()) return seconds * second_ns;
    if (text[size] != '.') return std::nullopt;
    const auto decimals = parse_decimals(text.substr(size + 1));
    if (!decimals) return std::nullopt;
    return seconds * second_ns + *decimals;
}

std::optional<std::int64_t> parse_nanoseconds(std::string_view text) {
    const bool is_negative = !text.empty() && text.front() == '-';
    if (!text.empty() && is_sign(text.front())) text.remove_prefix(1);
    const auto magnitude = parse_magnitude(text);
    // The negative side reaches one nanosecond further.
    if (!magnitude || *magnitude > positive_max + (is_negative ? 1 : 0)) return std::nullopt;
    return static_cast<std::int64_t>(is_negative ? 0 - *magnitude : *magnitude);
}

}  // namespace

std::optional<PosixTime> parse_posix_time(std::string_view text) {
    const auto nanoseconds = parse_nanoseconds(text);
    if (!nanoseconds) return std::nullopt;
    return PosixTime{*nanoseconds};
}

std::optional<std::int64_t> parse_skew(std::string_view text) {
    if (text.empty() || !is_sign(text.front())) return std::nullopt;
    return parse_nanoseconds(text);
}

std::string_view format_skew(std::span<char> out, std::int64_t nanoseconds) {
    assert(out.size() >= skew_size_max);
    const std::uint64_t magnitude = TextWriter::magnitude(nanoseconds);
    TextWriter writer(out);
    writer.put(nanoseconds < 0 ? '-' : '+');
    writer.put_decimal(magnitude / second_ns);
    writer.put('.');
    writer.put_decimal(magnitude % second_ns, decimals_max);
    return writer.text();
}

}  // namespace protocol
