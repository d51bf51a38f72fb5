#include "bench/connection.hpp"

#include <algorithm>
#include <utility>

namespace bench {

namespace {

// A server that is just starting is found soon: the time until then is itself a figure.
constexpr reactor::Connector::Pace pace{.pause_min = std::chrono::milliseconds(1),
                                        .pause_max = std::chrono::milliseconds(5),
                                        .dial_max = std::chrono::seconds(3)};

}  // namespace

Connection::Connection(Session& session,
                       const reactor::Address& server,
                       Answers answers,
                       Histogram& times)
    : session_(session),
      connector_(session.loop(),
                 pace,
                 reactor::Delegate<void(reactor::Socket)>::to<&Connection::on_connected>(*this)),
      answers_(answers),
      times_(times) {
    connector_.aim(server);
}

void Connection::on_connected(reactor::Socket socket) {
    tune(socket, reactor::SocketProfile::client);
    stream_.emplace(session_.wire(), *this);
    if (stream_->open(std::move(socket))) {
        connector_.settle();
        lost_ = false;
        return;
    }
    stream_.reset();
    connector_.dial_later();
}

void Connection::close() {
    connector_.cancel();
    if (stream_) stream_->abort();
}

void Connection::commit(std::size_t size, const Batch& batch) {
    stream_->commit(size);
    if (!answers_.expected()) return;
    pending_.push_back(batch);
    sent_ += batch.commands;
}

std::size_t Connection::on_input(std::string_view bytes, std::size_t, bool ended) {
    const reactor::Instant now = this_moment();
    Answers::Count count = answers_.take(bytes);
    answered_count_ += count.answers;
    wrong_ += count.wrong;
    while (count.answers > 0 && !pending_.empty()) {
        Batch& first = pending_.front();
        const auto part = std::min<std::uint64_t>(count.answers, first.commands);
        times_.record((now - first.due).count(), part);
        count.answers -= part;
        first.commands -= static_cast<std::uint32_t>(part);
        if (first.commands > 0) break;
        const Batch done = first;
        pending_.pop_front();
        if (answered_) answered_(*this, done);
    }
    wrong_ += count.answers;  // to questions that nobody asked
    if (ended) stream_->abort();
    return bytes.size();
}

void Connection::on_closed(reactor::Closed) {
    stream_.reset();
    lost_ = true;
    sent_ = answered_count_;
    pending_.clear();
}

}  // namespace bench
