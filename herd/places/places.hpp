#pragma once

#include "protocol/places_json.hpp"
#include "protocol/places_request.hpp"
#include "reactor/delegate.hpp"
#include "reactor/time_histogram.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::places {

// Names one question that waits for its answer. A stale ticket is harmless.
struct Ticket {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;
    explicit operator bool() const { return generation != 0; }
    friend bool operator==(Ticket, Ticket) = default;
};

// Where a server asks what is near a position: libcurl in the program, a fake in simulation.
class Places {
public:
    // A complete JSON text in the Nearby Search shape with at most 20 results, whatever happened
    // upstream. Its text dies when the call returns.
    using Answered = reactor::Delegate<void(const protocol::CutPlaces& answer)>;

    // Calls `answered` exactly once, from a task, unless cancelled before. A null ticket: too many
    // wait already; nothing will be called.
    virtual Ticket begin(const protocol::PlacesQuery& query, Answered answered) = 0;
    virtual void cancel(Ticket ticket) = 0;

    // What has become of all questions so far.
    struct Tally {
        std::uint64_t lookups = 0;
        std::uint64_t shared = 0;    // questions that joined one already under way
        std::uint64_t requests = 0;  // sent upstream, retries included
        std::uint64_t retries = 0;
        std::uint64_t failed = 0;     // lookups
        std::uint64_t busy = 0;       // questions that found the queue full
        std::uint64_t cancelled = 0;  // questions taken back
        // What went wrong, by Trouble; of who asks nobody, none.
        std::span<const std::uint64_t> troubles{};
        std::string_view (*trouble_name)(std::size_t kind) = nullptr;
        const reactor::TimeHistogram* times = nullptr;  // of requests; null: none are made
    };
    virtual Tally tally() const { return {}; }

protected:
    ~Places() = default;
};

}  // namespace herd::places
