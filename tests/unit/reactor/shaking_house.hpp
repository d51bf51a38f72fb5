#pragma once

#include "reactor/handshakes.hpp"
#include "tests/sim/fake_seal.hpp"
#include "tests/unit/reactor/sessions.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace reactor::shaking {

using namespace test;
using sim::FakeSeal;

// Both sides of handshakes, on one loop.
struct House {
    explicit House(const Handshakes::Limits& limits = {}) : handshakes(loop, limits, nullptr) {
        REQUIRE(handshakes.open().has_value());
    }
    SealPtr make_seal() { return std::make_unique<FakeSeal>(shape); }
    void opened(Socket socket, SealPtr seal) {
        sockets.push_back(std::move(socket));
        seals.push_back(std::move(seal));
        if (rooms != nullptr && *rooms > 0) --*rooms;
    }
    bool has_room() const { return *rooms > 0; }
    void refused(const Handshakes::Refusal& refusal) {
        refusals.emplace_back(refusal.why);
        plain = refusal.plain;
    }

    void dial(const FakeSeal::Shape& wanted, Socket socket) {
        id = handshakes.dial(std::move(socket), std::make_unique<FakeSeal>(wanted), door);
    }

    OpenLoop loop;
    FakeSeal::Shape shape{.name = "A"};
    std::vector<Socket> sockets;
    std::vector<SealPtr> seals;
    Texts refusals;
    bool plain = false;    // The latest of them.
    int* rooms = nullptr;  // Of a door that has_room() speaks for.
    Handshakes::Id id;
    Handshakes::Door door{
        .make_seal = Delegate<SealPtr()>::to<&House::make_seal>(*this),
        .opened = Delegate<void(Socket, SealPtr)>::to<&House::opened>(*this),
        .refused = Delegate<void(const Handshakes::Refusal&)>::to<&House::refused>(*this)};
    Handshakes handshakes;
};

// The first record of one who dials, as it is.
inline std::string greeting() {
    Pair pair = local_pair();
    FakeSeal seal({.dials = true, .name = "B"});
    CHECK(seal.shake(pair.ours.fd()) == Seal::Shaken::wants_input);
    return hear(pair.theirs);
}

// What one who has heard that says.
inline std::string answer() {
    Pair pair = local_pair();
    say(pair.theirs, greeting());
    FakeSeal seal({.name = "A"});
    CHECK(seal.shake(pair.ours.fd()) == Seal::Shaken::done);
    return hear(pair.theirs);
}

}  // namespace reactor::shaking
