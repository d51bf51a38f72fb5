#pragma once

#include "herd/core.hpp"
#include "herd/links/host.hpp"
#include "herd/links/neighbour.hpp"
#include "herd/table/message_batch.hpp"
#include "herd/table/rules.hpp"
#include "protocol/peer_message.hpp"
#include "reactor/delegate.hpp"
#include "reactor/socket.hpp"
#include "reactor/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace herd::links {

// A connection on which another server sends us its changes: accepted by us, one way but for
// WELCOME, ERR, ACK, SWP and PONG. Nothing is believed of it, and nothing told it, before it shows
// the cookie that our link to that neighbour tells whoever listens at its address.
//
//   stranger --HELLO in the name of a neighbour--> claimant --our cookie--> neighbour
//       |                                              |
//       |                                              +--not within claim_max--> refused
//       +--STATUS--> answered, and closed
//       |
//       +--AT, from the address of a legacy neighbour--> legacy
//
// Two that have just started cannot know each other's cookies: each waits as a claimant at the
// other until the other's link has told it what to show.
//
// A legacy one says AT lines only. It usually says one and ends, and then that one may lack a
// newline. It is nobody's incarnation: what it says goes to all.
// Lives in the slab of Neighbours from accept until Host::on_ended.
class PeerSession final : public reactor::StreamEvents {
public:
    // Less than what a link waits for its WELCOME, so that it is told why there is none.
    static constexpr reactor::Duration claim_max = std::chrono::seconds(2);
    static_assert(claim_max + std::chrono::seconds(1) <= silence_max);
    // Between two messages of a legacy neighbour on one connection.
    static constexpr reactor::Duration legacy_idle_max = std::chrono::seconds(30);
    // What one from where an old server is has at least, where slots are wanted. An old server
    // dials for all that it has to say before it says any of it: some 700 ms on a machine that has
    // five busy processes per core.
    static constexpr reactor::Duration legacy_time_min = std::chrono::seconds(2);

    // Whose address it comes from.
    enum class From : std::uint8_t { elsewhere, neighbour, legacy };

    // What is read ahead stands in `messages`, which serves one session at a time.
    PeerSession(Core& core, Host& host, table::MessageBatch& messages, From from);

    reactor::Result<void> open(reactor::Socket socket, reactor::SealPtr seal = {});
    // About once a second: a stranger has first_line_max for its first line, and claim_max to show
    // who it is; a neighbour that is silent is taken for gone; a legacy one, which has no way to
    // show that it is there, after legacy_idle_max. One that is not, and was not answered since, is
    // told that it is heard: its PINGs may stand behind much else.
    void tick();
    void abort() { stream_.abort(); }
    bool dead() const { return stream_.dead(); }
    // Nothing shows who it is, and it has a slot.
    bool stranger() const {
        return neighbour_ == nullptr && from_ != From::legacy && !stream_.dead();
    }
    // It comes from where an old server is, which is all that is known of it, and has a slot.
    bool from_legacy() const {
        return neighbour_ == nullptr && from_ == From::legacy && !stream_.dead();
    }
    // Of two strangers, the one that goes when a third comes.
    bool goes_before(const PeerSession& other) const {
        if (expected() != other.expected()) return other.expected();
        return opened_at_ < other.opened_at_;
    }
    // Of two from where old servers are, the one that goes for want of a slot.
    bool leaves_before(const PeerSession& other) const;
    // When it may: what an old server says at once has been read by then.
    reactor::Instant leaves_at() const;
    // Since when nothing has come from a legacy neighbour; nothing: it is none, or ends already.
    std::optional<reactor::Instant> legacy_silent_since() const;
    // One of too many of a legacy neighbour's. It may linger.
    void make_room();
    // At once.
    void leave();
    // Whose it is since it has shown that, or null.
    const Neighbour* neighbour() const { return neighbour_; }
    // Whose it says it is, as long as it has not shown it, or null.
    const Neighbour* claimed() const { return neighbour_ == nullptr ? claimed_ : nullptr; }
    // What it would have us show that neighbour.
    std::uint64_t cookie() const { return said_.cookie; }
    // All that its table had when it came has been processed.
    bool has_told() const { return neighbour_ != nullptr && neighbour_->received.seq >= said_.seq; }
    // Of the run that says it; 0: nobody's.
    std::uint32_t incarnation() const { return incarnation_; }
    // The server shuts down: what the neighbour still has to say is for its successor.
    void drain() { stream_.finish(); }
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_seal_broken(std::string_view why) override;
    void on_closed(reactor::Closed why) override;

    using Line = table::MessageBatch::Line;
    std::size_t read_lines(std::string_view bytes, std::size_t seen);
    void answer();
    void on_line(const Line& line);
    void on_end(std::string_view rest);
    bool is_legacy();
    bool allows(const protocol::PeerMessage& message);
    bool expected() const { return from_ != From::elsewhere; }
    void on_message(const protocol::Hello& hello);
    void on_message(const protocol::Cookie& cookie);
    void become_neighbour();
    void on_record(const protocol::AtLine& line, table::LocationTable::Key key);
    void on_message(const protocol::Seq& seq);
    void on_message(const protocol::Sweep& sweep);
    bool can_have_come_to(std::uint64_t seq) const;
    void on_message(const protocol::DigestPart& part);
    void on_message(const protocol::Ping& ping);
    void on_message(const protocol::StatusRequest& request);
    watch::Audience audience();
    template <class Other>
    void on_message(const Other&) {
        reject_line();
    }
    void reject_line();
    void tell_divergence();
    void refuse(std::uint32_t code, std::string_view reason);
    template <class Message>
    void say(const Message& message);

    Core& core_;
    Host& host_;
    table::MessageBatch& messages_;
    reactor::Stream stream_;
    Neighbour* claimed_ = nullptr;    // Since its HELLO.
    Neighbour* neighbour_ = nullptr;  // The same, since it has shown our cookie.
    struct {
        std::uint64_t epoch = 0;
        std::uint64_t seq = 0;
        std::uint64_t cookie = 0;
    } said_;                         // In its HELLO.
    std::uint32_t incarnation_ = 0;  // Of its run.
    bool legacy_ = false;            // Since its first AT.
    const From from_;
    // How far this connection has come: the greatest SEQ, and the latest SWP beyond it.
    table::rules::Position come_to_;
    std::uint64_t token_ = 0;  // Of the latest PING.
    bool ack_due_ = false;     // Answers to what is being read.
    bool sweep_due_ = false;
    bool pong_due_ = false;
    bool unanswered_ = false;      // Something has come, and nothing was said since.
    std::uint32_t divergent_ = 0;  // Buckets found so, that the log does not know yet.
    reactor::Instant opened_at_{};
    reactor::Instant greeted_at_{};  // Its HELLO came.
    reactor::Instant heard_at_{};
};

}  // namespace herd::links
