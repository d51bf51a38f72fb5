#pragma once

#include "tests/live/herd_process.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace live {

std::string iamat(const std::string& client, std::uint64_t second);

// Reports at a steady pace at one server, on a thread of its own, and counts what goes wrong.
class Writer {
public:
    Writer(const Herd& herd, const std::string& server)
        : port_(herd.port(server)), server_(server), thread_([this] { run(); }) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() { stop(); }

    void stop();
    std::uint64_t answered() const { return answered_; }
    std::uint64_t errors() const { return errors_; }

private:
    static constexpr auto pause = std::chrono::milliseconds(2);

    void run();

    std::uint16_t port_;
    std::string server_;
    std::atomic<bool> stop_ = false;
    std::atomic<std::uint64_t> answered_ = 0;
    std::atomic<std::uint64_t> errors_ = 0;
    std::thread thread_;
};

}  // namespace live
