#include "herd/clients/clients.hpp"

#include "herd/config/text.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <string_view>
#include <utility>

namespace herd::clients {

// One who may have to go.
struct Clients::Candidate {
    Session* session = nullptr;
    Session::Standing standing = Session::Standing::busy;
    std::uint32_t members = 0;  // of its group of addresses
    std::uint32_t since = 0;
    std::uint16_t newer = 0;  // how many came after it, of those in the same second

    bool unproven() const { return standing < Session::Standing::stalled; }
    // This, or who goes before it, if anybody does.
    Candidate first_of(const Candidate& other) const {
        return other.session == nullptr || goes_before(other) ? *this : other;
    }
    // Whoever has proved nothing goes by how many came with it, before how it stands.
    bool goes_before(const Candidate& other) const {
        const bool both_unproven = unproven() && other.unproven();
        if (both_unproven && members != other.members) return members > other.members;
        if (standing != other.standing) return standing < other.standing;
        if (members != other.members) return members > other.members;
        if (since != other.since) return since < other.since;
        return newer > other.newer;
    }
};

Clients::Clients(Core& core,
                 places::Places& places,
                 links::Barrier& barrier,
                 intake::Intake& intake)
    : host_{.core = core,
            .places = places,
            .barrier = barrier,
            .intake = intake,
            .ended = reactor::Delegate<void(Session&)>::to<&Clients::on_ended>(*this),
            .slot_of = Admissions::SlotOf::to<&Clients::slot_of>(*this)},
      admissions_(core, Admissions::SlotOf::to<&Clients::slot_of>(*this)),
      searches_(core),
      acceptor_(core.loop,
                reactor::SocketProfile::client,
                reactor::Acceptor<Session>::Make::to<&Clients::make>(*this),
                reactor::Delegate<void()>::to<&Clients::on_full>(*this)),
      again_(core.loop, reactor::Delegate<void()>::to<&Clients::on_again>(*this)),
      tls_listener_(core.loop,
                    reactor::Delegate<void(reactor::Socket)>::to<&Clients::on_tls_accepted>(*this),
                    reactor::Delegate<bool()>::to<&Clients::handshake_room>(*this)),
      tls_door_{
          .make_seal = reactor::Delegate<reactor::SealPtr()>::to<&Clients::make_seal>(*this),
          .opened =
              reactor::Delegate<void(reactor::Socket, reactor::SealPtr)>::to<&Clients::on_shaken>(
                  *this),
          .refused = reactor::Delegate<void(
              const reactor::Handshakes::Refusal&)>::to<&Clients::on_refused>(*this),
          .has_room = reactor::Delegate<bool()>::to<&Clients::has_room>(*this)} {
    core.wire.relieve_with(reactor::Delegate<bool()>::to<&Clients::relieve>(*this));
}

std::uint64_t Clients::memory_max(const config::Config& config) {
    const config::Limits& limits = config.limits;
    return std::uint64_t{limits.connections} *
               (reactor::Slab<Session>::slot_size + Questions::slot_size) +
           (config.nearby
                ? follow::Switchboard::memory_max(limits) + near::Searches::memory_max(limits)
                : 0);
}

reactor::Result<void> Clients::map() {
    const std::uint32_t connections = host_.core.limits.connections;
    if (auto mapped = acceptor_.map(connections); !mapped) return mapped;
    if (const geo::KeyTree* const positions = host_.core.table.positions()) {
        following_.emplace(host_.core, *positions, *this);
        host_.following = &*following_;
        if (auto mapped = following_->map(); !mapped) return mapped;
        host_.searches = &searches_;
        if (auto mapped = searches_.map(); !mapped) return mapped;
    }
    return host_.questions.map(connections);
}

Outcome<> Clients::limit_access(const config::Access& access) {
    if (auto opened = admissions_.open(access); !opened) return opened;
    host_.admissions = &admissions_;
    return {};
}

Outcome<> Clients::listen(const config::Server& self) {
    if (!self.takes_clients()) return {};
    const auto listening = acceptor_.listen(self.clients);
    if (!listening) {
        return listen_failure("clients' address " + config::text_of(self.clients),
                              listening.error());
    }
    address_ = *listening;
    assert(address_.port != 0);
    if (!self.clients_tls) return {};
    assert(host_.core.sealing != nullptr);
    const auto sealed = tls_listener_.listen(*self.clients_tls, reactor::SocketProfile::client);
    if (!sealed) {
        return listen_failure("clients' TLS address " + config::text_of(*self.clients_tls),
                              sealed.error());
    }
    tls_address_ = *sealed;
    acceptor_.when_freed(reactor::Delegate<void()>::to<&Clients::on_freed>(*this));
    return {};
}

reactor::SealPtr Clients::make_seal() {
    reactor::SealPtr seal = host_.core.sealing->sealer.accept_client();
    make_room_for_seal();
    return seal;
}

// As with the slots: for the next one, before it comes.
void Clients::make_room_for_seal() {
    if (!host_.core.sealing->sealer.has_room_for_client()) evict(Among::sealed);
}

bool Clients::handshake_room() const {
    return host_.core.sealing->handshakes.takes(tls_door_);
}

void Clients::on_tls_accepted(reactor::Socket socket) {
    host_.core.sealing->handshakes.accept(std::move(socket), tls_door_);
}

void Clients::on_shaken(reactor::Socket socket, reactor::SealPtr seal) {
    acceptor_.admit(std::move(socket), std::move(seal));
}

void Clients::on_freed() {
    host_.core.sealing->handshakes.resume(tls_door_);
}

// Addresses fall into groups by a hash. That two of them share one matters little.
std::uint16_t Clients::group_of(const reactor::Socket& socket) {
    const auto address = reactor::sys::peer_address(socket.fd());
    if (!address) return 0;
    return static_cast<std::uint16_t>(host_.intake.newcomers().hash_of(*address) % Session::groups);
}

Session* Clients::make(reactor::Slab<Session>& slots, const reactor::Socket& socket) {
    assert(!slots.full());
    assert(!draining_);
    if (std::exchange(iteration_, host_.core.loop.now()) != host_.core.loop.now()) {
        arrivals_before_ = arrivals_;
    }
    ++host_.core.counters.clients_accepted;
    Session* const session =
        slots.emplace(host_, Session::Arrival{.number = ++arrivals_, .group = group_of(socket)});
    newest_ = session;
    return session;
}

void Clients::on_ended(Session& session) {
    if (newest_ == &session) newest_ = nullptr;
    acceptor_.release(session);
}

void Clients::tick() {
    acceptor_.tick();
    if (acceptor_.full() && !draining_) evict(Among::all);
    if (tls_address_ && !draining_) make_room_for_seal();
    tell();
}

// Once a second at most, however many it were.
void Clients::tell() {
    const watch::Counters& counters = host_.core.counters;
    const auto tell = [&](std::string_view event,
                          std::string_view what,
                          std::uint64_t count,
                          std::uint64_t& told) {
        if (count == told) return;
        host_.core.log.event(Level::warning, event).field(what, count - told);
        told = count;
    };
    tell("connections_full", "closed", counters.clients_evicted, told_evicted_);
    tell("blocks_full", "closed", counters.clients_relieved, told_relieved_);
    tell("newcomers_refused", "refused", counters.newcomers_refused, told_newcomers_);
    tell("table_full", "refused", counters.table_full, told_full_);
    tell("long_records_full", "refused", counters.long_records_full, told_long_);
}

void Clients::describe(watch::Status& status) const {
    status.clients = size();
    const places::Places::Tally tally = host_.places.tally();
    status.counters.places_busy = tally.busy;
    status.counters.places_lookups = tally.lookups;
    status.counters.places_shared = tally.shared;
    status.counters.places_requests = tally.requests;
    status.counters.places_retries = tally.retries;
    status.counters.places_failed = tally.failed;
}

bool Clients::may_hear(std::uint32_t session, std::string_view client) const {
    if (host_.admissions == nullptr) return true;
    return host_.admissions->may(
        acceptor_[session], client, access::Right::ask, reactor::sys::wall_s());
}

bool Clients::may_hear(std::uint32_t session) const {
    if (host_.admissions == nullptr) return true;
    return host_.admissions->stands(acceptor_[session], reactor::sys::wall_s());
}

void Clients::drain() {
    draining_ = true;
    tls_listener_.close();
    acceptor_.drain();
}

// Each question is of one session, which waits for it.
void Clients::check() const {
    acceptor_.check();
    std::uint32_t asking = 0;
    acceptor_.for_each([&](const Session& session) {
        session.check();
        asking += session.asks();
    });
    assert(asking == host_.questions.size());
    host_.questions.check();
    if (host_.admissions != nullptr) admissions_.check();
    if (following_) following_->check();
    searches_.check();
}

void Clients::on_full() {
    assert(acceptor_.full());
    assert(!draining_);
    if (evict(Among::all)) return;
    if (has_just_come(arrivals_)) again_.start(std::chrono::milliseconds(1));
    ++host_.core.counters.clients_waited;
    host_.core.log.event(Level::warning, "connections_full").field("limit", acceptor_.capacity());
}

// Those who come when all are busy wait until one ends, or is found idle at a tick.
bool Clients::evict(Among among) {
    const Candidate goes = choose(among);
    if (goes.session == nullptr) return false;
    if (goes.standing == Session::Standing::gone) return true;
    ++host_.core.counters.clients_evicted;
    goes.session->evict();
    return true;
}

// Who goes; or one that has gone already; or none.
Clients::Candidate Clients::choose(Among among) {
    using Standing = Session::Standing;
    std::array<std::uint32_t, Session::groups> members{};
    std::uint32_t all = 0;
    acceptor_.for_each([&](const Session& session) {
        if (!counts(among, session)) return;
        ++all;
        ++members[session.arrival().group];
    });
    const auto* const most = std::ranges::max_element(members);
    const auto largest = static_cast<std::uint16_t>(most - members.begin());
    std::uint32_t newcomers = 0;
    Candidate newcomer;
    Candidate other;
    Candidate of_crowd;
    Candidate gone;
    acceptor_.for_each([&](Session& session) {
        if (!counts(among, session)) return;
        const std::uint16_t group = session.arrival().group;
        const Candidate one = candidate(session, members[group]);
        const auto consider = [&one](Candidate& first) { first = one.first_of(first); };
        if (one.standing == Standing::gone) return consider(gone);
        if (group == largest) consider(of_crowd);
        if (one.standing >= Standing::leaving) return;
        newcomers += one.unproven();
        consider(one.unproven() ? newcomer : other);
    });
    if (gone.session != nullptr) return gone;
    if (newcomers > all / newcomers_share) return newcomer;
    const Candidate& goes = other.session != nullptr ? other : newcomer;
    const bool crowd = *most > std::max(crowd_min, all / crowd_share);
    // Of nobody, its number of members is 0.
    return crowd && *most > crowd_factor * goes.members ? of_crowd : goes;
}

Clients::Candidate Clients::candidate(Session& session, std::uint32_t members) {
    const bool arrives = &session == newest_ || has_just_come(session.arrival().number);
    return {.session = &session,
            .standing =
                arrives ? Session::Standing::leaving : session.standing(host_.core.wire.seconds()),
            .members = members,
            .since = session.since(),
            .newer = static_cast<std::uint16_t>(arrivals_ - session.arrival().number)};
}

bool Clients::has_just_come(std::uint16_t number) const {
    return iteration_ == host_.core.loop.now() &&
           static_cast<std::uint16_t>(arrivals_ - number) <
               static_cast<std::uint16_t>(arrivals_ - arrivals_before_);
}

// Those who came in one iteration have been heard by now.
void Clients::on_again() {
    if (acceptor_.full() && !draining_) evict(Among::all);
}

bool Clients::relieve() {
    Session* greediest = nullptr;
    std::size_t most = 0;
    acceptor_.for_each([&](Session& session) {
        const std::size_t borrowed = session.borrowed();
        if (borrowed <= most) return;
        greediest = &session;
        most = borrowed;
    });
    if (greediest == nullptr) return false;
    ++host_.core.counters.clients_relieved;
    greediest->evict();
    return true;
}

}  // namespace herd::clients
