#include "protocol/any_time.hpp"
#include "protocol/posix_time.hpp"

#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <vector>

namespace posix_time_fuzz {

namespace {

using namespace protocol;

// Any number can be written as a skew and read again.
void check_round_trip(std::int64_t nanoseconds) {
    std::array<char, skew_size_max> out = {};
    const auto text = format_skew(out, nanoseconds);
    assert(text.size() >= skew_size_max - 9);
    assert(text.find('.') == text.size() - 10);
    assert(parse_skew(text) == nanoseconds);
    assert(parse_posix_time(text)->nanoseconds == nanoseconds);
}

// Whatever form it came in, it can be written in the one form, and read again.
void check_any_form(std::string_view text) {
    const auto time = parse_any_time(text);
    if (!time || time->nanoseconds < 0) return;
    std::array<char, skew_size_max> out = {};
    TextWriter writer(out);
    put_seconds(writer, *time);
    assert(!writer.overflowed());
    assert(parse_posix_time(writer.text()) == time);
    assert(parse_any_time(writer.text()) == time);
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_any_form(text);
    const auto time = parse_posix_time(text);
    const auto skew = parse_skew(text);
    const bool is_signed = !text.empty() && (text.front() == '+' || text.front() == '-');
    assert(skew.has_value() == (time.has_value() && is_signed));
    if (time) {
        assert(text.find_first_not_of("+-.0123456789") == std::string_view::npos);
        check_round_trip(time->nanoseconds);
    }
    std::int64_t nanoseconds = 0;
    std::memcpy(&nanoseconds, data, size < sizeof nanoseconds ? size : sizeof nanoseconds);
    check_round_trip(nanoseconds);
}

}  // namespace posix_time_fuzz
