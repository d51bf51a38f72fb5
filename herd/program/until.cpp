#include "herd/program/until.hpp"

#include "herd/access/grant.hpp"

#include <array>
#include <cassert>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdio>

namespace herd::program {

namespace {

using std::chrono::days;
using std::chrono::seconds;

// All of it, decimal digits only.
std::optional<int> number(std::string_view text) {
    int value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, value);
    const bool plain = !text.empty() && text[0] != '-' && stop == end && fault == std::errc{};
    return plain ? std::optional(value) : std::nullopt;
}

// The number at that place of a text in which all have their places.
std::optional<int> number_at(std::string_view text, std::size_t place, std::size_t size) {
    return number(text.substr(place, size));
}

// "+30d"
std::optional<seconds> parse_span(std::string_view text) {
    if (text.size() < 3 || text[0] != '+') return std::nullopt;
    const auto count = number(text.substr(1, text.size() - 2));
    if (!count) return std::nullopt;
    switch (text.back()) {
        case 'd':
            return days(*count);
        case 'h':
            return std::chrono::hours(*count);
        case 'm':
            return std::chrono::minutes(*count);
        case 's':
            return seconds(*count);
        default:
            return std::nullopt;
    }
}

// "2027-01-31"
std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = number_at(text, 0, 4);
    const auto month = number_at(text, 5, 2);
    const auto day = number_at(text, 8, 2);
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days(date);
}

// "T12:00:00Z"
std::optional<seconds> parse_time_of_day(std::string_view text) {
    if (text.size() != 10 || text[0] != 'T' || text[3] != ':' || text[6] != ':') {
        return std::nullopt;
    }
    const auto hour = number_at(text, 1, 2);
    const auto minute = number_at(text, 4, 2);
    const auto second = number_at(text, 7, 2);
    if (!hour || !minute || !second || text[9] != 'Z') return std::nullopt;
    if (*hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + seconds(*second);
}

}  // namespace

std::optional<std::int64_t> parse_until(std::string_view text, std::int64_t now_s) {
    if (text == "never") return access::Grant::never;
    constexpr std::size_t day_size = 10;
    std::optional<std::int64_t> until;
    if (const auto span = parse_span(text)) {
        until = now_s + span->count();
    } else if (const auto day = parse_day(text.substr(0, day_size))) {
        const auto time =
            text.size() == day_size ? seconds(0) : parse_time_of_day(text.substr(day_size));
        if (time) until = (*day + *time).time_since_epoch().count();
    }
    if (!until || *until <= now_s || *until > access::Grant::until_s_max) return std::nullopt;
    return until;
}

std::string show_until(std::int64_t until_s) {
    assert(until_s >= 0);
    assert(until_s <= access::Grant::until_s_max);
    if (until_s == access::Grant::never) return "never";
    const std::chrono::sys_seconds time{seconds(until_s)};
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::array<char, 32> text{};
    std::snprintf(text.data(),
                  text.size(),
                  "%04d-%02u-%02uT%02d:%02d:%02dZ",
                  static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text.data();
}

}  // namespace herd::program
