#include "herd/gps/reporter.hpp"

#include "tests/sim/fake_seal.hpp"
#include "tests/unit/herd/gps/gps_house.hpp"

#include <optional>
#include <string>

namespace reporter_test {

using namespace herd::gps_house;
using namespace herd::gps;

namespace {

// A server as it is played, and who reports to it.
struct Field : House {
    explicit Field(std::string shown = {})
        : token(std::move(shown)),
          reporter(wire,
                   reactor::Address::loopback(port),
                   {},
                   Reporter::Introduce::to<&Field::introduce>(*this)) {}

    std::string introduce(std::string& line) {
        ++introduced;
        line = token;
        return token == "unreadable" ? "it cannot be read" : "";
    }
    void report(const std::string& line) {
        kernel.enter(here);
        loop.run_once();  // It knows what time it is.
        reporter.report(line);
        run(1ms);
    }

    std::string token;
    int introduced = 0;
    Reporter reporter;
};

using Verdict = Reporter::Verdict;

}  // namespace

TEST_CASE("reporter: says one report after the other on one connection", "[gps]") {
    Field field;
    field.listen();
    field.run(10s);
    CHECK_FALSE(field.accept());  // There is nothing to say.
    field.report("one");
    REQUIRE(field.accept());
    CHECK(field.hear() == "one\n");
    CHECK(field.reporter.verdict() == Verdict::none);
    field.say("AT A +1.0 kiwi one\n");
    CHECK(field.reporter.verdict() == Verdict::taken);
    field.report("two");
    CHECK(field.hear() == "two\n");
    field.say("? two\n");
    CHECK(field.reporter.verdict() == Verdict::refused);
    field.report("three");
    CHECK(field.hear() == "three\n");
    CHECK(field.reporter.taken() == 1);
    CHECK(field.reporter.refused() == 1);
    CHECK(field.reporter.trouble().empty());
}

TEST_CASE("reporter: of what waits for an answer only the newest is kept", "[gps]") {
    Field field;
    field.listen();
    field.report("one");
    REQUIRE(field.accept());
    CHECK(field.hear() == "one\n");
    for (const auto* const next : {"two", "three", "four"}) field.report(next);
    CHECK(field.hear().empty());
    CHECK(field.reporter.skipped() == 2);
    field.say("AT A +1.0 kiwi");
    CHECK(field.hear().empty());
    field.say(" one\nNOW 1 AT A +1.0 pear two\n");
    CHECK(field.hear() == "four\n");
}

TEST_CASE("reporter: while the server is away the newest takes the place of older ones", "[gps]") {
    Field field;
    for (int i = 0; i < 1000; ++i) {
        field.report("report " + std::to_string(i));
        field.run(100ms);
    }
    CHECK(field.reporter.trouble() == "Connection refused");
    CHECK(field.reporter.skipped() == 999);
    CHECK(field.wire.blocks().in_use() == 0);
    field.listen();
    field.run(5s);
    REQUIRE(field.accept());
    CHECK(field.hear() == "report 999\n");
    CHECK(field.reporter.trouble().empty());
}

TEST_CASE("reporter: what was not answered is said again, unless there is newer", "[gps]") {
    Field field;
    field.listen();
    field.report("one");
    REQUIRE(field.accept());
    CHECK(field.hear() == "one\n");
    field.hang_up();
    field.run(1s);
    REQUIRE(field.accept());
    CHECK(field.hear() == "one\n");
    field.report("two");
    field.hang_up();
    field.run(1s);
    REQUIRE(field.accept());
    CHECK(field.hear() == "two\n");
    field.say("AT A +1.0 kiwi two\n");
    // With nothing to say it lets the server go.
    field.hang_up();
    field.run(20s);
    CHECK_FALSE(field.accept());
    CHECK(field.reporter.trouble().empty());
    field.report("three");
    field.run(200ms);
    REQUIRE(field.accept());
    CHECK(field.hear() == "three\n");
}

TEST_CASE("reporter: a server that says nothing is given up", "[gps]") {
    Field field;
    field.listen();
    field.report("one");
    REQUIRE(field.accept());
    CHECK(field.hear() == "one\n");
    field.say(std::string(100'000, 'x'));
    CHECK(field.wire.blocks().in_use() == 0);
    field.run(Reporter::answer_time - 1s);
    CHECK(field.hear().empty());
    field.run(1s);
    CHECK(field.reporter.trouble() == "there is no answer in time");
    CHECK(field.hear() == "$");
    field.run(1s);
    REQUIRE(field.accept());
    CHECK(field.hear() == "one\n");
}

TEST_CASE("reporter: shows its token first, and reports when that was taken", "[gps]") {
    Field field("AUTH kiwi token");
    field.listen();
    field.report("one");
    REQUIRE(field.accept());
    CHECK(field.hear() == "AUTH kiwi token\n");
    field.report("two");
    CHECK(field.hear().empty());
    field.say("AUTH A kiwi report 0\n");
    CHECK(field.hear() == "two\n");
    field.say("AT A +1.0 kiwi two\n");
    field.report("three");
    CHECK(field.hear() == "three\n");
    CHECK(field.introduced == 1);
}

TEST_CASE("reporter: a token that is refused, or expires, is read anew", "[gps]") {
    Field field("AUTH kiwi wrong");
    field.listen();
    field.report("one");
    REQUIRE(field.accept());
    CHECK(field.hear() == "AUTH kiwi wrong\n");
    field.say("? AUTH kiwi wrong\n");
    CHECK(field.hear() == "$");
    CHECK(field.reporter.trouble() == "it refuses the token");
    field.token = "AUTH kiwi right";
    field.run(1s);
    REQUIRE(field.accept());
    CHECK(field.hear() == "AUTH kiwi right\n");
    field.say("AUTH A kiwi report 0\n");
    CHECK(field.hear() == "one\n");
    field.say("AT A +1.0 kiwi one\n");
    // Its time is over.
    field.report("two");
    CHECK(field.hear() == "two\n");
    field.say("? two\n");
    CHECK(field.hear() == "$");
    field.token = "AUTH kiwi newer";
    field.report("three");
    field.run(1s);
    REQUIRE(field.accept());
    CHECK(field.hear() == "AUTH kiwi newer\n");
}

TEST_CASE("reporter: a token that is refused again and again is shown ever less often", "[gps]") {
    Field field("AUTH kiwi wrong");
    field.listen();
    int shown = 0;
    for (int i = 0; i < 6000; ++i) {
        if (i % 100 == 0) field.report("report " + std::to_string(i));
        if (field.accept()) {
            ++shown;
            field.hear();
            field.say("? AUTH kiwi wrong\n");
        }
        field.run(10ms);
    }
    CHECK(shown > 10);
    CHECK(shown < 30);
}

TEST_CASE("reporter: a token that cannot be read is waited for", "[gps]") {
    Field field("unreadable");
    field.listen();
    field.report("one");
    REQUIRE(field.accept());
    CHECK(field.hear() == "$");
    CHECK(field.reporter.trouble() == "it cannot be read");
    field.token = "AUTH kiwi token";
    field.run(1s);
    REQUIRE(field.accept());
    CHECK(field.hear() == "AUTH kiwi token\n");
}

TEST_CASE("reporter: a report that is refused with a token is one trouble, connected or not",
          "[gps]") {
    Field field("AUTH kiwi token");
    field.listen();
    std::string told;
    int refused = 0;
    for (int i = 0; i < 2000; ++i) {
        if (i % 100 == 0) field.report("report " + std::to_string(i));
        if (field.accept()) {
            field.hear();
            field.say("AUTH A kiwi report 0\n");
            const std::string line = field.hear();
            field.say("? " + line);
            ++refused;
        }
        field.run(10ms);
        // As the program tells it.
        std::string now(field.reporter.trouble());
        if (now.empty() && field.reporter.verdict() == Verdict::refused) now = Reporter::refuses;
        if (!now.empty() && !told.ends_with(now + "\n")) told += now + "\n";
    }
    CHECK(refused > 3);
    CHECK(told == std::string(Reporter::refuses) + "\n");
}

TEST_CASE("reporter: leaves when what it has said is answered", "[gps]") {
    Field field;
    field.listen();
    field.report("one");
    REQUIRE(field.accept());
    CHECK(field.hear() == "one\n");
    field.report("two");
    const auto leave = [&] {
        field.kernel.enter(here);
        const bool left = field.reporter.leave();
        field.run(1ms);
        return left;
    };
    CHECK_FALSE(leave());
    field.say("AT A +1.0 kiwi one\n");
    CHECK(field.hear() == "two\n");
    CHECK_FALSE(leave());
    field.say("AT A +1.0 kiwi two\n");
    CHECK_FALSE(leave());
    CHECK(field.hear() == "$");
    field.hang_up();
    CHECK(leave());
}

TEST_CASE("reporter: with nobody there it leaves at once", "[gps]") {
    Field field;
    field.report("one");
    field.kernel.enter(here);
    CHECK(field.reporter.leave());
    field.listen();
    field.run(20s);
    CHECK_FALSE(field.accept());
}

}  // namespace reporter_test
