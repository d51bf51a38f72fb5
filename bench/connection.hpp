#pragma once

#include "bench/answers.hpp"
#include "bench/histogram.hpp"
#include "bench/session.hpp"
#include "bench/target.hpp"
#include "reactor/connector.hpp"
#include "reactor/delegate.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/stream.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bench {

// Commands sent in one go, and when they were due.
struct Batch {
    reactor::Instant due;
    std::uint32_t commands;
    std::uint32_t client;  // who reported, and under which stamp; of several, the last
    std::int64_t stamp;
};

// One client connection: sends commands and times the answers, which come in order. Where the
// session has keys it is sealed, and connected only when the server has proved its name. Pinned.
class Connection final : public reactor::StreamEvents {
public:
    // All commands of one go have been answered. May say more.
    using Answered = reactor::Delegate<void(Connection&, const Batch&)>;
    // It is connected, or was and is over, and may be dialled again.
    using Changed = reactor::Delegate<void(Connection&)>;

    // `times` gets each command's time from due to answer.
    Connection(Session& session, const TargetServer& server, Answers answers, Histogram& times);
    ~Connection() { cancel(); }

    void on_answered(Answered answered) { answered_ = answered; }
    void on_changed(Changed changed) { changed_ = changed; }

    // Which of this machine's addresses it dials from; else the system chooses.
    void leave_from(const reactor::Address& own) { connector_.leave_from(own); }
    // Until connected, again and again.
    void dial() { connector_.dial(); }
    // How often that was tried.
    std::uint64_t dials() const { return connector_.attempts(); }
    bool connected() const { return stream_.has_value() && !stream_->dead(); }
    // It was connected, and the server has ended that.
    bool lost() const { return lost_; }
    // How often hands could not be shaken, and why, the last time.
    std::uint64_t refusals() const { return refusals_; }
    const std::string& refusal() const { return refusal_; }
    // Says that no more will come, and goes when the server has said the same. Connected only.
    void leave() { stream_->finish(); }

    // Space to write commands into, and then how much of it `commands` took. Connected only.
    std::span<char> reserve(std::size_t size) { return stream_->reserve(size); }
    void commit(std::size_t size, const Batch& batch);
    // Says that, and at once that no more will come; is answered all the same. Connected only, and
    // not sealed.
    void say_last(std::string_view command, const Batch& batch);

    // From now on it reads nothing. Connected only.
    void go_deaf() { stream_->pause(); }

    // Bytes that the kernel has not taken yet: the server does not keep up.
    std::size_t queued() const { return stream_ ? stream_->unsent() : 0; }

    std::uint64_t waiting() const { return answers_.expected() ? sent_ - answered_count_ : 0; }
    // Commands whose connection was lost before their answer came.
    std::uint64_t abandoned() const { return abandoned_; }
    // Or, where nothing is expected, lines that were pushed.
    std::uint64_t answered() const { return answered_count_; }
    std::uint64_t wrong() const { return wrong_; }
    const std::string& server() const { return server_; }

private:
    void on_connected(reactor::Socket socket);
    void on_refused(const reactor::Handshakes::Refusal& refusal);
    void open(reactor::Socket socket, reactor::SealPtr seal);
    void cancel();
    void await(const Batch& batch);
    std::size_t on_input(std::string_view bytes, std::size_t seen, bool ended) override;
    void on_closed(reactor::Closed why) override;

    Session& session_;
    const std::string server_;
    reactor::Connector connector_;
    reactor::Handshakes::Door door_;
    reactor::Handshakes::Id handshake_;  // Between connected and open, where it is sealed.
    std::optional<reactor::Stream> stream_;
    Answers answers_;
    Histogram& times_;
    Answered answered_;
    Changed changed_;
    std::deque<Batch> pending_;  // Not all of whose commands have been answered, in order.
    std::uint64_t sent_ = 0;
    std::uint64_t answered_count_ = 0;
    std::uint64_t abandoned_ = 0;
    std::uint64_t wrong_ = 0;
    std::uint64_t refusals_ = 0;
    std::string refusal_;
    bool lost_ = false;
};

// Dials all of them. Throws CannotMeasure when one is not connected in time, or is refused.
void connect(Session& session, std::span<Connection* const> connections);

}  // namespace bench
