#pragma once

#include "herd/http/answer.hpp"

#include <cassert>
#include <string>
#include <string_view>

namespace herd::offline {

// An answer in the making. Reused, so that the body's storage grows once. The views are of what
// lives for good.
struct Answer {
    unsigned status = 200;
    std::string_view content_type = http::json_type;
    std::string_view extra;  // Whole header lines, each with its CRLF.
    std::string body;

    // An empty body to be written.
    void start(unsigned new_status, std::string_view type) {
        assert(new_status >= 200 && new_status < 600);
        assert(!type.empty());
        status = new_status;
        content_type = type;
        extra = {};
        body.clear();
    }

    // As long as this stays as it is.
    http::Answer view() const { return {status, content_type, extra, body}; }
};

}  // namespace herd::offline
