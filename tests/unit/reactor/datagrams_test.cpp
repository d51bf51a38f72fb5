#include "reactor/datagrams.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <span>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace datagrams_test {

using reactor::Address;
using reactor::Datagrams;

namespace {

constexpr std::size_t size_max = 100;

// A port on loopback, and who sends there.
struct House {
    House() : datagrams(loop, size_max, Datagrams::Received::to<&House::take>(*this)) {
        REQUIRE(loop.open({.watches = 4, .timers = 4}).has_value());
    }
    ~House() { ::close(sender); }
    House(const House&) = delete;
    House& operator=(const House&) = delete;

    void take(std::span<const reactor::sys::Datagram> batch) {
        sizes.push_back(batch.size());
        for (const auto& each : batch) {
            heard.push_back(std::string(each.bytes) + (each.cut ? "..." : ""));
            from = each.from;
        }
    }
    void open() {
        const auto opened = datagrams.open(Address::loopback(0));
        REQUIRE(opened.has_value());
        at = *opened;
    }
    void send(const std::string& text) const {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(at.port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::sendto(sender,
                         text.data(),
                         text.size(),
                         0,
                         reinterpret_cast<const sockaddr*>(&to),
                         sizeof to) == static_cast<ssize_t>(text.size()));
    }

    reactor::Loop loop;
    Datagrams datagrams;
    Address at;
    int sender = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    std::vector<std::string> heard;
    std::vector<std::size_t> sizes;
    Address from;
};

}  // namespace

TEST_CASE("datagrams: each comes whole, with where it says that it is from", "[reactor]") {
    House house;
    house.open();
    CHECK(house.at.port != 0);
    house.send("one");
    house.send("");
    house.send(std::string(size_max, 'x'));
    house.loop.run_once();
    CHECK(house.heard == std::vector<std::string>{"one", "", std::string(size_max, 'x')});
    sockaddr_in own{};
    socklen_t size = sizeof own;
    REQUIRE(::getsockname(house.sender, reinterpret_cast<sockaddr*>(&own), &size) == 0);
    CHECK(house.from.is_loopback());
    CHECK(house.from.port == ntohs(own.sin_port));
}

TEST_CASE("datagrams: of a longer one what there is room for comes, and it is cut", "[reactor]") {
    House house;
    house.open();
    house.send(std::string(size_max + 1, 'y'));
    house.send("next");
    house.loop.run_once();
    CHECK(house.heard == std::vector<std::string>{std::string(size_max, 'y') + "...", "next"});
}

TEST_CASE("datagrams: an iteration takes so many, and the rest waits", "[reactor]") {
    House house;
    house.open();
    for (int i = 0; i < 50; ++i) house.send(std::to_string(i));
    house.loop.run_once();
    CHECK(house.heard.size() == reactor::sys::datagrams_max);
    house.loop.run_once();
    REQUIRE(house.heard.size() == 50);
    CHECK(house.heard[49] == "49");
    CHECK(house.sizes.size() == 2);
}

TEST_CASE("datagrams: a port that is taken is not shared", "[reactor]") {
    House house;
    house.open();
    Datagrams other(house.loop, size_max, Datagrams::Received::to<&House::take>(house));
    CHECK(other.open(house.at).error() == reactor::Errno{EADDRINUSE});
    house.datagrams.close();
    CHECK(other.open(house.at).has_value());
}

}  // namespace datagrams_test
