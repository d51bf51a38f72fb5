#pragma once

#include "reactor/address.hpp"
#include "tests/sim/fake_kernel.hpp"

#include <cerrno>
#include <cstdint>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace legacy {

// An old server on the fake kernel: it takes whatever differs from what it has, floods it to the
// neighbours that have not passed it on, one connection per message, drops what it cannot deliver,
// and forgets everything when it dies.
class OldServer {
public:
    struct Neighbour {
        std::string name;
        std::uint16_t port;
    };
    // One that `reads_once` reads a connection once, at most 200 bytes; others until its end.
    OldServer(sim::FakeKernel& kernel,
              sim::Host host,
              std::uint16_t port,
              std::vector<Neighbour> neighbours,
              bool reads_once)
        : kernel_(kernel),
          host_(host),
          port_(port),
          neighbours_(std::move(neighbours)),
          reads_once_(reads_once) {
        start();
    }
    OldServer(const OldServer&) = delete;
    OldServer& operator=(const OldServer&) = delete;
    ~OldServer() { kill(); }

    void start() {
        kernel_.enter(host_);
        listener_ = *kernel_.open_socket();
        static_cast<void>(kernel_.bind(listener_, reactor::Address::loopback(port_)));
        static_cast<void>(kernel_.listen(listener_));
    }
    void kill() {
        kernel_.enter(host_);
        if (listener_ >= 0) kernel_.close(std::exchange(listener_, -1));
        for (const auto& [fd, text] : heard_) kernel_.close(fd);
        for (const auto& [fd, message] : to_say_) kernel_.close(fd);
        heard_.clear();
        to_say_.clear();
        lines.clear();
    }
    bool runs() const { return listener_ >= 0; }

    // All that it can do now.
    void step() {
        if (!runs()) return;
        kernel_.enter(host_);
        while (const auto fd = kernel_.accept(listener_)) heard_[*fd];
        for (auto each = heard_.begin(); each != heard_.end();) {
            const auto next = std::next(each);
            hear(each->first, each->second);
            each = next;
        }
        for (auto each = to_say_.begin(); each != to_say_.end();) {
            const auto next = std::next(each);
            say(each->first, each->second);
            each = next;
        }
    }
    // As when a client of its own reports.
    void update(const std::string& client, const std::string& at_line, const std::string& hops) {
        std::string& known = lines[client];
        if (std::exchange(known, at_line) == at_line) return;
        kernel_.enter(host_);
        for (const auto& [name, port] : neighbours_) {
            if (passed(hops, name)) continue;
            const int fd = *kernel_.open_socket();
            static_cast<void>(kernel_.connect(fd, reactor::Address::loopback(port)));
            to_say_[fd] = at_line + hops + " Old";
        }
    }

    std::map<std::string, std::string> lines;  // By client.

private:
    static bool passed(const std::string& hops, const std::string& name) {
        std::istringstream fields(hops);
        for (std::string hop; fields >> hop;) {
            if (hop == name) return true;
        }
        return false;
    }
    void hear(int fd, std::string& text) {
        char buffer[200];
        while (true) {
            const auto received = kernel_.receive(fd, buffer);
            if (!received && received.error().value == EAGAIN) return;
            if (received) text.append(buffer, *received);
            if (!received || *received == 0 || reads_once_) break;
        }
        handle(text);
        kernel_.close(fd);
        heard_.erase(fd);
    }
    void handle(const std::string& message) {
        std::istringstream fields(message);
        std::string at;
        std::string server;
        std::string skew;
        std::string client;
        std::string location;
        std::string time;
        std::string hops;
        if (!(fields >> at >> server >> skew >> client >> location >> time)) return;
        for (std::string hop; fields >> hop;) hops += " " + hop;
        std::string line = at;
        for (const auto* field : {&server, &skew, &client, &location, &time}) line += " " + *field;
        update(client, line, hops);
    }
    // Until it is said and heard, or lost.
    void say(int fd, std::string& message) {
        char buffer[200];
        if (kernel_.take_error(fd)) {
            const auto sent = message.empty() ? 0 : kernel_.send(fd, message);
            if (!sent) return;
            if (*sent > 0) kernel_.shutdown_write(fd);
            message.clear();
            const auto received = kernel_.receive(fd, buffer);
            if (!received && received.error().value == EAGAIN) return;
        }
        kernel_.close(fd);
        to_say_.erase(fd);
    }

    sim::FakeKernel& kernel_;
    sim::Host host_;
    std::uint16_t port_;
    std::vector<Neighbour> neighbours_;
    bool reads_once_;
    int listener_ = -1;
    std::map<int, std::string> heard_;   // What came on each connection so far.
    std::map<int, std::string> to_say_;  // On each connection of its own.
};

}  // namespace legacy
