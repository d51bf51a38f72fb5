#pragma once

#include "herd/core.hpp"
#include "herd/links/acknowledged.hpp"
#include "herd/links/anti_entropy.hpp"
#include "herd/links/host.hpp"
#include "herd/links/lag.hpp"
#include "herd/links/neighbour.hpp"
#include "herd/links/whereabouts.hpp"
#include "herd/table/follower.hpp"
#include "herd/watch/status.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/connector.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/resolver.hpp"
#include "reactor/stream.hpp"
#include "reactor/timer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace herd::links {

// The connection on which this server sends its changes to one neighbour: dialled by us, one way.
// A link is a place in the change feed and not a queue: a neighbour that is slow or away costs no
// memory, and gets each client's newest position when it is back.
//
//   down --connected--> greeting --WELCOME--> live
//     ^                    |                    |
//     +--- lost, refused, or silent for 3 s ----+      (then the connector dials again)
//
// The neighbour is believed as far as what it says answers what it was told: anything else that it
// says ends the connection, and none of its numbers is used before it is known to be in range. Of
// what it says that it has, after a connection has been lost, counts what it had acknowledged.
// Where connections are sealed, the neighbour shows first that it is of its name: before that, the
// link is down. One that does not speak TLS is dialled plainly after that, where that is allowed,
// and with TLS again the next time.
// Owned by Neighbours, beside what is remembered of that neighbour.
class PeerLink final : public reactor::StreamEvents {
public:
    static constexpr reactor::Duration mark_interval = std::chrono::milliseconds(50);
    static_assert(mark_interval < silence_max);
    static constexpr std::size_t mark_bytes = std::size_t{256} << 10;
    // What a batch may need beside one record: SEQ, SWP and PING.
    static constexpr std::size_t batch_size_min = 3 * protocol::peer_line_size_max;

    // `other` is the neighbour's part of the configuration.
    PeerLink(Core& core,
             Host& host,
             Neighbour& neighbour,
             reactor::Resolver& resolver,
             const config::Server& other);

    void aim(const reactor::Address& address) { where_.fix(address); }
    // Whether the neighbour's host has that address.
    bool is_at(const reactor::Address& from) const { return where_.is_at(from); }
    void start() { nudge(); }
    // The neighbour shows that it is there: dials now rather than after the pause.
    void nudge();
    // Somebody who says that he is the neighbour has told us to show this. Does so, unless the
    // neighbour knows us already.
    void show(std::uint64_t cookie);
    // The server shuts down: what is owed is still sent, but a lost link is not dialled again. By
    // then the neighbour may be linked with a successor of the same name.
    void leave();
    // Sends no more.
    void stop();

    // Sends what the neighbour lacks, a bounded batch, written in `scratch` first, which holds the
    // longest record beyond batch_size_min. Called in each flush, before the clients' answers.
    void pump(std::span<char> scratch);
    // About once a second.
    void tick();

    bool live() const { return state_ == State::live; }
    // Of the run at the other end, since its latest WELCOME; 0: there was none.
    std::uint32_t incarnation() const { return incarnation_; }
    // Tells the neighbour at once how far it has been told, so that it acknowledges that.
    void mark_soon();
    // Everything up to this change has been processed there, or nobody is there.
    bool has(std::uint64_t seq) const { return !live() || lag_.caught_up() >= seq; }
    // As it is now. The caller knows who hears whom.
    watch::LinkStatus status() const;
    // Asserts what must hold between calls.
    void check() const;
    // There is something to send, and room for it.
    bool runnable() const { return live() && follower_.behind() && !stream_->blocked(); }
    // Live, and something is still to be sent.
    bool owes() const { return live() && (follower_.behind() || stream_->blocked()); }

private:
    enum class State : std::uint8_t { down, greeting, live };
    static constexpr std::size_t mark_size_max = 2 * protocol::peer_line_size_max;  // SEQ and SWP
    static constexpr std::size_t ping_size_max = protocol::peer_line_size_max;
    static_assert(mark_size_max + ping_size_max <= batch_size_min);

    void on_moved(const reactor::Address& now);
    void on_unknown(reactor::Errno why);
    void on_connected(reactor::Socket socket);
    void greet(reactor::Socket socket, reactor::SealPtr seal);
    void on_unshaken(const reactor::Handshakes::Refusal& refusal);
    void tell_refused(std::string_view why);
    bool shaking() const { return static_cast<bool>(handshake_); }
    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_drained() override;
    void on_seal_broken(std::string_view why) override;
    void on_closed(reactor::Closed why) override;
    void on_line(std::string_view line);
    void welcome(const protocol::Welcome& answer);
    void acknowledge(std::uint64_t seq);
    void answered(std::uint64_t token);
    void reject_line();
    void refuse(std::uint64_t code, std::string_view reason);
    std::size_t fill(std::span<char> batch);
    // What the neighbour has been told, and what it could be told.
    bool has_news() const;
    static std::uint64_t now_token();
    std::size_t ping(std::span<char> out);
    std::size_t mark_if_due(std::span<char> out);
    std::size_t mark(std::span<char> out);
    void on_mark_due();
    template <class Message>
    void say(const Message& message);
    bool is_told_first(std::string_view why);

    Core& core_;
    Host& host_;
    Neighbour& neighbour_;
    Whereabouts where_;
    reactor::Connector connector_;
    reactor::Handshakes::Door door_;
    reactor::Handshakes::Id handshake_;      // Between connected and greeting, where it is sealed.
    std::optional<reactor::Stream> stream_;  // While connected.
    table::Follower follower_;
    reactor::Timer mark_timer_;
    std::size_t refusal_told_ = 0;  // A hash of why, as the log has it since it was live; 0: none.
    State state_ = State::down;
    bool leaving_ = false;
    bool stopped_ = false;
    bool dials_plainly_ = false;     // The next time.
    std::uint32_t incarnation_ = 0;  // Of the neighbour's run at the other end.
    std::uint64_t last_written_ = 0;
    Acknowledged acknowledged_;      // By the run at the other end, or the one before it.
    unsigned shown_ = 0;             // COOKIEs on this connection.
    table::rules::Position marked_;  // What the neighbour was last told.
    std::size_t unmarked_bytes_ = 0;
    bool mark_asked_ = false;  // For as soon as nothing else is to be said.
    AntiEntropy anti_entropy_;
    Lag lag_;
    bool ping_due_ = false;
    bool pinged_ = false;  // And nothing answered since.
    // A token is the time of its PING. Of PINGs behind answered_, up to asked_, answers may come.
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    reactor::Duration round_trip_{};  // Of the latest PONG; 0 before the first.
    std::uint64_t drops_ = 0;
    // The neighbour's clock minus ours, as its WELCOME had it; half a round trip is in it.
    std::int64_t clock_difference_ns_ = 0;
    reactor::Instant marked_at_{};
    reactor::Instant heard_at_{};
};

}  // namespace herd::links
