#include "herd/clients/clients.hpp"

#include "herd/config/text.hpp"

#include <cassert>
#include <utility>

namespace herd::clients {

Clients::Clients(Core& core,
                 places::Places& places,
                 links::Barrier& barrier,
                 journal::Journal* journal)
    : host_{.core = core,
            .places = places,
            .barrier = barrier,
            .journal = journal,
            .ended = reactor::Delegate<void(Session&)>::to<&Clients::on_ended>(*this)},
      acceptor_(core.loop,
                reactor::SocketProfile::client,
                reactor::Acceptor<Session>::Make::to<&Clients::make>(*this),
                reactor::Delegate<void()>::to<&Clients::on_full>(*this)) {}

std::uint64_t Clients::memory_max(const config::Limits& limits) {
    return std::uint64_t{limits.connections} *
           (reactor::Slab<Session>::slot_size + Questions::slot_size);
}

reactor::Result<void> Clients::map() {
    const std::uint32_t connections = host_.core.limits.connections;
    if (auto mapped = acceptor_.map(connections); !mapped) return mapped;
    return host_.questions.map(connections);
}

Outcome<> Clients::listen(const reactor::Address& address) {
    const auto listening = acceptor_.listen(address);
    if (!listening) {
        return failure("clients' address " + config::text_of(address), listening.error());
    }
    address_ = *listening;
    assert(address_.port != 0);
    return {};
}

Session* Clients::make(reactor::Slab<Session>& slots) {
    assert(!slots.full());
    assert(!draining_);
    ++host_.core.counters.clients_accepted;
    return slots.emplace(host_);
}

void Clients::tick() {
    acceptor_.tick();
    tell_refusals();
    if (acceptor_.full() && !draining_) evict_idle();
}

// At most once a second, however many they are.
void Clients::tell_refusals() {
    const std::uint64_t refused = host_.core.counters.newcomers_refused;
    const std::uint64_t more = refused - std::exchange(newcomers_refused_, refused);
    if (more == 0) return;
    host_.core.log.event(Level::warning, "newcomers_refused")
        .field("count", more)
        .field("clients_stored", std::uint64_t{host_.core.table.size()});
}

void Clients::drain() {
    draining_ = true;
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
}

void Clients::on_full() {
    assert(acceptor_.full());
    assert(!draining_);
    if (evict_idle()) return;
    ++host_.core.counters.clients_waited;
    host_.core.log.event(Level::warning, "connections_full").field("limit", acceptor_.capacity());
}

// Those who come when all are busy wait until one ends, or is found idle at a tick.
bool Clients::evict_idle() {
    assert(acceptor_.full());
    Session* longest = nullptr;
    std::uint32_t most_s = 0;
    const std::uint32_t now_s = host_.core.wire.seconds();
    acceptor_.for_each([&](Session& session) {
        const std::uint32_t idle_s = session.idle_seconds(now_s);
        if (idle_s <= most_s) return;
        longest = &session;
        most_s = idle_s;
    });
    if (longest == nullptr) return false;
    assert(most_s > 0);
    ++host_.core.counters.clients_evicted;
    longest->evict();
    return true;
}

}  // namespace herd::clients
