#pragma once

#include "herd/access/secret.hpp"
#include "herd/config/config.hpp"
#include "herd/core.hpp"
#include "herd/intake/intake.hpp"
#include "herd/intake/quota.hpp"
#include "herd/outcome.hpp"
#include "herd/table/line_batch.hpp"
#include "protocol/command.hpp"
#include "reactor/address.hpp"
#include "reactor/datagrams.hpp"
#include "reactor/sys.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace herd::datagrams {

// The port for reports by UDP of one server, where it is configured to have one: each datagram is
// one IAMAT. Nothing is ever answered, so that nobody can have a server send to somebody else; what
// is ignored is counted by its reason. That some are lost, come twice or late is no matter: of each
// client the newest report counts.
//
// Where access is limited, the line that shows the token stands before the report, in the same
// datagram, and under the same rules as on the clients' port.
//
// Where a datagram says that it comes from is worth little. So unknown clients, where few slots are
// left, count as if all datagrams came from one address.
// Owned by the Server; what it is given outlives it.
class Port {
public:
    // What every path carries in one piece, so that none of it is lost alone.
    static constexpr std::size_t size_max = 1232;

    Port(Core& core, intake::Intake& intake);

    // Bytes that listen() maps.
    static constexpr std::uint64_t memory_max() { return reactor::Datagrams::memory(size_max); }
    // Once, first: reads the secret, if access is limited.
    Outcome<> open(const config::Access& access, const config::Server& self);
    // Once; port 0 takes a free one.
    Outcome<> listen(const config::Server& self);
    // From now on tokens are those of this secret.
    void renew(access::Secret secret) { secret_ = std::move(secret); }
    // Where it listens, if it does.
    const std::optional<reactor::Address>& address() const { return address_; }

    // About once a second.
    void tick();
    // Takes nothing any more.
    void close() { datagrams_.close(); }

private:
    using Batch = table::LineBatch<protocol::Command, protocol::parse_command>;
    static_assert(Batch::size_max >= reactor::sys::datagrams_max);

    // One that may be a report.
    struct Parcel {
        reactor::Address from;
        std::string_view introduction;  // the line before the report; empty: there is none
    };

    void take(std::span<const reactor::sys::Datagram> batch);
    bool admit(const reactor::sys::Datagram& datagram);
    void report(const Parcel& parcel, const Batch::Line& line, std::int64_t now_ns);
    bool allowed(const Parcel& parcel, std::string_view client, std::int64_t now_ns);
    std::uint64_t ignored() const;

    Core& core_;
    intake::Intake& intake_;
    intake::Quota quota_;
    access::Secret secret_;
    bool in_the_clear_ = false;
    reactor::Datagrams datagrams_;
    Batch lines_;
    std::optional<reactor::Address> address_;
    std::uint64_t told_ = 0;  // Of those ignored, as the log has it.
};

}  // namespace herd::datagrams
