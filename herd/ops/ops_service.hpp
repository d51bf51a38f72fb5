#pragma once

#include "herd/http/connection.hpp"
#include "herd/http/handler.hpp"
#include "herd/http/request.hpp"
#include "herd/http/target.hpp"
#include "herd/ops/readiness.hpp"
#include "herd/ops/snapshot.hpp"
#include "herd/web/gate.hpp"
#include "reactor/delegate.hpp"
#include "reactor/pages.hpp"
#include "reactor/result.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace herd::ops {

// What a server says of itself to operators and their programs, all of it at once:
//
//   /          404, and what there is instead
//   /healthz   "ok": the loop turns, and nothing else
//   /readyz    200 or 503, and what is wrong, as text or with ?json
//   /metrics   everything that is counted, as Prometheus takes it
//   /status    what `herd status` asks for, as JSON
//
// The first three are for everybody who can connect; the others from elsewhere for who may see all
// clients, where access is limited. Owned by the server's Operations.
class OpsService final : public http::Handler {
public:
    using Look = reactor::Delegate<void(Snapshot&)>;

    OpsService(web::Gate& gate, Readiness& readiness, std::uint64_t& denied, Look look)
        : gate_(gate), readiness_(readiness), denied_(denied), look_(look) {}

    // Bytes that map() maps.
    static std::uint64_t memory();
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map();

private:
    void on_request(http::Connection& connection, const http::Request& request) override;

    void answer_ready(http::Connection& connection, const Snapshot& now);
    void answer_metrics(http::Connection& connection,
                        const http::Request& request,
                        const Snapshot& now);
    void answer_status(http::Connection& connection,
                       const http::Request& request,
                       const Snapshot& now);
    void deny(http::Connection& connection, unsigned status);
    std::span<char> buffer() { return {&buffer_[0], buffer_.size()}; }

    web::Gate& gate_;
    Readiness& readiness_;
    std::uint64_t& denied_;  // Requests without what they need.
    Look look_;
    http::Target target_;
    reactor::PageArray<char> buffer_;  // For one answer's body.
};

}  // namespace herd::ops
