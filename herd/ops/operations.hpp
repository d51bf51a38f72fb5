#pragma once

#include "herd/access/secret.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/follow/switchboard.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/server.hpp"
#include "herd/intake/intake.hpp"
#include "herd/map/service.hpp"
#include "herd/ops/ops_service.hpp"
#include "herd/ops/readiness.hpp"
#include "herd/outcome.hpp"
#include "herd/watch/status.hpp"
#include "herd/web/client_service.hpp"
#include "herd/web/follow_service.hpp"
#include "herd/web/gate.hpp"
#include "herd/web/nearby_service.hpp"
#include "herd/web/report_service.hpp"
#include "reactor/address.hpp"
#include "reactor/result.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace herd::ops {

// The HTTP port of one server, where it is configured to have one, and who answers there. Owned by
// the Server; what it is given outlives it. It answers until the process ends, so that one can see
// a server shut down.
class Operations {
public:
    Operations(Core& core,
               intake::Intake& intake,
               OpsService::Look look,
               std::span<const config::Server> servers);

    // Bytes that open() may map.
    static std::uint64_t memory_max(const config::Config& config);
    // Once, first. Without a switchboard nobody follows, without searches nobody is near.
    Outcome<> open(const config::Config& config,
                   const config::Server& self,
                   follow::Switchboard* switchboard,
                   near::Searches* searches);
    // Once; port 0 takes a free one.
    Outcome<> listen(const config::Server& self);
    // Where it listens, if it does; the second for TLS.
    const std::optional<reactor::Address>& address() const { return address_; }
    const std::optional<reactor::Address>& tls_address() const { return tls_address_; }

    // From now on tokens are those of this secret. What those of others have granted is over: so
    // many streams.
    std::uint32_t renew(access::Secret secret);

    // Pages that show the map.
    std::uint32_t viewers() const { return map_.viewers(); }

    // The server shuts down: no more reports are taken.
    void drain() { reports_.close(); }

    // Whether it may be sent clients, by the latest tick, also where there is no port.
    bool ready(const watch::Status& status) const { return readiness_.ready(status); }

    // About once a second.
    void tick(const watch::Status& status);
    // Adds what it has counted.
    void describe(watch::Status& status) const;
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    Core& core_;
    web::Gate gate_;
    Readiness readiness_;
    OpsService service_;
    web::ReportService reports_;
    web::ClientService clients_;
    map::Service map_;
    web::NearbyService nearby_;
    web::FollowService follow_;
    std::array<http::Route, 11> routes_;
    http::Server http_;
    bool on_ = false;
    std::optional<reactor::Address> address_;
    std::optional<reactor::Address> tls_address_;
};

}  // namespace herd::ops
