#pragma once

#include <cassert>
#include <string>
#include <string_view>

namespace herd::http {

inline constexpr std::string_view json_type = "application/json; charset=UTF-8";
inline constexpr std::string_view html_type = "text/html; charset=UTF-8";
inline constexpr std::string_view text_type = "text/plain; charset=UTF-8";

// What goes back for a request, but for what a connection decides. Reused, so that the body's
// storage grows once. The views are of what lives for good.
struct Answer {
    unsigned status = 200;
    std::string_view content_type = json_type;
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
};

}  // namespace herd::http
