// What clients may do where they need a token for it.
#include "tests/unit/herd/clients/access_house.hpp"

#include <string>

namespace access_test {

using namespace herd::access_house;

TEST_CASE("access: without a secret nobody needs a token, and AUTH is no command",
          "[herd][client]") {
    Guarded world(herd_of_two());
    const int fd = world.connect();
    CHECK(world.reports(fd, "c"));
    CHECK(world.learns(fd, "c"));
    const std::string line = auth("*", token("*"));
    CHECK(world.ask(fd, line) == "? " + line);
    CHECK(world.reports(fd, "c"));
    CHECK(world.counters().auth == 0);
    CHECK(world.counters().tokens_wrong == 0);
    CHECK(world.counters().invalid == 1);
}

TEST_CASE("access: without a token nothing is taken and nothing told, but SYNC is answered",
          "[herd][client]") {
    Guarded world;
    const int owner = world.connect();
    CHECK(world.admit(owner, "kiwi") == "AUTH A kiwi report,ask 0\n");
    CHECK(world.reports(owner, "kiwi"));
    const int stranger = world.connect();
    CHECK_FALSE(world.reports(stranger, "kiwi"));
    CHECK_FALSE(world.learns(stranger, "kiwi"));
    CHECK_FALSE(world.learns(stranger, "nobody"));
    CHECK(world.ask(stranger, "SYNC\n") == "SYNC A 0 1\n");
    CHECK(world.counters().access_denied == 3);
    CHECK(world.a().table().size() == 1);
    CHECK(world.log().find("event=access_denied client=kiwi right=report why=not_granted") !=
          std::string::npos);
    world.a().check();
}

TEST_CASE("access: a token is good for its clients and its rights", "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    CHECK(world.admit(fd, "bus-*", {.report = true}) == "AUTH A bus-* report 0\n");
    CHECK(world.reports(fd, "bus-1"));
    CHECK(world.reports(fd, "bus-*"));
    CHECK_FALSE(world.reports(fd, "tram-1"));
    CHECK_FALSE(world.learns(fd, "bus-1"));
    const int other = world.connect();
    CHECK(world.admit(other, "bus-1", {.ask = true}) == "AUTH A bus-1 ask 0\n");
    CHECK(world.learns(other, "bus-1"));
    CHECK_FALSE(world.learns(other, "bus-*"));
    CHECK_FALSE(world.reports(other, "bus-1"));
    CHECK(world.counters().auth == 2);
    CHECK(world.counters().access_denied == 4);
    CHECK(world.counters().tokens_wrong == 0);
}

TEST_CASE("access: who may not ask follows nobody, be it a client or an area", "[herd][client]") {
    Guarded world;
    const int stranger = world.connect();
    const int reporter = world.connect();
    world.admit(reporter, "bus-*", {.report = true});
    for (const std::string line : {"FOLLOW bus-1", "FOLLOW +1+2 5"}) {
        for (const int fd : {stranger, reporter}) {
            world.say(fd, line + "\n");
            CHECK(world.hear(fd) == "? " + line + "\n");
        }
    }
    CHECK(world.a().clients().subscriptions() == 0);
    const int asker = world.connect();
    world.admit(asker, "bus-*", {.ask = true});
    world.say(asker, "FOLLOW +1+2 5\n");
    CHECK(world.hear(asker) == "FOLLOW A 1\n");
}

TEST_CASE("access: lines behind AUTH are judged by it, before it comes without", "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    const std::string report = "IAMAT c +1-1 1\n";
    const std::string answer =
        world.ask(fd, report + auth("c", token("c")) + report + "WHATSAT c 1 0\n");
    CHECK(answer.starts_with("? " + report + "AUTH A c report,ask 0\nAT A +"));
    CHECK(answer.find(" c +1-1 1\n{") != std::string::npos);
}

TEST_CASE("access: a pattern may be narrower than the token's, and not wider", "[herd][client]") {
    Guarded world;
    const std::string fleet = token("bus-*");
    const int fd = world.connect();
    CHECK(world.ask(fd, auth("bus-7", fleet)) == "AUTH A bus-7 report,ask 0\n");
    CHECK(world.reports(fd, "bus-7"));
    CHECK_FALSE(world.reports(fd, "bus-8"));
    CHECK(world.ask(fd, auth("bus-8*", fleet)) == "AUTH A bus-8* report,ask 0\n");
    CHECK(world.reports(fd, "bus-80"));
    for (const auto* wider : {"*", "bus*", "tram-1"}) {
        const int other = world.connect();
        CHECK(world.ask(other, auth(wider, fleet)).empty());
        world.run(1s);
        CHECK(world.hear(other) == "? " + auth(wider, fleet));
        CHECK_FALSE(world.reports(other, "bus-7"));
        world.kernel.enter(visitors);
        world.kernel.close(other);
        world.run(1ms);
    }
    CHECK(world.counters().tokens_wrong == 3);
    CHECK(world.log().find("event=token_refused why=pattern from=127.0.0.1:") != std::string::npos);
}

TEST_CASE("access: a later token takes the place of the one before, a wrong one does not",
          "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    world.admit(fd, "a");
    world.admit(fd, "b");
    CHECK_FALSE(world.reports(fd, "a"));
    CHECK(world.reports(fd, "b"));
    CHECK(world.ask(fd, auth("a", "x")).empty());
    world.run(1s);
    CHECK(world.hear(fd) == "? AUTH a x\n");
    CHECK(world.reports(fd, "b"));
    world.a().check();
}

TEST_CASE("access: a token that expires while its connection lives is worth nothing then",
          "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    const std::int64_t until = world.now_s() + 3;
    const std::string brief = token("c", all, until);
    CHECK(world.ask(fd, auth("c", brief)) == "AUTH A c report,ask " + std::to_string(until) + "\n");
    CHECK(world.reports(fd, "c"));
    world.run(4s);
    CHECK_FALSE(world.reports(fd, "c"));
    CHECK_FALSE(world.learns(fd, "c"));
    CHECK_FALSE(world.reports(fd, "d"));
    CHECK(world.counters().access_expired == 2);
    CHECK(world.counters().access_denied == 1);
    CHECK(world.ask(fd, auth("c", brief)).empty());
    world.run(1s);
    CHECK(world.hear(fd) == "? " + auth("c", brief));
    CHECK(world.counters().tokens_expired == 1);
    CHECK(world.counters().tokens_wrong == 0);
    world.admit(fd, "c");
    CHECK(world.reports(fd, "c"));
}

TEST_CASE("access: while a secret takes another's place both are believed", "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    const std::string before =
        token("c", all, Grant::never, "old-0123456789abcdef0123456789abcdef");
    CHECK(world.ask(fd, auth("c", before)) == "AUTH A c report,ask 0\n");
    CHECK(world.admit(fd, "c") == "AUTH A c report,ask 0\n");
    const std::string foreign = token("c", all, Grant::never, "foreign-9abcdef0123456789abcdef0");
    CHECK(world.ask(fd, auth("c", foreign)).empty());
    CHECK(world.counters().tokens_wrong == 1);
}

TEST_CASE("access: every server of the herd takes the token that any of them takes",
          "[herd][client]") {
    Guarded world(guarded(), 2);
    world.run(1s);
    const int at_a = world.connect(1000);
    const int at_b = world.connect(1001);
    CHECK(world.admit(at_a, "c") == "AUTH A c report,ask 0\n");
    CHECK(world.admit(at_b, "c") == "AUTH B c report,ask 0\n");
    CHECK(world.reports(at_a, "c"));
    CHECK(world.learns(at_b, "c"));
    // What neighbours tell each other needs none.
    CHECK(world.b().table().size() == 1);
}

TEST_CASE("access: a long id and a long line are judged like others", "[herd][client]") {
    Guarded world;
    const int fd = world.connect();
    world.admit(fd, "x*");
    CHECK(world.reports(fd, std::string(8'000, 'x')));
    CHECK(world.learns(fd, std::string(8'000, 'x')));
    CHECK_FALSE(world.reports(fd, std::string(8'000, 'y')));
    const std::string longest = "AUTH x " + std::string(8'185, 't') + "\n";
    CHECK(world.ask(fd, longest).empty());
    world.run(1s);
    CHECK(world.hear(fd) == "? " + longest);
    const std::string cut = ("AUTH x " + std::string(9'000, 't')).substr(0, 8'192);
    CHECK(world.ask(fd, "AUTH x " + std::string(9'000, 't') + "\n") == "? " + cut + "\n");
    CHECK(world.a().wire().blocks().in_use() == 0);
}

TEST_CASE("access: from another machine a token comes in the clear, and is not looked at",
          "[herd][client]") {
    Guarded world;
    const int fd = world.connect_from(7);
    const std::string line = auth("c", token("c"));
    CHECK(world.ask(fd, line) == "? " + line);
    CHECK_FALSE(world.reports(fd, "c"));
    CHECK(world.counters().tokens_in_the_clear == 1);
    CHECK(world.counters().tokens_wrong == 0);
    CHECK(world.log().find("why=in_the_clear from=10.0.0.7:") != std::string::npos);
    herd::config::Config config = guarded();
    config.access.in_the_clear = true;
    Guarded careless(config);
    const int other = careless.connect_from(7);
    CHECK(careless.admit(other, "c") == "AUTH A c report,ask 0\n");
    CHECK(careless.reports(other, "c"));
}

TEST_CASE("access: no token is in the log, whatever is logged", "[herd][client]") {
    herd::config::Config config = guarded(8);
    config.log.wire = true;
    Guarded world(config);
    const std::string good = token("c");
    for (const std::string& line : {auth("c", good),
                                    auth("other", good),
                                    "AUTH " + good + "\n",
                                    "auth c " + good + "\n",
                                    "  AUTH c " + good + " more\n"}) {
        const int fd = world.connect();
        world.say(fd, line);
        world.run(2s);
        CHECK_FALSE(world.hear(fd).empty());
    }
    const int far = world.connect_from(7);
    world.ask(far, auth("c", good));
    CHECK(world.log().find("event=in line=AUTH") != std::string::npos);
    CHECK(world.log().find("event=out") != std::string::npos);
    // Nor any part of it that would be of use.
    CHECK(world.log().find(good.substr(0, 10)) == std::string::npos);
    CHECK(world.log().find(good.substr(good.size() - 10)) == std::string::npos);
    CHECK(world.log().find("0123456789abcdef") == std::string::npos);
}

TEST_CASE("access: a server whose secret is wrong does not start", "[herd][client]") {
    sim::FakeKernel kernel{1};
    herd::config::Config config = guarded();
    kernel.enter(0);
    Process process(kernel, config, 0);
    CHECK(process.server.open().error() ==
          "access.secret file secret: is not there; `herd token --make-secret` makes one for all "
          "servers");
    kernel.disk.put("secret", "short\n");
    Process other(kernel, config, 0);
    CHECK(other.server.open().error().starts_with("access.secret file secret: must hold lines"));
}

}  // namespace access_test
