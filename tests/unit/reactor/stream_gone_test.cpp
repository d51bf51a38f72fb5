// A peer that has reset its connection takes nothing any more. What it had said before stays with
// the kernel, and is heard to its end.
#include "reactor/stream.hpp"
#include "tests/unit/reactor/sessions.hpp"

namespace reactor::stream_gone_test {

using namespace test;

std::string numbered(int from, int until) {
    std::string lines;
    for (int i = from; i < until; ++i) lines += std::to_string(i) + "\n";
    return lines;
}

TEST_CASE("stream: who is gone is heard to the end of what had come, and hears nothing",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair();
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view) {
        session.stream.send("an answer\n");
        session.stream.yield();
    };
    say(pair.theirs, numbered(0, 10));
    turn(bench.loop);
    say(pair.theirs, numbered(10, 20) + "cut of");
    slam(pair.theirs);
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    CHECK(session.closed == Closed::reset);
    CHECK(session.lines.size() == 20);
    CHECK(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: so it is with what was not read as its answers were not", "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair(4096);
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view) { session.stream.send_now(pattern(2'000)); };
    std::size_t said = 0;
    while (!session.stream.blocked()) {
        say(pair.theirs, numbered(0, 10));
        said += 10;
        turn(bench.loop);
    }
    say(pair.theirs, numbered(0, 10));
    said += 10;
    turn(bench.loop, 2);
    REQUIRE(session.lines.size() < said);
    slam(pair.theirs);
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    CHECK(session.closed == Closed::reset);
    CHECK(session.lines.size() == said);
    CHECK(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: so it is with what was not read as its answers were corked",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair();
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view) {
        session.stream.cork(1);
        session.stream.send("an answer\n");
    };
    say(pair.theirs, "1\n");
    turn(bench.loop, 2);
    REQUIRE(session.stream.blocked());
    say(pair.theirs, "2\n3\n");
    turn(bench.loop, 2);
    REQUIRE(session.lines.size() == 1);
    slam(pair.theirs);
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    CHECK(session.closed == Closed::reset);
    CHECK(session.lines == Texts{"1", "2", "3"});
    bench.wire.uncork(1);
    turn(bench.loop);
}

// An end behind which the peer is gone may be one that it never said.
TEST_CASE("stream: what is unfinished when who said it is gone is worth nothing",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair();
    Session session(bench, std::move(pair.ours));
    bool whole = false;
    session.at_end = [&] {
        whole = !session.stream.cut();
        session.stream.finish();
    };
    say(pair.theirs, "cut of");
    slam(pair.theirs);
    session.stream.send_now("a");
    CHECK_FALSE(session.stream.dead());
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    CHECK_FALSE(whole);
    CHECK(session.closed == Closed::reset);
}

}  // namespace reactor::stream_gone_test
