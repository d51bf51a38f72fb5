#include "reactor/acceptor.hpp"

#include "reactor/stream.hpp"
#include "reactor/wire.hpp"
#include "tests/unit/reactor/sockets.hpp"

#include <vector>

namespace reactor::acceptor_test {

namespace {

using namespace test;

class House;

// A guest says what it hears, and ends with its peer.
class Guest final : public StreamEvents {
public:
    Guest(Wire& wire, House& house) : house_(house), stream_(wire, *this) {}

    Result<void> open(Socket socket, SealPtr seal);
    void tick() { ++ticks; }
    void drain() { stream_.finish(); }
    void evict() { stream_.abort(); }

    int ticks = 0;

private:
    std::size_t on_input(std::string_view bytes, std::size_t, bool ended) override {
        stream_.send(bytes);
        if (ended) stream_.finish();
        return bytes.size();
    }
    void on_closed(Closed why) override;

    House& house_;
    Stream stream_;
};

class House {
public:
    explicit House(std::uint32_t capacity) {
        REQUIRE(wire.open({}).has_value());
        REQUIRE(acceptor.map(capacity).has_value());
        address = acceptor.listen(Address::loopback(0)).value();
    }

    void on_full() {
        ++fulls;
        if (evicts) first().evict();
    }
    void on_freed() {
        if (waiting.open()) acceptor.admit(std::move(waiting), {});
    }
    Guest& first() {
        Guest* found = nullptr;
        acceptor.for_each([&](Guest& guest) { found = found == nullptr ? &guest : found; });
        REQUIRE(found != nullptr);
        return *found;
    }

    OpenLoop loop;
    Wire wire{loop};
    Acceptor<Guest> acceptor{loop,
                             SocketProfile::client,
                             Acceptor<Guest>::Make::to<&House::make>(*this),
                             Delegate<void()>::to<&House::on_full>(*this)};
    Address address;
    int fulls = 0;
    Socket waiting;
    bool evicts = false;
    bool no_watches = false;

private:
    Guest* make(Slab<Guest>& slots, const Socket&) { return slots.emplace(wire, *this); }
};

Result<void> Guest::open(Socket socket, SealPtr seal) {
    if (house_.no_watches) return failure(ENOSPC);
    return stream_.open(std::move(socket), std::move(seal));
}

void Guest::on_closed(Closed) {
    house_.acceptor.release(*this);
}

TEST_CASE("acceptor: a session lives from accept to release", "[reactor][acceptor]") {
    House house(4);
    Socket peer = knock(house.address);
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.size() == 1; }));
    CHECK(house.acceptor.counters().accepted == 1);
    say(peer, "hello");
    std::string heard;
    REQUIRE(run_until(house.loop, [&] { return (heard += hear(peer)) == "hello"; }));
    peer.close();
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.size() == 0; }));
    CHECK(house.fulls == 0);
}

TEST_CASE("acceptor: with all slots taken newcomers wait, and come in as one is released",
          "[reactor][acceptor]") {
    House house(2);
    std::vector<Socket> peers;
    for (int i = 0; i < 3; ++i) peers.push_back(knock(house.address));
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.full(); }));
    turn(house.loop, 4);
    CHECK(house.acceptor.counters().accepted == 2);
    CHECK(house.acceptor.counters().full == 1);
    CHECK(house.fulls == 1);
    CHECK(iterations_at_rest(house.loop) <= at_rest_max);
    house.acceptor.check();
    peers[0].close();
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.counters().accepted == 3; }));
    CHECK(house.acceptor.full());
    CHECK(house.fulls == 2);
}

TEST_CASE("acceptor: whoever waits elsewhere comes in before the kernel's queue",
          "[reactor][acceptor]") {
    House house(1);
    house.acceptor.when_freed(Delegate<void()>::to<&House::on_freed>(house));
    Socket first = knock(house.address);
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.full(); }));
    CHECK_FALSE(house.acceptor.has_room());
    Pair pair = tcp_pair();
    house.waiting = std::move(pair.ours);
    Socket queued = knock(house.address);
    first.close();
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.counters().accepted == 2; }));
    CHECK_FALSE(house.waiting.open());
    say(pair.theirs, "hello");
    say(queued, "me too");
    std::string heard;
    REQUIRE(run_until(house.loop, [&] { return (heard += hear(pair.theirs)) == "hello"; }));
    CHECK(hear(queued).empty());
    pair.theirs.close();
    heard.clear();
    REQUIRE(run_until(house.loop, [&] { return (heard += hear(queued)) == "me too"; }));
    house.acceptor.check();
}

TEST_CASE("acceptor: an owner that ends a session when it is full lets newcomers in",
          "[reactor][acceptor]") {
    House house(2);
    house.evicts = true;
    std::vector<Socket> peers;
    for (int i = 0; i < 5; ++i) peers.push_back(knock(house.address));
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.counters().accepted == 5; }));
    turn(house.loop);
    CHECK(house.acceptor.size() == 1);
    house.acceptor.check();
}

TEST_CASE("acceptor: what cannot be opened leaves its slot", "[reactor][acceptor]") {
    House house(1);
    house.no_watches = true;
    Socket peer = knock(house.address);
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.counters().accepted == 1; }));
    CHECK(house.acceptor.size() == 0);
    CHECK(hears_end(peer));
    house.acceptor.check();
}

TEST_CASE("acceptor: a tick reaches every session", "[reactor][acceptor]") {
    House house(3);
    const Socket one = knock(house.address);
    const Socket other = knock(house.address);
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.size() == 2; }));
    house.acceptor.tick();
    house.acceptor.tick();
    house.acceptor.for_each([](const Guest& guest) { CHECK(guest.ticks == 2); });
}

TEST_CASE("acceptor: drained, it ends all sessions and takes nobody", "[reactor][acceptor]") {
    House house(2);
    std::vector<Socket> peers;
    for (int i = 0; i < 2; ++i) peers.push_back(knock(house.address));
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.full(); }));
    house.acceptor.drain();
    house.acceptor.drain();
    REQUIRE(run_until(house.loop, [&] { return hears_end(peers[0]); }));
    REQUIRE(run_until(house.loop, [&] { return hears_end(peers[1]); }));
    peers.clear();
    REQUIRE(run_until(house.loop, [&] { return house.acceptor.size() == 0; }));
    const Socket late = knock(house.address);
    turn(house.loop, 4);
    CHECK(house.acceptor.counters().accepted == 2);
}

}  // namespace

}  // namespace reactor::acceptor_test
