#pragma once

#include "herd/access/grant.hpp"
#include "herd/core.hpp"
#include "herd/http/connection.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/request.hpp"
#include "herd/http/server.hpp"
#include "herd/http/target.hpp"
#include "herd/intake/intake.hpp"
#include "herd/near/searches.hpp"
#include "herd/web/gate.hpp"
#include "protocol/command.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace herd::web {

// GET /nearby: who is near, nearest first, as NEARBY tells:
//
//   ?client=ID&radius=KM&bound=N
//   ?latitude=DEGREES&longitude=DEGREES&radius=KM&bound=N
//
//   {"server":"Goloman","clients":[{"distance":12.345,"client":"kiwi",...},...]}
//
// The distance is in metres, the rest as position_json.hpp has it, but for the AT line. A search
// goes on in turns like one of NEARBY's that takes longer. A token must let its bearer ask; only
// those whom it covers are told of, and only around such a client it may be asked. While the
// journal is still being read, "loading":true says that there may be more.
// Owned by the server's Operations; what it is given outlives it, and searches end before it does.
class NearbyService final : public http::Handler {
public:
    // The longest answer: those that have no room in it are left out.
    static constexpr std::size_t body_max = std::size_t{240} << 10;

    NearbyService(Core& core, Gate& gate, const intake::Intake& intake, http::Server& server)
        : core_(core), gate_(gate), intake_(intake), server_(server) {}

    // Bytes that open() maps.
    static std::uint64_t memory(const config::Limits& limits);
    // Once, first. Fails with ENOMEM. `searches` null: nobody can be asked who is near.
    reactor::Result<void> open(near::Searches* searches);

private:
    // Who waits for a search, by the number of his connection.
    struct Pending {
        access::Grant grant;
        http::Ticket ticket;
    };

    void on_request(http::Connection& connection, const http::Request& request) override;
    void on_gone(http::Connection& connection) override;

    std::string_view line_of_target();
    void begin(http::Connection& connection,
               const access::Grant& granted,
               const protocol::Nearby& nearby);
    void on_found(near::Search& search);
    std::string_view write(std::span<const geo::Nearest::Found> found);

    Core& core_;
    Gate& gate_;
    const intake::Intake& intake_;
    http::Server& server_;
    near::Searches* searches_ = nullptr;
    http::Target target_;
    reactor::PageArray<Pending> pending_;
    reactor::PageArray<char> buffer_;  // For the question as a line, and for one answer's body.
};

}  // namespace herd::web
