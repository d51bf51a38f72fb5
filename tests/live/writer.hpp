#pragma once

#include "tests/live/herd_process.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>

namespace live {

inline std::string iamat(const std::string& client, std::uint64_t second) {
    return "IAMAT " + client + " +34.068930-118.445127 " + std::to_string(1'600'000'000 + second) +
           ".5";
}

// Reports at a steady pace at one server, on a thread of its own, and counts what goes wrong.
class Writer {
public:
    Writer(const Herd& herd, const std::string& server)
        : port_(herd.port(server)), server_(server), thread_([this] { run(); }) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer() { stop(); }

    void stop() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }
    std::uint64_t answered() const { return answered_; }
    std::uint64_t errors() const { return errors_; }

private:
    static constexpr auto pause = std::chrono::milliseconds(2);

    void run() {
        try {
            Client client(port_);
            for (std::uint64_t i = 1; !stop_; ++i) {
                const bool good = client.ask(iamat("load-" + server_ + std::to_string(i % 200), i))
                                      .starts_with("AT " + server_ + " ");
                ++(good ? answered_ : errors_);
                std::this_thread::sleep_for(pause);
            }
        } catch (const std::exception&) {
            ++errors_;
        }
    }

    std::uint16_t port_;
    std::string server_;
    std::atomic<bool> stop_ = false;
    std::atomic<std::uint64_t> answered_ = 0;
    std::atomic<std::uint64_t> errors_ = 0;
    std::thread thread_;
};

}  // namespace live
