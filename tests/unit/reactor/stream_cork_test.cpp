#include "reactor/stream.hpp"
#include "tests/unit/reactor/sessions.hpp"

namespace reactor::stream_cork_test {

namespace {

using namespace test;
using Waiting = Stream::Waiting;

// A session that answers "yes" to each line; "hold" corks it first.
struct Corked {
    Corked() : pair(local_pair(65'536)), session(bench, std::move(pair.ours)) {
        session.on_line = [this](std::string_view line) {
            if (line == "hold") session.stream.cork(++mark);
            session.stream.send("yes\n");
        };
    }

    Bench bench;
    Pair pair;
    Session session;
    Socket& theirs = pair.theirs;
    std::uint64_t mark = 0;
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
    it.bench.wire.uncork(it.mark);
    REQUIRE(run_until(it.bench.loop, [&] { return it.session.lines.size() == 5; }));
    turn(it.bench.loop, 2);
    REQUIRE(hear(it.theirs, 100) == "yes\nyes\nyes\nyes\n");
    REQUIRE(it.session.drains == 1);
    REQUIRE(it.bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: uncorked before anything waited, it sends as ever", "[reactor][stream]") {
    Corked it;
    it.bench.wire.uncork(it.mark);
    say(it.theirs, "hold\n");
    it.session.on_line = [&](std::string_view) {
        it.session.stream.cork(++it.mark);
        it.session.stream.send("yes\n");
        it.bench.wire.uncork(it.mark);
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
    it.bench.wire.uncork(it.mark);
    turn(it.bench.loop, 3);
    REQUIRE(hear(it.theirs, 100) == "yes\n");
    it.theirs.close();
    REQUIRE(run_until(it.bench.loop, [&] { return it.session.closed.has_value(); }));
    REQUIRE(*it.session.closed == Closed::finished);
}

TEST_CASE("stream: an uncorked mark lets go of those up to it", "[reactor][stream]") {
    Corked it;
    Pair other_pair = local_pair(65'536);
    Session other(it.bench, std::move(other_pair.ours));
    it.session.stream.cork(1);
    it.session.stream.send("one\n");
    other.stream.cork(2);
    other.stream.send("two\n");
    it.session.stream.cork(3);
    turn(it.bench.loop, 2);
    it.bench.wire.uncork(2);
    turn(it.bench.loop, 2);
    REQUIRE(hear(other_pair.theirs, 100) == "two\n");
    REQUIRE(hear(it.theirs, 100).empty());
    it.bench.wire.uncork(UINT64_MAX);
    turn(it.bench.loop, 2);
    REQUIRE(hear(it.theirs, 100) == "one\n");
}

TEST_CASE("stream: what came while it was corked is heard after it", "[reactor][stream]") {
    Corked it;
    it.session.on_line = [&](std::string_view) { it.session.stream.pause(); };
    say(it.theirs, "one\ntwo\n");
    turn(it.bench.loop, 2);
    REQUIRE(it.session.lines == Texts{"one"});
    it.session.stream.resume();
    it.session.stream.cork(1);
    const bool sends = GENERATE(false, true);
    if (sends) it.session.stream.send("yes\n");
    turn(it.bench.loop, 3);
    REQUIRE(it.session.lines == Texts{"one"});
    it.bench.wire.uncork(1);
    REQUIRE(run_until(it.bench.loop, [&] { return it.session.lines == Texts{"one", "two"}; }));
    REQUIRE(hear(it.theirs, 100) == (sends ? "yes\n" : ""));
}

TEST_CASE("stream: corked while it waits for the kernel, it does not spin when that has room",
          "[reactor][stream]") {
    Corked it;
    const std::string text = pattern(1'000'000);
    it.session.stream.send_now(text);
    REQUIRE(it.session.stream.blocked());
    it.session.stream.cork(1);
    it.session.stream.check();
    std::string heard = hear(it.theirs);
    REQUIRE(iterations_at_rest(it.bench.loop) <= at_rest_max);
    REQUIRE(it.session.stream.waiting() == Waiting::owner);
    it.bench.wire.uncork(1);
    REQUIRE(run_until(it.bench.loop, [&] {
        turn(it.bench.loop);
        heard += hear(it.theirs);
        return heard.size() == text.size();
    }));
    REQUIRE(heard == text);
}

TEST_CASE("stream: one that dies while corked is let go of", "[reactor][stream]") {
    Corked it;
    say(it.theirs, "hold\n");
    turn(it.bench.loop, 3);
    it.session.stream.abort();
    it.bench.wire.uncork(it.mark);
    it.session.stream.cork(++it.mark);
    it.bench.wire.uncork(it.mark);
    turn(it.bench.loop, 2);
    REQUIRE(*it.session.closed == Closed::aborted);
    REQUIRE(it.bench.wire.blocks().in_use() == 0);
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
    it.bench.wire.uncork(it.mark);
    REQUIRE(it.bench.wire.blocks().in_use() == 0);
}

}  // namespace

}  // namespace reactor::stream_cork_test
