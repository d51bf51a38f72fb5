#include "tests/live/fault_proxy.hpp"
#include "tests/live/herd_process.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace faults_test {

using namespace live;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t client_count = 100;
// A dead link is noticed in 3 to 4 s, and dialled again after a pause of at most 5 s.
constexpr auto agreement_max = 10s;

std::string client_of(const std::string& server, std::uint64_t number) {
    return "of-" + server + "-" + std::to_string(number % client_count);
}

// Clients of one server that move, on a thread of their own, with pauses when asked for.
class Movers {
public:
    Movers(const Herd& herd, const std::string& server)
        : port_(herd.port(server)), server_(server), thread_([this] { run(); }) {}
    Movers(const Movers&) = delete;
    Movers& operator=(const Movers&) = delete;
    ~Movers() {
        stop_ = true;
        thread_.join();
    }

    // Nothing is under way to the server when this returns.
    void rest() {
        resting_ = true;
        eventually([this] { return rests_ || failed_; });
    }
    void go_on() { resting_ = rests_ = false; }
    bool failed() const { return failed_; }

private:
    void run() {
        try {
            Client client(port_);
            for (std::uint64_t second = 1; !stop_; std::this_thread::sleep_for(3ms)) {
                rests_ = resting_.load();
                if (rests_) continue;
                const std::string report = "IAMAT " + client_of(server_, second) + " +1.5-2.5 " +
                                           std::to_string(1'600'000'000 + second);
                if (!client.ask(report).starts_with("AT " + server_ + " ")) failed_ = true;
                ++second;
            }
        } catch (const std::exception&) {
            failed_ = true;
        }
    }

    std::uint16_t port_;
    std::string server_;
    std::atomic<bool> stop_ = false;
    std::atomic<bool> resting_ = false;
    std::atomic<bool> rests_ = false;
    std::atomic<bool> failed_ = false;
    std::thread thread_;
};

// Alpha - Beta - Gamma, with a proxy between the first two, one for each to dial the other.
class Row {
public:
    Row()
        : herd_({.names = {"Alpha", "Beta", "Gamma"},
                 .links = {{"Alpha", "Beta"}, {"Beta", "Gamma"}},
                 .detours = {{{"Alpha", "Beta"}, forth_.port()}, {{"Beta", "Alpha"}, back_.port()}},
                 .linked = false}) {
        forth_.aim(herd_.peer_port("Beta"));
        back_.aim(herd_.peer_port("Alpha"));
    }

    const Herd& herd() const { return herd_; }
    void behave(const Faults& faults) {
        forth_.behave(faults);
        back_.behave(faults);
    }
    void reset() {
        forth_.reset();
        back_.reset();
    }
    std::uint64_t connections() const { return forth_.connections() + back_.connections(); }

    // All that it knows of every client.
    std::string table(const std::string& server) const {
        std::string questions;
        for (const auto& name : herd_.names()) {
            for (std::uint64_t i = 0; i < client_count; ++i) {
                questions += "WHATSAT " + client_of(name, i) + " 1 0\n";
            }
        }
        Client client(herd_.port(server));
        client.send(questions);
        client.end();
        return client.read_all();
    }
    bool agree() const {
        const std::string first = table("Alpha");
        return first == table("Beta") && first == table("Gamma");
    }

private:
    FaultProxy forth_;
    FaultProxy back_;
    Herd herd_;
};

struct Trial {
    const char* name;
    Faults faults;
    std::chrono::milliseconds time;
    bool resets = false;
};

const std::vector<Trial> trials = {
    {"none", {}, 200ms},
    {"half a second late", {.delay = 500ms}, 700ms},
    {"byte for byte", {.piece = 1}, 300ms},
    {"64 kbit/s", {.bytes_per_second = 8'000}, 700ms},
    {"reset, again and again", {}, 700ms, true},
    {"late, in pieces, and reset", {.delay = 50ms, .piece = 7}, 700ms, true},
    {"standing still", {.stands_still = true}, 2s},
    {"half open until it is given up", {.swallows = true}, 4200ms},
};

}  // namespace

TEST_CASE("faults: all tables are equal soon after a fault of the network ends", "[live][faults]") {
    Row row;
    Movers alpha(row.herd(), "Alpha");
    Movers gamma(row.herd(), "Gamma");
    for (const Trial& trial : trials) {
        INFO(trial.name);
        const auto connections = row.connections();
        row.behave(trial.faults);
        for (const auto end = Clock::now() + trial.time; Clock::now() < end;) {
            std::this_thread::sleep_for(100ms);
            if (trial.resets) row.reset();
        }
        row.behave({});
        alpha.rest();
        gamma.rest();
        const auto healed = Clock::now();
        CHECK(eventually([&] { return row.agree(); }, agreement_max));
        const std::chrono::duration<double, std::milli> took = Clock::now() - healed;
        std::printf("figure: %s: all tables equal %.0f ms after it, %llu connections more\n",
                    trial.name,
                    took.count(),
                    static_cast<unsigned long long>(row.connections() - connections));
        alpha.go_on();
        gamma.go_on();
    }
    CHECK_FALSE(alpha.failed());
    CHECK_FALSE(gamma.failed());
}

}  // namespace faults_test
