#include "tests/sim/lying_host.hpp"

#include "tests/sim/said.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <variant>

namespace sim {

namespace {

constexpr std::size_t connections_max = 6;
constexpr std::size_t unsent_max = 64'000;

}  // namespace

LyingHost::LyingHost(FakeKernel& kernel,
                     Host host,
                     const herd::config::Config& config,
                     std::uint64_t seed,
                     Invent invent)
    : kernel_(kernel),
      host_(host),
      config_(config),
      random_(seed ^ 0x11a5),
      invent_(invent),
      epoch_(random_.bits()),
      cookie_(random_.bits()),
      acknowledges_truly_(random_.chance(50)) {
    for (const std::string& name : config.servers[host].neighbours) {
        victims_.push_back(host_of(name));
    }
    listen();
}

Host LyingHost::host_of(std::string_view name) const {
    const auto found = std::ranges::find(config_.servers, name, &herd::config::Server::name);
    return static_cast<Host>(found - config_.servers.begin());
}

void LyingHost::listen() {
    kernel_.enter(host_);
    const auto fd = kernel_.open_socket();
    if (!fd) return;
    listener_ = *fd;
    static_cast<void>(kernel_.bind(listener_, config_.servers[host_].peers));
    static_cast<void>(kernel_.listen(listener_));
}

bool LyingHost::turn() {
    if (!kernel_.stirred(host_)) return false;
    kernel_.enter(host_);
    accept();
    for (auto each = connections_.begin(); each != connections_.end();) {
        const auto connection = each++;
        if (!exchange(*connection)) drop(connection);
    }
    // Whatever is left unread: it does not care until something happens.
    static_cast<void>(kernel_.ready(host_));
    return true;
}

void LyingHost::accept() {
    if (listener_ < 0) return;
    while (const auto fd = kernel_.accept(listener_)) {
        const Truth truth{.name = config_.servers[host_].name, .epoch = epoch_, .said = said_};
        connections_.push_back({*fd, host_, false, false, truth});
    }
}

bool LyingHost::exchange(Connection& connection) {
    if (!kernel_.take_error(connection.fd)) return false;
    if (!kernel_.peer_address(connection.fd)) return true;
    return (connection.deaf || receive(connection)) && send(connection);
}

bool LyingHost::send(Connection& connection) {
    while (!connection.unsent.empty()) {
        const auto sent = kernel_.send(connection.fd, connection.unsent);
        if (!sent) return sent.error().value == EAGAIN;
        connection.unsent.erase(0, *sent);
    }
    return true;
}

bool LyingHost::receive(Connection& connection) {
    while (true) {
        char buffer[512];
        const auto received = kernel_.receive(connection.fd, buffer);
        if (!received) return received.error().value == EAGAIN;
        if (*received == 0) return false;
        connection.heard.append(buffer, *received);
        std::size_t end = 0;
        while ((end = connection.heard.find('\n')) != std::string::npos) {
            const std::string line = connection.heard.substr(0, end);
            connection.heard.erase(0, end + 1);
            answer(connection, line);
        }
    }
}

// As an honest one would, mostly, and remembers what it hears.
void LyingHost::answer(Connection& connection, std::string_view line) {
    const auto message = protocol::parse_peer_message(line);
    if (!message) return;
    Truth& truth = connection.truth;
    const bool candid = random_.chance(90);
    if (std::holds_alternative<protocol::AtLine>(*message)) {
        keep(line);
    } else if (const auto* hello = std::get_if<protocol::Hello>(&*message)) {
        connection.victim = host_of(hello->name);
        Truth& known = known_[connection.victim];
        if (known.victim_epoch != hello->epoch) known.victim_seq = 0;
        known.victim_epoch = hello->epoch;
        truth.victim_epoch = hello->epoch;
        truth.victim_seq = known.victim_seq;
        truth.shown = known.shown = hello->cookie;
        if (candid) tell_cookie(connection.victim);
        if (!candid) return void(lie(connection, Lie::welcome));
        // What it has, nothing, or all that there is.
        const std::uint64_t claims[] = {known.victim_seq, 0, hello->seq};
        const std::uint64_t had = claims[random_.below(std::size(claims))];
        say(connection,
            line_of(protocol::Welcome{
                1, truth.name, truth.epoch, hello->epoch, had, 0, 0, kernel_.wall_ns(host_)}));
    } else if (const auto* seq = std::get_if<protocol::Seq>(&*message)) {
        truth.victim_seq = known_[connection.victim].victim_seq = seq->seq;
        if (candid) say(connection, line_of(protocol::Ack{seq->seq}));
    } else if (const auto* sweep = std::get_if<protocol::Sweep>(&*message)) {
        if (candid) say(connection, line_of(*sweep));
    } else if (const auto* ping = std::get_if<protocol::Ping>(&*message)) {
        truth.token = ping->token;
        if (candid) say(connection, line_of(protocol::Pong{ping->token}));
    } else if (!candid && random_.chance(10)) {
        lie(connection, draw_kind(connection.dialled));
    }
}

// As it should, and as one that waits there in the name of another would.
void LyingHost::tell_cookie(Host victim) {
    for (Connection& each : connections_) {
        if (!each.dialled || each.victim != victim) continue;
        each.truth.shown = known_[victim].shown;
        say(each, line_of(protocol::Cookie{each.truth.shown}));
    }
}

void LyingHost::keep(std::string_view line) {
    const auto at = parse_at(line);
    std::string& kept = kept_[std::string(at.client)];
    if (kept.empty() || older(version_of(parse_at(kept)), version_of(at))) kept = line;
}

bool LyingHost::has(std::string_view line) const {
    const auto at = parse_at(line);
    const auto kept = kept_.find(at.client);
    return kept != kept_.end() && !older(version_of(parse_at(kept->second)), version_of(at));
}

void LyingHost::say(Connection& connection, const std::string& line) {
    if (line.empty() || connection.unsent.size() > unsent_max) return;
    connection.unsent += line;
    connection.whole = line.back() == '\n';
}

// Mostly what its end of the connection may say.
Lie LyingHost::draw_kind(bool dialled) {
    constexpr std::array of_dialler = {Lie::seq, Lie::sweep, Lie::digest, Lie::ping, Lie::cookie};
    constexpr std::array of_acceptor = {Lie::ack, Lie::pong, Lie::sweep};
    if (random_.chance(15)) return static_cast<Lie>(random_.below(lie_kinds));
    return dialled ? of_dialler[random_.below(of_dialler.size())]
                   : of_acceptor[random_.below(of_acceptor.size())];
}

std::string LyingHost::lie(Connection& connection, Lie kind) {
    Truth& truth = connection.truth;
    truth.wall_ns = kernel_.wall_ns(host_);
    if (calm_ && kind == Lie::digest) return "says nothing";
    const bool acknowledges = !connection.dialled && (kind == Lie::ack || kind == Lie::sweep);
    if (acknowledges && acknowledges_truly_) return "says nothing";
    Liar<Random> liar(random_, truth);
    std::string line = liar.lie(kind);
    const std::string what = line.substr(0, line.find('\n'));
    if (random_.chance(3)) line = liar.garbled(line);
    const int times = random_.chance(5) ? 300 : 1;
    for (int i = 0; i < times; ++i) say(connection, line);
    if (kind == Lie::seq && random_.chance(50)) truth.said = ++said_;
    return "says to " + config_.servers[connection.victim].name + ": " + what;
}

std::string LyingHost::report(Connection& connection) {
    // Never the end of another line.
    if (!connection.whole) say(connection, "\n");
    // In the name of another, what nobody has ever said.
    const std::string line =
        connection.posing ? "AT " + connection.truth.name + " +0.0 c0 +88-88 8888" : invent_();
    if (!connection.posing) keep(line);
    say(connection, line + "\n");
    return "reports to " + config_.servers[connection.victim].name + ": " + line;
}

std::string LyingHost::dial() {
    const auto fd = kernel_.open_socket();
    if (!fd) return "cannot dial";
    const Host victim = victims_[random_.below(victims_.size())];
    static_cast<void>(kernel_.connect(*fd, config_.servers[victim].peers));
    const bool poses = random_.chance(20);
    const Host as = poses ? static_cast<Host>(random_.below(config_.servers.size())) : host_;
    const bool posing = as != host_;
    Truth truth{.name = config_.servers[as].name, .epoch = epoch_, .said = said_};
    if (posing) truth.epoch = random_.chance(80) ? known_[as].victim_epoch : random_.bits();
    if (posing) truth.said = known_[as].victim_seq;
    truth.cookie = cookie_;
    truth.shown = known_[victim].shown;
    truth.victim_epoch = known_[victim].victim_epoch;
    connections_.push_back({*fd, victim, true, posing, truth});
    if (random_.chance(10)) return lie(connections_.back(), Lie::hello);
    say(connections_.back(),
        line_of(protocol::Hello{1,
                                truth.name,
                                truth.epoch,
                                truth.said,
                                kernel_.wall_ns(host_),
                                truth.cookie,
                                truth.shown}));
    return "dials " + config_.servers[victim].name + " as " + truth.name;
}

LyingHost::Connections::iterator LyingHost::some_connection() {
    return std::next(connections_.begin(),
                     static_cast<std::ptrdiff_t>(random_.below(connections_.size())));
}

void LyingHost::drop(Connections::iterator connection) {
    kernel_.close(connection->fd);
    connections_.erase(connection);
}

std::string LyingHost::act() {
    if (left_) return "has gone";
    kernel_.enter(host_);
    if (listener_ < 0) listen();
    const std::uint64_t what = random_.below(20);
    if (connections_.empty() || (what < 3 && connections_.size() < connections_max)) return dial();
    const auto connection = some_connection();
    if (what == 4) {
        drop(connection);
        return "hangs up";
    }
    if (what == 5) {
        connection->deaf = !connection->deaf;
        return connection->deaf ? "reads no more" : "reads again";
    }
    if (what == 6 && listener_ >= 0) {
        kernel_.close(listener_);
        listener_ = -1;
        return "does not listen";
    }
    std::string done = what < 10 && connection->dialled && (!calm_ || connection->posing)
                           ? report(*connection)
                           : lie(*connection, draw_kind(connection->dialled));
    if (!exchange(*connection)) drop(connection);
    return done;
}

void LyingHost::calm_down() {
    calm_ = true;
    kernel_.enter(host_);
    // What is unsent may be of the other kind.
    for (auto each = connections_.begin(); each != connections_.end();) {
        const auto connection = each++;
        if (connection->dialled) drop(connection);
    }
}

void LyingHost::leave() {
    left_ = true;
    kernel_.enter(host_);
    while (!connections_.empty()) drop(connections_.begin());
    if (listener_ >= 0) kernel_.close(listener_);
    listener_ = -1;
}

}  // namespace sim
