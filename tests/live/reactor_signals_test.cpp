#include "reactor/signals.hpp"
#include "tests/unit/reactor/sockets.hpp"

#include <csignal>
#include <vector>

namespace reactor {
namespace {

using namespace test;

struct Receiver {
    explicit Receiver(Loop& loop)
        : signals(loop, Delegate<void(int)>::to<&Receiver::on_signal>(*this)) {}
    void on_signal(int signal) { received.push_back(signal); }
    std::vector<int> received;
    Signals signals;
};

// Puts back what the test changes for the whole process.
class Restored {
public:
    Restored() {
        sigprocmask(SIG_BLOCK, nullptr, &mask_);
        pipe_ = signal(SIGPIPE, SIG_DFL);
    }
    Restored(const Restored&) = delete;
    Restored& operator=(const Restored&) = delete;
    ~Restored() {
        signal(SIGPIPE, pipe_);
        sigprocmask(SIG_SETMASK, &mask_, nullptr);
    }

private:
    sigset_t mask_{};
    void (*pipe_)(int) = nullptr;
};

TEST_CASE("signals: TERM, INT and HUP are events and end nothing", "[reactor][signals]") {
    const Restored restored;
    OpenLoop loop;
    Receiver receiver(loop);
    REQUIRE(receiver.signals.open().has_value());
    raise(SIGTERM);
    REQUIRE(receiver.received.empty());
    turn(loop);
    REQUIRE(receiver.received == std::vector{SIGTERM});
    raise(SIGINT);
    raise(SIGTERM);
    raise(SIGHUP);
    turn(loop, 3);
    REQUIRE(receiver.received.size() == 4);
    REQUIRE(iterations_at_rest(loop) <= at_rest_max);
}

TEST_CASE("signals: PIPE is ignored", "[reactor][signals]") {
    const Restored restored;
    OpenLoop loop;
    Receiver receiver(loop);
    REQUIRE(receiver.signals.open().has_value());
    raise(SIGPIPE);
    turn(loop);
    REQUIRE(receiver.received.empty());
}

}  // namespace
}  // namespace reactor
