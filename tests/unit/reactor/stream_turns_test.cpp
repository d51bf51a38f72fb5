#include "reactor/stream.hpp"
#include "tests/unit/reactor/sessions.hpp"

#include <cstdint>

namespace reactor::stream_turns_test {

namespace {

using namespace test;

// One line to a turn, as `lines_per_turn` would have it.
void yield_each_line(Session& session) {
    session.on_line = [&session](std::string_view) { session.stream.yield(); };
}

void spend_a_turns_time() {
    const std::int64_t until = sys::monotonic_ns() + Wire::turns_time.count() + 1;
    while (sys::monotonic_ns() < until) {
    }
}

TEST_CASE("stream: whose turn is over has the rest in later turns, without new input",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Session session(bench, std::move(pair.ours));
    yield_each_line(session);
    say(pair.theirs, "a\nb\nc\nd");
    turn(bench.loop);
    REQUIRE(session.lines == Texts{"a", "b"});  // The second in the work phase of the same one.
    REQUIRE(session.stream.yielded());
    REQUIRE(session.stream.waiting() == Stream::Waiting::owner);
    bench.wire.check();
    turn(bench.loop);
    REQUIRE(session.lines == Texts{"a", "b", "c"});
    turn(bench.loop, 2);
    REQUIRE_FALSE(session.stream.yielded());
    REQUIRE(session.stream.waiting() == Stream::Waiting::rest);
    REQUIRE(bench.wire.counters().turns_cut == 3);
    say(pair.theirs, "\n");
    turn(bench.loop, 2);
    REQUIRE(session.lines == Texts{"a", "b", "c", "d"});
    REQUIRE(bench.wire.blocks().in_use() == 0);
    bench.wire.check();
}

TEST_CASE("stream: of whose turn is over nothing is read, and it does not keep the loop awake",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Pair other = local_pair();
    Session session(bench, std::move(pair.ours));
    Session beside(bench, std::move(other.ours));
    yield_each_line(session);
    say(pair.theirs, "1\n2\n3\n4\n5\n6\n");
    turn(bench.loop);
    say(pair.theirs, "7\n");
    const auto receives = bench.wire.counters().receives;
    turn(bench.loop, 2);
    REQUIRE(bench.wire.counters().receives == receives);
    // Who says little has an answer at once.
    say(other.theirs, "polite\n");
    turn(bench.loop);
    REQUIRE(beside.lines == Texts{"polite"});
    turn(bench.loop, 6);
    REQUIRE(session.lines == Texts{"1", "2", "3", "4", "5", "6", "7"});
    REQUIRE(iterations_at_rest(bench.loop) <= at_rest_max);
    sys::shutdown_write(pair.theirs.fd());
    turn(bench.loop, 2);
    REQUIRE(session.ended);
}

TEST_CASE("stream: those who have had a turn have one after the other while there is time",
          "[reactor][stream]") {
    Bench bench;
    std::string order;
    std::vector<Socket> peers;
    std::vector<std::unique_ptr<Session>> sessions;
    for (const char name : {'a', 'b', 'c'}) {
        Pair pair = local_pair();
        say(pair.theirs, "1\n2\n3\n4\n5\n");
        peers.push_back(std::move(pair.theirs));
        sessions.push_back(std::make_unique<Session>(bench, std::move(pair.ours)));
        sessions.back()->on_line = [&, name, session = sessions.back().get()](std::string_view) {
            order += name;
            spend_a_turns_time();
            session->stream.yield();
        };
    }
    turn(bench.loop);
    // Each has had its first, and the time was over then: one of them has had another.
    REQUIRE(order.size() == 4);
    REQUIRE(order[3] == order[0]);
    for (std::size_t i = 4; i < 12; ++i) {
        turn(bench.loop);
        REQUIRE(order.size() == i + 1);
        REQUIRE(order[i] == order[i - 3]);
        bench.wire.check();
    }
}

TEST_CASE("stream: a reset does not take from a turn what was read before", "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair();
    Session session(bench, std::move(pair.ours));
    yield_each_line(session);
    say(pair.theirs, "1\n2\n3\n4\n");
    turn(bench.loop);
    slam(pair.theirs);
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    REQUIRE(session.lines == Texts{"1", "2", "3", "4"});
    REQUIRE(session.closed == Closed::reset);
}

TEST_CASE("stream: the peer's end is told when all that came before it is consumed",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Session session(bench, std::move(pair.ours));
    yield_each_line(session);
    session.at_end = [&] { session.stream.finish(); };
    say(pair.theirs, "1\n2\n3\n");
    sys::shutdown_write(pair.theirs.fd());
    for (int i = 0; i < 8 && !session.closed; ++i) turn(bench.loop);
    REQUIRE(session.lines == Texts{"1", "2", "3"});
    REQUIRE(session.closed == Closed::finished);
}

TEST_CASE("stream: what is answered at length ends a turn by itself", "[reactor][stream]") {
    constexpr std::size_t answer = 8'192;
    Bench bench({.send_size = std::size_t{4} * Wire::answers_max});
    Pair pair = local_pair(4'096);
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view) { session.stream.send(pattern(answer)); };
    std::string questions;
    for (int i = 0; i < 1'000; ++i) questions += "?\n";
    say(pair.theirs, questions);
    turn(bench.loop, 3);
    // Its peer reads nothing: nothing more is asked of it, and this is all that it holds.
    REQUIRE(session.lines.size() == Wire::answers_max / answer + 1);
    REQUIRE(session.stream.unsent() <= Wire::answers_max + answer);
    REQUIRE(bench.wire.counters().turns_cut == 1);
    std::size_t heard = 0;
    REQUIRE(run_until(bench.loop, [&] {
        heard += hear(pair.theirs).size();
        return heard == 1'000 * answer;
    }));
    REQUIRE(session.lines.size() == 1'000);
}

TEST_CASE("stream: corked at the end of a turn, it has the next when it is uncorked",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view line) {
        session.stream.send(line);
        session.stream.cork(1);
        session.stream.yield();
    };
    say(pair.theirs, "1\n2\n3\n");
    turn(bench.loop, 3);
    REQUIRE(session.lines == Texts{"1"});
    REQUIRE_FALSE(session.stream.yielded());
    bench.wire.check();
    for (std::size_t count = 2; count <= 3; ++count) {
        bench.wire.uncork(1);
        turn(bench.loop, 3);
        REQUIRE(session.lines.size() == count);
    }
}

TEST_CASE("stream: an owner may pause, finish or abort what waits for its turn",
          "[reactor][stream]") {
    for (const int what : {0, 1, 2}) {
        Bench bench;
        Pair pair = local_pair();
        Session session(bench, std::move(pair.ours));
        yield_each_line(session);
        say(pair.theirs, "1\n2\n3\n4\n");
        turn(bench.loop);
        REQUIRE(session.stream.yielded());
        if (what == 0) session.stream.pause();
        if (what == 1) session.stream.finish();
        if (what == 2) session.stream.abort();
        session.stream.check();
        turn(bench.loop, 3);
        REQUIRE(session.lines == Texts{"1", "2"});
        session.stream.check();
        session.stream.resume();
        turn(bench.loop, 3);
        REQUIRE(session.lines.size() == (what == 0 ? 4 : 2));
    }
}

}  // namespace

}  // namespace reactor::stream_turns_test
