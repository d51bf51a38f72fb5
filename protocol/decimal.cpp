#include "protocol/decimal.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace protocol {

namespace {

std::string_view take_digits(std::string_view& text) {
    std::size_t size = 0;
    while (size < text.size() && text[size] >= '0' && text[size] <= '9') ++size;
    const std::string_view digits = text.substr(0, size);
    text.remove_prefix(size);
    return digits;
}

bool take(std::string_view& text, char one, char other) {
    if (text.empty() || (text.front() != one && text.front() != other)) return false;
    text.remove_prefix(1);
    return true;
}

std::string_view trim_blanks(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// Whether the text begins with a minus; either sign is taken.
bool take_sign(std::string_view& text) {
    const bool negative = text.starts_with('-');
    static_cast<void>(take(text, '-', '+'));
    return negative;
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
    return parse(text, false);
}

std::optional<Decimal> Decimal::parse_loosely(std::string_view text) {
    return parse(trim_blanks(text), true);
}

std::optional<Decimal> Decimal::parse(std::string_view text, bool loosely) {
    Decimal number;
    number.negative_ = take_sign(text);
    number.whole_ = take_digits(text);
    if (number.whole_.empty() && !loosely) return std::nullopt;
    if (take(text, '.', '.')) {
        number.fraction_ = take_digits(text);
        if (number.fraction_.empty() && !loosely) return std::nullopt;
    }
    if (number.whole_.empty() && number.fraction_.empty()) return std::nullopt;
    if (take(text, 'e', 'E')) {
        const bool negative = take_sign(text);
        const std::string_view digits = take_digits(text);
        if (digits.empty()) return std::nullopt;
        for (const char each : digits) {
            number.exponent_ = number.exponent_ * 10 + (each - '0');
            if (number.exponent_ > exponent_max) return std::nullopt;
        }
        if (negative) number.exponent_ = -number.exponent_;
    }
    if (!text.empty()) return std::nullopt;
    return number;
}

char Decimal::digit(std::ptrdiff_t place) const {
    const auto whole = static_cast<std::ptrdiff_t>(whole_.size());
    const auto all = whole + static_cast<std::ptrdiff_t>(fraction_.size());
    const std::ptrdiff_t at = whole - 1 + exponent_ + place;
    if (at < 0 || at >= all) return '0';
    return at < whole ? whole_[static_cast<std::size_t>(at)]
                      : fraction_[static_cast<std::size_t>(at - whole)];
}

std::optional<std::uint64_t> Decimal::scaled(std::size_t decimals) const {
    constexpr std::uint64_t room = (std::numeric_limits<std::uint64_t>::max() - 9) / 10;
    const auto before = static_cast<std::ptrdiff_t>(whole_.size()) + exponent_;
    std::uint64_t value = 0;
    for (auto place = 1 - before; place <= static_cast<std::ptrdiff_t>(decimals); ++place) {
        if (value > room) return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(digit(place) - '0');
    }
    return value;
}

void Decimal::write_degrees(TextWriter& out, std::size_t width) const {
    out.put(negative_ ? '-' : '+');
    write(out, width, std::numeric_limits<std::ptrdiff_t>::max());
}

void Decimal::write(TextWriter& out, std::size_t width, std::size_t decimals_max) const {
    const auto least = static_cast<std::ptrdiff_t>(std::max<std::size_t>(width, 1));
    std::ptrdiff_t before = static_cast<std::ptrdiff_t>(whole_.size()) + exponent_;
    while (before > least && digit(1 - before) == '0') --before;
    for (std::ptrdiff_t left = std::max(before, least); left > 0; --left) out.put(digit(1 - left));
    const auto decimals = std::min(static_cast<std::ptrdiff_t>(fraction_.size()) - exponent_,
                                   static_cast<std::ptrdiff_t>(decimals_max));
    if (decimals <= 0) return;
    out.put('.');
    for (std::ptrdiff_t place = 1; place <= decimals; ++place) out.put(digit(place));
}

}  // namespace protocol
