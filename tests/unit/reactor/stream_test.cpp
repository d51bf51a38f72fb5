#include "reactor/stream.hpp"

#include "tests/unit/reactor/sessions.hpp"

#include <memory>

namespace reactor::stream_test {

namespace {

using namespace test;
using Waiting = Stream::Waiting;

TEST_CASE("stream: a peer that ends its direction still gets its answer", "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view line) {
        session.stream.send("answer to " + std::string(line) + "\n");
    };
    session.at_end = [&] { session.stream.finish(); };
    say(theirs, "q\n");
    sys::shutdown_write(theirs.fd());
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    REQUIRE(session.closed == Closed::finished);
    REQUIRE(hear(theirs) == "answer to q\n");
    REQUIRE(hears_end(theirs));
}

TEST_CASE("stream: finish sends what is unsent, ends, and discards until the peer ends",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair(4096);
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    const std::string answer = pattern(600'000);
    // More than one buffer: the kernel is sure to refuse some.
    for (std::size_t i = 0; i < answer.size(); i += 100'000) {
        session.stream.send(std::string_view(answer).substr(i, 100'000));
    }
    session.stream.finish();
    REQUIRE(session.stream.finishing());
    turn(bench.loop);
    REQUIRE(session.stream.blocked());
    REQUIRE(session.stream.waiting() == Waiting::drain);
    // Unread input at close would reset the connection and eat the answer.
    say(theirs, "still talking\n");
    std::string heard;
    REQUIRE(run_until(bench.loop, [&] {
        turn(bench.loop);
        heard += hear(theirs);
        return heard.size() == answer.size();
    }));
    REQUIRE(heard == answer);
    turn(bench.loop, 3);
    REQUIRE(hears_end(theirs));
    REQUIRE(session.stream.waiting() == Waiting::linger);
    say(theirs, "and talking\n");
    turn(bench.loop, 3);
    REQUIRE_FALSE(session.closed);
    REQUIRE(session.inputs == 0);
    REQUIRE(iterations_at_rest(bench.loop) <= at_rest_max);
    sys::shutdown_write(theirs.fd());
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    REQUIRE(session.closed == Closed::finished);
    REQUIRE(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: finished, with its peer's end come before all is sent, it sends on",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair(4096);
    Session session(bench, std::move(pair.ours));
    session.stream.send_now(pattern(600'000));
    session.stream.finish();
    sys::shutdown_write(pair.theirs.fd());
    turn(bench.loop, 3);
    REQUIRE(session.stream.blocked());
    REQUIRE(iterations_at_rest(bench.loop) <= at_rest_max);
    std::string heard;
    REQUIRE(run_until(bench.loop, [&] {
        heard += hear(pair.theirs);
        return session.closed.has_value();
    }));
    REQUIRE(session.closed == Closed::finished);
    heard += hear(pair.theirs);
    REQUIRE(heard == pattern(600'000));
    REQUIRE(hears_end(pair.theirs));
}

TEST_CASE("stream: a reset while finishing closes it once", "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair(4096);
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.stream.send_now(pattern(600'000));
    REQUIRE(session.stream.blocked());
    session.stream.finish();
    turn(bench.loop);
    slam(theirs);
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    REQUIRE(session.closed == Closed::reset);
    REQUIRE(bench.wire.blocks().in_use() == 0);
    turn(bench.loop, 2);
}

TEST_CASE("stream: a reset while lingering closes it once", "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.stream.finish();
    turn(bench.loop);
    REQUIRE(session.stream.waiting() == Waiting::linger);
    slam(theirs);
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    REQUIRE(session.closed == Closed::reset);
}

TEST_CASE("stream: a reset while paused closes it at once, and once", "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view) { session.stream.pause(); };
    say(theirs, "a\nb\n");
    turn(bench.loop, 2);
    say(theirs, "c\n");
    turn(bench.loop, 2);  // Nothing is read any more.
    slam(theirs);
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    REQUIRE(session.closed == Closed::reset);
    REQUIRE(session.lines == Texts{"a"});
    session.stream.resume();
    turn(bench.loop, 2);
    REQUIRE(session.lines == Texts{"a"});
    REQUIRE(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: aborted inside on_input, it tells its owner once, in the same iteration",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    auto session = std::make_unique<Session>(bench, std::move(pair.ours));
    bool told = false;
    session->on_line = [&](std::string_view) {
        session->stream.send("never sent\n");
        session->stream.abort();
        session->stream.abort();
        session->stream.send("neither\n");
        session->stream.send_now("nor\n");
        session->stream.pause();
        session->stream.resume();
        session->stream.finish();
        REQUIRE_FALSE(session->closed);
        REQUIRE(session->stream.dead());
    };
    session->gone = [&] {
        told = session->closed == Closed::aborted;
        session.reset();  // The owner releases the stream in it.
    };
    say(theirs, "a\nb\n");
    bench.loop.run_once();
    REQUIRE(told);
    REQUIRE(hear(theirs).empty());
    turn(bench.loop, 2);
}

TEST_CASE("stream: aborted by another in the same batch, it hears nothing more",
          "[reactor][stream]") {
    Bench bench;
    auto one = local_pair();
    auto two = local_pair();
    Session first(bench, std::move(one.ours));
    Session second(bench, std::move(two.ours));
    first.on_line = [&](std::string_view) { second.stream.abort(); };
    second.on_line = [&](std::string_view) { first.stream.abort(); };
    say(one.theirs, "x\n");
    say(two.theirs, "x\n");
    turn(bench.loop, 2);
    REQUIRE(first.lines.size() + second.lines.size() == 1);
    REQUIRE(first.closed.has_value() != second.closed.has_value());
}

TEST_CASE("stream: what is written to the dead is not kept for their successors",
          "[reactor][stream]") {
    Bench bench;
    auto one = local_pair();
    auto two = local_pair();
    auto first = std::make_unique<Session>(bench, std::move(one.ours));
    auto second = std::make_unique<Session>(bench, std::move(two.ours));
    // Both die in one batch; the farewell of the first goes to the second, whose turn comes next.
    first->gone = [&] {
        second->stream.send("farewell");
        second->stream.reserve(1)[0] = 'x';
        second->stream.commit(1);
    };
    second->gone = [&] { second.reset(); };
    first->stream.abort();
    second->stream.abort();
    turn(bench.loop, 3);
    REQUIRE(second == nullptr);
    REQUIRE(bench.wire.counters().sends == 0);
}

TEST_CASE("stream: a peer that vanished is noticed in sending, without a call back from inside",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    theirs.close();
    session.stream.send_now("x");
    REQUIRE_FALSE(session.closed);
    REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
    REQUIRE(session.closed == Closed::reset);
}

TEST_CASE("stream: want of a block closes only the one that needs it", "[reactor][stream]") {
    Bench bench({.blocks = 4, .blocks_reserved = 1});
    auto one = local_pair();
    auto two = local_pair();
    auto three = local_pair();
    Session first(bench, std::move(one.ours));
    Session second(bench, std::move(two.ours));
    Session neighbour(bench, std::move(three.ours), true);
    say(one.theirs, std::string(8000, 'a'));
    turn(bench.loop);
    say(two.theirs, std::string(8000, 'b'));
    turn(bench.loop);
    REQUIRE(second.closed == Closed::no_blocks);
    REQUIRE(bench.wire.counters().blocks_exhausted == 1);
    say(three.theirs, std::string(8000, 'c'));
    turn(bench.loop);
    say(three.theirs, "\n");
    say(one.theirs, "\n");
    turn(bench.loop);
    REQUIRE(first.lines == Texts{std::string(8000, 'a')});
    REQUIRE(neighbour.lines == Texts{std::string(8000, 'c')});
    REQUIRE_FALSE(first.closed);
    REQUIRE_FALSE(neighbour.closed);
    REQUIRE(bench.wire.blocks().in_use() == 0);
}

struct Silent final : StreamEvents {
    std::size_t on_input(std::string_view, std::size_t, bool) override { return 0; }
    void on_closed(Closed) override { FAIL("it was never open"); }
};

TEST_CASE("stream: a full loop refuses it and closes its socket", "[reactor][stream]") {
    OpenLoop loop({.watches = 1, .timers = 4});
    Wire wire(loop);
    REQUIRE(wire.open({}).has_value());
    auto one = local_pair();
    auto two = local_pair();
    Silent events;
    Stream first(wire, events);
    Stream second(wire, events);
    REQUIRE(first.open(std::move(one.ours)).has_value());
    REQUIRE(second.open(std::move(two.ours)).error().value == ENOSPC);
    first.check();
    second.check();
    REQUIRE(hears_end(two.theirs));
}

TEST_CASE("stream: says what it waits for", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair(4096);
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    Stream& stream = session.stream;
    const auto since_ok = [&] { return stream.waiting_since() <= bench.wire.seconds(); };
    REQUIRE(stream.waiting() == Waiting::first);
    REQUIRE(stream.waiting_since() == bench.wire.seconds());
    say(theirs, "beg");
    turn(bench.loop);
    REQUIRE(stream.waiting() == Waiting::rest);
    say(theirs, "in\n");
    turn(bench.loop);
    REQUIRE(stream.waiting() == Waiting::next);
    stream.pause();
    REQUIRE(stream.waiting() == Waiting::owner);
    stream.send_now(pattern(100'000));
    REQUIRE(stream.waiting() == Waiting::drain);
    REQUIRE(run_until(bench.loop, [&] {
        static_cast<void>(hear(theirs));
        turn(bench.loop);
        return !stream.blocked();
    }));
    REQUIRE(stream.waiting() == Waiting::owner);
    stream.resume();
    REQUIRE(stream.waiting() == Waiting::next);
    stream.finish();
    REQUIRE(stream.waiting() == Waiting::linger);
    REQUIRE(since_ok());
}

TEST_CASE("stream: finish inside on_input discards what stands behind", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view) {
        session.stream.send("bye\n");
        session.stream.finish();
    };
    say(theirs, "quit\nmore\nmore\n");
    turn(bench.loop, 2);
    REQUIRE(session.lines == Texts{"quit"});
    REQUIRE(hear(theirs) == "bye\n");
    REQUIRE(hears_end(theirs));
    REQUIRE(bench.wire.blocks().in_use() == 0);
}

}  // namespace

}  // namespace reactor::stream_test
