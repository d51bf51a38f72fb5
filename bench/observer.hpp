#pragma once

#include "bench/session.hpp"
#include "reactor/address.hpp"
#include "reactor/connector.hpp"
#include "reactor/delegate.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/listener.hpp"
#include "reactor/slab.hpp"
#include "reactor/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace herd::tls {
class OpensslSealer;
}

namespace bench {

// A report of the fleet's that a server has passed on to its observer.
struct Sighting {
    std::uint32_t observer;  // its number
    std::uint32_t client;
    std::int64_t stamp;  // when it was due to be sent: POSIX time in nanoseconds
    std::int64_t seen;   // when it was read, likewise
};
using Seen = reactor::Delegate<void(const Sighting&)>;

class Observer;

// A connection on which a server passes on what is new.
class ObserverSession final : public reactor::StreamEvents {
public:
    explicit ObserverSession(Observer& observer);

    bool open(reactor::Socket socket, reactor::SealPtr seal);
    void say(std::string_view text) { stream_.send(text); }

private:
    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_closed(reactor::Closed why) override;
    void on_line(std::string_view line, std::int64_t seen);
    void on_message(std::string_view line);

    Observer& observer_;
    reactor::Stream stream_;
};

// Sees what one server passes on, as one more of its neighbours: the server dials it as it dials
// any neighbour of its kind and needs to know nothing of it. Both ways of talking are understood: a
// standing connection of lines, with or without HELLO, and a connection per message without a line
// end. A NATS server is dialled instead, and subscribed to. Where the session has keys, it shows
// that it is of its name.
class Observer {
public:
    // A server of one connection per message may have that many in flight.
    static constexpr std::uint32_t sessions_max = 1024;

    Observer(Session& session, std::uint32_t number, std::string name, Seen seen);

    // Both throw CannotMeasure.
    void listen(const reactor::Address& address);
    void subscribe(const reactor::Address& server);

    // Why hands could not be shaken, the last time; empty: they could.
    const std::string& refusal() const { return refusal_; }

private:
    friend class ObserverSession;
    void reserve_sessions(std::uint32_t sessions);
    void on_connected(reactor::Socket socket);
    void on_accepted(reactor::Socket socket);
    reactor::SealPtr make_seal();
    void take(reactor::Socket socket, reactor::SealPtr seal);
    void on_refused(const reactor::Handshakes::Refusal& refusal) { refusal_ = refusal.why; }
    void on_ended(ObserverSession& session);

    Session& session_;
    std::uint32_t number_;
    std::string name_;
    Seen seen_;
    reactor::Slab<ObserverSession> sessions_;
    herd::tls::OpensslSealer* sealer_ = nullptr;  // Null: sessions are plain.
    reactor::Handshakes::Door door_;
    std::string refusal_;
    reactor::Listener listener_;
    reactor::Connector connector_;
    bool subscribes_ = false;
};

}  // namespace bench
