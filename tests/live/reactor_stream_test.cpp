#include "reactor/stream.hpp"
#include "tests/unit/reactor/sessions.hpp"

namespace reactor {
namespace {

using namespace test;
using Waiting = Stream::Waiting;

// Lets the loop's clock reach the next whole second.
void next_second(Bench& bench) {
    const std::uint32_t before = bench.wire.seconds();
    REQUIRE(run_until(bench.loop, [&] { return bench.wire.seconds() > before; }));
}

TEST_CASE("stream: the time it waits counts from its last progress", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair(4096);
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    Stream& stream = session.stream;
    const std::uint32_t start = stream.waiting_since();
    say(theirs, "begun");
    turn(bench.loop);
    const std::uint32_t begun = stream.waiting_since();
    REQUIRE(stream.waiting() == Waiting::rest);
    REQUIRE(begun >= start);
    next_second(bench);
    // A byte more of the same line is no progress: who drips is found out.
    say(theirs, ".");
    turn(bench.loop);
    REQUIRE(stream.waiting() == Waiting::rest);
    REQUIRE(stream.waiting_since() == begun);
    say(theirs, "\n");
    turn(bench.loop);
    REQUIRE(stream.waiting() == Waiting::next);
    REQUIRE(stream.waiting_since() > begun);
    // More output behind blocked output is none either; that some is read is.
    stream.send_now(pattern(100'000));
    REQUIRE(stream.waiting() == Waiting::drain);
    const std::uint32_t blocked = stream.waiting_since();
    next_second(bench);
    stream.send_now(pattern(1'000));
    REQUIRE(stream.waiting_since() == blocked);
    REQUIRE(run_until(bench.loop, [&] {
        static_cast<void>(hear(theirs, 5'000));
        return stream.unsent() < 90'000;
    }));
    REQUIRE(stream.waiting() == Waiting::drain);
    REQUIRE(stream.waiting_since() > blocked);
}

TEST_CASE("stream: a peer that talks on does not prolong the lingering", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.stream.finish();
    const std::uint32_t since = session.stream.waiting_since();
    next_second(bench);
    say(theirs, "still here");
    turn(bench.loop, 2);
    REQUIRE(session.stream.waiting() == Waiting::linger);
    REQUIRE(session.stream.waiting_since() == since);
}

}  // namespace
}  // namespace reactor
