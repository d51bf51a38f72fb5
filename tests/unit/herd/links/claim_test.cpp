// Who dials is nobody before it shows what we tell whoever listens where that neighbour should be.
#include "herd/links/peer_link.hpp"
#include "tests/unit/herd/links/dialled_house.hpp"
#include "tests/unit/herd/small_world.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace claim_test {

using namespace dialled;

namespace {

const std::string at = "AT B +0.5 forged +1-1 5\n";

// What a stranger may know of B: anything but the cookie.
std::string hello_of(const std::string& epoch, const std::string& cookies = "") {
    return "HELLO 1 B " + epoch + " 99 0" + cookies + "\n";
}

// The fields of A's HELLO: what it tells B to show, and what it shows B.
std::string told(const std::string& hello) {
    return hello.substr(hello.size() - 34, 16);
}
std::string shown(const std::string& hello) {
    return hello.substr(hello.size() - 17, 16);
}

int dial(House& house, const std::string& said) {
    house.kernel.enter(there);
    const int fd = *house.kernel.open_socket();
    static_cast<void>(house.kernel.connect(fd, reactor::Address::loopback(1100)));
    house.run(10us);
    house.kernel.enter(there);
    REQUIRE(house.kernel.take_error(fd).has_value());
    static_cast<void>(house.kernel.send(fd, said));
    house.run(100us);
    return fd;
}

bool hears(const House& house) {
    herd::watch::Status status{};
    house.server.neighbours().describe(status);
    return status.links[0].hears;
}

}  // namespace

TEST_CASE("claim: a stranger is told nothing, whatever it knows, and is not believed",
          "[herd][claim]") {
    for (const bool linked : {false, true}) {
        for (const std::string cookies :
             {"", " 0000000000000000 0000000000000000", " 0123456789abcdef 0123456789abcdef"}) {
            INFO(linked << cookies);
            House house;
            house.listen();
            if (linked) {
                house.accept();
                house.welcome();
            }
            const int fd = dial(house, hello_of(epoch_b, cookies));
            CHECK(house.receive(fd).empty());
            CHECK_FALSE(hears(house));
            house.run(1s);
            CHECK(house.receive(fd).empty());
            // At the latest it is told that there is nothing for it.
            house.run(2s);
            CHECK(house.receive(fd).starts_with("ERR 505 "));
            CHECK(house.ended);
            const int other = dial(house, hello_of(epoch_b, cookies) + at);
            CHECK(house.receive(other).starts_with("ERR 501 "));
            CHECK(house.server.table().size() == 0);
            CHECK(house.server.counters().peers_refused == 2);
        }
    }
}

TEST_CASE("claim: a stranger ends no session of the neighbour's", "[herd][claim]") {
    House house;
    const int real = house.greet_from_b("");
    CHECK(house.receive(real).starts_with("WELCOME 1 A "));
    dial(house, hello_of(epoch_b));
    dial(house, hello_of("000000000000000c", " 0123456789abcdef 0123456789abcdef"));
    CHECK(hears(house));
    house.kernel.enter(there);
    static_cast<void>(house.kernel.send(real, "AT B +0.5 c +1-1 5\nPING 7\n"));
    house.run(1ms);
    CHECK(house.receive(real) == "PONG 7\n");
    CHECK(house.server.table().size() == 1);
}

TEST_CASE("claim: who listens where the neighbour should be is told what to show",
          "[herd][claim]") {
    House house;
    house.listen();
    const int fd = dial(house, hello_of(epoch_b, " 00000000000000bb 0000000000000000"));
    CHECK(house.receive(fd).empty());
    // It dials at once, and shows what it was told itself, which may be true.
    const std::string hello = house.accept(10ms);
    CHECK(hello.ends_with("\nCOOKIE 00000000000000bb\n"));
    const std::string cookie = played::cookie_of(house.server);
    CHECK(hello.find(" " + cookie + " 0000000000000000\n") != std::string::npos);
    house.kernel.enter(there);
    static_cast<void>(house.kernel.send(fd, "COOKIE 0123456789abcdef\nCOOKIE " + cookie + "\n"));
    house.run(1ms);
    CHECK(house.receive(fd).starts_with("WELCOME 1 A "));
    CHECK(hears(house));
}

TEST_CASE("claim: what a neighbour has proved to be its own is shown first from then on",
          "[herd][claim]") {
    House house;
    house.listen();
    CHECK(shown(house.accept()) == "0000000000000000");
    house.hang_up();
    const int real = house.greet_from_b("");
    dial(house, hello_of(epoch_b, " 0123456789abcdef 0000000000000000"));
    const std::string hello = house.accept();
    CHECK(hello.find(" " + played::cookie_of(house.server) + " 00000000000000bb\n") !=
          std::string::npos);
    CHECK(count(hello, "COOKIE 0123456789abcdef") >= 1);
    CHECK(house.receive(real).starts_with("WELCOME 1 A "));
}

TEST_CASE("claim: a link that waits shows what comes meanwhile, and no more of it than is read",
          "[herd][claim]") {
    House house;
    house.listen();
    const std::string first = house.accept();
    CHECK(told(first) == played::cookie_of(house.server));
    dial(house, hello_of(epoch_b, " 00000000000000aa 0000000000000000"));
    CHECK(house.receive(house.fd) == "COOKIE 00000000000000aa\n");
    house.kernel.buffer_size = 10;
    for (int i = 0; i < 60; ++i) {
        const std::string cookie = "00000000000000" + std::to_string(10 + i);
        house.kernel.enter(there);
        house.kernel.close(dial(house, hello_of(epoch_b, " " + cookie + " 0000000000000000")));
    }
    CHECK(house.server.wire().blocks().in_use() <= 1);
    house.kernel.buffer_size = 10'000;
    CHECK(count(house.hear(100ms), "COOKIE ") <= 20);
}

TEST_CASE("claim: two servers find each other whichever starts first, and again after a restart",
          "[herd][claim]") {
    using namespace herd::small_world;
    World world(herd_of_two(), 1);
    world.run(7s);
    const auto start_b = [&] {
        world.kernel.enter(1);
        world.servers.push_back(std::make_unique<Process>(world.kernel, world.config, 1));
        world.servers.back()->start();
    };
    start_b();
    const auto linked = [](const herd::Server& server) {
        herd::watch::Status status{};
        server.neighbours().describe(status);
        return status.links[0].state == "live" && status.links[0].hears;
    };
    world.run(1ms);
    CHECK(linked(world.a()));
    CHECK(linked(world.b()));
    world.kernel.enter(1);
    world.servers.pop_back();
    world.run(3s);
    CHECK_FALSE(linked(world.a()));
    start_b();
    world.run(1ms);
    CHECK(linked(world.a()));
    CHECK(linked(world.b()));
}

}  // namespace claim_test
