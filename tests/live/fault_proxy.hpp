#pragma once

#include "tests/live/client.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>

#include <fcntl.h>

namespace live {

// What a network may do to a connection without asking either end. Both ways alike.
struct Faults {
    std::uint64_t bytes_per_second = 0;  // 0: no limit
    std::chrono::milliseconds delay{0};  // of every byte, on its way
    std::size_t piece = 0;               // passes on no more than so many bytes at once; 0: all
    bool stands_still = false;           // reads nothing: the sender's window closes
    // Takes everything and passes nothing on. A connection that has lost bytes so stays like that,
    // and neither end is told of the other's end: it is half open.
    bool swallows = false;
};

// Relays connections on loopback to a server, with faults that can be changed at any time. A thread
// of its own. It holds back no more than the delay makes it; the rest waits with the sender.
class FaultProxy {
public:
    // `buffer`: bytes that the kernel may keep for it, per connection; 0: as it likes.
    explicit FaultProxy(int buffer = 0);
    FaultProxy(const FaultProxy&) = delete;
    FaultProxy& operator=(const FaultProxy&) = delete;
    ~FaultProxy();

    std::uint16_t port() const { return port_; }
    // Where it leads. Nowhere (0, at first): who comes is told that at once.
    void aim(std::uint16_t target) { target_ = target; }
    void behave(const Faults& faults);
    // Ends every connection by RST, both ways.
    void reset() { reset_asked_ = true; }
    // By FIN, both ways, wherever it is in what is said.
    void end() { end_asked_ = true; }

    // That it has relayed so far.
    std::uint64_t connections() const { return connections_; }
    std::uint64_t bytes_passed() const { return passed_; }

private:
    struct Piece {
        Clock::time_point due;
        std::string bytes;
    };
    // From one socket to the other.
    struct Way {
        int from;
        int to;
        std::deque<Piece> pieces = {};
        std::size_t held = 0;
        double allowance = 0;  // bytes that may be read now
        bool ended = false;    // the sender has said its last byte
        bool shut = false;     // and the receiver knows
    };
    struct Pair {
        Pair(std::uint16_t port, int accepted) : dialled(port), near(accepted) {}

        LoopbackSocket dialled;
        int near;
        Way forth{near, dialled.fd()};
        Way back{dialled.fd(), near};
        bool half_open = false;
    };

    static constexpr std::size_t read_max = 65'536;
    static constexpr std::size_t held_max = std::size_t{1} << 20;
    static constexpr auto turn = std::chrono::milliseconds(2);

    static void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, O_NONBLOCK); }
    void limit_buffers(int fd) const;

    void run();
    Faults current();

    void accept_all();
    static void close_pair(Pair& pair, bool reset);

    // Whether there is still something to relay.
    bool relay(Pair& pair, const Faults& faults, double seconds);
    // Until the first of the two gives up; the other one finds out by itself.
    static bool swallow(Way& way);
    bool take(Way& way, const Faults& faults, double seconds);
    bool pass(Way& way, const Faults& faults);

    std::atomic<std::uint16_t> target_ = 0;
    const int buffer_;
    const std::uint16_t port_;
    LoopbackSocket listener_;
    std::mutex mutex_;
    Faults faults_;
    std::atomic<bool> reset_asked_ = false;
    std::atomic<bool> end_asked_ = false;
    std::atomic<bool> stopping_ = false;
    std::atomic<std::uint64_t> connections_ = 0;
    std::atomic<std::uint64_t> passed_ = 0;
    std::list<Pair> pairs_;
    std::thread thread_;
};

}  // namespace live
