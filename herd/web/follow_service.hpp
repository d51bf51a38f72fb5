#pragma once

#include "herd/access/grant.hpp"
#include "herd/core.hpp"
#include "herd/follow/outlet.hpp"
#include "herd/follow/switchboard.hpp"
#include "herd/http/connection.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/request.hpp"
#include "herd/http/target.hpp"
#include "herd/web/gate.hpp"
#include "protocol/command.hpp"
#include "protocol/text_writer.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::web {

// GET /follow: what FOLLOW tells, as a stream of server-sent events that lasts until the other side
// ends it, or its token expires:
//
//   ?client=ID
//   ?latitude=DEGREES&longitude=DEGREES&radius=KM
//
//   event:follow  {"server":"Goloman"}       forget what you were told: all there is comes now
//   event:now     {"client":"kiwi",...}      as position_json.hpp has it, but for the AT line
//   event:gone    {"client":"kiwi"}
//
// A token must let its bearer ask for the client, or for some; only those whom it covers are told
// of. Owned by the server's Operations. Its connections are sessions of the Switchboard, numbered
// by their slots behind limits.connections.
class FollowService final : public http::Handler, public follow::Outlet {
public:
    FollowService(Core& core, Gate& gate) : core_(core), gate_(gate) {}

    // Streams at a time: of HTTP connections, so many may be somebody's for ever.
    static std::uint32_t streams_max(const config::Limits& limits) {
        return std::min(limits.http_followers, limits.http_connections / 4);
    }
    // Bytes that open() maps.
    static std::uint64_t memory(const config::Limits& limits);
    // Once, first. Fails with ENOMEM. Null: nobody can be followed.
    reactor::Result<void> open(follow::Switchboard* switchboard);

    // The gate's tokens are others now: ends the streams of those that are none any more. How many.
    std::uint32_t revoke();
    // About once a second.
    void tick();
    std::uint32_t streams() const { return streams_; }
    // Asserts what must hold between calls. For tests.
    void check() const;

private:
    // One who follows, by the slot of its connection, which is null when nobody does.
    struct Follower {
        http::Connection* connection;
        access::Grant grant;
    };

    void on_request(http::Connection& connection, const http::Request& request) override;
    void on_drained(http::Connection& connection) override;
    void on_gone(http::Connection& connection) override;

    Flow flow(std::uint32_t session, std::size_t size) const override;
    std::span<char> reserve(std::uint32_t session, std::size_t size) override;
    void commit(std::uint32_t session, std::string_view lines) override;
    bool may_hear(std::uint32_t session, std::string_view client) const override;
    bool may_hear(std::uint32_t session) const override;

    std::string_view line_of_target();
    void begin(http::Connection& connection,
               const access::Grant& granted,
               const protocol::Follow& wanted);
    void end(std::uint32_t slot);
    void put_event(protocol::TextWriter& out, std::string_view line) const;
    std::uint32_t session_of(std::uint32_t slot) const { return core_.limits.connections + slot; }
    Follower& follower(std::uint32_t session) {
        return followers_[session - core_.limits.connections];
    }
    const Follower& follower(std::uint32_t session) const {
        return followers_[session - core_.limits.connections];
    }

    Core& core_;
    Gate& gate_;
    follow::Switchboard* switchboard_ = nullptr;
    http::Target target_;
    reactor::PageArray<Follower> followers_;
    reactor::PageArray<char> lines_;   // What the Switchboard writes, before commit(),
    reactor::PageArray<char> events_;  // and what is made of it.
    std::uint32_t streams_ = 0;
    std::uint32_t quiet_s_ = 0;  // Since all streams were last said something to.
};

}  // namespace herd::web
