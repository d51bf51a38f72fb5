#include "bench/observer.hpp"

#include "bench/fleet.hpp"
#include "bench/sealing.hpp"
#include "bench/target.hpp"
#include "protocol/peer_message.hpp"
#include "protocol/posix_time.hpp"
#include "protocol/tokens.hpp"
#include "reactor/lines.hpp"
#include "reactor/sys.hpp"

#include <array>
#include <utility>
#include <variant>

namespace bench {

namespace {

// An observer has no feed of its own; its run needs a name all the same.
constexpr std::uint64_t epoch = 1;

struct Report {
    std::uint32_t client;
    std::int64_t stamp;
};

// "AT server skew client location time ..." of the fleet.
std::optional<Report> read_report(std::string_view line) {
    protocol::Tokens tokens(line);
    if (tokens.next() != "AT") return std::nullopt;
    tokens.next();
    tokens.next();
    const auto client = Fleet::index_of(tokens.next());
    tokens.next();
    const auto stamp = protocol::parse_posix_time(tokens.next());
    if (!client || !stamp) return std::nullopt;
    return Report{*client, stamp->nanoseconds};
}

}  // namespace

ObserverSession::ObserverSession(Observer& observer)
    : observer_(observer), stream_(observer.session_.wire(), *this) {}

bool ObserverSession::open(reactor::Socket socket, reactor::SealPtr seal) {
    tune(socket, reactor::SocketProfile::neighbour);
    return stream_.open(std::move(socket), std::move(seal)).has_value();
}

std::size_t ObserverSession::on_input(std::string_view bytes, std::size_t seen, bool ended) {
    const std::int64_t now = observer_.session_.posix_ns(this_moment());
    if (bytes.starts_with(reactor::Seal::first_byte) && !stream_.sealed()) {
        // A server that takes plain neighbours then comes as one.
        say("ERR 507 TLS is not spoken here\n");
        stream_.finish();
        return bytes.size();
    }
    reactor::Lines lines(bytes, seen);
    while (const auto line = lines.take()) on_line(*line, now);
    if (!ended) return lines.taken();
    on_line(lines.rest(), now);
    stream_.finish();
    return bytes.size();
}

void ObserverSession::on_line(std::string_view line, std::int64_t seen) {
    if (line.starts_with("AT ")) {
        const auto report = read_report(line);
        if (report) observer_.seen_({observer_.number_, report->client, report->stamp, seen});
    } else if (line == "PING") {
        say("PONG\r\n");  // NATS
    } else if (!line.empty()) {
        on_message(line);
    }
}

void ObserverSession::on_message(std::string_view line) {
    const auto message = protocol::parse_peer_message(line);
    if (!message) return;
    std::array<char, protocol::peer_message_size_max> out{};
    std::string_view answer;
    if (const auto* hello = std::get_if<protocol::Hello>(&*message)) {
        // All of this run's feed, from the start: what it says again is told from what is new by
        // its stamp.
        answer = protocol::format(out,
                                  protocol::Welcome{protocol::peer_version,
                                                    observer_.name_,
                                                    epoch,
                                                    hello->epoch,
                                                    0,
                                                    0,
                                                    0,
                                                    reactor::sys::wall_ns()});
    } else if (const auto* ping = std::get_if<protocol::Ping>(&*message)) {
        answer = protocol::format(out, protocol::Pong{ping->token});
    }
    if (answer.empty()) return;
    say(answer);
    say("\n");
}

void ObserverSession::on_closed(reactor::Closed) {
    observer_.on_ended(*this);
}

Observer::Observer(Session& session, std::uint32_t number, std::string name, Seen seen)
    : session_(session),
      number_(number),
      name_(std::move(name)),
      seen_(seen),
      door_{
          .make_seal = reactor::Delegate<reactor::SealPtr()>::to<&Observer::make_seal>(*this),
          .opened = reactor::Delegate<void(reactor::Socket, reactor::SealPtr)>::to<&Observer::take>(
              *this),
          .refused = reactor::Delegate<void(
              const reactor::Handshakes::Refusal&)>::to<&Observer::on_refused>(*this)},
      listener_(session.loop(),
                reactor::Delegate<void(reactor::Socket)>::to<&Observer::on_accepted>(*this)),
      connector_(session.loop(),
                 {},
                 reactor::Delegate<void(reactor::Socket)>::to<&Observer::on_connected>(*this)) {}

void Observer::reserve_sessions(std::uint32_t sessions) {
    if (const auto mapped = sessions_.map(sessions); !mapped) {
        throw CannotMeasure("memory: " + std::string(describe(mapped.error())));
    }
}

void Observer::listen(const reactor::Address& address) {
    reserve_sessions(sessions_max);
    if (session_.sealing() != nullptr) sealer_ = &session_.sealing()->observer(name_);
    if (const auto listening = listener_.listen(address, reactor::SocketProfile::neighbour);
        !listening) {
        throw CannotMeasure("observer " + name_ +
                            " cannot listen: " + std::string(describe(listening.error())));
    }
}

void Observer::subscribe(const reactor::Address& server) {
    reserve_sessions(1);
    subscribes_ = true;
    connector_.aim(server);
    connector_.dial();
}

void Observer::on_connected(reactor::Socket socket) {
    ObserverSession* const session = sessions_.emplace(*this);
    if (session == nullptr) return;
    if (!session->open(std::move(socket), {})) {
        sessions_.release(*session);
        return connector_.dial_later();
    }
    session->say("CONNECT {\"verbose\":false}\r\nSUB herd 1\r\n");
}

void Observer::on_accepted(reactor::Socket socket) {
    if (sealer_ == nullptr) return take(std::move(socket), {});
    session_.sealing()->handshakes().accept(std::move(socket), door_);
}

reactor::SealPtr Observer::make_seal() {
    return sealer_->accept_peer();
}

void Observer::take(reactor::Socket socket, reactor::SealPtr seal) {
    ObserverSession* const session = sessions_.emplace(*this);
    if (session == nullptr) return;
    if (!session->open(std::move(socket), std::move(seal))) sessions_.release(*session);
    // Those that come meanwhile wait in the kernel, and lose nothing.
    if (sessions_.full()) listener_.pause();
}

void Observer::on_ended(ObserverSession& session) {
    sessions_.release(session);
    if (listener_.paused()) listener_.resume();
    if (subscribes_) connector_.dial_later();
}

}  // namespace bench
