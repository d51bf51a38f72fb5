#include "herd/web/refusal.hpp"

#include "protocol/text_writer.hpp"

#include <array>
#include <cassert>

namespace herd::web {

void refuse(http::Connection& connection,
            unsigned status,
            std::string_view why,
            std::string_view extra) {
    assert(status >= 400);
    assert(why.find_first_of("\"\\") == std::string_view::npos);
    std::array<char, 256> buffer{};
    protocol::TextWriter body(buffer);
    body.put(R"({"error":")");
    body.put(why);
    body.put("\"}\n");
    assert(!body.overflowed());
    connection.answer(
        {.status = status, .type = http::json_type, .extra = extra, .body = body.text()});
}

void refuse_unknown(http::Connection& connection, bool loading) {
    if (!loading) return refuse(connection, 404, "nothing is known of this client");
    refuse(connection,
           503,
           "nothing is known of this client yet: the server is loading its journal",
           "Retry-After: 1\r\n");
}

}  // namespace herd::web
