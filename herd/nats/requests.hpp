#pragma once

#include "reactor/delegate.hpp"
#include "reactor/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace herd::nats {

// What has become of a request. The views die when the callee returns.
struct Reply {
    enum class Kind : std::uint8_t {
        answered,
        nobody,    // is there to answer
        late,      // No answer came in time.
        lost,      // The connection has ended.
        too_long,  // The answer was, and was passed over.
    };
    Kind kind = Kind::answered;
    std::string_view headers = {};  // as in protocol::nats::Delivery
    std::string_view payload = {};
};
using ReplyTo = reactor::Delegate<void(const Reply&)>;

// The requests in flight: each is answered, once, or told what has become of it instead. Who is
// told may begin another one at once.
// Invariant: a slot whose number is 0 is free. A number is given once.
class Requests {
public:
    static constexpr std::size_t in_flight_max = 64;

    bool full() const { return in_flight_ == in_flight_max; }
    std::size_t in_flight() const { return in_flight_; }

    // Its number, which is not 0. It is not full.
    std::uint64_t begin(ReplyTo to, reactor::Instant deadline);
    // Nobody is told.
    void cancel(std::uint64_t number);
    // False: it is none that is in flight.
    bool answer(std::uint64_t number, const Reply& reply);
    // Of those that are late; how many there were.
    std::size_t expire(reactor::Instant now);
    std::size_t lose();

    void check() const;

private:
    struct Slot {
        std::uint64_t number = 0;
        reactor::Instant deadline{};
        ReplyTo to = {};
    };
    ReplyTo release(Slot& slot);

    std::array<Slot, in_flight_max> slots_{};
    std::size_t in_flight_ = 0;
    std::uint64_t round_ = 0;  // A number is one of these, and a slot.
};

}  // namespace herd::nats
