#pragma once

#include "protocol/text_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace protocol {

// A number by its digits, as programs write numbers: "-7.5", "34", "1e-05". It never passes through
// a double, so all decimals that were sent are kept, and none come to them. Views the text that it
// was read from.
class Decimal {
public:
    static constexpr int exponent_max = 99;

    // A sign or none, digits, a point with at least one more, an exponent of at most exponent_max
    // either way. Nothing, if the text is not that.
    static std::optional<Decimal> parse(std::string_view text);
    // The same with blanks around it, and with digits on one side of the point only.
    static std::optional<Decimal> parse_loosely(std::string_view text);

    bool negative() const { return negative_; }
    // Digits, and behind a point those decimals that there are, at most `decimals_max`; what stands
    // behind them is cut off. Before the point at least `width` digits, and at least one; no sign.
    void write(TextWriter& out, std::size_t width, std::size_t decimals_max) const;
    // Its sign, also of what is not negative, and all of it: half of a location in ISO 6709.
    void write_degrees(TextWriter& out, std::size_t width) const;
    // Without its sign, times ten to the `decimals`-th; what stands behind these is
    // cut off. Nothing, if it is too large for that.
    std::optional<std::uint64_t> scaled(std::size_t decimals) const;

private:
    static std::optional<Decimal> parse(std::string_view text, bool loosely);
    // The digit so many places behind the point, 1 and on, or before it: 0 is the last one.
    char digit(std::ptrdiff_t place) const;

    std::string_view whole_, fraction_;
    int exponent_ = 0;
    bool negative_ = false;
};

}  // namespace protocol
