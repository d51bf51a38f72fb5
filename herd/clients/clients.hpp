#pragma once

#include "herd/clients/host.hpp"
#include "herd/clients/session.hpp"
#include "herd/core.hpp"
#include "herd/outcome.hpp"
#include "reactor/acceptor.hpp"
#include "reactor/address.hpp"
#include "reactor/result.hpp"
#include "reactor/slab.hpp"

#include <cstdint>

namespace herd::clients {

// The client port of one server and all sessions on it. Owned by the Server; what it is given
// outlives it. With every slot taken the client idle for longest goes; with none idle, newcomers
// wait in the kernel's queue.
class Clients {
public:
    Clients(Core& core, places::Places& places, links::Barrier& barrier, journal::Journal* journal);

    // Bytes that map() may map.
    static std::uint64_t memory_max(const config::Limits& limits);
    // Once, first. Fails with ENOMEM.
    reactor::Result<void> map();
    // Once; port 0 takes a free one.
    Outcome<> listen(const reactor::Address& address);
    // Where it listens.
    const reactor::Address& address() const { return address_; }

    // About once a second.
    void tick();
    // Takes nobody any more; what has been received is answered, then each ends.
    void drain();

    // Asserts what must hold between calls. For tests.
    void check() const;

    std::uint32_t size() const { return acceptor_.size(); }

private:
    Session* make(reactor::Slab<Session>& slots);
    void on_full();
    void on_ended(Session& session) { acceptor_.release(session); }
    bool evict_idle();
    void tell_refusals();

    Host host_;
    reactor::Acceptor<Session> acceptor_;
    reactor::Address address_;
    std::uint64_t newcomers_refused_ = 0;  // As the log was told.
    bool draining_ = false;
};

}  // namespace herd::clients
