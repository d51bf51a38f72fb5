#pragma once

#include "herd/config/config.hpp"
#include "herd/needs.hpp"
#include "herd/server.hpp"
#include "reactor/loop.hpp"
#include "tests/sim/fake_places.hpp"

#include <cassert>
#include <cstdint>
#include <string>

namespace sim {

// One server of a simulated herd: everything that dies with its process.
class Process {
public:
    Process(const herd::config::Config& config, const herd::config::Server& self)
        : places(loop),
          server(loop,
                 places,
                 config,
                 self,
                 reactor::Delegate<void()>::to<&Process::on_stopped>(*this)) {}

    // Empty, or why the server does not start.
    std::string start(const herd::config::Config& config) {
        reactor::Loop::Limits limits = herd::loop_limits(config);
        limits.timers += 64;
        const auto opened = loop.open(limits);
        assert(opened.has_value());
        const auto listening = server.open();
        if (!listening) return listening.error();
        server.start();
        return {};
    }

    reactor::Loop loop;
    FakePlaces places;
    herd::Server server;
    std::int64_t wakes_ns = 0;  // When its loop has something to do at the latest.

private:
    void on_stopped() {}
};

}  // namespace sim
