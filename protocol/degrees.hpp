#pragma once

#include "protocol/decimal.hpp"
#include "protocol/text_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

// Degrees of latitude or longitude as programs say them that measure them, in whole ten-millionths:
// that is a centimetre, and what they say behind it is the noise of a double.
namespace protocol {

inline constexpr std::size_t degree_decimals = 7;
inline constexpr std::int64_t degree = 10'000'000;

// Rounded. Nothing, if it is more than `degrees_max` either way.
std::optional<std::int64_t> round_degrees(const Decimal& number, std::int64_t degrees_max);

// Half of a location in ISO 6709, with at least `width` digits before the point. Zero has a plus,
// and no decimals stand there that say nothing: so a place has one text.
void put_degrees(TextWriter& out, std::int64_t value, std::size_t width);

}  // namespace protocol
