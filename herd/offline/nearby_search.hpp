#pragma once

#include "herd/http/target.hpp"
#include "herd/offline/answer.hpp"
#include "herd/offline/legacy_search.hpp"
#include "herd/offline/new_search.hpp"
#include "herd/offline/place_source.hpp"
#include "herd/offline/question.hpp"

#include <cstdint>
#include <string_view>

namespace herd::offline {

// Both Nearby Search services behind one door: a request in, an answer out, nothing else. Borrows
// its source.
class NearbySearch {
public:
    enum class Service : std::uint8_t { none, legacy, new_api };

    explicit NearbySearch(const PlaceSource& source) : legacy_(source), new_(source) {}

    // Which of them lives at a path.
    static Service service_at(std::string_view path);

    // `target` is that of the request; there must be a service at its path. A method that is not
    // the service's is answered 405.
    void answer(const Question& question, const http::Target& target, Answer& answer) const;
    static void fail(Service service, Outage outage, Answer& answer);

private:
    LegacySearch legacy_;
    NewSearch new_;
};

}  // namespace herd::offline
