#include "bench/connection.hpp"

#include "bench/sealing.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace bench {

namespace {

// A server that is just starting is found soon: the time until then is itself a figure.
constexpr reactor::Connector::Pace pace{.pause_min = std::chrono::milliseconds(1),
                                        .pause_max = std::chrono::milliseconds(5),
                                        .dial_max = std::chrono::seconds(3)};

}  // namespace

Connection::Connection(Session& session,
                       const TargetServer& server,
                       Answers answers,
                       Histogram& times)
    : session_(session),
      server_(server.name),
      connector_(session.loop(),
                 pace,
                 reactor::Delegate<void(reactor::Socket)>::to<&Connection::on_connected>(*this)),
      door_{.opened =
                reactor::Delegate<void(reactor::Socket, reactor::SealPtr)>::to<&Connection::open>(
                    *this),
            .refused = reactor::Delegate<void(
                const reactor::Handshakes::Refusal&)>::to<&Connection::on_refused>(*this)},
      answers_(answers),
      times_(times) {
    connector_.aim(server.clients);
}

void Connection::on_connected(reactor::Socket socket) {
    tune(socket, reactor::SocketProfile::client);
    Sealing* const sealing = session_.sealing();
    if (sealing == nullptr) return open(std::move(socket), {});
    reactor::SealPtr seal = sealing->dial(server_);
    if (seal != nullptr) {
        handshake_ = sealing->handshakes().dial(std::move(socket), std::move(seal), door_);
    }
    if (!handshake_) connector_.dial_later();
}

void Connection::on_refused(const reactor::Handshakes::Refusal& refusal) {
    handshake_ = {};
    refusal_ = refusal.why;
    ++refusals_;
    connector_.dial_later();
}

void Connection::open(reactor::Socket socket, reactor::SealPtr seal) {
    handshake_ = {};
    stream_.emplace(session_.wire(), *this);
    if (!stream_->open(std::move(socket), std::move(seal))) {
        stream_.reset();
        return connector_.dial_later();
    }
    // Else two who both wait for the other to read would wait for ever.
    stream_->read_on();
    connector_.settle();
    lost_ = false;
    if (changed_) changed_(*this);
}

void Connection::cancel() {
    if (handshake_) session_.sealing()->handshakes().cancel(std::exchange(handshake_, {}));
}

void Connection::commit(std::size_t size, const Batch& batch) {
    stream_->commit(size);
    await(batch);
}

void Connection::say_last(std::string_view command, const Batch& batch) {
    assert(!stream_->sealed());
    stream_->send_now(command);
    reactor::sys::shutdown_write(stream_->socket().fd());
    await(batch);
}

void Connection::await(const Batch& batch) {
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
    if (answers_.expected()) wrong_ += count.answers;  // to questions that nobody asked
    if (ended) stream_->abort();
    return bytes.size();
}

void Connection::on_closed(reactor::Closed) {
    stream_.reset();
    lost_ = true;
    abandoned_ += waiting();
    sent_ = answered_count_;
    pending_.clear();
    if (changed_) changed_(*this);
}

void connect(Session& session, std::span<Connection* const> connections) {
    const std::size_t most =
        session.sealing() == nullptr ? connections.size() : Sealing::dialled_max;
    while (!connections.empty()) {
        const auto group = connections.first(std::min(most, connections.size()));
        connections = connections.subspan(group.size());
        for (Connection* const each : group) each->dial();
        const auto all = [&] { return std::ranges::all_of(group, &Connection::connected); };
        const auto refused = [&] {
            return std::ranges::find_if(
                group, [](const Connection* each) { return each->refusals() > 0; });
        };
        session.run_until([&] { return all() || refused() != group.end(); }, connect_timeout);
        if (all()) continue;
        if (refused() == group.end())
            throw CannotMeasure(group[0]->server() + " cannot be reached");
        throw CannotMeasure((*refused())->server() + ": " + (*refused())->refusal());
    }
}

}  // namespace bench
