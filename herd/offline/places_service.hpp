#pragma once

#include "herd/http/target.hpp"
#include "herd/offline/answer.hpp"
#include "herd/offline/distinct.hpp"
#include "herd/offline/injection.hpp"
#include "herd/offline/nearby_search.hpp"
#include "herd/offline/question.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace herd::offline {

// Everything but the connections: decides what happens to a request, and what it is answered.
//
//   GET  /maps/api/place/nearbysearch/json   a search; may be delayed and spoilt
//   POST /v1/places:searchNearby             likewise
//   GET  /counters                           what was counted, as JSON
//   POST /control?fail=...&delay=...             changes the injection, where that is allowed
class PlacesService {
public:
    struct Counters {
        std::uint64_t requests_total = 0;  // searches, spoilt ones too
        std::uint32_t in_flight = 0;       // searches begun and not yet answered
        std::uint32_t in_flight_max = 0;
    };
    // What a request is in for.
    struct Verdict {
        bool is_search = false;
        std::uint32_t delay_ms = 0;
        Fault fault = Fault::none;
    };

    PlacesService(const PlaceSource& source, Injector injector, bool allow_inject)
        : search_(source), injector_(std::move(injector)), allow_inject_(allow_inject) {}

    // Once per request, in the order of their arrival. Every search admitted must leave.
    Verdict admit(const Question& question);
    void leave();

    // The answer, spoilt as far as an answer can be. Valid until the next call.
    const Answer& answer(const Question& question, Fault fault);
    const Counters& counters() const { return counters_; }
    std::uint64_t distinct_queries() const { return distinct_.count(); }

private:
    const Answer& refuse(unsigned status);
    std::optional<Fault> requested_fault(const Question& question) const;
    void answer_search(const Question& question, Fault fault);
    void answer_counters();
    void answer_control(const Question& question);

    NearbySearch search_;
    Injector injector_;
    bool allow_inject_;
    Counters counters_;
    DistinctCount distinct_;
    http::Target target_;
    Answer answer_;
    std::string query_;
};

}  // namespace herd::offline
