#pragma once

#include "herd/watch/status.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/address.hpp"
#include "reactor/time.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace herd::links {

class Neighbour;
class PeerSession;

// A server that has not been heard for longer than this, on a connection where it owes something,
// is taken for gone.
inline constexpr reactor::Duration silence_max = std::chrono::seconds(3);

// What comes from where no neighbour is has as long for its first line. (An old server's one line
// has no newline, and is one when the connection ends.)
inline constexpr reactor::Duration first_line_max = std::chrono::seconds(1);

// What a link or a session asks of the one who holds all of them. It outlives them.
class Host {
public:
    // Returns the neighbour that a HELLO says it is of, which shows nothing yet; or why the other
    // end is refused.
    virtual std::expected<Neighbour*, protocol::Refusal> claim(const protocol::Hello& hello) = 0;
    // The session is the neighbour's from now on, and that of its run `epoch`; the one it had
    // before ends. Or why the other end is refused.
    virtual std::expected<void, protocol::Refusal> admit(PeerSession& session,
                                                         Neighbour& neighbour,
                                                         std::uint64_t epoch) = 0;
    // The link to this neighbour has said HELLO: who waits to be known as the neighbour is shown
    // to it.
    virtual void on_greeting(const Neighbour& neighbour) = 0;
    // The link to this neighbour is live, with the run of this incarnation: a session of another
    // run ends.
    virtual void on_live(const Neighbour& neighbour, std::uint32_t incarnation) = 0;
    // A neighbour has acknowledged something, or a link has gone.
    virtual void on_progress() = 0;
    // This bucket of the table differs from a neighbour's for good.
    virtual void on_divergence(std::uint32_t bucket) = 0;
    // Releases the session.
    virtual void on_ended(PeerSession& session) = 0;
    // Whether a legacy neighbour is at this address.
    virtual bool is_legacy(const reactor::Address& from) const = 0;
    // One session more is a legacy neighbour's: of too many the one silent for longest ends.
    virtual void on_legacy() = 0;
    // Whether a server of this name is in the configuration.
    virtual bool is_server(std::string_view name) const = 0;
    // What the server says of itself to such a one, as one line of JSON; a view of `out`, of
    // watch::status_size_max.
    virtual std::string_view status(std::span<char> out, watch::Audience audience) const = 0;

protected:
    ~Host() = default;
};

}  // namespace herd::links
