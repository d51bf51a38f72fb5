#pragma once

#include "herd/http/connection.hpp"

#include <string_view>

namespace herd::web {

// A request's answer where it has none: {"error":"..."}, of a clause for people, which needs no
// escapes.
void refuse(http::Connection& connection,
            unsigned status,
            std::string_view why,
            std::string_view extra = {});

}  // namespace herd::web
