#include "herd/gps/receiver.hpp"

#include "tests/unit/herd/gps/gps_house.hpp"

#include <string>

namespace receiver_test {

using namespace herd::gps_house;
using namespace herd::gps;

namespace {

// gpsd as it is played, and what is found by what it says.
struct Sky : House {
    Sky()
        : receiver(wire, reactor::Address::loopback(port), Receiver::Found::to<&Sky::find>(*this)) {
    }

    void find(const Fix& fix) {
        found += std::to_string(fix.time.nanoseconds / 1'000'000'000) + " ";
    }
    // What it has found since it was last asked.
    std::string news() {
        run(1ms);
        return std::exchange(found, {});
    }
    void start() {
        kernel.enter(here);
        receiver.start();
        run(1ms);
    }

    std::string found;
    Receiver receiver;
};

// A second of 2026-08-28, 12:00, and 1787918400 is its first.
std::string tpv(int second, const std::string& more = "\"mode\":3") {
    const std::string digits = std::to_string(100 + second).substr(1);
    return R"({"class":"TPV",)" + more + R"(,"time":"2026-08-28T12:00:)" + digits +
           R"(.000Z","lat":52.5,"lon":13.4})" + "\r\n";
}

const std::string watch = "?WATCH={\"enable\":true,\"json\":true};\n";

}  // namespace

TEST_CASE("receiver: watches, and finds what gpsd says, once for each time", "[gps]") {
    Sky sky;
    sky.listen();
    sky.start();
    REQUIRE(sky.accept());
    CHECK(sky.hear() == watch);
    sky.say("{\"class\":\"VERSION\",\"release\":\"3.22\"}\r\n{\"class\":\"DEVICES\"}\r\n");
    CHECK(sky.news().empty());
    CHECK_FALSE(sky.receiver.sees());
    // Once with GGA, and once with RMC.
    sky.say(tpv(0) + tpv(0) + tpv(1, "\"mode\":1") + tpv(1));
    CHECK(sky.news() == "1787918400 1787918401 ");
    CHECK(sky.receiver.sees());
    sky.say(tpv(1));
    CHECK(sky.news().empty());
    // A receiver's clock that was wrong, and is not any more.
    sky.say(tpv(50) + tpv(2));
    CHECK(sky.news() == "1787918450 1787918402 ");
}

TEST_CASE("receiver: what is no fix is skipped, however it is cut", "[gps]") {
    Sky sky;
    sky.listen();
    sky.start();
    REQUIRE(sky.accept());
    const std::string good = tpv(3);
    sky.say("\n\r\n}{\nnonsense\n{\"class\":\"TPV\"\n" + good.substr(0, 20));
    CHECK(sky.news().empty());
    sky.say(good.substr(20, 5));
    CHECK(sky.news().empty());
    sky.say(good.substr(25));
    CHECK(sky.news() == "1787918403 ");
}

TEST_CASE("receiver: a line that does not end takes no memory, and is skipped", "[gps]") {
    Sky sky;
    sky.listen();
    sky.start();
    REQUIRE(sky.accept());
    sky.say("{\"class\":\"TPV\",\"x\":\"");
    for (int i = 0; i < 100; ++i) sky.say(std::string(10'000, 'x'));
    CHECK(sky.wire.blocks().in_use() * reactor::BlockPool::block_size <= LineLink::line_max + 8192);
    sky.say("\"}\n" + tpv(4));
    CHECK(sky.news() == "1787918404 ");
    // One that comes at once is as long.
    sky.say(tpv(5, "\"x\":\"" + std::string(LineLink::line_max, 'x') + "\",\"mode\":3") + tpv(6));
    CHECK(sky.news() == "1787918406 ");
}

TEST_CASE("receiver: comes back to a gpsd that was away, with growing pauses", "[gps]") {
    Sky sky;
    sky.start();
    CHECK(sky.receiver.link().trouble() == "Connection refused");
    sky.run(20s);
    CHECK(sky.receiver.link().trouble() == "Connection refused");
    sky.listen();
    sky.run(5s);
    REQUIRE(sky.accept());
    CHECK(sky.hear() == watch);
    CHECK(sky.receiver.link().trouble().empty());
    sky.say(tpv(0));
    CHECK(sky.news() == "1787918400 ");
    sky.hang_up();
    CHECK_FALSE(sky.receiver.sees());
    CHECK(sky.receiver.link().trouble() == "the connection has ended");
    // It was of use: the pause is the shortest again.
    sky.run(200ms);
    REQUIRE(sky.accept());
    CHECK(sky.hear() == watch);
    sky.say(tpv(0) + tpv(1));
    CHECK(sky.news() == "1787918401 ");
}

TEST_CASE("receiver: who accepts it only to hang up is not dialled all the time", "[gps]") {
    Sky sky;
    sky.listen();
    sky.start();
    int dialled = 0;
    for (int i = 0; i < 6000; ++i) {
        if (sky.accept()) {
            ++dialled;
            sky.say("{\"class\":\"VERSION\"}\r\n");
            sky.hang_up();
        }
        sky.run(10ms);
    }
    CHECK(dialled > 10);
    CHECK(dialled < 30);
}

TEST_CASE("receiver: once it leaves, it dials nobody", "[gps]") {
    Sky sky;
    sky.listen();
    sky.start();
    REQUIRE(sky.accept());
    sky.kernel.enter(here);
    sky.receiver.leave();
    CHECK(sky.hear() == watch + "$");
    sky.say(tpv(1));
    sky.hang_up();
    CHECK(sky.news().empty());
    CHECK(sky.receiver.link().gone());
    sky.run(20s);
    CHECK_FALSE(sky.accept());
}

}  // namespace receiver_test
