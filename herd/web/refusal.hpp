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

// Of a client that the table does not have: as if there were none only if there is none.
void refuse_unknown(http::Connection& connection, bool loading);

}  // namespace herd::web
