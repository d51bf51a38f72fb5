#include "reactor/stream.hpp"
#include "tests/sim/fake_seal.hpp"
#include "tests/unit/reactor/sessions.hpp"

#include <memory>

namespace reactor::stream_seal_test {

using namespace test;
using sim::FakeSeal;

Wire::Limits with_seals() {
    return {.watches = Loop::Limits{}.watches};
}

// The other side of a sealed stream, by hand.
struct Peer {
    std::string sealed(std::string_view plain) { return std::string(seal.seal(plain)); }
    // Opens what has come; remembers how it ended.
    std::string hear(const Socket& socket) {
        const std::string bytes = test::hear(socket);
        std::string plain(bytes.size() + Seal::record_max, '\0');
        const Seal::Opened opened = seal.open(bytes, plain);
        end = opened.end;
        plain.resize(opened.count);
        return plain;
    }

    FakeSeal seal{{}};
    Seal::End end = Seal::End::none;
};

struct Sealed {
    explicit Sealed(Bench& bench, const FakeSeal::Shape& shape = {}, int buffers = 0)
        : pair(buffers > 0 ? tcp_pair(buffers) : local_pair()),
          session(bench, std::move(pair.ours), false, std::make_unique<FakeSeal>(shape)) {}

    Pair pair;
    Peer peer;
    Session session;
};

TEST_CASE("seal: every split of what was sealed gives the same lines", "[reactor][stream][seal]") {
    Bench bench(with_seals());
    const Texts expected{"one", "", "two", "three"};
    const std::size_t size = Peer().sealed("one\r\n\ntwo\nthree\r\n").size();
    for (std::size_t first = 0; first <= size; ++first) {
        for (std::size_t second = first; second <= size; ++second) {
            Sealed it(bench);
            const std::string text = it.peer.sealed("one\r\n\ntwo\nthree\r\n");
            for (const auto& part :
                 {text.substr(0, first), text.substr(first, second - first), text.substr(second)}) {
                if (!part.empty()) say(it.pair.theirs, part);
                turn(bench.loop);
            }
            REQUIRE(it.session.lines == expected);
        }
    }
}

TEST_CASE("seal: lines may stand across records, and records in one segment",
          "[reactor][stream][seal]") {
    Bench bench(with_seals());
    Sealed it(bench);
    std::string text;
    for (const std::string_view part : {"o", "ne\r", "\n", "two\nthr", "ee\n"}) {
        text += it.peer.sealed(part);
    }
    say(it.pair.theirs, text);
    turn(bench.loop);
    CHECK(it.session.lines == Texts{"one", "two", "three"});
    CHECK(it.session.inputs == 1);
}

TEST_CASE("seal: what is sent comes out as it was, in one record a turn",
          "[reactor][stream][seal]") {
    Bench bench(with_seals());
    Sealed it(bench);
    it.session.stream.send("one\n");
    it.session.stream.send("two\n");
    turn(bench.loop);
    CHECK(it.peer.hear(it.pair.theirs) == "one\ntwo\n");
    CHECK(bench.wire.counters().sends == 1);
}

TEST_CASE("seal: part of a record is the rest of something, however long it takes",
          "[reactor][stream][seal]") {
    Bench bench(with_seals());
    Sealed it(bench);
    const std::string text = it.peer.sealed("one\n");
    say(it.pair.theirs, text.substr(0, 3));
    turn(bench.loop);
    CHECK(it.session.inputs == 0);
    CHECK(it.session.stream.waiting() == Stream::Waiting::rest);
    say(it.pair.theirs, text.substr(3));
    turn(bench.loop);
    CHECK(it.session.lines == Texts{"one"});
    CHECK(it.session.stream.waiting() == Stream::Waiting::next);
}

TEST_CASE("seal: a record may fill the buffer beyond what it takes of plain bytes",
          "[reactor][stream][seal]") {
    Bench bench({.receive_size = 4096, .watches = Loop::Limits{}.watches});
    Sealed it(bench);
    const std::string line(Seal::record_max - 1, 'q');
    const std::string text = it.peer.sealed("half" + line.substr(4) + "\n");
    std::size_t at = 0;
    run_until(bench.loop, [&] {
        at += sys::send(it.pair.theirs.fd(), text.substr(at)).value_or(0);
        return !it.session.lines.empty();
    });
    CHECK(it.session.lines == Texts{"half" + line.substr(4)});
    CHECK(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("seal: a farewell ends the input, an end without one cuts it",
          "[reactor][stream][seal]") {
    for (const bool farewell : {true, false}) {
        Bench bench(with_seals());
        Sealed it(bench);
        std::string text = it.peer.sealed("one\nhalf");
        if (farewell) text += it.peer.seal.farewell();
        say(it.pair.theirs, text);
        if (!farewell) shutdown(it.pair.theirs.fd(), SHUT_WR);
        turn(bench.loop, 3);
        CHECK(it.session.ended);
        CHECK(it.session.stream.cut() == !farewell);
        // What is owed can be said in both cases, and is followed by a farewell of ours.
        it.session.stream.send("late\n");
        it.session.stream.finish();
        turn(bench.loop, 3);
        CHECK(it.peer.hear(it.pair.theirs) == "late\n");
        CHECK(it.peer.end == Seal::End::farewell);
        CHECK(it.session.closed == Closed::finished);
    }
}

TEST_CASE("seal: behind a farewell nothing is looked at", "[reactor][stream][seal]") {
    Bench bench(with_seals());
    Sealed it(bench);
    std::string text = it.peer.sealed("one\n");
    text += it.peer.seal.farewell();
    say(it.pair.theirs, text + "anything");
    turn(bench.loop, 3);
    CHECK(it.session.lines == Texts{"one"});
    CHECK(it.session.ended);
    CHECK_FALSE(it.session.closed);
    CHECK(bench.wire.counters().seals_broken == 0);
}

TEST_CASE("seal: what was changed on the way ends the connection, and nothing of it is handled",
          "[reactor][stream][seal]") {
    const std::size_t size = Peer().sealed("one\n").size();
    for (std::size_t at = 5; at < size; ++at) {
        Bench bench(with_seals());
        Sealed it(bench);
        std::string text = it.peer.sealed("one\n");
        text[at] = static_cast<char>(text[at] ^ 4);
        say(it.pair.theirs, text);
        turn(bench.loop, 2);
        CHECK(it.session.lines.empty());
        CHECK(it.session.closed == Closed::reset);
        CHECK(it.session.broken == "not as it was sealed");
        CHECK(bench.wire.counters().seals_broken == 1);
    }
}

TEST_CASE("seal: what the kernel refuses is kept sealed, and comes in order",
          "[reactor][stream][seal]") {
    Bench bench(with_seals());
    Sealed it(bench, {.record_max = 1000}, 4096);
    std::string expected;
    for (int i = 0; i < 40; ++i) {
        const std::string part = pattern(20'000, expected.size());
        it.session.stream.send(part);
        expected += part;
        turn(bench.loop);
    }
    CHECK(it.session.stream.blocked());
    it.session.stream.finish();
    std::string heard;
    REQUIRE(run_until(bench.loop, [&] {
        heard += it.peer.hear(it.pair.theirs);
        return it.peer.end == Seal::End::farewell;
    }));
    CHECK(heard == expected);
    CHECK(bench.wire.blocks().in_use() == 0);
}

TEST_CASE("seal: corked output is sealed at once, and leaves when it is uncorked",
          "[reactor][stream][seal]") {
    Bench bench(with_seals());
    Sealed it(bench);
    it.session.stream.cork(1);
    it.session.stream.send("one\n");
    turn(bench.loop);
    CHECK(it.peer.hear(it.pair.theirs).empty());
    it.session.stream.finish();
    turn(bench.loop);
    CHECK(it.peer.hear(it.pair.theirs).empty());
    bench.wire.uncork(1);
    turn(bench.loop, 3);
    CHECK(it.peer.hear(it.pair.theirs) == "one\n");
    CHECK(it.peer.end == Seal::End::farewell);
}

TEST_CASE("seal: what a record asks for is replied at once", "[reactor][stream][seal]") {
    Bench bench(with_seals());
    Sealed it(bench);
    say(it.pair.theirs, it.peer.sealed("one\n") + std::string(it.peer.seal.ask_for_keys()));
    turn(bench.loop);
    CHECK(it.session.lines == Texts{"one"});
    CHECK(it.peer.hear(it.pair.theirs).empty());
    CHECK(it.peer.seal.heard_keys());
    CHECK(bench.wire.counters().sends == 1);
}

TEST_CASE("seal: a reply stands behind what is unsent, and corked", "[reactor][stream][seal]") {
    Bench bench(with_seals());
    Sealed it(bench);
    it.session.stream.cork(1);
    it.session.stream.send("one\n");
    it.session.stream.read_on();
    say(it.pair.theirs, std::string(it.peer.seal.ask_for_keys()) + it.peer.sealed("two\n"));
    turn(bench.loop);
    CHECK(it.session.lines == Texts{"two"});
    CHECK_FALSE(it.peer.seal.heard_keys());
    bench.wire.uncork(1);
    turn(bench.loop, 2);
    CHECK(it.peer.hear(it.pair.theirs) == "one\n");
    CHECK(it.peer.seal.heard_keys());
}

TEST_CASE("seal: a stream that is closed gives its seal back", "[reactor][stream][seal]") {
    Bench bench(with_seals());
    for (int i = 0; i < 3; ++i) {
        Sealed it(bench);
        it.session.stream.abort();
        CHECK_FALSE(it.session.stream.proves("anybody"));
        turn(bench.loop);
        CHECK(it.session.closed == Closed::aborted);
    }
}

}  // namespace reactor::stream_seal_test
