#include "herd/phones/sighting.hpp"

#include "protocol/any_time.hpp"
#include "protocol/decimal.hpp"
#include "protocol/degrees.hpp"

#include <algorithm>
#include <optional>

namespace herd::phones {

namespace {

bool is_blank(std::string_view text) {
    return text.find_first_not_of(' ') == std::string_view::npos;
}

Said degrees(std::string_view text, bool cut, std::int64_t degrees_max) {
    if (is_blank(text)) return {};
    const auto number = protocol::Decimal::parse_loosely(text);
    const auto value = number ? protocol::round_degrees(*number, degrees_max) : std::nullopt;
    return value && !cut ? Said{Said::Is::good, *value} : Said{Said::Is::unreadable};
}

Said metres(std::string_view text, bool cut) {
    const auto number = protocol::Decimal::parse_loosely(text);
    if (!number || number->negative() || cut) return {};
    constexpr std::uint64_t most = UINT32_MAX;
    const std::uint64_t whole = std::min(number->scaled(0).value_or(most), most);
    if (whole == 0) return {};
    return {Said::Is::good, static_cast<std::int64_t>(whole)};
}

}  // namespace

void Sighting::set(Field field, std::string_view text, bool cut) {
    if (field == Field::accuracy) accuracy_ = metres(text, cut);
    if (field == Field::latitude) latitude_ = degrees(text, cut, 90);
    if (field == Field::longitude) longitude_ = degrees(text, cut, 180);
    const bool is_time = field == Field::timestamp || field == Field::time || field == Field::tst;
    if (is_time) set_time(field, text, cut);
}

void Sighting::set_both(std::string_view text, bool cut) {
    if (is_blank(text)) return;
    const std::size_t comma = std::min(text.find(','), text.size());
    set(Field::latitude, text.substr(0, comma));
    set(Field::longitude, text.substr(std::min(comma + 1, text.size())), cut);
}

// Fields of times stand in the order in which they count.
void Sighting::set_time(Field name, std::string_view text, bool cut) {
    if (is_blank(text)) return;
    if (time_.is != Said::Is::absent && name > time_name_) return;
    time_name_ = name;
    const auto time = protocol::parse_any_time(text);
    time_ = time && !cut ? Said{Said::Is::good, time->nanoseconds} : Said{Said::Is::unreadable};
}

}  // namespace herd::phones
