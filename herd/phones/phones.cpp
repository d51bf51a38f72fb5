#include "herd/phones/phones.hpp"

#include "herd/config/text.hpp"
#include "reactor/sys.hpp"

#include <cassert>

namespace herd::phones {

namespace {

// A batch of Overland's of a thousand positions has 400 KB, and a picture may be in one of
// OwnTracks'.
constexpr std::uint64_t body_max = std::uint64_t{8} << 20;

// Some forty positions of such a batch: the loop is not held up for longer by one phone.
constexpr std::uint32_t body_per_turn = std::uint32_t{16} << 10;

}  // namespace

// Networks of phones are slow, and some apps leave a connection behind for each position.
http::Limits Phones::http_limits(const config::Limits& limits) {
    return {.connections = limits.phone_connections,
            .connections_per_address = limits.phone_connections_per_address,
            .body_max = body_max,
            .body_per_turn = body_per_turn,
            .request_s = 60,
            .first_s = 10,
            .idle_s = 30};
}

Phones::Phones(Core& core, intake::Intake& intake)
    : reception_(core, intake),
      gate_(core),
      service_(reception_, gate_),
      routes_{{{"/*", &service_}}},
      http_(core.wire, routes_, http_limits(core.limits)) {}

std::uint64_t Phones::memory_max(const config::Limits& limits) {
    return http::Server::memory_max(http_limits(limits)) + PhoneService::memory(limits);
}

Outcome<> Phones::open(const config::Config& config, const config::Server& self) {
    on_ = self.has_phones();
    if (!on_) return {};
    reception_.max_accuracy_m = static_cast<std::uint32_t>(config.max_accuracy_m);
    http_.when_tls_heard(reactor::Delegate<void(http::Connection&)>::to<&Phones::on_tls>(*this));
    auto mapped = http_.map();
    if (mapped) mapped = service_.map(config.limits);
    if (!mapped) return failure("cannot map memory", mapped.error());
    return gate_.open(config.access, self);
}

Outcome<> Phones::listen(const config::Server& self) {
    assert(on_ == self.has_phones());
    if (self.phones) {
        const auto listening = http_.listen(*self.phones);
        if (!listening) {
            return listen_failure("phones' address " + config::text_of(*self.phones),
                                  listening.error());
        }
        address_ = *listening;
    }
    if (self.phones_tls) {
        const Sealing* const sealing = reception_.core.sealing;
        assert(sealing != nullptr);
        const auto listening = http_.listen_sealed(*self.phones_tls, *sealing);
        if (!listening) {
            return listen_failure("phones' TLS address " + config::text_of(*self.phones_tls),
                                  listening.error());
        }
        tls_address_ = *listening;
    }
    return {};
}

void Phones::tick() {
    if (on_) http_.tick();
}

void Phones::drain() {
    if (on_) http_.drain(reactor::Delegate<void()>::to<&Phones::on_drained>(*this));
}

// Who set the app up wonders why nothing comes.
void Phones::on_tls(http::Connection& connection) {
    Core& core = reception_.core;
    std::array<char, reactor::address_text_size_max> buffer{};
    std::string_view client;
    const auto from = reactor::sys::peer_address(connection.stream().socket().fd());
    if (from) client = from->text(buffer);
    client = client.substr(0, client.rfind(':'));
    if (!reception_.complaints.admit(client, core.wire.seconds())) return;
    core.log.event(Level::warning, "phone_speaks_tls")
        .field("from", client)
        .field("why", "this port is plain: https is for phones_tls, or a proxy in front");
}

void Phones::describe(watch::Status& status) const {
    const http::Counters& counted = http_.counters();
    status.counters.http_requests += counted.requests;
    status.counters.http_refused += counted.refused;
    status.counters.http_late += counted.late;
    status.counters.http_stalled += counted.stalled;
    status.counters.http_evicted += counted.evicted;
    status.counters.http_waited += counted.waited;
    status.counters.phone_crowds = counted.crowds;
    status.counters.phone_tls_plain = counted.sealed;
}

void Phones::check() const {
    if (on_) http_.check();
}

}  // namespace herd::phones
