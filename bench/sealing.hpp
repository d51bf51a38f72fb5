#pragma once

#include "herd/tls/dialler.hpp"
#include "herd/tls/openssl_sealer.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/loop.hpp"
#include "reactor/seal.hpp"
#include "reactor/timer.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

// A session's side of TLS: whom it believes, and who shakes its hands, on a thread of their own.
// Every connection that has a seal of it, and every door, dies before it.
class Sealing {
public:
    // Of those that are dialled at once: a server does not keep more of those who have not shown
    // their first record, and it takes us longer to make one than it takes to wait for it.
    static constexpr std::uint32_t dialled_max = 64;

    // `keys`: a folder that `herd keys` has made; who dials needs ca.crt of it alone. Throws
    // CannotMeasure.
    Sealing(reactor::Loop& loop,
            const std::string& keys,
            std::uint32_t connections,
            std::size_t plain_max);

    // Of a connection to a server that must prove to be of that name. Null: there is no memory.
    reactor::SealPtr dial(const std::string& server) { return dialler_.dial(server); }
    // Of the connections that somebody of that name takes from servers. Throws CannotMeasure.
    herd::tls::OpensslSealer& observer(const std::string& name);
    reactor::Handshakes& handshakes() { return handshakes_; }

private:
    void tick();

    std::string keys_;
    std::size_t plain_max_;
    herd::tls::Dialler dialler_;
    std::vector<std::unique_ptr<herd::tls::OpensslSealer>> observers_;
    reactor::Handshakes handshakes_;
    reactor::Timer tick_;
};

}  // namespace bench
