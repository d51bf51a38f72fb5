#include "reactor/stream.hpp"
#include "tests/unit/reactor/sessions.hpp"

namespace reactor {
namespace {

using namespace test;
using Waiting = Stream::Waiting;

// A session that answers "yes" to each line; "hold" corks it first.
struct Corked {
    Corked() : pair(local_pair(65'536)), session(bench, std::move(pair.ours)) {
        session.on_line = [this](std::string_view line) {
            if (line == "hold") session.stream.cork();
            session.stream.send("yes\n");
        };
    }

    Bench bench;
    Pair pair;
    Session session;
    Socket& theirs = pair.theirs;
};

TEST_CASE("stream: what is sent while it is corked waits, and nothing more is read",
          "[reactor][stream]") {
    Corked it;
    say(it.theirs, "one\n");
    turn(it.bench.loop, 3);
    REQUIRE(hear(it.theirs, 100) == "yes\n");
    say(it.theirs, "hold\ntwo\nthree\n");
    turn(it.bench.loop, 3);
    // The whole batch it came in is answered, but not a later one.
    REQUIRE(it.session.lines.size() == 4);
    say(it.theirs, "four\n");
    REQUIRE(iterations_at_rest(it.bench.loop) <= at_rest_max);
    REQUIRE(it.session.lines.size() == 4);
    REQUIRE(hear(it.theirs, 100).empty());
    REQUIRE(it.session.stream.blocked());
    REQUIRE(it.session.stream.waiting() == Waiting::owner);
    it.session.stream.uncork();
    REQUIRE(run_until(it.bench.loop, [&] { return it.session.lines.size() == 5; }));
    turn(it.bench.loop, 2);
    REQUIRE(hear(it.theirs, 100) == "yes\nyes\nyes\nyes\n");
    REQUIRE(it.session.drains == 1);
    REQUIRE(it.bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: uncorked before anything waited, it sends as ever", "[reactor][stream]") {
    Corked it;
    it.session.stream.uncork();
    say(it.theirs, "hold\n");
    it.session.on_line = [&](std::string_view) {
        it.session.stream.cork();
        it.session.stream.send("yes\n");
        it.session.stream.uncork();
    };
    turn(it.bench.loop, 3);
    REQUIRE(hear(it.theirs, 100) == "yes\n");
}

TEST_CASE("stream: one that is finished while corked ends when it is not", "[reactor][stream]") {
    Corked it;
    say(it.theirs, "hold\n");
    turn(it.bench.loop, 3);
    it.session.stream.finish();
    REQUIRE(iterations_at_rest(it.bench.loop) <= at_rest_max);
    REQUIRE(hear(it.theirs, 100).empty());
    it.session.stream.uncork();
    turn(it.bench.loop, 3);
    REQUIRE(hear(it.theirs, 100) == "yes\n");
    it.theirs.close();
    REQUIRE(run_until(it.bench.loop, [&] { return it.session.closed.has_value(); }));
    REQUIRE(*it.session.closed == Closed::finished);
}

TEST_CASE("stream: a peer that goes while it is corked is noticed", "[reactor][stream]") {
    Corked it;
    say(it.theirs, "hold\n");
    turn(it.bench.loop, 3);
    say(it.theirs, "more\n");
    turn(it.bench.loop, 3);
    slam(it.theirs);
    REQUIRE(run_until(it.bench.loop, [&] { return it.session.closed.has_value(); }));
    REQUIRE(*it.session.closed == Closed::reset);
    it.session.stream.uncork();
    REQUIRE(it.bench.wire.blocks().in_use() == 0);
}

}  // namespace
}  // namespace reactor
