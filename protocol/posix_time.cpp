#include "protocol/posix_time.hpp"

#include "protocol/digits.hpp"
#include "protocol/text_writer.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cstring>
#include <limits>

namespace protocol {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::ptrdiff_t decimals_max = 9;
constexpr std::ptrdiff_t value_digits_max = 19;  // more may not fit: Digits::value
constexpr auto positive_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
constexpr std::array<std::uint64_t, decimals_max + 1> scale = {
    second_ns, 100'000'000, 10'000'000, 1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};

bool is_sign(char byte) {
    return byte == '+' || byte == '-';
}

// Seconds without a sign.
struct Seconds {
    std::uint64_t whole = 0;
    std::uint64_t nanoseconds = 0;
};

// Each of these returns where the seconds end that stand from `at` on, and null if none do.

// "1520023934.918963997", as clocks say it until the year 2286, and nothing else: three words, and
// no loop.
const char* read_usual(const char* at, const char* end, Seconds& seconds) {
    constexpr std::ptrdiff_t size = 20;
    constexpr std::ptrdiff_t point = 10;
    if (end - at < size || at[point] != '.') return nullptr;
    if (end - at > size && is_digit(at[size])) return nullptr;
    const std::uint64_t first = words::load(at);
    const std::uint64_t last = words::load(at + size - words::size);
    // The point becomes a digit.
    const std::uint64_t middle = words::load(at + 8) ^ (std::uint64_t{'.' ^ '0'} << 16);
    if (!words::all_digits(first) || !words::all_digits(middle) || !words::all_digits(last)) {
        return nullptr;
    }
    const auto digit = [at](std::ptrdiff_t i) { return static_cast<std::uint64_t>(at[i] - '0'); };
    seconds.whole = words::digits_value(first, 8) * 100 + digit(point - 2) * 10 + digit(point - 1);
    seconds.nanoseconds = digit(point + 1) * 100'000'000 + words::digits_value(last, 8);
    return at + size;
}

const char* read_whole(const char* at, const char* end, Seconds& seconds) {
    Digits digits = read_digits(at, end);
    if (digits.end == at) return nullptr;
    if (digits.end - at > value_digits_max) {
        at = std::find_if_not(at, digits.end - 1, [](char digit) { return digit == '0'; });
        digits = read_digits(at, end);
        if (digits.end - at > value_digits_max) return nullptr;
    }
    seconds.whole = digits.value;
    return digits.end;
}

const char* read_any(const char* at, const char* end, Seconds& seconds) {
    at = read_whole(at, end, seconds);
    if (at == nullptr || at == end || *at != '.') return at;
    // One to nine decimals: "5" is half a second.
    const Digits decimals = read_digits(++at, end);
    const std::ptrdiff_t count = decimals.end - at;
    if (count == 0 || count > decimals_max) return nullptr;
    seconds.nanoseconds = decimals.value * scale[static_cast<std::size_t>(count)];
    return decimals.end;
}

// How many bytes the decimal seconds at the front of `text` take; 0 if there are none.
std::size_t read_nanoseconds(std::string_view text, std::int64_t& nanoseconds) {
    const char* at = text.data();
    const char* const end = at + text.size();
    const bool is_negative = !text.empty() && text.front() == '-';
    if (!text.empty() && is_sign(text.front())) ++at;
    Seconds seconds;
    const char* stop = read_usual(at, end, seconds);
    if (stop == nullptr) stop = read_any(at, end, seconds);
    if (stop == nullptr || seconds.whole > positive_max / second_ns) return 0;
    const std::uint64_t magnitude = seconds.whole * second_ns + seconds.nanoseconds;
    // The negative side reaches one nanosecond further.
    if (magnitude > positive_max + (is_negative ? 1 : 0)) return 0;
    nanoseconds = static_cast<std::int64_t>(is_negative ? 0 - magnitude : magnitude);
    return static_cast<std::size_t>(stop - text.data());
}

std::optional<std::int64_t> parse_nanoseconds(std::string_view text) {
    std::int64_t nanoseconds = 0;
    if (text.empty() || read_nanoseconds(text, nanoseconds) != text.size()) return std::nullopt;
    return nanoseconds;
}

}  // namespace

std::optional<PosixTime> parse_posix_time(std::string_view text) {
    const auto nanoseconds = parse_nanoseconds(text);
    if (!nanoseconds) return std::nullopt;
    return PosixTime{*nanoseconds};
}

std::size_t read_posix_time(std::string_view text, PosixTime& time) {
    return read_nanoseconds(text, time.nanoseconds);
}

std::optional<std::int64_t> parse_skew(std::string_view text) {
    if (text.empty() || !is_sign(text.front())) return std::nullopt;
    return parse_nanoseconds(text);
}

std::string_view format_skew(std::span<char> out, std::int64_t nanoseconds) {
    assert(out.size() >= skew_size_max);
    const std::uint64_t magnitude = TextWriter::magnitude(nanoseconds);
    const std::uint64_t seconds = magnitude / second_ns;
    char* at = out.data();
    *at++ = nanoseconds < 0 ? '-' : '+';
    if (seconds < 10) {
        *at++ = static_cast<char>('0' + seconds);
    } else {
        at = std::to_chars(at, out.data() + out.size(), seconds).ptr;
    }
    *at++ = '.';
    const auto decimals = static_cast<std::uint32_t>(magnitude - seconds * second_ns);
    constexpr std::uint32_t first = second_ns / 10;
    *at++ = static_cast<char>('0' + decimals / first);
    const std::uint64_t others = words::eight_digits(decimals % first);
    std::memcpy(at, &others, sizeof(others));
    return {out.data(), static_cast<std::size_t>(at + sizeof(others) - out.data())};
}

}  // namespace protocol
