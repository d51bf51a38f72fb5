#pragma once

#include "herd/gps/line_link.hpp"
#include "reactor/loop.hpp"
#include "reactor/wire.hpp"
#include "tests/sim/fake_kernel.hpp"
#include "tests/sim/run_host.hpp"
#include "tests/unit/herd/fake_client.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

// Somebody who dials, on the fake kernel, and whom they dial: played, line by line.
namespace herd::gps_house {

using namespace std::chrono_literals;

inline constexpr sim::Host here = 1;
inline constexpr sim::Host there = 2;
inline constexpr std::uint16_t port = 2947;

class House {
public:
    House() {
        kernel.delay_min_ns = kernel.delay_max_ns = 1000;
        kernel.enter(here);
        REQUIRE(loop.open({.watches = 16, .timers = 16}).has_value());
        REQUIRE(wire.open({.blocks = 64, .blocks_reserved = 1}).has_value());
    }

    void run(reactor::Duration time) { sim::run_host(kernel, here, loop, time); }

    // The other side begins to listen, or does not any more.
    void listen() {
        kernel.enter(there);
        listener_ = *kernel.open_socket();
        REQUIRE(kernel.bind(listener_, reactor::Address::loopback(port)).has_value());
        REQUIRE(kernel.listen(listener_).has_value());
    }
    void close_port() {
        kernel.enter(there);
        kernel.close(listener_);
    }
    // Whether somebody has dialled; then it is he who is talked to.
    bool accept() {
        kernel.enter(there);
        const auto fd = kernel.accept(listener_);
        if (fd) fd_ = *fd;
        return fd.has_value();
    }
    void say(const std::string& text) {
        kernel.enter(there);
        std::size_t said = 0;
        while (said < text.size()) {
            said += kernel.send(fd_, std::string_view(text).substr(said)).value_or(0);
            run(1ms);
            kernel.enter(there);
        }
    }
    // All that has come; the last character is '$' when that was all.
    std::string hear() {
        run(1ms);
        const auto heard = fake_client::receive_all(kernel, there, fd_);
        return heard.text + (heard.end == fake_client::Heard::End::none ? "" : "$");
    }
    void hang_up() {
        kernel.enter(there);
        kernel.close(fd_);
        run(1ms);
    }

    sim::FakeKernel kernel{1};
    reactor::Loop loop;
    reactor::Wire wire{loop};

private:
    int listener_ = -1;
    int fd_ = -1;
};

}  // namespace herd::gps_house
