#pragma once

#include "herd/access/grant.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/http/connection.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/request.hpp"
#include "herd/http/target.hpp"
#include "herd/map/feed.hpp"
#include "herd/map/finder.hpp"
#include "herd/watch/status.hpp"
#include "herd/web/gate.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace herd::map {

// The live map, for browsers:
//
//   /map                              the page
//   /map/events?box=S,W,N,E&...       what it shows, as a stream of events: see Feed
//   /map/client?slot=N or ?name=NAME  what is known of one client, as JSON
//   /map/find?part=TEXT               clients whose names have that in them, as JSON
//
// All of it tells where people are. So it is for who may ask for clients, and shows those that he
// may ask for, to nobody under a foreign name of this host. Owned by the server's Operations.
class Service final : public http::Handler {
public:
    Service(Core& core, web::Gate& gate, std::span<const config::Server> servers);

    // Bytes that open() maps.
    static std::uint64_t memory_max(const config::Limits& limits);
    // Once, first, or there is no map. Fails with ENOMEM.
    reactor::Result<void> open();

    // The gate's tokens are others now. How many lookers-on that has ended.
    std::uint32_t revoke() { return on_ ? feed_.revoke(gate_) : 0; }
    // About once a second.
    void tick(const watch::Status& status, bool ready) {
        if (on_) feed_.note(status, ready);
    }
    std::uint32_t viewers() const { return feed_.size(); }
    // Asserts what must hold between calls. For tests.
    void check() const {
        if (on_) feed_.check();
    }

private:
    void on_request(http::Connection& connection, const http::Request& request) override;
    void on_drained(http::Connection& connection) override;
    void on_gone(http::Connection& connection) override;

    static void answer_page(http::Connection& connection, const http::Request& request);
    void show(http::Connection& connection, const http::Request& request, access::Grant grant);
    void tell_client(http::Connection& connection, const access::Grant& grant);
    void find(http::Connection& connection, const access::Grant& grant);
    std::optional<std::uint32_t> wanted_slot() const;

    Core& core_;
    web::Gate& gate_;
    bool on_ = false;
    http::Target target_;
    reactor::PageArray<char> buffer_;  // For one answer's body.
    Feed feed_;
    std::optional<Finder> finder_;
};

}  // namespace herd::map
