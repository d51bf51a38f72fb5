#include "herd/ops/operations.hpp"

#include "herd/config/text.hpp"

#include <cassert>
#include <utility>

namespace herd::ops {

Operations::Operations(Core& core,
                       intake::Intake& intake,
                       OpsService::Look look,
                       std::span<const config::Server> servers)
    : core_(core),
      gate_(core),
      readiness_(core.limits.ready_ms),
      service_(gate_, readiness_, core.counters.http_denied, look),
      reports_(core, gate_, intake),
      clients_(core, gate_, intake),
      map_(core, gate_, servers),
      nearby_(core, gate_, intake, http_),
      follow_(core, gate_),
      routes_{{{"/", &service_},
               {"/healthz", &service_},
               {"/readyz", &service_},
               {"/metrics", &service_},
               {"/status", &service_},
               {"/iamat", &reports_},
               {"/client/*", &clients_},
               {"/nearby", &nearby_},
               {"/follow", &follow_},
               {"/map", &map_},
               {"/map/*", &map_}}},
      http_(core.wire, routes_, {.connections = core.limits.http_connections}) {}

std::uint64_t Operations::memory_max(const config::Config& config) {
    const config::Limits& limits = config.limits;
    return http::Server::memory_max({.connections = limits.http_connections}) +
           OpsService::memory() + web::ReportService::memory(limits) +
           web::ClientService::memory(limits) + web::NearbyService::memory(limits) +
           web::FollowService::memory(limits) +
           (map::Feed::viewers_max(limits) > 0 ? map::Service::memory_max(limits) : 0);
}

Outcome<> Operations::open(const config::Config& config,
                           const config::Server& self,
                           follow::Switchboard* switchboard,
                           near::Searches* searches) {
    on_ = self.has_http();
    if (!on_) return {};
    auto mapped = http_.map();
    if (mapped) mapped = service_.map();
    if (mapped) mapped = reports_.map();
    if (mapped) mapped = clients_.map();
    if (mapped) mapped = nearby_.open(searches);
    if (mapped) mapped = follow_.open(switchboard);
    if (mapped && map::Feed::viewers_max(config.limits) > 0) mapped = map_.open();
    if (!mapped) return failure("cannot map memory", mapped.error());
    return gate_.open(config.access, self);
}

Outcome<> Operations::listen(const config::Server& self) {
    assert(on_ == self.has_http());
    if (self.http) {
        const auto listening = http_.listen(*self.http);
        if (!listening) {
            return listen_failure("HTTP address " + config::text_of(*self.http), listening.error());
        }
        address_ = *listening;
    }
    if (self.https) {
        assert(core_.sealing != nullptr);
        const auto listening = http_.listen_sealed(*self.https, *core_.sealing);
        if (!listening) {
            return listen_failure("HTTPS address " + config::text_of(*self.https),
                                  listening.error());
        }
        tls_address_ = *listening;
    }
    return {};
}

std::uint32_t Operations::renew(access::Secret secret) {
    gate_.renew(std::move(secret));
    return on_ ? follow_.revoke() + map_.revoke() : 0;
}

void Operations::tick(const watch::Status& status) {
    readiness_.look(status);
    if (!on_) return;
    map_.tick(status, readiness_.ready(status));
    follow_.tick();
    http_.tick();
}

void Operations::describe(watch::Status& status) const {
    const http::Counters& counted = http_.counters();
    status.counters.http_requests = counted.requests;
    status.counters.http_refused = counted.refused;
    status.counters.http_late = counted.late;
    status.counters.http_stalled = counted.stalled;
    status.counters.http_evicted = counted.evicted;
    status.counters.http_waited = counted.waited;
    status.map_viewers = map_.viewers();
}

void Operations::check() const {
    if (!on_) return;
    http_.check();
    map_.check();
    follow_.check();
}

}  // namespace herd::ops
