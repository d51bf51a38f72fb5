#include "protocol/any_time.hpp"

#include "protocol/decimal.hpp"
#include "protocol/digits.hpp"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace protocol {
namespace any_time {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::size_t decimals_max = 9;

// Below the first of these a number counts seconds, below the second milliseconds, then
// microseconds: each is the year 5138 of its unit, and 1973 of the next one.
constexpr std::array<std::uint64_t, 3> unit_ends = {
    100'000'000'000, 100'000'000'000'000, 100'000'000'000'000'000};

std::optional<PosixTime> number(const Decimal& value) {
    const auto whole = value.scaled(0);
    if (!whole) return std::nullopt;
    std::size_t decimals = decimals_max;  // from its unit to nanoseconds
    for (const std::uint64_t end : unit_ends) {
        if (*whole < end) break;
        decimals -= 3;
    }
    const auto nanoseconds = value.scaled(decimals);
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!nanoseconds || *nanoseconds > most) return std::nullopt;
    const auto magnitude = static_cast<std::int64_t>(*nanoseconds);
    return PosixTime{value.negative() ? -magnitude : magnitude};
}

// Takes a text apart from its front. Once something is missing, all that follows is.
class Front {
public:
    explicit Front(std::string_view text) : text_(text) {}

    // Exactly so many digits, of a number from `least` to `most`.
    int number(std::size_t digits, int least, int most) {
        int value = 0;
        for (std::size_t i = 0; i < digits; ++i) {
            if (i >= text_.size() || !is_digit(text_[i])) return fail();
            value = value * 10 + (text_[i] - '0');
        }
        text_.remove_prefix(digits);
        return value < least || value > most ? fail() : value;
    }
    // Whether one of these is next; it is taken.
    bool has(std::string_view bytes) {
        if (text_.empty() || bytes.find(text_.front()) == std::string_view::npos) return false;
        text_.remove_prefix(1);
        return true;
    }
    void want(std::string_view bytes) {
        if (!has(bytes)) fail();
    }
    // The decimals of a second, in nanoseconds.
    std::int64_t fraction() {
        if (text_.empty() || !is_digit(text_.front())) return fail();
        std::int64_t value = 0;
        for (std::int64_t unit = second_ns / 10; !text_.empty() && is_digit(text_.front());
             unit /= 10) {
            value += unit * (text_.front() - '0');
            text_.remove_prefix(1);
        }
        return value;
    }
    bool over() const { return text_.empty(); }
    bool failed() const { return failed_; }

private:
    int fail() {
        failed_ = true;
        text_ = {};
        return 0;
    }

    std::string_view text_;
    bool failed_ = false;
};

bool is_leap(int year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_of(int month, int year) {
    constexpr std::array<int, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap(year) ? 1 : 0);
}

// Before that day, since 1970.
std::int64_t days_until(int year, int month, int day) {
    const auto leap_days = [](std::int64_t past) { return past / 4 - past / 100 + past / 400; };
    std::int64_t days =
        std::int64_t{year - 1970} * 365 + leap_days(year - 1) - leap_days(1970 - 1) + day - 1;
    for (int past = 1; past < month; ++past) days += days_of(past, year);
    return days;
}

// East of Greenwich, in minutes.
int zone(Front& front) {
    if (front.over() || front.has("Zz")) return 0;
    const bool west = front.has("-");
    if (!west) front.want("+ ");
    const int hours = front.number(2, 0, 23);
    front.has(":");
    const int minutes = hours * 60 + front.number(2, 0, 59);
    return west ? -minutes : minutes;
}

std::optional<PosixTime> date(std::string_view text) {
    constexpr int first_year = 1678;  // that a PosixTime reaches whole
    constexpr int last_year = 2261;
    Front front(text);
    const int year = front.number(4, first_year, last_year);
    front.want("-");
    const int month = front.number(2, 1, 12);
    front.want("-");
    const int day = front.failed() ? 0 : front.number(2, 1, days_of(month, year));
    front.want("Tt ");
    const int hour = front.number(2, 0, 23);
    front.want(":");
    const int minute = front.number(2, 0, 59);
    int second = 0;
    std::int64_t nanoseconds = 0;
    if (front.has(":")) {
        second = front.number(2, 0, 60);  // A leap second is the first one of the next minute.
        if (front.has(".,")) nanoseconds = front.fraction();
    }
    const int east = zone(front);
    if (front.failed() || !front.over()) return std::nullopt;
    const std::int64_t minutes = (days_until(year, month, day) * 24 + hour) * 60 + minute - east;
    return PosixTime{(minutes * 60 + second) * second_ns + nanoseconds};
}

}  // namespace
}  // namespace any_time

std::optional<PosixTime> parse_any_time(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (const auto value = Decimal::parse_loosely(text)) return any_time::number(*value);
    return any_time::date(text);
}

void put_seconds(TextWriter& out, PosixTime time) {
    using any_time::second_ns;
    assert(time.nanoseconds >= 0);
    out.put_decimal(static_cast<std::uint64_t>(time.nanoseconds / second_ns));
    auto left = static_cast<std::uint64_t>(time.nanoseconds % second_ns);
    if (left == 0) return;
    std::size_t width = any_time::decimals_max;
    for (; left % 10 == 0; left /= 10) --width;
    out.put('.');
    out.put_decimal(left, width);
}

}  // namespace protocol
