#include "herd/links/neighbours.hpp"

#include "herd/config/text.hpp"
#include "protocol/at_line.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <utility>

namespace herd::links {

namespace {

// What a batch to a neighbour may take, beside one line of any length.
constexpr std::size_t batch_size = std::size_t{64} << 10;
static_assert(batch_size >= PeerLink::batch_size_min);
static_assert(batch_size >= protocol::legacy_message_size_max);
static_assert(config::servers_max <= 1U << Neighbour::index_bits);

// Whoever has a legacy neighbour's address may be anybody, and an old server needs few at a time.
constexpr std::uint32_t legacy_sessions_max = 8;

constexpr protocol::Refusal namesake{504, "another server of this name is where it should be"};

}  // namespace

Neighbours::Neighbours(Core& core, TellStatus status)
    : core_(core),
      status_(status),
      barrier_(core, *this),
      repair_(core),
      acceptor_(core.loop,
                reactor::SocketProfile::neighbour,
                reactor::Acceptor<PeerSession>::Make::to<&Neighbours::make>(*this),
                reactor::Delegate<void()>::to<&Neighbours::on_full>(*this)),
      resolver_(core.loop),
      room_timer_(core.loop, reactor::Delegate<void()>::to<&Neighbours::on_room_timer>(*this)),
      door_(make_door(core.sealing != nullptr && core.sealing->plain_peers)),
      legacy_door_(make_door(true)) {
    if (core.sealing == nullptr) return;
    acceptor_.divert(reactor::Delegate<void(reactor::Socket)>::to<&Neighbours::on_accepted>(*this));
    acceptor_.when_freed(reactor::Delegate<void()>::to<&Neighbours::on_freed>(*this));
}

std::uint64_t Neighbours::memory_max(const config::Config& config) {
    const std::uint64_t line = config.limits.line_max + protocol::at_line_surplus;
    const std::uint64_t neighbours = config.neighbours_max() + std::uint64_t{1};
    return neighbours * (reactor::Slab<Peer>::slot_size + reactor::Slab<LegacyLink>::slot_size) +
           config.limits.peer_connections * reactor::Slab<PeerSession>::slot_size +
           Barrier::memory_max(config.limits) + batch_size + 2 * line;
}

reactor::Result<void> Neighbours::map(std::uint32_t neighbours) {
    const std::array results = {
        peers_.map(neighbours + 1),
        legacy_.map(neighbours + 1),
        acceptor_.map(core_.limits.peer_connections),
        barrier_.open(),
    };
    for (const auto& result : results) {
        if (!result) return result;
    }
    auto batch =
        reactor::PageArray<char>::map(batch_size + 2 * std::size_t{core_.table.line_size_max()});
    if (!batch) return std::unexpected(batch.error());
    batch_ = std::move(*batch);
    return {};
}

reactor::Result<void> Neighbours::add(const config::Config& config, const config::Server& self) {
    assert(peers_.size() + legacy_.size() == 0);
    assert(self.neighbours.size() < peers_.capacity());
    config_ = &config;
    std::uint32_t index = 0;
    for (const std::string& name : self.neighbours) {
        const config::Server* const other = config.find(name);
        assert(other != nullptr);
        [[maybe_unused]] const bool added =
            other->legacy ? legacy_.emplace(core_, *this, other->name, other->peers) != nullptr
                          : peers_.emplace(core_, *this, resolver_, index++, *other) != nullptr;
        assert(added);
    }
    assert(peers_.size() + legacy_.size() == self.neighbours.size());
    const bool named = std::ranges::any_of(self.neighbours, [&](const std::string& name) {
        return !config.find(name)->peers_name.empty();
    });
    return named ? resolver_.open() : reactor::Result<void>{};
}

Outcome<> Neighbours::listen(const reactor::Address& address) {
    const auto listening = acceptor_.listen(address);
    if (!listening && listening.error().value == EADDRNOTAVAIL) {
        return failure("peers' address " + config::text_of(address),
                       "no interface of this machine has it: \"listen\" may name one that does");
    }
    if (!listening) {
        return listen_failure("peers' address " + config::text_of(address), listening.error());
    }
    address_ = *listening;
    assert(address_.port != 0);
    return {};
}

void Neighbours::aim(std::string_view name, const reactor::Address& address) {
    assert(!name.empty());
    assert(address.port != 0);
    if (Peer* const peer = find(name)) peer->link.aim(address);
    legacy_.for_each([&](LegacyLink& link) {
        if (link.name() == name) link.aim(address);
    });
}

void Neighbours::start() {
    each_link([](auto& link) { link.start(); });
}

void Neighbours::flood() {
    const std::span<char> batch(&batch_[0], batch_.size());
    each_link([batch](auto& link) { link.pump(batch); });
}

void Neighbours::tick() {
    acceptor_.tick();
    each_link([](auto& link) { link.tick(); });
    tell();
}

// Once a second at most, however many it were.
void Neighbours::tell() {
    const watch::Counters& counters = core_.counters;
    if (counters.strangers_evicted != told_evicted_) {
        core_.log.event(Level::warning, "strangers_evicted")
            .field("count", counters.strangers_evicted - told_evicted_);
    }
    if (counters.peers_waited != told_waited_) {
        core_.log.event(Level::warning, "peer_connections_full")
            .field("limit", std::uint64_t{acceptor_.capacity()});
    }
    told_evicted_ = counters.strangers_evicted;
    told_waited_ = counters.peers_waited;
}

void Neighbours::drain() {
    room_timer_.cancel();
    acceptor_.drain();
    each_link([](auto& link) { link.leave(); });
}

void Neighbours::stop() {
    each_link([](auto& link) { link.stop(); });
}

bool Neighbours::owes() const {
    bool owes = false;
    each_link([&](const auto& link) { owes = owes || link.owes(); });
    return owes;
}

Reach Neighbours::reach() const {
    Reach reach{.live = 0, .configured = peers_.size() + legacy_.size()};
    each_link([&](const auto& link) { reach.live += link.live(); });
    assert(reach.live <= reach.configured);
    return reach;
}

bool Neighbours::have(std::uint64_t seq) const {
    bool all = true;
    each_link([&](const auto& link) { all = all && link.has(seq); });
    return all;
}

void Neighbours::mark() {
    each_link([](auto& link) { link.mark_soon(); });
}

void Neighbours::describe(watch::Status& status) const {
    assert(status.link_count + peers_.size() + legacy_.size() <= status.links.size());
    peers_.for_each([&](const Peer& peer) {
        watch::LinkStatus& row = status.links[status.link_count++];
        row = peer.link.status();
        row.hears = peer.session != nullptr;
        row.told = row.hears && peer.session->has_told();
    });
    legacy_.for_each(
        [&](const LegacyLink& link) { status.links[status.link_count++] = link.status(); });
}

void Neighbours::check() const {
    acceptor_.check();
    acceptor_.for_each([](const PeerSession& session) { session.check(); });
    peers_.for_each([&](const Peer& peer) {
        peer.link.check();
        peer.neighbour.check();
        assert(peers_.index(peer) == peer.neighbour.index());
        if (peer.session == nullptr) return;
        assert(peer.session->neighbour() == &peer.neighbour);
        assert(!peer.link.live() || peer.session->incarnation() == peer.link.incarnation());
    });
    legacy_.for_each([](const LegacyLink& link) { link.check(); });
    barrier_.check();
    repair_.check();
}

PeerSession* Neighbours::make(reactor::Slab<PeerSession>& slots, const reactor::Socket& socket) {
    assert(!slots.full());
    const PeerSession::From from = origin(socket);
    if (from != PeerSession::From::legacy) make_room_for_stranger();
    return slots.emplace(core_, *this, messages_, from);
}

PeerSession::From Neighbours::origin(const reactor::Socket& socket) const {
    using From = PeerSession::From;
    const auto address = reactor::sys::peer_address(socket.fd());
    if (!address) return From::elsewhere;
    if (is_legacy(*address)) return From::legacy;
    return is_neighbours(*address) ? From::neighbour : From::elsewhere;
}

// A slot is kept for each neighbour. (Those from where an old one is see on_full.)
std::uint32_t Neighbours::strangers_max() const {
    const std::uint32_t neighbours = peers_.size() + legacy_.size();
    return std::clamp(acceptor_.capacity() - neighbours, 1U, strangers_most);
}

void Neighbours::make_room_for_stranger() {
    std::uint32_t strangers = 0;
    PeerSession* goes = nullptr;
    acceptor_.for_each([&](PeerSession& session) {
        if (!session.stranger()) return;
        ++strangers;
        if (goes == nullptr || session.goes_before(*goes)) goes = &session;
    });
    if (strangers < strangers_max()) return;
    assert(goes != nullptr);
    ++core_.counters.strangers_evicted;
    goes->abort();
}

// Who comes next may be a neighbour.
void Neighbours::on_full() {
    assert(acceptor_.full());
    if (!make_room_among_legacy()) ++core_.counters.peers_waited;
}

void Neighbours::on_room_timer() {
    if (acceptor_.full()) make_room_among_legacy();
}

// False: nobody goes now.
bool Neighbours::make_room_among_legacy() {
    PeerSession* goes = nullptr;
    bool gone = false;
    acceptor_.for_each([&](PeerSession& session) {
        gone = gone || session.dead();
        if (!session.from_legacy()) return;
        if (goes == nullptr || session.leaves_before(*goes)) goes = &session;
    });
    if (gone) return true;
    if (goes == nullptr) return false;
    const reactor::Duration left = goes->leaves_at() - core_.loop.now();
    if (left > reactor::Duration::zero()) {
        room_timer_.start(left);
        return false;
    }
    goes->leave();
    return true;
}

Neighbours::Peer* Neighbours::find(std::string_view name) {
    Peer* found = nullptr;
    peers_.for_each([&](Peer& peer) {
        if (peer.neighbour.name() == name) found = &peer;
    });
    return found;
}

Neighbours::Peer& Neighbours::of(const Neighbour& neighbour) {
    Peer& peer = peers_[neighbour.index()];
    assert(&peer.neighbour == &neighbour);
    return peer;
}

std::expected<Neighbour*, protocol::Refusal> Neighbours::claim(const protocol::Hello& hello) {
    Peer* const peer = find(hello.name);
    if (peer == nullptr) {
        return std::unexpected(protocol::Refusal{503, "not a neighbour of this server"});
    }
    // It would wait for nothing. Where it should be, something else is.
    if (peer->link.live() && !peer->neighbour.is_run(hello.epoch)) return std::unexpected(namesake);
    if (hello.cookie != 0) peer->neighbour.heard = hello.cookie;
    peer->link.show(hello.cookie);
    peer->link.nudge();
    return &peer->neighbour;
}

std::expected<void, protocol::Refusal> Neighbours::admit(PeerSession& session,
                                                         Neighbour& neighbour,
                                                         std::uint64_t epoch) {
    assert(session.neighbour() == nullptr);
    Peer& peer = of(neighbour);
    // Two servers have one name. The one that we dial has everything of us, and tells us
    // everything: if both were listened to in turn, each would begin anew each time.
    if (peer.link.live() && !neighbour.is_run(epoch)) return std::unexpected(namesake);
    if (!neighbour.counts(epoch)) return std::unexpected(protocol::Refusal{503, "too many runs"});
    assert(peer.session != &session);
    // The older session may be half open; the newer one shows where the neighbour is now.
    if (peer.session != nullptr) peer.session->abort();
    peer.session = &session;
    return {};
}

void Neighbours::on_greeting(const Neighbour& neighbour) {
    PeerLink& link = of(neighbour).link;
    acceptor_.for_each([&](const PeerSession& session) {
        if (session.claimed() == &neighbour) link.show(session.cookie());
    });
}

// A session of another run is half open, or of another server with this name.
void Neighbours::on_live(const Neighbour& neighbour, std::uint32_t incarnation) {
    assert(incarnation != 0);
    Peer& peer = of(neighbour);
    assert(peer.link.live());
    PeerSession* const session = peer.session;
    if (session != nullptr && session->incarnation() != incarnation) session->abort();
}

void Neighbours::on_ended(PeerSession& session) {
    if (const Neighbour* const neighbour = session.neighbour()) {
        Peer& peer = of(*neighbour);
        if (peer.session == &session) {
            peer.session = nullptr;
            core_.log.event(Level::info, "neighbour_dropped").field("neighbour", neighbour->name());
        }
    }
    acceptor_.release(session);
}

bool Neighbours::is_neighbours(const reactor::Address& from) const {
    bool found = false;
    peers_.for_each([&](const Peer& peer) { found = found || peer.link.is_at(from); });
    return found;
}

bool Neighbours::is_legacy(const reactor::Address& from) const {
    bool found = false;
    legacy_.for_each([&](const LegacyLink& link) { found = found || link.is_at(from); });
    return found;
}

void Neighbours::on_legacy() {
    PeerSession* longest = nullptr;
    std::uint32_t count = 0;
    acceptor_.for_each([&](PeerSession& session) {
        const auto since = session.legacy_silent_since();
        if (!since) return;
        ++count;
        if (longest == nullptr || *since < *longest->legacy_silent_since()) longest = &session;
    });
    if (count > legacy_sessions_max) longest->make_room();
}

bool Neighbours::is_server(std::string_view name) const {
    assert(config_ != nullptr);
    return config_->find(name) != nullptr;
}

}  // namespace herd::links
