#pragma once

#include "herd/http/target.hpp"
#include "herd/offline/answer.hpp"
#include "herd/offline/place_source.hpp"
#include "herd/offline/question.hpp"

#include <string_view>

namespace herd::offline {

// Nearby Search as the Places API (New) does it: a POST with a JSON body, key and field mask in
// headers (or as `key` and `fields` in the query). An error is an HTTP status with a
// google.rpc.Status; no results are `{}`. Stricter than Google in three points, so that mistakes
// show: a maxResultCount of 0, a Content-Type other than JSON, and blanks in the mask are refused.
// Results come by distance for every rankPreference. Borrows its source.
class NewSearch {
public:
    static constexpr std::string_view path = "/v1/places:searchNearby";

    explicit NewSearch(const PlaceSource& source) : source_(source) {}

    void answer(const Question& question, const http::Target& target, Answer& answer) const;
    static void fail(Outage outage, Answer& answer);

private:
    const PlaceSource& source_;
};

}  // namespace herd::offline
