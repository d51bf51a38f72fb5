#include "tests/live/client.hpp"
#include "tests/live/process.hpp"
#include "tests/live/three_servers.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

// What asks servers, where one is not what it should be.
namespace hostile_status_test {

namespace {

using live::herd_binary;
using live::Process;
using live::Ran;
using live::run;
using live::ThreeServers;

bool say(int fd, std::string_view text) {
    return send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

// Takes the first connection to a port, and does to it what it is told, until it fails or this
// dies.
class Impostor {
public:
    using Manner = std::function<bool(int fd)>;

    Impostor(std::uint16_t port, Manner manner) : listener_(port), manner_(std::move(manner)) {
        REQUIRE(listener_.bind());
        REQUIRE(listener_.listen());
        thread_ = std::thread([this] { serve(); });
    }
    Impostor(const Impostor&) = delete;
    Impostor& operator=(const Impostor&) = delete;
    ~Impostor() {
        stopping_ = true;
        shutdown(listener_.fd(), SHUT_RDWR);
        thread_.join();
    }

private:
    void serve() {
        const int fd = accept(listener_.fd(), nullptr, nullptr);
        if (fd < 0) return;
        while (!stopping_ && manner_(fd)) {
        }
        // Not a reset, which would take what was said with it.
        shutdown(fd, SHUT_WR);
        char byte = 0;
        while (recv(fd, &byte, 1, 0) > 0) {
        }
        close(fd);
    }

    live::LoopbackSocket listener_;
    Manner manner_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

bool drip(int fd) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return say(fd, "x");
}

bool pour(int fd) {
    return say(fd, std::string(4096, 'x'));
}

Impostor::Manner once(const std::string& text) {
    return [text](int fd) { return say(fd, text) && false; };
}

}  // namespace

TEST_CASE("herd status: a server that is none ends in time, and spoils no other's answer",
          "[live][status]") {
    const ThreeServers herd;
    // No neighbour of the one that is none, which it would dial.
    Process gamma(herd.serve("Gamma"));
    REQUIRE(gamma.says("Gamma: clients on "));
    struct Case {
        Impostor::Manner manner;
        std::string trouble;
    };
    const Case given = GENERATE(Case{drip, "no answer in time"},
                                Case{pour, "the answer is too long"},
                                Case{once(std::string(200'000, '[') + "\n"), "not a status"},
                                Case{once("\x1b[2J\n"), "not a status"});
    const auto port = herd.peers[0];
    Ran ran;
    {
        const Impostor impostor(port, given.manner);
        ran = run(herd.command({"status"}));
    }
    CHECK(ran.code == 1);
    CHECK(ran.out.find(given.trouble) != std::string::npos);
    CHECK(ran.out.find("1 of 3 servers up") != std::string::npos);
    CHECK(ran.out.find('\x1b') == std::string::npos);
}

TEST_CASE("herd send: an answer that never ends is given up", "[live][program]") {
    const ThreeServers herd;
    const Impostor impostor(herd.clients[0], pour);
    const Ran ran = herd.send("Alpha", {"SYNC"});
    CHECK(ran.code == 2);
    CHECK(ran.err.find(": the answer is too long\n") != std::string::npos);
    CHECK(ran.out.empty());
}

TEST_CASE("herd send: what comes with control characters is printed without", "[live][program]") {
    const ThreeServers herd;
    const Impostor impostor(herd.clients[0],
                            once("? \x1b[2J\x07\r\xc2\x9b"
                                 "1m\tx\n"));
    const Ran ran = herd.send("Alpha", {"SYNC"});
    CHECK(ran.code == 1);
    CHECK(ran.out == "? ?[2J????1m\tx\n");
}

TEST_CASE("herd send and watch: a port that is none for clients is called so", "[live][program]") {
    const ThreeServers herd;
    const std::string command = GENERATE(as<std::string>(), "send", "watch");
    const Impostor impostor(herd.clients[0],
                            once("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
    const Ran ran = run(herd.command({command, "Alpha", "kiwi", "emu"}));
    CHECK(ran.code == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err == "herd: 127.0.0.1:" + std::to_string(herd.clients[0]) +
                         " is no port for clients: it says \"HTTP/1.1 400 Bad Request\"\n");
}

TEST_CASE("herd: what cannot be printed has failed", "[live][program]") {
    const ThreeServers herd;
    const std::string words =
        GENERATE(as<std::string>(), "check", "check --settings", "status", "--help", "--version");
    const std::string config = words.starts_with('-') ? "" : " --config " + herd.config;
    const Ran ran =
        run({"/bin/sh", "-c", "exec '" + herd_binary() + "' " + words + config + " >/dev/full"});
    CAPTURE(words);
    CHECK(ran.code == 2);
    CHECK(ran.err == "herd: standard output cannot be written\n");
}

}  // namespace hostile_status_test
