#include "reactor/stream.hpp"
#include "tests/unit/reactor/sessions.hpp"

#include <memory>

namespace reactor::stream_output_test {

namespace {

using namespace test;
using Waiting = Stream::Waiting;

TEST_CASE("stream: who owes us reading is not read from, and goes on when it has read",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair(4096);
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    std::string expected;
    session.on_line = [&](std::string_view line) {
        const std::string answer = std::string(line) + pattern(2000) + "\n";
        session.stream.send_now(answer);
        expected += answer;
    };
    std::string heard;
    std::string questions;
    std::size_t asked = 0;
    for (int i = 0; i < 400; ++i) questions += "question " + std::to_string(i) + "\n";
    // All at once first: answers must stop when the kernel takes no more.
    say(theirs, questions);
    turn(bench.loop, 5);
    REQUIRE(session.stream.blocked());
    REQUIRE_FALSE(session.stream.listens());
    asked = session.lines.size();
    REQUIRE(asked < 100);
    REQUIRE(bench.wire.blocks().in_use() <= 4);
    say(theirs, "late\n");
    REQUIRE(iterations_at_rest(bench.loop) <= at_rest_max);
    REQUIRE(session.lines.size() == asked);
    REQUIRE(run_until(bench.loop, [&] {
        heard += hear(theirs, 700);
        turn(bench.loop);
        return session.lines.size() == 401 && heard.size() == expected.size();
    }));
    REQUIRE(heard == expected);
    REQUIRE(session.lines.back() == "late");
    REQUIRE(session.drains > 100);
    REQUIRE_FALSE(session.stream.blocked());
    REQUIRE(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: one that reads on hears who owes it reading", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair(4096);
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.stream.read_on();
    const std::string expected = pattern(100'000);
    session.stream.send_now(expected);
    say(theirs, "one\n");
    turn(bench.loop, 2);
    REQUIRE(session.stream.blocked());
    REQUIRE(session.lines.back() == "one");
    REQUIRE(iterations_at_rest(bench.loop) <= at_rest_max);
    say(theirs, "two\n");
    std::string heard;
    REQUIRE(run_until(bench.loop, [&] {
        heard += hear(theirs, 700);
        turn(bench.loop);
        return heard.size() == expected.size();
    }));
    REQUIRE(heard == expected);
    REQUIRE(session.lines.size() == 2);
}

TEST_CASE("stream: what waits for the kernel stays in order with what comes behind it",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair(4096);
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    std::string expected;
    std::string heard;
    for (int round = 0; round < 200; ++round) {
        const std::string bytes =
            pattern(static_cast<std::size_t>(round * 37 % 3000), expected.size());
        session.stream.send(bytes);
        expected += bytes;
        turn(bench.loop);
        heard += hear(theirs, static_cast<std::size_t>(round * 53 % 2900));
    }
    REQUIRE(run_until(bench.loop, [&] {
        turn(bench.loop);
        heard += hear(theirs);
        return heard.size() >= expected.size();
    }));
    REQUIRE(heard == expected);
}

TEST_CASE("stream: one wake drains a bounded number of blocks", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair(4096);
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.stream.send_now(pattern(1'000'000));
    int size = 4 << 20;
    setsockopt(session.stream.socket().fd(), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    static_cast<void>(hear(theirs));
    const std::size_t before = session.stream.unsent();
    REQUIRE(before > 500'000);
    turn(bench.loop);
    REQUIRE(before - session.stream.unsent() > 0);
    REQUIRE(before - session.stream.unsent() <= 64 << 10);
}

TEST_CASE("stream: an owner may finish, pause or abort when told that all is sent",
          "[reactor][stream]") {
    for (const int deed : {0, 1, 2, 3}) {
        Bench bench;
        Pair pair = local_pair(4096);
        Socket& theirs = pair.theirs;
        Session session(bench, std::move(pair.ours));
        session.drained = [&] {
            if (deed == 0) session.stream.finish();
            if (deed == 1) session.stream.pause();
            if (deed == 2) session.stream.abort();
            if (deed == 3 && session.drains == 1) session.stream.send_now(pattern(100'000));
        };
        session.stream.send_now(pattern(100'000));
        say(theirs, "a\n");
        std::string heard;
        REQUIRE(run_until(bench.loop, [&] {
            heard += hear(theirs);
            turn(bench.loop);
            return session.drains == (deed == 3 ? 2 : 1);
        }));
        turn(bench.loop, 2);
        heard += hear(theirs);
        REQUIRE(heard == pattern(100'000) + (deed == 3 ? pattern(100'000) : ""));
        REQUIRE(session.lines == (deed == 3 ? Texts{"a"} : Texts{}));
        REQUIRE(session.closed == (deed == 2 ? std::optional(Closed::aborted) : std::nullopt));
        if (deed == 0) REQUIRE(session.stream.waiting() == Waiting::linger);
        if (deed == 1) {
            session.stream.resume();
            turn(bench.loop, 2);
            REQUIRE(session.lines == Texts{"a"});
        }
    }
}

TEST_CASE("stream: unsent output without a block to wait in closes it", "[reactor][stream]") {
    Bench bench({.blocks = 2, .blocks_reserved = 0});
    Pair pair = local_pair(4096);
    Session session(bench, std::move(pair.ours));
    session.stream.send(pattern(200'000));
    turn(bench.loop);
    REQUIRE(session.closed == Closed::no_blocks);
    REQUIRE(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: whoever is made to give blocks back makes room for the one that wants some",
          "[reactor][stream]") {
    struct Relief {
        bool relieve() {
            ++asked;
            for (Session* session : sessions) {
                if (session->stream.borrowed() == 0) continue;
                session->stream.abort();
                return true;
            }
            return false;
        }
        std::vector<Session*> sessions;
        int asked = 0;
    };
    Bench bench({.blocks = 3, .blocks_reserved = 1});
    Pair one = local_pair();
    Pair two = local_pair();
    Session greedy(bench, std::move(one.ours));
    Session polite(bench, std::move(two.ours));
    Relief relief{{&greedy}};
    bench.wire.relieve_with(Delegate<bool()>::to<&Relief::relieve>(relief));
    say(one.theirs, std::string(8'000, 'a'));
    turn(bench.loop);
    say(two.theirs, "half");
    turn(bench.loop);
    REQUIRE(greedy.closed == Closed::aborted);
    REQUIRE_FALSE(polite.closed);
    say(two.theirs, " a line\n");
    turn(bench.loop);
    REQUIRE(polite.lines == Texts{"half a line"});
    REQUIRE(relief.asked == 1);
    // Nobody else can be made to: it is the one that goes.
    say(two.theirs, std::string(12'000, 'b'));
    turn(bench.loop, 2);
    REQUIRE(polite.closed == Closed::no_blocks);
    REQUIRE(relief.asked == 2);
    REQUIRE(bench.wire.counters().blocks_exhausted == 1);
    REQUIRE(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: who holds most itself is the one that goes, without a trace in the pool",
          "[reactor][stream]") {
    struct Relief {
        bool relieve() {
            session->stream.abort();
            return true;
        }
        Session* session;
    };
    Bench bench({.blocks = 3, .blocks_reserved = 1});
    Pair pair = local_pair();
    Session session(bench, std::move(pair.ours));
    Relief relief{&session};
    bench.wire.relieve_with(Delegate<bool()>::to<&Relief::relieve>(relief));
    say(pair.theirs, std::string(12'000, 'a'));
    turn(bench.loop, 2);
    REQUIRE(session.closed == Closed::aborted);
    REQUIRE(bench.wire.counters().blocks_exhausted == 0);
    REQUIRE(bench.wire.blocks().in_use() == 0);
    bench.wire.check();
}

TEST_CASE("stream: short pauses cost no system call of their own", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view) { session.stream.pause(); };
    for (int i = 0; i < 10; ++i) {
        say(theirs, "a\n");
        turn(bench.loop);
        session.stream.resume();
    }
    REQUIRE(session.lines.size() == 10);
    REQUIRE(bench.wire.counters().receives == 10);
}

}  // namespace

}  // namespace reactor::stream_output_test
