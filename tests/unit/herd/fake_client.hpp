#pragma once

#include "tests/sim/fake_kernel.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>

// What tests do at a host of the fake kernel that runs no server of ours.
namespace herd::fake_client {

// A connection from `host` to a port of a server. `run` lets that server live for a while.
template <class Run>
int connect(sim::FakeKernel& kernel, sim::Host host, std::uint16_t port, Run run) {
    kernel.enter(host);
    const int fd = *kernel.open_socket();
    static_cast<void>(kernel.connect(fd, reactor::Address::loopback(port)));
    run(std::chrono::microseconds(10));
    kernel.enter(host);
    REQUIRE(kernel.take_error(fd).has_value());
    return fd;
}

struct Heard {
    enum class End { none, orderly, reset };

    std::string text;
    End end = End::none;
};

// All that has come on a connection of `host`, and whether it is all that ever will.
inline Heard receive_all(sim::FakeKernel& kernel, sim::Host host, int fd) {
    kernel.enter(host);
    Heard heard;
    char buffer[4096];
    while (true) {
        const auto received = kernel.receive(fd, buffer);
        if (!received && received.error().value == EAGAIN) return heard;
        if (!received || *received == 0) {
            heard.end = received ? Heard::End::orderly : Heard::End::reset;
            return heard;
        }
        heard.text.append(buffer, *received);
    }
}

}  // namespace herd::fake_client
