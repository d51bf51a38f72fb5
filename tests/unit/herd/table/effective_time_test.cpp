#include "herd/table/rules.hpp"
#include "tests/unit/herd/small_world.hpp"

#include <string>

namespace effective_time_test {

namespace {

using namespace herd::small_world;

// The wall clocks of the fake kernel begin here.
constexpr std::int64_t begin = 1'767'225'600;

std::string ask(World& world, const std::string& line, std::uint16_t port) {
    const int fd = world.connect(port);
    world.say(fd, line + "\n");
    std::string heard = world.hear(fd);
    world.kernel.enter(visitors);
    world.kernel.close(fd);
    world.run(1ms);
    return heard;
}

}  // namespace

TEST_CASE("effective time: a stamp far back or far ahead is answered, and known on every server",
          "[herd][rules]") {
    World world(herd_of_two(), 2);
    for (const auto* stamp : {"1520023934.918963997",  // 2018
                              "1767226600",            // a thousand seconds ahead
                              "4102444800.5",          // 2100
                              "9223372036.854775807"}) {
        const std::string client = std::string("c") + stamp;
        const std::string answer = ask(world, "IAMAT " + client + " +1-1 " + stamp, 1000);
        CHECK(answer.starts_with("AT A "));
        CHECK(answer.ends_with(" " + client + " +1-1 " + stamp + "\n"));
        for (const std::uint16_t port : {std::uint16_t{1000}, std::uint16_t{1001}}) {
            CHECK(ask(world, "WHATSAT " + client + " 1 0", port).starts_with(answer));
        }
    }
}

TEST_CASE("effective time: who is pushed far ahead is free again after the slack, on every server",
          "[herd][rules]") {
    World world(herd_of_two(), 2);
    const auto say = [&](std::int64_t second, std::uint16_t port) {
        return ask(world, "IAMAT c +1-1 " + std::to_string(second), port);
    };
    const auto known = [&](std::uint16_t port) { return ask(world, "WHATSAT c 1 0", port); };
    const std::string pushed = say(9'000'000'000, 1000);
    CHECK(pushed.starts_with("AT A -"));
    // The client's own reports are answered, and wait.
    CHECK(say(begin + 2, 1001).starts_with("AT B "));
    CHECK(known(1001).starts_with(pushed));
    world.run(std::chrono::nanoseconds(herd::table::rules::slack_ns));
    const std::string own = say(begin + 63, 1001);
    CHECK(own.starts_with("AT B "));
    CHECK(known(1000).starts_with(own));
    CHECK(known(1001).starts_with(own));
}

}  // namespace effective_time_test
