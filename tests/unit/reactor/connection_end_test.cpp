// How a connection ends, as its two ends see it: on Linux (unit-reactor) and on the simulation's
// kernel (unit-herd), which must be the same.
#include "reactor/sys.hpp"
#include "tests/unit/reactor/any_kernel.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace sys = reactor::sys;

// Two connected sockets, of which `there` does something and `here` looks at it.
class Connection {
public:
    Connection() {
        const int listener = *sys::open_socket(false);
        REQUIRE(sys::bind(listener, reactor::Address::loopback(0)));
        REQUIRE(sys::listen(listener, 8));
        here = *sys::open_socket(false);
        static_cast<void>(sys::connect(here, *sys::local_address(listener)));
        REQUIRE(eventually([&] {
            const auto accepted = sys::take_error(here) ? sys::accept(listener) : -1;
            there = accepted.value_or(-1);
            return there >= 0 && sys::peer_address(here).has_value();
        }));
        sys::close(listener);
    }
    ~Connection() {
        sys::close(here);
        if (there >= 0) sys::close(there);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void close_there() { sys::close(std::exchange(there, -1)); }
    // What a poll says of `here`, when it comes to say so: of i, o and h.
    bool becomes(std::string_view events) {
        return eventually([&] { return this->events() == events; });
    }
    bool stays(std::string_view events) {
        for (int i = 0; i < 20; ++i) kernel->pass_time();
        return this->events() == events;
    }
    // What `there` has to be read.
    bool arrives(std::string_view bytes) {
        return eventually([&] { return read(there) == bytes; });
    }
    static std::string read(int fd, std::size_t size = 100) {
        std::array<char, 100> buffer{};
        const auto got = sys::receive(fd, {buffer.data(), size});
        return got ? std::string(buffer.data(), *got) : text_of(got.error().value);
    }
    std::string read() const { return read(here); }
    static std::string send(int fd, std::string_view bytes) {
        const auto sent = sys::send(fd, bytes);
        return sent ? std::to_string(*sent) : text_of(sent.error().value);
    }
    std::string send(std::string_view bytes) const { return send(here, bytes); }
    std::string error() const {
        const auto error = sys::take_error(here);
        return error ? "" : text_of(error.error().value);
    }

    std::unique_ptr<test::AnyKernel> kernel = test::any_kernel();
    int here = -1;
    int there = -1;

private:
    template <class Condition>
    bool eventually(Condition condition) {
        for (int i = 0; i < 10'000; ++i, kernel->pass_time()) {
            if (condition()) return true;
        }
        return false;
    }
    static std::string text_of(int error) {
        if (error == EAGAIN) return "EAGAIN";
        if (error == EPIPE) return "EPIPE";
        if (error == ECONNRESET) return "ECONNRESET";
        return std::to_string(error);
    }
    std::string events() const {
        const int poll = *sys::open_poll();
        REQUIRE(sys::poll_add(poll, here, sys::readable | sys::writable, 0));
        std::array<sys::Event, 1> events{};
        const std::size_t count = *sys::wait(poll, events, sys::Wait::not_at_all);
        REQUIRE(sys::poll_remove(poll, here));
        sys::close(poll);
        const std::uint32_t mask = count == 0 ? 0 : events[0].mask;
        std::string text;
        if ((mask & sys::readable) != 0) text += 'i';
        if ((mask & sys::writable) != 0) text += 'o';
        if ((mask & sys::hangup) != 0) text += 'h';
        return text;
    }
};

}  // namespace

TEST_CASE("connection end: what is sent to who has closed is taken once, and resets",
          "[reactor][connection]") {
    Connection each;
    each.send(each.there, "xy");
    each.close_there();
    REQUIRE(each.becomes("io"));
    CHECK(each.send("1") == "1");
    CHECK(each.becomes("ioh"));
    SECTION("who sends on hears of it") {
        CHECK(each.send("1") == "EPIPE");
        CHECK(each.send("1") == "EPIPE");
        CHECK(each.read() == "xy");
        CHECK(each.read().empty());
    }
    SECTION("who reads does not, as an end had come before") {
        CHECK(each.read() == "xy");
        CHECK(each.read().empty());
        CHECK(each.read().empty());
        CHECK(each.error() == "EPIPE");
        CHECK(each.error().empty());
        CHECK(each.send("1") == "EPIPE");
        CHECK(each.stays("ioh"));
    }
}

TEST_CASE("connection end: so it is when the end was read before", "[reactor][connection]") {
    Connection each;
    each.close_there();
    REQUIRE(each.becomes("io"));
    CHECK(each.read().empty());
    CHECK(each.send("1") == "1");
    CHECK(each.becomes("ioh"));
    CHECK(each.read().empty());
    CHECK(each.send("1") == "EPIPE");
}

TEST_CASE("connection end: who closes with something unread resets", "[reactor][connection]") {
    Connection each;
    each.send(each.there, "xy");
    each.send("12");
    REQUIRE(each.becomes("io"));
    for (int i = 0; i < 20; ++i) each.kernel->pass_time();
    CHECK(each.read(each.there, 1) == "1");
    each.close_there();
    CHECK(each.becomes("ioh"));
    SECTION("what had come before is read, then comes the error, then the end") {
        CHECK(each.read(each.here, 1) == "x");
        CHECK(each.read() == "y");
        CHECK(each.stays("ioh"));
        CHECK(each.read() == "ECONNRESET");
        CHECK(each.read().empty());
        CHECK(each.send("1") == "EPIPE");
    }
    SECTION("who sends hears of it at once") {
        CHECK(each.send("1") == "ECONNRESET");
        CHECK(each.send("1") == "EPIPE");
        CHECK(each.read() == "xy");
        CHECK(each.read().empty());
    }
    SECTION("who asks, too") {
        CHECK(each.error() == "ECONNRESET");
        CHECK(each.error().empty());
        CHECK(each.read() == "xy");
        CHECK(each.read().empty());
    }
}

TEST_CASE("connection end: a reset after an end is a broken pipe", "[reactor][connection]") {
    Connection each;
    each.send("1");
    sys::shutdown_write(each.there);
    for (int i = 0; i < 20; ++i) each.kernel->pass_time();
    REQUIRE(each.becomes("io"));
    each.close_there();
    CHECK(each.becomes("ioh"));
    CHECK(each.error() == "EPIPE");
    CHECK(each.read().empty());
}

TEST_CASE("connection end: it resets who has ended its own direction, too",
          "[reactor][connection]") {
    Connection each;
    each.send("1");
    sys::shutdown_write(each.here);
    for (int i = 0; i < 20; ++i) each.kernel->pass_time();
    each.close_there();
    CHECK(each.becomes("ioh"));
    CHECK(each.read() == "ECONNRESET");
    CHECK(each.read().empty());
}

TEST_CASE("connection end: what is on its way to who closes resets after the end",
          "[reactor][connection]") {
    Connection each;
    each.send("1");
    each.close_there();
    CHECK(each.becomes("ioh"));
    CHECK(each.send("1") != "1");
    CHECK(each.read().empty());
}

TEST_CASE("connection end: one direction ends alone, and both together hang up",
          "[reactor][connection]") {
    Connection each;
    sys::shutdown_write(each.there);
    REQUIRE(each.becomes("io"));
    CHECK(each.send("12") == "2");
    CHECK(each.arrives("12"));
    CHECK(each.stays("io"));
    CHECK(each.read().empty());
    sys::shutdown_write(each.here);
    CHECK(each.becomes("ioh"));
    CHECK(each.error().empty());
    CHECK(each.read().empty());
    CHECK(each.arrives(""));
    each.close_there();
    CHECK(each.stays("ioh"));
    CHECK(each.error().empty());
}

TEST_CASE("connection end: a close that has nothing unread but an end is none but that",
          "[reactor][connection]") {
    Connection each;
    sys::shutdown_write(each.here);
    CHECK(each.stays("o"));
    each.close_there();
    CHECK(each.becomes("ioh"));
    CHECK(each.error().empty());
    CHECK(each.read().empty());
}
