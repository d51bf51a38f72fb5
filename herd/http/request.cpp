#include "herd/http/request.hpp"

#include "herd/http/target.hpp"
#include "protocol/letters.hpp"

#include <algorithm>
#include <cassert>

namespace herd::http {

bool same_name(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, {}, protocol::lower, protocol::lower);
}

std::string_view Request::field(std::string_view name) const {
    assert(field_count <= fields_max);
    for (std::size_t i = 0; i < field_count; ++i) {
        if (same_name(fields[i].name, name)) return fields[i].value;
    }
    return {};
}

std::size_t Request::count(std::string_view name) const {
    assert(field_count <= fields_max);
    const auto is_it = [&](const Field& each) { return same_name(each.name, name); };
    const auto* const end = fields.begin() + static_cast<std::ptrdiff_t>(field_count);
    return static_cast<std::size_t>(std::count_if(fields.begin(), end, is_it));
}

std::string_view Request::path() const {
    const std::string_view local = without_origin(target);
    return local.substr(0, local.find('?'));
}

}  // namespace herd::http
