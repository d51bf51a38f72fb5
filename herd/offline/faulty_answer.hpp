#pragma once

#include "herd/http/connection.hpp"
#include "herd/http/request.hpp"
#include "herd/offline/answer.hpp"
#include "herd/offline/places_service.hpp"
#include "herd/offline/question.hpp"
#include "reactor/loop.hpp"
#include "reactor/time.hpp"
#include "reactor/timer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace herd::offline {

// The request of one connection, from its head to its answer, which is sent as its verdict says: at
// once, late, or wrongly. Pinned; one for each slot of the server, and used again for each request.
// Invariant: a search admitted has left when this is idle.
class FaultyAnswer {
public:
    FaultyAnswer(reactor::Loop& loop, PlacesService& service);

    void begin(http::Connection& connection, const http::Request& request);
    void add(std::string_view part, bool last);
    void on_drained();
    // The connection has ended.
    void on_gone();
    // What hangs or drips ends now.
    void drain();

private:
    enum class State : std::uint8_t {
        idle,
        gathering,  // the request is not whole yet
        delayed,    // the answer is due when the timer expires
        dripping,   // a byte at each tick
        pouring,    // as fast as the client reads
        hung,       // nothing is said
    };

    void on_timer();
    void admit();
    void fulfil();
    void wait(State state, reactor::Duration delay);
    void reset();
    void cut(const Answer& answer);
    void drip();
    void pour();
    void finish();
    void leave();
    // The status line and the headers, and what of the body is sent: of an answer to HEAD nothing.
    std::string head(const Answer& answer, std::size_t body_size) const;
    std::string_view body(const Answer& answer) const;

    PlacesService& service_;
    reactor::Timer timer_;
    http::Connection* connection_ = nullptr;  // Null while it is idle.
    Question question_;
    PlacesService::Verdict verdict_;  // On it.
    std::string slow_;                // What drips, or comes behind what pours.
    std::size_t slow_left_ = 0;       // How much of it, or of the pouring, is still to send.
    State state_ = State::idle;
};

}  // namespace herd::offline
