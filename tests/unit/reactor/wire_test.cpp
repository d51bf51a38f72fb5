#include "reactor/wire.hpp"

#include "tests/unit/reactor/sessions.hpp"

#include <algorithm>
#include <memory>
#include <random>

namespace reactor::wire_test {

namespace {

using namespace test;

struct First {
    explicit First(Wire& wire) { wire.send_first(Delegate<void()>::to<&First::run>(*this)); }
    void run() {
        ++runs;
        if (action) action();
    }
    int runs = 0;
    std::function<void()> action;
};

TEST_CASE("wire: all answers of an iteration leave with one call per stream", "[reactor][wire]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.on_line = [&](std::string_view line) {
        session.stream.send(line);
        session.stream.send(";");
    };
    std::string text;
    std::string expected;
    for (int i = 0; i < 100; ++i) {
        text += std::to_string(i) + "\n";
        expected += std::to_string(i) + ";";
    }
    say(theirs, text);
    turn(bench.loop);
    REQUIRE(hear(theirs) == expected);
    REQUIRE(bench.wire.counters().sends == 1);
    REQUIRE(bench.wire.counters().receives == 1);
    REQUIRE(bench.wire.counters().bytes_in == text.size());
    REQUIRE(bench.wire.counters().bytes_out == expected.size());
}

TEST_CASE("wire: less may be committed than was reserved, and nothing", "[reactor][wire]") {
    Bench bench;
    Pair pair = local_pair();
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    const auto buffer = session.stream.reserve(100);
    REQUIRE(buffer.size() >= 100);
    buffer[0] = 'a';
    buffer[1] = 'b';
    session.stream.commit(1);
    static_cast<void>(session.stream.reserve(50));
    session.stream.commit(0);
    session.stream.send("");
    session.stream.reserve(1)[0] = 'c';
    session.stream.commit(1);
    turn(bench.loop);
    REQUIRE(hear(theirs) == "ac");
    REQUIRE(bench.wire.counters().sends == 1);
}

TEST_CASE("wire: answers of many streams, interleaved, reach each its own in order",
          "[reactor][wire]") {
    std::mt19937 random(11);
    for (const std::size_t send_size : {4096U, 5000U, 65536U}) {
        Bench bench({.send_size = send_size});
        First first(bench.wire);
        constexpr std::size_t count = 5;
        std::vector<Socket> peers;
        std::vector<std::unique_ptr<Session>> sessions;
        std::vector<std::string> expected(count);
        std::vector<std::string> heard(count);
        for (std::size_t i = 0; i < count; ++i) {
            Pair pair = local_pair(i == 0 ? 4096 : 0);
            sessions.push_back(std::make_unique<Session>(bench, std::move(pair.ours)));
            peers.push_back(std::move(pair.theirs));
        }
        for (int round = 0; round < 50; ++round) {
            for (int i = 0; i < 30; ++i) {
                const std::size_t which = random() % count;
                const std::string bytes = pattern(random() % 900, expected[which].size());
                sessions[which]->stream.send(bytes);
                expected[which] += bytes;
            }
            turn(bench.loop);
            for (std::size_t i = 0; i < count; ++i) heard[i] += hear(peers[i]);
        }
        REQUIRE(run_until(bench.loop, [&] {
            turn(bench.loop);
            heard[0] += hear(peers[0]);
            return heard[0].size() >= expected[0].size();
        }));
        REQUIRE(heard == expected);
        REQUIRE(first.runs >= 50);
    }
}

TEST_CASE("wire: a full buffer in the middle of on_input flushes and goes on", "[reactor][wire]") {
    Bench bench({.send_size = 8192});
    First first(bench.wire);
    auto one = local_pair();
    auto two = local_pair();
    Session asker(bench, std::move(one.ours));
    Session other(bench, std::move(two.ours));
    std::string to_asker;
    std::string to_other;
    asker.on_line = [&](std::string_view line) {
        const std::string answer = std::string(line) + pattern(2900) + "\n";
        asker.stream.send(answer);
        other.stream.send("copy of " + answer);
        to_asker += answer;
        to_other += "copy of " + answer;
    };
    say(one.theirs, "1\n2\n3\n4\n5\n6\n7\n");
    bench.loop.run_once();
    REQUIRE(asker.lines.size() == 7);
    REQUIRE(hear(one.theirs) == to_asker);
    REQUIRE(hear(two.theirs) == to_other);
    REQUIRE(first.runs >= 5);
}

TEST_CASE("wire: a flush in the middle of on_input may block the one that answers, or find no peer",
          "[reactor][wire]") {
    for (const bool kill : {false, true}) {
        Bench bench({.send_size = 8192});
        Pair pair = local_pair(4096);
        Socket& theirs = pair.theirs;
        Session session(bench, std::move(pair.ours));
        std::string expected;
        session.on_line = [&](std::string_view line) {
            const std::string answer = std::string(line) + pattern(4000) + "\n";
            session.stream.send(answer);
            expected += answer;
        };
        std::string questions;
        for (int i = 0; i < 60; ++i) questions += std::to_string(i) + "\n";
        say(theirs, questions);
        if (kill) shutdown(theirs.fd(), SHUT_RD);
        bench.loop.run_once();
        REQUIRE((session.lines.size() == 60) == kill);
        if (kill) {
            theirs.close();
            REQUIRE(run_until(bench.loop, [&] { return session.closed.has_value(); }));
            REQUIRE(session.closed == Closed::reset);
            continue;
        }
        REQUIRE(session.stream.blocked());
        std::string heard;
        REQUIRE(run_until(bench.loop, [&] {
            heard += hear(theirs);
            turn(bench.loop);
            return session.lines.size() == 60 && heard.size() == expected.size();
        }));
        REQUIRE(heard == expected);
    }
}

TEST_CASE("wire: what must go first is on its way before any answer", "[reactor][wire]") {
    Bench bench({.send_size = 4096});
    First first(bench.wire);
    auto one = local_pair();
    auto two = local_pair();
    Session client(bench, std::move(one.ours));
    Session link(bench, std::move(two.ours), true);
    std::size_t handled = 0;
    std::size_t passed_on = 0;
    std::string answers;
    client.on_line = [&](std::string_view line) {
        ++handled;
        client.stream.send(std::string(line) + std::string(1200, 'a') + "\n");
    };
    first.action = [&] {
        for (; passed_on < handled; ++passed_on) link.stream.send_now("r");
        // No answer to what was not passed on before.
        answers += hear(one.theirs);
        const auto answered = std::count(answers.begin(), answers.end(), '\n');
        REQUIRE(static_cast<int>(answered) <= unread(two.theirs));
    };
    say(one.theirs, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    bench.loop.run_once();
    REQUIRE(handled == 9);
    REQUIRE(first.runs >= 3);
    REQUIRE(hear(two.theirs).size() == 9);
    answers += hear(one.theirs);
    REQUIRE(answers.size() == std::size_t{9} * 1202);
}

TEST_CASE("wire: a posted flush runs what goes first, and only then", "[reactor][wire]") {
    Bench bench;
    First first(bench.wire);
    turn(bench.loop, 3);
    REQUIRE(first.runs == 0);
    bench.wire.post_flush();
    bench.wire.post_flush();
    turn(bench.loop, 3);
    REQUIRE(first.runs == 1);
    // Posted while it runs, the next waits for the next iteration.
    first.action = [&] { bench.wire.post_flush(); };
    bench.wire.post_flush();
    bench.loop.run_once();
    REQUIRE(first.runs == 2);
    bench.loop.run_once();
    REQUIRE(first.runs == 3);
}

TEST_CASE("wire: more spans than there is room for force a flush, not a loss", "[reactor][wire]") {
    Bench bench;
    auto one = local_pair(1 << 20);
    auto two = local_pair(1 << 20);
    Session first(bench, std::move(one.ours));
    Session second(bench, std::move(two.ours));
    const std::string text = pattern(5000);
    for (const char byte : text) {
        first.stream.send({&byte, 1});
        second.stream.send({&byte, 1});
    }
    turn(bench.loop);
    std::string heard_one;
    std::string heard_two;
    REQUIRE(run_until(bench.loop, [&] {
        heard_one += hear(one.theirs);
        heard_two += hear(two.theirs);
        turn(bench.loop);
        return heard_one.size() == 5000 && heard_two.size() == 5000;
    }));
    REQUIRE(heard_one == text);
    REQUIRE(heard_two == text);
}

TEST_CASE("wire: an answer as large as the whole buffer has room", "[reactor][wire]") {
    Bench bench({.send_size = 8192});
    Pair pair = local_pair(1 << 20);
    Socket& theirs = pair.theirs;
    Session session(bench, std::move(pair.ours));
    session.stream.send("x");
    session.stream.send(pattern(8192));
    session.stream.send("y");
    turn(bench.loop);
    REQUIRE(hear(theirs) == "x" + pattern(8192) + "y");
}

TEST_CASE("wire: streams that keep resuming themselves leave the others their turn",
          "[reactor][wire]") {
    Bench bench;
    auto one = local_pair();
    auto two = local_pair();
    Session greedy(bench, std::move(one.ours));
    Session modest(bench, std::move(two.ours));
    greedy.input = [&](std::string_view bytes, std::size_t seen) {
        Lines lines(bytes, seen);
        if (const auto line = lines.take()) greedy.lines.emplace_back(*line);
        greedy.stream.pause();
        greedy.stream.resume();
        return lines.taken();
    };
    std::string text;
    for (int i = 0; i < 500; ++i) text += "x\n";
    say(one.theirs, text);
    turn(bench.loop, 2);
    say(two.theirs, "me too\n");
    turn(bench.loop, 2);
    REQUIRE(modest.lines == Texts{"me too"});
    REQUIRE(greedy.lines.size() < 10);
    turn(bench.loop, 600);
    REQUIRE(greedy.lines.size() == 500);
}

TEST_CASE("wire: whoever is told of its end may release others that died with it",
          "[reactor][wire]") {
    Bench bench;
    auto one = local_pair();
    auto two = local_pair();
    auto three = local_pair();
    auto first = std::make_unique<Session>(bench, std::move(one.ours));
    auto second = std::make_unique<Session>(bench, std::move(two.ours));
    auto third = std::make_unique<Session>(bench, std::move(three.ours));
    bool told = false;
    first->gone = [&] { second.reset(); };
    third->gone = [&] { told = true; };
    first->stream.abort();
    second->stream.abort();
    third->stream.abort();
    turn(bench.loop);
    REQUIRE(second == nullptr);
    REQUIRE(told);
}

}  // namespace

}  // namespace reactor::wire_test
