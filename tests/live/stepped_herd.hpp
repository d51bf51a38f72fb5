#pragma once

#include "herd/needs.hpp"
#include "herd/server.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

// Servers on the real kernel, in the test's own process and thread: they move only while the test
// waits for something, and show their counters.
namespace live {

// Answers every question in the work phase of the same iteration, from fixed memory.
class InstantPlaces final : public herd::places::Places {
public:
    static constexpr std::string_view json =
        R"({"html_attributions" : [], "results" : [{"name" : "a"}, {"name" : "b"}],)"
        R"( "status" : "OK"})";

    explicit InstantPlaces(reactor::Loop& loop)
        : task_(loop,
                reactor::Phase::work,
                reactor::Delegate<void()>::to<&InstantPlaces::answer>(*this)) {}

    herd::places::Ticket begin(const protocol::PlacesQuery&, Answered answered) override {
        for (std::uint32_t i = 0; i < questions_.size(); ++i) {
            if (questions_[i]) continue;
            questions_[i] = answered;
            task_.post();
            return {i, 1};
        }
        return {};
    }
    void cancel(herd::places::Ticket ticket) override { questions_[ticket.index] = {}; }

private:
    void answer() {
        for (Answered& question : questions_) {
            if (question) std::exchange(question, {})(answer_);
        }
    }

    reactor::Task task_;
    std::array<Answered, 64> questions_;
    std::array<char, json.size()> text_{};
    protocol::CutPlaces answer_ = *protocol::cut_places(text_, json, 20);
};

struct Member {
    Member(const herd::config::Config& config, const herd::config::Server& self)
        : places(loop), server(loop, places, config, self, {}) {
        REQUIRE(loop.open(herd::loop_limits(config), true));
        const auto opened = server.open();
        INFO((opened ? std::string() : opened.error()));
        REQUIRE(opened);
    }

    reactor::Loop loop;
    InstantPlaces places;
    herd::Server server;
};

// A herd that moves only when it is told to.
class SteppedHerd {
public:
    // `around` is told when the servers begin to move (true) and when they rest again.
    explicit SteppedHerd(
        const herd::config::Config& config, void (*around)(bool) = [](bool) {})
        : config_(config), around_(around) {
        for (const auto& self : config_.servers) members_.emplace_back(config_, self);
        for (std::size_t i = 0; i < members_.size(); ++i) {
            for (const auto& name : config_.servers[i].neighbours) {
                members_[i].server.aim(name, peers_of(name));
            }
            members_[i].server.start();
        }
    }

    herd::Server& operator[](std::size_t index) { return members_[index].server; }

    // Until it is so.
    template <class Condition>
    void run_until(Condition&& condition) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end) FAIL("waited in vain");
            around_(true);
            for (Member& member : members_) member.loop.run_once();
            around_(false);
        }
    }

private:
    const reactor::Address& peers_of(std::string_view name) {
        std::size_t i = 0;
        while (config_.servers[i].name != name) ++i;
        return members_[i].server.neighbours().address();
    }

    const herd::config::Config& config_;
    void (*around_)(bool);
    std::deque<Member> members_;
};

// A client of such a server: a plain socket.
class Asker {
public:
    // A small `receive_size` makes a client that soon owes the server reading; 0: the system's.
    Asker(SteppedHerd& herd, herd::Server& server, int receive_size = 0)
        : Asker(herd, server.clients().address(), receive_size) {}
    Asker(SteppedHerd& herd, const reactor::Address& at, int receive_size = 0)
        : herd_(herd), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (receive_size > 0) {
            ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_size, sizeof receive_size);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(at.port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    Asker(const Asker&) = delete;
    Asker& operator=(const Asker&) = delete;
    ~Asker() { ::close(fd_); }

    // False: the kernel does not take all of it now.
    bool say(std::string_view text) const {
        return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
               static_cast<ssize_t>(text.size());
    }
    void half_close() const { ::shutdown(fd_, SHUT_WR); }

    // What is said up to and with `end`, which must be the last for now.
    std::string hear_until(std::string_view end) {
        herd_.run_until([&] { return receive(), heard_.ends_with(end); });
        return std::exchange(heard_, {});
    }
    std::string ask(std::string_view line) {
        REQUIRE(say(std::string(line) + "\n"));
        return hear_until("\n");
    }
    // Until the server has ended the connection, or reset it.
    void hear_end() {
        herd_.run_until([&] { return ended(); });
    }
    bool ended() { return receive(), ended_; }

private:
    void receive() {
        std::array<char, 65536> bytes;
        const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (size > 0) heard_.append(bytes.data(), static_cast<std::size_t>(size));
        ended_ = ended_ || size == 0 || (size < 0 && errno == ECONNRESET);
    }

    SteppedHerd& herd_;
    int fd_;
    std::string heard_;
    bool ended_ = false;
};

}  // namespace live
