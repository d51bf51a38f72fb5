#pragma once

#include "tests/live/client.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include <netinet/in.h>

namespace live {

// A "server" of one thread with stated faults: answers IAMAT lines at once and passes each on to
// its observer, later, not at all, or twice; or stands still for a while.
class RudeRelay {
public:
    using Duration = std::chrono::steady_clock::duration;
    struct Manners {
        Duration delay{};  // of each line on its way to the observer
        Duration stall{};  // stands still that long, once, after `stall_after` lines
        std::uint64_t stall_after = 0;
        std::uint64_t drop_every = 0;    // drops one line of so many; 0: none
        std::uint64_t repeat_every = 0;  // says one line of so many twice
        std::uint64_t refuse_every = 0;  // answers one line of so many with "?"
        // Hangs up on all, without an answer, when so many lines have come; 0: never.
        std::uint64_t hang_up_after = 0;
        std::string drop_client = {};  // drops all lines with this in them
    };

    explicit RudeRelay(Manners manners);
    RudeRelay(const RudeRelay&) = delete;
    RudeRelay& operator=(const RudeRelay&) = delete;
    ~RudeRelay();

    std::string clients() const { return "127.0.0.1:" + std::to_string(ports_[0]); }
    std::string observer() const { return "127.0.0.1:" + std::to_string(ports_[1]); }

    std::atomic<std::uint64_t> dropped = 0;
    std::atomic<std::uint64_t> repeated = 0;

private:
    using Clock = std::chrono::steady_clock;
    struct Late {
        Clock::time_point due;
        std::string line;
    };

    static sockaddr_in loopback(std::uint16_t port);
    static int listen_on(std::uint16_t port);

    // Until the observer is there: it comes with herd-bench.
    void dial();
    void run();
    void wait();
    void read_from(int fd);
    // What is answered to "IAMAT client location time".
    std::string take(const std::string& line);
    void flush();

    const Manners manners_;
    const std::vector<std::uint16_t> ports_;
    const int listener_;
    int observer_ = -1;
    std::vector<int> clients_;
    std::string input_;
    std::deque<Late> late_;
    std::uint64_t lines_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace live
