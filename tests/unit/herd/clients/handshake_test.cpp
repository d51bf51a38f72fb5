// Who speaks TLS to a port for clients that does not.
#include "tests/unit/herd/small_world.hpp"

#include <string>

namespace herd::handshake_test {

using namespace small_world;

TEST_CASE("client_session: who shakes hands is told that TLS is not spoken here",
          "[herd][client]") {
    // There may be ends of lines in it.
    const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", 13);
    World world;
    const int whole = world.connect();
    world.say(whole, hello);
    CHECK(world.hear(whole) == "? TLS is not spoken here\n$");
    const int in_parts = world.connect();
    world.say(in_parts, hello.substr(0, 1));
    CHECK(world.hear(in_parts).empty());
    world.say(in_parts, hello.substr(1));
    CHECK(world.hear(in_parts) == "? TLS is not spoken here\n$");
}

TEST_CASE("client_session: a byte 22 is like any other", "[herd][client]") {
    World world;
    const int fd = world.connect();
    world.say(fd, "\x16");
    CHECK(world.hear(fd).empty());
    world.say(fd, "\x03 hello\n");
    CHECK(world.hear(fd) == "? \x16\x03 hello\n");
    world.say(fd, "\x16\n");
    CHECK(world.hear(fd) == "? \x16\n");
    world.say(fd, "IAMAT c +1-1 5\n");
    CHECK(world.hear(fd).starts_with("AT A "));
}

}  // namespace herd::handshake_test
