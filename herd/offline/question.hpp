#pragma once

#include "herd/http/request.hpp"

#include <string>

namespace herd::offline {

// A request, kept until it is answered, as far as anybody here asks. Reused, so that its storage
// grows once.
struct Question {
    http::Request::Method method = http::Request::Method::get;
    std::string target;  // path and query, as sent
    std::string content_type;
    std::string api_key;     // X-Goog-Api-Key
    std::string field_mask;  // X-Goog-FieldMask
    std::string inject;      // X-Inject
    std::string body;        // comes later, in parts

    void start(const http::Request& request) {
        method = request.method;
        target = request.target;
        content_type = request.field("Content-Type");
        api_key = request.field("X-Goog-Api-Key");
        field_mask = request.field("X-Goog-FieldMask");
        inject = request.field("X-Inject");
        body.clear();
    }
};

}  // namespace herd::offline
