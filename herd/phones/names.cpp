#include "herd/phones/names.hpp"

#include <algorithm>
#include <array>

namespace herd::phones {

namespace {

struct Row {
    std::string_view name;
    Field field;
};

constexpr std::array rows = {
    Row{"_type", Field::type},
    Row{"lat", Field::latitude},
    Row{"latitude", Field::latitude},
    Row{"lon", Field::longitude},
    Row{"longitude", Field::longitude},
    Row{"timestamp", Field::timestamp},
    Row{"time", Field::time},
    Row{"tst", Field::tst},
    Row{"acc", Field::accuracy},
    Row{"accuracy", Field::accuracy},
    Row{"horizontal_accuracy", Field::accuracy},
    Row{"id", Field::id},
    Row{"deviceid", Field::deviceid},
    Row{"device_id", Field::device_id},
    Row{"unique_id", Field::unique_id},
    Row{"tid", Field::tid},
    Row{"topic", Field::topic},
    Row{"u", Field::u},
    Row{"d", Field::d},
    Row{"location", Field::location},
    Row{"locations", Field::locations},
    Row{"current", Field::current},
    Row{"coords", Field::coords},
    Row{"geometry", Field::geometry},
    Row{"coordinates", Field::coordinates},
    Row{"properties", Field::properties},
};

}  // namespace

Field field_of(std::string_view name) {
    const auto* const row = std::ranges::find(rows, name, &Row::name);
    return row == rows.end() ? Field::other : row->field;
}

std::optional<std::uint8_t> device_source(Field field) {
    if (field == Field::id) return 1;
    if (field == Field::deviceid) return 2;
    if (field == Field::device_id) return 3;
    return std::nullopt;
}

Topic split_topic(std::string_view topic) {
    const std::size_t first = topic.find('/');
    if (first == std::string_view::npos) return {};
    topic.remove_prefix(first + 1);
    const std::size_t second = topic.find('/');
    if (second == std::string_view::npos) return {};
    const std::string_view rest = topic.substr(second + 1);
    return {topic.substr(0, second), rest.substr(0, rest.find('/'))};
}

}  // namespace herd::phones
