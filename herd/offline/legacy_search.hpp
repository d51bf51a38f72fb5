#pragma once

#include "herd/http/target.hpp"
#include "herd/offline/answer.hpp"
#include "herd/offline/place_source.hpp"

#include <string_view>

namespace herd::offline {

// Nearby Search as the legacy service does it: a GET with everything in the query; the answer is
// HTTP 200 with a status inside. Google's rules are kept where they make sense for a table of
// places: a radius above 50,000 m is cut to that, and rankby=distance needs something to look for
// and no radius. Results come by distance also otherwise, as nothing is known of prominence. There
// is never a second page. A radius of 0 finds what lies exactly there. Borrows its source.
class LegacySearch {
public:
    static constexpr std::string_view path = "/maps/api/place/nearbysearch/json";

    explicit LegacySearch(const PlaceSource& source) : source_(source) {}

    void answer(const http::Target& target, Answer& answer) const;
    static void fail(Outage outage, Answer& answer);

private:
    const PlaceSource& source_;
};

}  // namespace herd::offline
