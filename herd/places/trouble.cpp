#include "herd/places/trouble.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace herd::places {

namespace {

using protocol::PlacesStatus;

constexpr std::array<TroubleFacts, trouble_kinds> all_facts = {{
    {"busy",
     "Too many lookups of places are waiting here. Try again in a moment.",
     PlacesStatus::over_query_limit,
     false},
    {"timed_out", "The Places service did not answer in time.", PlacesStatus::unknown_error, false},
    {"unreachable", "The Places service cannot be reached.", PlacesStatus::unknown_error, true},
    {"untrusted",
     "The Places service could not prove its identity.",
     PlacesStatus::unknown_error,
     false},
    {"broken_off", "The Places service broke off its answer.", PlacesStatus::unknown_error, true},
    {"malformed",
     "The Places service sent something that is not an answer.",
     PlacesStatus::unknown_error,
     true},
    {"too_large",
     "The Places service sent more than can be handled here.",
     PlacesStatus::unknown_error,
     false},
    {"failing", "The Places service is failing.", PlacesStatus::unknown_error, true},
    {"unknown", "The Places service could not answer.", PlacesStatus::unknown_error, true},
    {"invalid",
     "The Places service rejects the request of this server.",
     PlacesStatus::invalid_request,
     false},
    {"denied",
     "The Places service denies this server access.",
     PlacesStatus::request_denied,
     false},
    {"over_limit",
     "This server has used up its quota at the Places service.",
     PlacesStatus::over_query_limit,
     false},
    {"over_budget",
     "This server asks the Places service no more for now. Try again later.",
     PlacesStatus::over_query_limit,
     false},
    {"internal",
     "This server could not ask the Places service.",
     PlacesStatus::unknown_error,
     false},
}};
static_assert(std::to_underlying(Trouble::internal) + 1 == trouble_kinds);
static_assert(std::ranges::none_of(all_facts, &std::string_view::empty, &TroubleFacts::name));
static_assert(std::ranges::none_of(all_facts, &std::string_view::empty, &TroubleFacts::message));
static_assert(std::ranges::none_of(all_facts, [](const TroubleFacts& each) {
    return each.status == PlacesStatus::ok;
}));

}  // namespace

const TroubleFacts& facts(Trouble trouble) {
    assert(std::to_underlying(trouble) < trouble_kinds);
    return all_facts[std::to_underlying(trouble)];
}

}  // namespace herd::places
