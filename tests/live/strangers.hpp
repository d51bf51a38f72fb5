#pragma once

#include "tests/live/client.hpp"
#include "tests/live/process.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace live {

// One thing that strangers do, on many connections at once.
struct Mischief {
    std::uint16_t port = 0;
    std::size_t connections = 1;
    // What connection `n` of all that were ever made says, in one piece.
    std::function<std::string(std::uint64_t n)> says = {};
    bool repeats = false;                             // As often as it is taken,
    Clock::duration pause = Clock::duration::zero();  // or so long after the last time.
    bool reads = true;
    std::uint8_t from = 1;  // They come from 127.0.0.`from`.
    // A connection is made anew when it has lasted so long, or is ended. Zero: when it is ended.
    Clock::duration life = Clock::duration::zero();
};

// Strangers on loopback who do some mischief, on a thread of their own, from begin() to end().
// What they cost this machine is bounded: connections and bytes by second.
class Strangers {
public:
    explicit Strangers(std::vector<Mischief> all);
    Strangers(const Strangers&) = delete;
    Strangers& operator=(const Strangers&) = delete;
    ~Strangers();

    // All connections that there can be are there, or a second has passed.
    void begin();
    // All are reset.
    void end();

    // How many connections were made so far.
    std::uint64_t made() const { return made_; }

private:
    struct Stranger {
        const Mischief* mischief;
        std::unique_ptr<LoopbackSocket> socket = {};
        std::string text = {};
        std::size_t said = 0;  // of the text
        Clock::time_point again = {};
        Clock::time_point until = {};
    };
    static constexpr double dials_per_second = 2'000;  // after as many as there are at first
    static constexpr std::size_t sends_per_turn = 16;  // of one connection, to let others be heard
    static constexpr std::uint64_t bytes_per_second = std::uint64_t{40} << 20;

    void run();
    void take_turn();
    double seconds() const;
    void dial(Stranger& stranger);
    bool say(Stranger& stranger);
    bool read(Stranger& stranger);
    static void reset(Stranger& stranger);

    const std::vector<Mischief> mischief_;
    std::vector<Stranger> strangers_;
    std::array<char, 65'536> buffer_{};
    Clock::time_point began_;
    std::uint64_t dials_ = 0;  // since then
    std::uint64_t bytes_ = 0;
    std::atomic<std::size_t> standing_ = 0;
    std::atomic<std::uint64_t> made_ = 0;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace live
