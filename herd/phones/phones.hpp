#pragma once

#include "herd/access/secret.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/server.hpp"
#include "herd/intake/intake.hpp"
#include "herd/outcome.hpp"
#include "herd/phones/phone_service.hpp"
#include "herd/phones/reception.hpp"
#include "herd/watch/status.hpp"
#include "herd/web/gate.hpp"
#include "reactor/address.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace herd::phones {

// The ports for phones of one server, where it is configured to have some. Of their own, and not
// that of HTTP: it is for the whole world, takes bodies of megabytes over slow networks, and its
// many idle connections may not take the place of a health check's. Owned by the Server; what it is
// given outlives it.
class Phones {
public:
    Phones(Core& core, intake::Intake& intake);

    // Bytes that open() may map.
    static std::uint64_t memory_max(const config::Limits& limits);
    // Once, first.
    Outcome<> open(const config::Config& config, const config::Server& self);
    // Once; port 0 takes a free one.
    Outcome<> listen(const config::Server& self);
    // Where it listens, if it does; the second for TLS.
    const std::optional<reactor::Address>& address() const { return address_; }
    const std::optional<reactor::Address>& tls_address() const { return tls_address_; }

    // From now on.
    void change_accuracy(std::int64_t max_m) {
        reception_.max_accuracy_m = static_cast<std::uint32_t>(max_m);
    }
    void renew(access::Secret secret) { gate_.renew(std::move(secret)); }

    // About once a second.
    void tick();
    // Takes nobody any more; who has asked is answered. Once.
    void drain();
    std::uint32_t size() const { return on_ ? http_.size() : 0; }
    // Adds what it has counted.
    void describe(watch::Status& status) const;
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    static http::Limits http_limits(const config::Limits& limits);
    void on_drained() {}
    void on_tls(http::Connection& connection);

    Reception reception_;
    web::Gate gate_;
    PhoneService service_;
    std::array<http::Route, 1> routes_;
    http::Server http_;
    bool on_ = false;
    std::optional<reactor::Address> address_;
    std::optional<reactor::Address> tls_address_;
};

}  // namespace herd::phones
