#pragma once

#include "herd/offline/place_source.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace herd::offline {

// The body of a request to the New service. Pinned: the question's filter looks at the lists.
struct NewSearchBody {
    PlaceQuestion question;
    std::vector<std::string> included, excluded, included_primary, excluded_primary;

    NewSearchBody() = default;
    NewSearchBody(const NewSearchBody&) = delete;
    NewSearchBody& operator=(const NewSearchBody&) = delete;

    // Once. Returns what is wrong, if anything, for the caller to read. Members that the service
    // does not know are wrong too.
    std::optional<std::string> parse(std::string_view text);
};

}  // namespace herd::offline
