#pragma once

#include "herd/access/grant.hpp"
#include "herd/core.hpp"
#include "herd/http/connection.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/request.hpp"
#include "herd/intake/intake.hpp"
#include "herd/table/line_batch.hpp"
#include "herd/web/gate.hpp"
#include "protocol/command.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace herd::web {

// POST /iamat: a report over HTTP, as good as one by a line. The body is an IAMAT line, or, where
// its type is JSON, an object (report_json.hpp); the answer is the AT line, or an object
// (position_json.hpp), when the report is as safe as one that was answered by a line. The token
// must let its bearer report that client.
//
//   400 no report         403 not this client, or a page of another site asks
//   413 too large         422 its time cannot be taken
//   429 new clients come too fast       507 no room for another client
//   503 the server shuts down
//
// Owned by the server's Operations; gate and intake outlive it. Bodies are gathered in memory that
// map() maps, one for each connection.
class ReportService final : public http::Handler {
public:
    ReportService(Core& core, Gate& gate, intake::Intake& intake);

    // Bytes that map() maps.
    static std::uint64_t memory(const config::Limits& limits);
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map();
    // From now on nothing is taken: nobody would pass it on.
    void close() { closed_ = true; }

private:
    using Line = table::LineBatch<protocol::Command, protocol::parse_command>::Line;

    // A request whose body is still to come, by the number of its connection.
    struct Pending {
        access::Grant grant;
        bool json = false;
        std::uint32_t size = 0;  // of what has come of the body
    };

    static std::size_t body_max(const config::Limits& limits);

    void on_request(http::Connection& connection, const http::Request& request) override;
    void on_body(http::Connection& connection, std::string_view part, bool last) override;

    void take(http::Connection& connection, const Pending& pending, std::span<char> body);
    void answer(http::Connection& connection, std::string_view at_line, bool json);
    static void refuse_fate(http::Connection& connection, intake::Fate fate);
    std::span<char> body_of(const http::Connection& connection);

    Core& core_;
    Gate& gate_;
    intake::Intake& intake_;
    reactor::PageArray<Pending> pending_;
    reactor::PageArray<char> bodies_;
    reactor::PageArray<char> line_;    // Of a report that came as JSON.
    reactor::PageArray<char> answer_;  // Its AT line, and then that as JSON.
    bool closed_ = false;
};

}  // namespace herd::web
