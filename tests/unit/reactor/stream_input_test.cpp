#include "reactor/stream.hpp"
#include "tests/unit/reactor/sessions.hpp"

#include <memory>

namespace reactor::stream_input_test {

namespace {

using namespace test;

TEST_CASE("stream: every split of an input gives the same lines", "[reactor][stream]") {
    Bench bench;
    const std::string text = "one\r\n\ntwo\nthree\r\nx\n";
    const Texts expected{"one", "", "two", "three", "x"};
    for (std::size_t first = 0; first <= text.size(); ++first) {
        for (std::size_t second = first; second <= text.size(); ++second) {
            Pair pair = local_pair();
            Socket& theirs = pair.theirs;
            Session session(bench, std::move(pair.ours));
            for (const auto& part :
                 {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
                say(theirs, part);
                turn(bench.loop);
            }
            REQUIRE(session.lines == expected);
            REQUIRE(bench.wire.blocks().in_use() == 0);
        }
    }
}

TEST_CASE("stream: a byte at a time gives the same lines, and each byte is seen as new once",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    std::size_t fresh = 0;
    session.input = [&](std::string_view bytes, std::size_t seen) {
        REQUIRE(bytes.substr(0, seen).find('\n') == std::string_view::npos);
        fresh += bytes.size() - seen;
        return session.take_lines(bytes, seen);
    };
    const std::string text = "one\r\n\ntwo\nthree\r\nx\n";
    for (const char byte : text) {
        say(theirs, {&byte, 1});
        turn(bench.loop);
    }
    REQUIRE(session.lines == Texts{"one", "", "two", "three", "x"});
    REQUIRE(fresh == text.size());
}

TEST_CASE("stream: a line longer than a block is put together", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    const std::string line(3 * BlockPool::block_size + 17, 'q');
    for (std::size_t i = 0; i < line.size(); i += 1000) {
        say(theirs, line.substr(i, 1000));
        turn(bench.loop);
    }
    REQUIRE(bench.wire.blocks().in_use() == 4);
    say(theirs, "\n");
    turn(bench.loop);
    REQUIRE(session.lines == Texts{line});
    REQUIRE(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: one whose owner takes nothing of a full buffer ends, and no other",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Pair other = local_pair();
    Session session(bench, std::move(pair.ours));
    Session beside(bench, std::move(other.ours));
    session.input = [](std::string_view, std::size_t) { return std::size_t{0}; };
    const std::string some(1'000, 'q');
    for (std::size_t sent = 0; !session.closed; sent += some.size()) {
        REQUIRE(sent <= Wire::Limits{}.receive_size + some.size());
        say(pair.theirs, some);
        turn(bench.loop);
    }
    REQUIRE(session.closed == Closed::stuck);
    REQUIRE(bench.wire.counters().inputs_stuck == 1);
    REQUIRE(bench.wire.blocks().in_use() == 0);
    say(other.theirs, "one\n");
    turn(bench.loop);
    REQUIRE(beside.lines == Texts{"one"});
}

TEST_CASE("stream: a pause holds the lines behind it, resume delivers them without new input",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view) { session.stream.pause(); };
    say(theirs, "a\nb\nc\nd");
    turn(bench.loop, 3);
    REQUIRE(session.lines == Texts{"a"});
    REQUIRE(session.stream.holds_input());
    say(theirs, "d\ne\n");
    turn(bench.loop, 3);
    REQUIRE(session.lines == Texts{"a"});
    for (const std::size_t count : {2U, 3U, 4U, 5U}) {
        session.stream.resume();
        REQUIRE(session.lines.size() == count - 1);  // Never from inside the call.
        turn(bench.loop, 3);
        REQUIRE(session.lines.size() == count);
    }
    REQUIRE(session.lines == Texts{"a", "b", "c", "dd", "e"});
    REQUIRE(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("stream: paused and resumed within on_input, it goes on", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    // An answer that is there at once; and whoever pauses stops taking lines.
    session.input = [&](std::string_view bytes, std::size_t seen) {
        Lines lines(bytes, seen);
        if (const auto line = lines.take()) {
            session.lines.emplace_back(*line);
            session.stream.pause();
            session.stream.resume();
        }
        return lines.taken();
    };
    say(theirs, "a\nb\nc\n");
    turn(bench.loop, 5);
    REQUIRE(session.lines == Texts{"a", "b", "c"});
    REQUIRE(iterations_at_rest(bench.loop) <= at_rest_max);
}

TEST_CASE("stream: resumed, paused and resumed again before its turn, it delivers once",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view) { session.stream.pause(); };
    say(theirs, "a\nb\nc\n");
    turn(bench.loop);
    session.stream.resume();
    session.stream.pause();
    turn(bench.loop, 2);
    REQUIRE(session.lines == Texts{"a"});
    session.stream.resume();
    session.stream.pause();
    session.stream.resume();
    turn(bench.loop, 2);
    REQUIRE(session.lines == Texts{"a", "b"});
}

TEST_CASE("stream: input that comes while held lines wait their turn stands behind them",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    bool once = true;
    session.on_line = [&](std::string_view) {
        if (std::exchange(once, false)) session.stream.pause();
    };
    say(theirs, "a\nb\nc");
    turn(bench.loop);
    session.stream.resume();
    say(theirs, "c\nd\n");
    turn(bench.loop, 3);
    REQUIRE(session.lines == Texts{"a", "b", "cc", "d"});
}

TEST_CASE("stream: an owner may pause before a full buffer without taking anything",
          "[reactor][stream]") {
    Bench bench({.receive_size = 4096});
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    bool busy = true;
    session.input = [&](std::string_view bytes, std::size_t seen) {
        if (!busy) return session.take_lines(bytes, seen);
        session.stream.pause();
        return std::size_t{0};
    };
    std::string text;
    for (int i = 0; i < 3000; ++i) text += std::to_string(i) + "\n";
    say(theirs, text);
    for (int i = 0; i < 4; ++i) {
        turn(bench.loop, 2);
        session.stream.resume();  // More input waits in the kernel: the next wake says so too.
    }
    busy = false;
    turn(bench.loop, 10);
    REQUIRE(session.lines.size() == 3000);
    REQUIRE(session.lines.back() == "2999");
}

TEST_CASE("stream: a paused stream with unread input does not spin", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.stream.pause();
    say(theirs, "a\n");
    REQUIRE(iterations_at_rest(bench.loop) <= at_rest_max);
    REQUIRE(session.lines.empty());
    session.stream.resume();
    turn(bench.loop);
    REQUIRE(session.lines == Texts{"a"});
}

TEST_CASE("stream: the end of the input is told while and after a pause", "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view) { session.stream.pause(); };
    say(theirs, "a\nb");
    sys::shutdown_write(theirs.fd());
    turn(bench.loop, 3);
    REQUIRE_FALSE(session.ended);
    REQUIRE(iterations_at_rest(bench.loop) <= at_rest_max);
    session.stream.resume();
    turn(bench.loop, 3);
    REQUIRE(session.ended);
    REQUIRE(session.lines == Texts{"a"});  // "b" was never finished.
    REQUIRE(session.stream.holds_input());
    REQUIRE(iterations_at_rest(bench.loop) <= at_rest_max);
    session.stream.finish();
    turn(bench.loop);
    REQUIRE(session.closed == Closed::finished);
}

TEST_CASE("stream: an end that came during a pause is told by resume", "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.at_end = [&] { session.stream.pause(); };
    say(theirs, "a\n");
    sys::shutdown_write(theirs.fd());
    REQUIRE(run_until(bench.loop, [&] { return session.ended; }));
    const int inputs = session.inputs;
    session.at_end = [&] { session.stream.finish(); };
    session.stream.resume();
    REQUIRE(session.inputs == inputs);
    turn(bench.loop);
    REQUIRE(session.inputs == inputs + 1);
    REQUIRE(session.closed == Closed::finished);
}

}  // namespace

}  // namespace reactor::stream_input_test
