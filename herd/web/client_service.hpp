#pragma once

#include "herd/core.hpp"
#include "herd/http/connection.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/request.hpp"
#include "herd/http/target.hpp"
#include "herd/intake/intake.hpp"
#include "herd/web/gate.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <cstdint>
#include <string_view>

namespace herd::web {

// GET /client/ID: where a client is, as an object (position_json.hpp), or with ?line as its AT
// line. What stands behind "/client/", decoded, is the client. The token must let its bearer ask
// for it; 404 is of a client of which nothing is known, and 503 while it may still be loaded.
// Owned by the server's Operations; gate, intake and table outlive it.
class ClientService final : public http::Handler {
public:
    ClientService(Core& core, Gate& gate, const intake::Intake& intake)
        : core_(core), gate_(gate), intake_(intake) {}

    // Bytes that map() maps.
    static std::uint64_t memory(const config::Limits& limits);
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map();

private:
    void on_request(http::Connection& connection, const http::Request& request) override;
    void answer(http::Connection& connection, std::string_view at_line, bool as_line);

    Core& core_;
    Gate& gate_;
    const intake::Intake& intake_;
    http::Target target_;
    reactor::PageArray<char> buffer_;  // For the client asked for, and then the answer's body.
};

}  // namespace herd::web
