#include "protocol/degrees.hpp"

namespace protocol {

std::optional<std::int64_t> round_degrees(const Decimal& number, std::int64_t degrees_max) {
    const auto finer = number.scaled(degree_decimals + 1);
    constexpr std::uint64_t room = std::uint64_t{1} << 62;
    if (!finer || *finer > room) return std::nullopt;
    const auto value = static_cast<std::int64_t>((*finer + 5) / 10);
    if (value > degrees_max * degree) return std::nullopt;
    return number.negative() ? -value : value;
}

void put_degrees(TextWriter& out, std::int64_t value, std::size_t width) {
    constexpr auto one = static_cast<std::uint64_t>(degree);
    const std::uint64_t size = TextWriter::magnitude(value);
    out.put(value < 0 ? '-' : '+');
    out.put_decimal(size / one, width);
    std::uint64_t left = size % one;
    if (left == 0) return;
    std::size_t digits = degree_decimals;
    for (; left % 10 == 0; left /= 10) --digits;
    out.put('.');
    out.put_decimal(left, digits);
}

}  // namespace protocol
