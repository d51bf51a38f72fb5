#include "tests/live/polite.hpp"

#include "tests/live/client.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace live {

namespace {

using namespace std::chrono_literals;

constexpr auto beat = 5ms;
constexpr std::uint64_t beats_per_newcomer = 10;
constexpr timeval patience{.tv_sec = 2, .tv_usec = 0};
// Who has said nothing for longer is not polite any more, but as idle as those who fill a server.
constexpr auto silence_max = 100ms;

std::string stamp() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    std::string fraction = std::to_string(ns % 1'000'000'000);
    fraction.insert(0, 9 - fraction.size(), '0');
    return std::to_string(ns / 1'000'000'000) + "." + fraction;
}

// A connection that waits for an answer no longer than it is patient.
class Asker {
public:
    explicit Asker(std::uint16_t port) : socket_(port) {
        ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket_.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        connected_ = socket_.connect();
    }

    bool say(const std::string& text) const {
        return connected_ && ::send(socket_.fd(), text.data(), text.size(), MSG_NOSIGNAL) ==
                                 static_cast<ssize_t>(text.size());
    }
    bool is_answered() const {
        char text[256];
        const auto got = ::recv(socket_.fd(), text, sizeof text, 0);
        return got > 3 && std::string_view(text, 3) == "AT " &&
               text[static_cast<std::size_t>(got) - 1] == '\n';
    }

private:
    LoopbackSocket socket_;
    bool connected_ = false;
};

bool is_welcome(std::uint16_t port) {
    const auto begin = Clock::now();
    const Asker newcomer(port);
    bool said = newcomer.say("IAMAT newcomer +34.0-118.0 ");
    std::this_thread::sleep_for(2ms);
    said = said && newcomer.say(stamp() + "\n");
    const bool held_up = Clock::now() - begin > silence_max;
    return (said && newcomer.is_answered()) || held_up;
}

}  // namespace

double Politeness::percentile_ms(double share) const {
    if (latencies_ms.empty()) return std::numeric_limits<double>::infinity();
    std::vector<double> sorted = latencies_ms;
    std::ranges::sort(sorted);
    const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
    return sorted[std::min(index, sorted.size() - 1)];
}

Politeness be_polite(std::uint16_t port, Clock::duration time) {
    Politeness seen;
    std::thread([&] {
        // Of this thread alone. Without the right to, it goes on as it is.
        const auto self = static_cast<id_t>(::gettid());
        const int before = ::getpriority(PRIO_PROCESS, self);
        static_cast<void>(::setpriority(PRIO_PROCESS, self, before - 10));
        const auto end = Clock::now() + time;
        auto heard = Clock::now();
        auto standing = std::make_unique<Asker>(port);
        auto next = Clock::now();
        for (std::uint64_t beats = 0; Clock::now() < end; ++beats) {
            const auto begin = Clock::now();
            const bool said = standing->say("IAMAT polite +34.0-118.0 " + stamp() + "\n");
            const bool held_up = Clock::now() - heard > silence_max;
            if (said && standing->is_answered()) {
                seen.latencies_ms.push_back(
                    std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
                heard = Clock::now();
            } else {
                seen.failures += held_up ? 0U : 1U;
                heard = Clock::now();
                standing = std::make_unique<Asker>(port);
            }
            if (beats % beats_per_newcomer == 0) {
                ++seen.newcomers;
                seen.newcomers_failed += is_welcome(port) ? 0U : 1U;
            }
            next = std::max(next + beat, Clock::now());
            std::this_thread::sleep_until(next);
        }
    }).join();
    return seen;
}

}  // namespace live
