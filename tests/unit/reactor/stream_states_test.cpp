#include "reactor/stream.hpp"
#include "tests/unit/reactor/dies.hpp"
#include "tests/unit/reactor/sessions.hpp"

#include <array>
#include <memory>
#include <random>

namespace reactor::stream_states_test {

namespace {

using namespace test;

// A few streams whose owners and peers do whatever the dice say.
class Crowd {
public:
    explicit Crowd(unsigned seed) : dice_(seed) {
        for (std::size_t i = 0; i < count; ++i) arrive(i);
    }

    void step() {
        const std::size_t which = roll(count);
        if (sessions_[which] == nullptr) return arrive(which);
        if (roll(2) == 0) {
            peer_does(which);
        } else {
            owner_does(*sessions_[which]);
        }
        if (roll(4) == 0) bench_.wire.uncork(roll(2) == 0 ? mark_ : mark_ - roll(mark_ + 1));
        if (roll(2) == 0) turn(bench_.loop);
        check();
    }
    void leave() {
        for (auto& session : sessions_) {
            if (session != nullptr) session->stream.abort();
        }
        turn(bench_.loop, 2);
        check();
        for (const auto& session : sessions_) REQUIRE(session == nullptr);
        REQUIRE(bench_.wire.blocks().in_use() == 0);
    }
    int ends(Closed why) const { return ends_[static_cast<std::size_t>(why)]; }

private:
    static constexpr std::size_t count = 4;

    std::uint64_t roll(std::uint64_t sides) { return dice_() % sides; }

    void arrive(std::size_t which) {
        Pair pair = tcp_pair(4096);
        peers_[which] = std::move(pair.theirs);
        sessions_[which] = std::make_unique<Session>(bench_, std::move(pair.ours));
        Session& session = *sessions_[which];
        if (roll(4) == 0) session.stream.read_on();
        session.input = [this, &session](std::string_view bytes, std::size_t) {
            if (roll(3) == 0) owner_does(session);
            if (roll(4) == 0) session.stream.yield();
            return roll(8) == 0 ? bytes.size() / 2 : bytes.size();
        };
        session.drained = [this, &session] {
            if (roll(3) == 0) owner_does(session);
        };
        session.gone = [this, which] {
            ++ends_[static_cast<std::size_t>(*sessions_[which]->closed)];
            sessions_[which].reset();
        };
    }
    void owner_does(Session& session) {
        Stream& stream = session.stream;
        const bool sends = !stream.finishing() && !stream.dead();
        switch (roll(24)) {
            case 0:
                return stream.finish();
            case 1:
                return stream.abort();
            case 2:
            case 3:
            case 4:
                if (sends) stream.cork(mark_ += roll(2));
                return;
            case 5:
            case 6:
            case 7:
            case 8:
                return stream.pause();
            case 9:
            case 10:
            case 11:
            case 12:
                return stream.resume();
            case 13:
            case 14:
            case 15:
            case 16:
                if (sends) stream.send_now(pattern(roll(30'000)));
                return;
            default:
                if (sends) stream.send(pattern(roll(3'000)));
        }
    }
    void peer_does(std::size_t which) {
        Socket& peer = peers_[which];
        if (!peer.open()) return;
        switch (roll(24)) {
            case 0:
                return slam(peer);
            case 1:
            case 2:
                return sys::shutdown_write(peer.fd());
            case 3:
            case 4:
            case 5:
            case 6:
            case 7:
            case 8:
            case 9:
            case 10:
                static_cast<void>(sys::send(peer.fd(), pattern(roll(4'000))));
                return;
            default:
                static_cast<void>(hear(peer, 20'000));
        }
    }
    void check() const {
        bench_.wire.check();
        for (const auto& session : sessions_) {
            if (session != nullptr) session->stream.check();
        }
    }

    std::mt19937 dice_;
    std::uint64_t mark_ = 0;
    Bench bench_;
    std::array<Socket, count> peers_;
    std::array<std::unique_ptr<Session>, count> sessions_;
    std::array<int, 4> ends_{};
};

TEST_CASE("stream: whatever its owner and its peer do, its states go together",
          "[reactor][stream]") {
    std::array<int, 4> ends{};
    for (unsigned seed = 1; seed <= 8; ++seed) {
        Crowd crowd(seed);
        for (int i = 0; i < 3'000; ++i) crowd.step();
        crowd.leave();
        for (std::size_t why = 0; why < ends.size(); ++why) {
            ends[why] += crowd.ends(static_cast<Closed>(why));
        }
    }
    // Each kind of end but the want of a block, which has a test of its own.
    REQUIRE(ends[static_cast<std::size_t>(Closed::finished)] > 10);
    REQUIRE(ends[static_cast<std::size_t>(Closed::reset)] > 10);
    REQUIRE(ends[static_cast<std::size_t>(Closed::aborted)] > 10);
}

TEST_CASE("stream: an owner that sends what it said would not come is found out",
          "[reactor][stream]") {
    Bench bench;
    Pair pair = tcp_pair();
    Session session(bench, std::move(pair.ours));
    Stream& stream = session.stream;
    REQUIRE_FALSE(dies([&] { stream.send("x"); }));
    stream.finish();
    REQUIRE(dies([&] { stream.send("x"); }));
    REQUIRE(dies([&] { stream.send_now("x"); }));
    REQUIRE(dies([&] { stream.cork(1); }));
    REQUIRE_FALSE(dies([&] {
        stream.finish();
        stream.pause();
        stream.resume();
        stream.check();
    }));
    stream.abort();
    REQUIRE_FALSE(dies([&] { stream.send("x"); }));
}

TEST_CASE("stream: held input that is not what it was is found out", "[reactor][stream]") {
    Bench bench;
    Pair pair = local_pair();
    Session session(bench, std::move(pair.ours));
    say(pair.theirs, "half a line");
    turn(bench.loop);
    session.stream.check();
    constexpr std::uint32_t first_block = 0;
    BlockPool::Extent& extent = bench.wire.blocks().extent(first_block);
    REQUIRE(extent.size == 11);
    ++extent.size;
    REQUIRE(dies([&] { session.stream.check(); }));
    --extent.size;
    session.stream.check();
}

TEST_CASE("wire: what goes first and reserves is found out", "[reactor][wire]") {
    struct First {
        void run() {
            for (int i = 0; i < 3; ++i) stream->send(pattern(2'000));
        }
        Stream* stream = nullptr;
    };
    Bench bench({.send_size = 4096});
    Pair pair = local_pair();
    Session session(bench, std::move(pair.ours));
    First first{&session.stream};
    bench.wire.send_first(Delegate<void()>::to<&First::run>(first));
    bench.wire.post_flush();
    REQUIRE(dies([&] { turn(bench.loop); }));
}

}  // namespace

}  // namespace reactor::stream_states_test
