#pragma once

#include "herd/config/config.hpp"
#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/loop.hpp"
#include "reactor/sys.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/fake_seal.hpp"
#include "tests/sim/no_allocation.hpp"

#include <cassert>
#include <cstdint>
#include <string>

namespace sim {

// One server of a simulated herd: everything that dies with its process.
class Process {
public:
    Process(const herd::config::Config& config, const herd::config::Server& self)
        : places(loop),
          sealer(self.name, config.keys.empty() ? 0 : reactor::sys::random_bits()),
          handshakes(loop, herd::handshake_limits(config.limits), nullptr),
          sealing{sealer, handshakes, config.insecure_peers},
          server(loop,
                 places,
                 config,
                 self,
                 reactor::Delegate<void()>::to<&Process::on_stopped>(*this),
                 {.herd = config.keys.empty() ? nullptr : &sealing}) {}

    // Empty, or why the server does not start.
    std::string start(const herd::config::Config& config) {
        reactor::Loop::Limits limits = herd::loop_limits(config);
        limits.timers += 64;
        const auto opened = loop.open(limits);
        assert(opened.has_value());
        if (!config.keys.empty()) {
            const auto shaking = handshakes.open();
            assert(shaking.has_value());
        }
        const auto listening = server.open();
        if (!listening) return listening.error();
        server.start();
        return {};
    }

    // What a turn has come to.
    enum class Turn : std::uint8_t { none, taken, allocated };
    // An iteration of its loop on this host, if anything wakes it. S8: it takes no memory from the
    // system.
    Turn turn(FakeKernel& kernel, Host host) {
        const bool woken = wakes_ns <= kernel.now_ns();
        if (!woken && !(kernel.stirred(host) && kernel.ready(host))) return Turn::none;
        kernel.enter(host);
        bool allocated = false;
        {
            const NoAllocation watching;
            loop.run_once();
            allocated = watching.breached();
        }
        wakes_ns = loop.wakes_at().time_since_epoch().count();
        server.check();
        return allocated ? Turn::allocated : Turn::taken;
    }

    reactor::Loop loop;
    FakePlaces places;
    FakeSealer sealer;
    reactor::Handshakes handshakes;
    herd::Sealing sealing;
    herd::Server server;
    std::int64_t wakes_ns = 0;  // When its loop has something to do at the latest.

private:
    void on_stopped() {}
};

}  // namespace sim
