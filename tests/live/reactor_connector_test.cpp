#include "reactor/connector.hpp"
#include "tests/unit/reactor/sockets.hpp"

namespace reactor {
namespace {

using namespace test;

struct Caller {
    explicit Caller(Loop& loop)
        : connector(loop, {}, Delegate<void(Socket)>::to<&Caller::on_connected>(*this)) {}
    void on_connected(Socket) { ++connections; }
    int connections = 0;
    Connector connector;
};

// The kernel gives out even ports first, about one after the other, to those who connect: so many
// tries meet each of them.
constexpr int tries = 33'000;

// Dials as a plain program would; whether a try met itself.
bool meets_itself(const Address& target) {
    for (int i = 0; i < tries; ++i) {
        Socket socket = knock(target);
        const auto peer = sys::peer_address(socket.fd());
        if (!peer || *peer != sys::local_address(socket.fd()).value()) continue;
        slam(socket);  // In TIME_WAIT, the port would be given to nobody.
        return true;
    }
    return false;
}

TEST_CASE("connector: a dial to a free port of the ephemeral range never meets itself",
          "[reactor][connector]") {
    Address target = closed_door();
    target.port = static_cast<std::uint16_t>(target.port & ~1U);
    if (!meets_itself(target)) WARN("this kernel does not connect a socket to itself");
    OpenLoop loop;
    Caller caller(loop);
    caller.connector.aim(target);
    for (int i = 0; i < tries; ++i) {
        caller.connector.dial();
        turn(loop);
        REQUIRE(caller.connections == 0);
    }
}

}  // namespace
}  // namespace reactor
