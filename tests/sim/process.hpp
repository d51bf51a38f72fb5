#pragma once

#include "herd/config/config.hpp"
#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "reactor/handshakes.hpp"
#include "reactor/loop.hpp"
#include "reactor/sys.hpp"
#include "tests/sim/fake_places.hpp"
#include "tests/sim/fake_seal.hpp"

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
          handshakes(loop, herd::handshake_limits(config.limits)),
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
