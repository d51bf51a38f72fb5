#pragma once

#include "herd/core.hpp"
#include "herd/links/host.hpp"
#include "herd/table/follower.hpp"
#include "herd/table/record.hpp"
#include "herd/watch/status.hpp"
#include "reactor/address.hpp"
#include "reactor/connector.hpp"
#include "reactor/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace herd::links {

// How this server sends its changes to an old server, which knows neither HELLO nor acknowledgement
// and forgets everything when it ends: one connection at a time, each for one message.
//
//   down --connected--> waiting --a message, and our end--> said --its end--> dialling
//    ^                     |                                  |                   |
//    |  lost, or refused   |                                  |                   +--connected-->
//    +---------------------+----------------------------------+-------------------+     waiting
//
// Its end in order behind a message acknowledges that. (Its death in that moment looks the same;
// but then the next connection, dialled at once, is refused.) Silence for 3 s does not: the same
// record goes out again on another connection, which is dialled at once.
// The next connection is made ahead and held while there is nothing to say. When it is lost or
// refused, the old server may have begun anew: everything is sent to it again.
// A record goes to it even if it came from it: it takes whatever differs from what it has, so what
// it once sent may have been overwritten there since.
class LegacyLink final : public reactor::StreamEvents {
public:
    LegacyLink(Core& core, Host& host, std::string_view name, const reactor::Address& address);

    std::string_view name() const { return name_; }
    // Whether a connection from there may be its own, as far as an address can tell.
    bool is_at(const reactor::Address& from) const;

    void aim(const reactor::Address& address);
    void start() { dial(); }
    // The server shuts down: what is owed is still sent, but a lost link is not taken up again.
    void leave() { leaving_ = true; }
    // Sends no more.
    void stop();

    // Sends the next message, written in `scratch` first. Called in each flush.
    void pump(std::span<char> scratch);
    // About once a second.
    void tick();

    // Nothing has failed since it was connected, or since it acknowledged something.
    bool live() const { return up_ && (stream_ || dials_first()); }
    // Everything up to this change has been acknowledged, or nobody is there.
    bool has(std::uint64_t seq) const {
        return !live() ||
               (follower_.position().seq >= seq && (owed_ == nullptr || owed_seq_ > seq));
    }
    // It acknowledges each message by itself.
    void mark_soon() {}
    // Asserts what must hold between calls.
    void check() const;
    // As it is now.
    watch::LinkStatus status() const;
    // Live, and something is still to be sent or acknowledged.
    bool owes() const { return live() && (owed_ != nullptr || follower_.behind()); }

private:
    enum class State : std::uint8_t { down, dialling, waiting, said };

    void on_connected(reactor::Socket socket);
    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_closed(reactor::Closed why) override;
    void dial();
    bool dials_first() const;
    bool refused() const;
    std::string_view next_message(std::span<char> out);
    void take();
    void start_over();
    void come_up();
    void go_down();

    Core& core_;
    Host& host_;
    std::string_view name_;
    reactor::Address address_;
    reactor::Connector connector_;
    std::optional<reactor::Stream> stream_;  // While connected.
    table::Follower follower_;
    const table::Record* owed_ = nullptr;  // Taken from the follower, and not acknowledged yet.
    std::uint64_t owed_seq_ = 0;           // Of its change, then.
    State state_ = State::down;
    bool up_ = false;  // As the log has it.
    bool leaving_ = false;
    bool stopped_ = false;
    std::uint64_t drops_ = 0;
    std::uint64_t attempt_ = 0;  // The connector's, when it was told to dial at once.
    reactor::Instant since_{};   // When it was connected, or said something.
};

}  // namespace herd::links
