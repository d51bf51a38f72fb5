#pragma once

#include "herd/http/request.hpp"
#include "herd/offline/places_service.hpp"
#include "reactor/delegate.hpp"
#include "reactor/stream.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"
#include "reactor/wire.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace herd::offline {

// One client of the offline Places service: takes its requests one at a time, in order, and sends
// each answer as its verdict says. Pinned. Its owner opens it once, calls tick() each second, and
// releases it when `closed` is called (in the reclaim phase).
// Invariant: a search admitted has left, at the latest when `closed` is called.
class PlacesConnection final : public reactor::StreamEvents {
public:
    using Closed = reactor::Delegate<void(PlacesConnection&)>;

    PlacesConnection(reactor::Wire& wire, PlacesService& service, Closed closed);

    reactor::Result<void> open(reactor::Socket socket, reactor::SealPtr seal = {}) {
        return stream_.open(std::move(socket), std::move(seal));
    }

    // Ends what has waited for too long.
    void tick();
    // How it uses its slot: the first of these lose theirs first, of equals the one that has waited
    // for longest.
    enum class Standing : std::uint8_t {
        asking,   // has not sent a whole request, or the rest of its next
        idle,     // was answered, idle_min ago at least
        leaving,  // says no more; its other end has not ended
        busy,     // keeps its slot
        gone,     // its slot is as good as free
    };
    Standing standing() const;
    // Since when it is asking, or idle.
    reactor::Instant waits_since() const { return waits_since_; }
    void evict() { stream_.abort(); }
    static constexpr reactor::Duration idle_min = std::chrono::seconds(2);

    // Ends as soon as what was asked is answered. What hangs or drips ends now.
    void drain();

private:
    enum class State : std::uint8_t {
        reading,   // for a request, or the rest of one
        yielding,  // more requests are here; others have a turn first
        delayed,   // the answer to a request is due when the timer expires
        dripping,  // a byte at each tick
        pouring,   // as fast as the client reads
        hung,      // nothing is said any more, and what comes is ignored
        ended,     // the stream is finishing or dead
    };

    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_drained() override;
    void on_closed(reactor::Closed why) override;
    void on_timer();

    std::size_t take_requests(std::string_view bytes);
    void begin();
    void fulfil();
    void refuse(unsigned status);
    void wait(State state, reactor::Duration delay);
    void hang();
    void reset();
    void cut(const http::Answer& answer);
    void drip();
    void pour();
    void send(const http::Answer& answer);
    void next();
    void leave();
    void end();

    // What of it is sent: of an answer to HEAD nothing.
    std::string_view body(const http::Answer& answer) const;
    // The status line and the headers; a view of head_.
    std::string_view head(const http::Answer& answer, std::size_t body_size);

    reactor::Wire& wire_;
    PlacesService& service_;
    Closed closed_;
    reactor::Stream stream_;
    reactor::Timer timer_;
    http::RequestParser parser_;
    PlacesService::Verdict verdict_;  // Of the request being answered.
    std::string slow_;                // What drips, or comes behind what pours.
    std::size_t slow_left_ = 0;       // How much of it, or of the pouring, is still to send.
    std::uint32_t begun_at_ = 0;      // When the request being read began; wire seconds.
    reactor::Instant waits_since_;    // See waits_since().
    State state_ = State::reading;
    bool served_ = false;    // A request was answered.
    bool begun_ = false;     // A part of a request has been read.
    bool last_ = false;      // The connection ends with the answer to this request.
    bool draining_ = false;  // No further request is wanted.
    char head_[512];
};

}  // namespace herd::offline
